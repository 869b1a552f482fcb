// SPDX-License-Identifier: MIT
// server_process.cc: the start, and an orderly end.
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <collet/quantity.h>

#include "apps/server/log.h"
#include "apps/server/messages.h"
#include "apps/server/server_process.h"

namespace collet::apps {
namespace {

// After the drain timeout has closed every connection, handlers that still run have this long to
// return.
constexpr std::chrono::seconds kLastGrace{1};

// Closing by force what is left ends within the drain timeout too: it begins so long before.
constexpr std::chrono::nanoseconds kTimeToClose = std::chrono::milliseconds(200);

bool is_local(const Endpoint& at) {
  if (at.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &at.storage, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  if (at.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &at.storage, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
  }
  return true;
}

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

}  // namespace

ServerProcess::ServerProcess(const ServeOptions& options, StopSignals& signals)
    : options_(options),
      signals_(signals),
      output_(!options.quiet && ::isatty(STDERR_FILENO) != 0),
      complaints_(options.backend.effective_spec()) {}

absl::Status ServerProcess::start() {
  if (!options_.watcher_csv.empty()) {
    if (auto status = output_.open_csv(options_.watcher_csv); !status.ok()) return status;
  }
  auto proactor = options_.backend.make();
  if (!proactor.ok()) return proactor.status();
  loop_ = std::make_unique<EventLoop>(*std::move(proactor));
  auto watching = signals_.watch(*loop_, [this](int signal) { begin_drain(signal); });
  if (!watching.ok()) return watching;

  ServerOptions wanted = options_.server;
  wanted.on_trouble = [this](Trouble trouble, int error) {
    const std::string line = complaints_.of(trouble, error, Complaints::Clock::now());
    if (!line.empty()) log_warning(line);
  };
  auto server = TcpServer::start(options_.backend, options_.pool, wanted, [this] {
    return options_.workload->make_server(options_.burden);
  });
  if (!server.ok()) {
    const bool listening = server.status().code() == absl::StatusCode::kFailedPrecondition;
    return {server.status().code(),
            (listening ? "--listen: " : "") + std::string(server.status().message())};
  }
  server_ = *std::move(server);

  const Endpoint& at = server_->endpoint();
  if (!options_.backend.note().empty()) log_info(options_.backend.note());
  if (!is_local(at)) {
    log_warning(absl::StrFormat("%s can be reached from other machines, and trusts all of them",
                                format_endpoint(at)));
  }
  say(options_.json ? listening_json(options_, at) : listening_text(options_, at));
  return absl::OkStatus();
}

void ServerProcess::run() {
  const auto begun = loop_->read_clock();
  watch_ = std::make_unique<Watch>(*server_, output_, options_.watcher_interval);
  loop_->run();
  server_->wait();
  watch_->finish();
  const ConnectionStats connections = server_->stats().connections;
  log_info(absl::StrFormat("ended after %d connections and %d requests", connections.opened,
                           watch_->seen().requests));
  if (options_.backend.is_decorated_with("count") && !options_.json && !options_.quiet) {
    say("counted " + counted_text(options_.backend.counts()));
  }
  if (options_.pool.is_decorated_with("count") && !options_.json && !options_.quiet) {
    say("timed " + pool_times_text(options_.pool.times().totals()));
  }
  if (options_.json) {
    say(totals_json(options_, server_->stats(), watch_->seen(), loop_->read_clock() - begun));
  }
}

void ServerProcess::begin_drain(int signal) {
  log_info(absl::StrFormat("%s: draining, for %s at most", ::strsignal(signal),
                           format_duration(options_.drain_timeout)));
  server_->drain([this] { loop_->post([this] { loop_->stop(); }); });
  const auto closing = std::min(options_.drain_timeout / 10, kTimeToClose);
  loop_->call_after(options_.drain_timeout - closing, [this] { drain_timed_out(); });
}

void ServerProcess::drain_timed_out() {
  log_warning(absl::StrFormat("not drained within %s: closing every connection",
                              format_duration(options_.drain_timeout)));
  server_->stop();
  loop_->call_after(kLastGrace, [this] {
    log_error(server_->waits_for_wake()
                  ? absl::StrFormat("backend %s was told to wake, and its wait goes on: ending "
                                    "without it",
                                    options_.backend.effective_spec())
                  : "a handler does not return: ending without it");
    ::_exit(EXIT_FAILURE);
  });
}

}  // namespace collet::apps
