// SPDX-License-Identifier: MIT
// every_cell.h: every registered backend with every registered pool, as the parameter of tests that
// run a whole server in this process.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <collet/address.h>
#include <collet/tcp_server.h>

#include "tests/support/builtin_registry.h"
#include "tests/support/client.h"
#include "tests/support/journal.h"
#include "tests/support/patience.h"

namespace collet::integration {

struct Cell {
  std::string backend;
  std::string pool;
  std::size_t workers = 0;

  friend std::ostream& operator<<(std::ostream& out, const Cell& cell) {
    return out << cell.backend << " x " << cell.pool << ", workers " << cell.workers;
  }
};

// Each pair once, of what runs on this machine; with one worker and with two by turns, so that
// every backend and every pool meets both. io_uring_poll is left to collet-conform: to a server it
// is one more Poller.
inline std::vector<Cell> all_cells() {
  std::vector<Cell> all;
  std::size_t turn = 0;
  for (const BackendDescription* backend : registry().backends()) {
    const std::string_view name = backend->name;
    if (name == "io_uring_poll" || !registry().backend(name).ok()) continue;
    std::size_t workers = ++turn % 2 + 1;
    for (const PoolDescription* pool : registry().pools()) {
      if (!pool->has_workers) {
        all.push_back({backend->name, pool->name, 0});
      } else {
        all.push_back({backend->name, pool->name, workers});
        workers = 3 - workers;
      }
    }
  }
  return all;
}

// With a sanitizer all of them take too long for every day.
inline bool has_all_cells() {
  const char* wanted = std::getenv("COLLET_CELLS");
  return !kSanitized || (wanted != nullptr && std::string_view(wanted) == "all");
}

// Those that are met; if not all, each backend with two pools, each pool with one backend at least.
inline std::vector<Cell> every_cell() {
  std::vector<Cell> cells = all_cells();
  if (has_all_cells()) return cells;
  const std::size_t pools = registry().pools().size();
  std::size_t index = 0;
  std::erase_if(cells, [&](const Cell&) {
    const std::size_t backend = index / pools;
    const std::size_t pool = index++ % pools;
    return (pool + 2 * pools - 2 * backend % pools) % pools > 1;
  });
  return cells;
}

inline std::vector<Cell> every_cell_with_threads() {
  std::vector<Cell> all = every_cell();
  std::erase_if(all, [](const Cell& cell) { return cell.workers == 0; });
  return all;
}
inline std::vector<Cell> every_cell_with_threads(std::size_t workers) {
  std::vector<Cell> all = every_cell_with_threads();
  for (Cell& cell : all) cell.workers = workers;
  return all;
}

// For what no pool has a part in.
inline std::vector<Cell> every_backend() {
  std::vector<Cell> all = all_cells();
  std::erase_if(all, [](const Cell& cell) { return cell.pool != "inline"; });
  return all;
}

inline std::string name_of_cell(const ::testing::TestParamInfo<Cell>& info) {
  return info.param.backend + "_" + info.param.pool + "_" + std::to_string(info.param.workers);
}

class CellTest : public ::testing::TestWithParam<Cell> {
 protected:
  using Server = std::unique_ptr<TcpServer>;

  static ServerOptions loopback() {
    ServerOptions options;
    options.listen = *parse_endpoint("127.0.0.1:0");
    options.workers = GetParam().workers;
    return options;
  }

  static absl::StatusOr<Server> try_serve(const ServerOptions& options,
                                          TcpServer::MakeHandler make_handler) {
    return TcpServer::start(*registry().backend(GetParam().backend),
                            *registry().pool(GetParam().pool), options, std::move(make_handler));
  }
  static Server serve(const ServerOptions& options, TcpServer::MakeHandler make_handler) {
    auto server = try_serve(options, std::move(make_handler));
    if (!server.ok()) ADD_FAILURE() << server.status();
    return *std::move(server);
  }
  // Keep what `behaviour` refers to longer than the server.
  Server serve(const ServerOptions& options, const Behaviour& behaviour = {}) {
    return serve(options, [this, behaviour] { return make_handler(behaviour); });
  }

  std::unique_ptr<Handler> make_handler(const Behaviour& behaviour = {}) {
    return std::make_unique<ScriptedHandler>(behaviour, journal_);
  }

  static std::uint64_t closed(TcpServer& server, CloseReason reason) {
    return server.stats().connections.closed[static_cast<std::size_t>(reason)];
  }

  Journal journal_;
};

}  // namespace collet::integration
