// SPDX-License-Identifier: MIT
// bench_session.h: a session and runs as collet-bench would have seen them.
#pragma once

#include <string>

#include "bench/session/results.h"

namespace collet::bench {

constexpr const char* kNoon = "2026-03-01T12:00:00Z";

// Cells: 0 epoll + inline, the baseline; 1 asio + inline; 2 epoll + mutex; 3 nginx, external; 4
// asio + mutex, which cannot run.
inline Session sample_session(int blocks) {
  Cell cell;
  cell.workload = "echo";
  cell.connections = 64;
  cell.payload_bytes = 64;
  const auto pair = [&](const char* backend, const char* pool) {
    Cell one = cell;
    one.backend = backend;
    one.pool = pool;
    return one;
  };
  Session session;
  session.id = "20260301T120000Z-1a2b";
  session.started_utc = kNoon;
  session.command_line = {"collet-bench", "run"};
  session.profile = "quick";
  session.seed = 7;
  session.settings.blocks = blocks;
  session.settings.cpus = {0, 1};
  session.settings.externals = {{"nginx", "nginx -p {port}"}};
  session.cells = {{pair("epoll", "inline"), true, ""},
                   {pair("asio", "inline"), false, ""},
                   {pair("epoll", "mutex"), false, ""},
                   {cell, false, ""},
                   {pair("asio", "mutex"), false, "no such thing"}};
  session.cells[3].cell.external = "nginx";
  session.programs = {{"collet-server", "/bin/collet-server", std::string(64, 'a')},
                      {"nginx", "nginx -p {port}", std::nullopt}};
  session.environment = {{"kernel", "Linux 6"}, {"cpus", std::int64_t{2}}, {"governor", {}}};
  return session;
}

inline RunOutcome good_run(double cpu_us_per_request) {
  RunOutcome outcome;
  outcome.status = RunStatus::ok;
  outcome.listening.emplace();
  outcome.listening->backend_spec = "epoll:events=256";
  outcome.listening->build = "Release";
  outcome.load.emplace();
  outcome.load->requests = 100'000;
  outcome.load->window_ns = 2'000'000'000;
  outcome.load->latency.p99_ns = 412'000;
  outcome.server.emplace();
  outcome.server->elapsed_ns = 2'000'000'000;
  outcome.server->cpu_ns = static_cast<std::int64_t>(cpu_us_per_request * 1e3 * 100'000);
  outcome.server->rss_bytes = 5 << 20;
  return outcome;
}

inline RunOutcome bad_run(const std::string& reason) {
  RunOutcome outcome;
  outcome.status = RunStatus::failed;
  outcome.reason = reason;
  return outcome;
}

}  // namespace collet::bench
