// SPDX-License-Identifier: MIT
// main.cc: collet-server, one workload on one backend and one pool.
#include <csignal>
#include <cstdio>
#include <optional>

#include "apps/cli/kept_running.h"
#include "apps/cli/kit.h"
#include "apps/cli/process.h"
#include "apps/cli/standard_output.h"
#include "apps/cli/stop_signals.h"
#include "apps/cli/trace_signals.h"
#include "apps/server/options.h"
#include "apps/server/server_process.h"

namespace {

int refuse(const absl::Status& status) {
  std::fprintf(stderr, "collet-server: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 2;
}

int run(int argc, char** argv) {
  const collet::apps::KeptRunning kept("collet-server");
  std::optional<collet::apps::Kit> kit;
  const auto command = collet::apps::parse_server_command(argc, argv, kit);
  if (!command.ok()) return refuse(command.status());
  if (const auto* text = std::get_if<std::string>(&*command)) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  // Whoever read our output may be gone before we are.
  std::signal(SIGPIPE, SIG_IGN);
  collet::apps::raise_descriptor_limit();
  collet::apps::StopSignals signals;
  const auto& options = std::get<collet::apps::ServeOptions>(*command);
  if (options.backend.is_decorated_with("trace") || options.pool.is_decorated_with("trace")) {
    collet::apps::write_traces_on_signals();
  }
  collet::apps::ServerProcess server(options, signals);
  if (const auto status = server.start(); !status.ok()) return refuse(status);
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return collet::apps::end_output("collet-server", run(argc, argv));
}
