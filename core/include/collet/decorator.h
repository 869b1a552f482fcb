// SPDX-License-Identifier: MIT
// decorator.h: what a spec may put around a backend or a pool, to watch it or to try its users:
// `trace(epoll)`, `fault(mutex):seed=7,refuse=0.1`.
//
// A decorator is of the same class as what it wraps, so nobody above it knows. Every registry has
// those that come with collet.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <collet/call_counts.h>
#include <collet/description.h>
#include <collet/pool_times.h>

namespace collet {

// What a decorator is told about the one instance that it is to wrap.
struct Wrapping {
  OptionValues options;
  std::string_view name;                 // of the backend or pool underneath
  std::uint64_t instance = 0;            // the first that a choice makes is 0, and so on
  bool is_poller = false;                // of a backend: a Poller is underneath
  std::shared_ptr<CallCounts> counts{};  // of the choice, for whoever counts
  std::shared_ptr<PoolTimes> times{};    // likewise, of a pool
};

// Described as a backend is. Its decorators see a backend at two levels: what only a Poller can do
// is done there, the rest around the Proactor.
struct BackendDecorator {
  const char* name;
  const char* summary;
  std::span<const OptionDescription> options;

  // Whether it can do to such a backend what `options` say. Null: always.
  bool (*suits)(const BackendDescription& backend, const OptionValues& options, Refusal& why_not);

  // Null: leaves that level alone.
  std::unique_ptr<Poller> (*wrap_poller)(std::unique_ptr<Poller> poller, const Wrapping& how);
  std::unique_ptr<Proactor> (*wrap_proactor)(std::unique_ptr<Proactor> proactor,
                                             const Wrapping& how);
};

struct PoolDecorator {
  const char* name;
  const char* summary;
  std::span<const OptionDescription> options;

  std::unique_ptr<ThreadPool> (*wrap)(std::unique_ptr<ThreadPool> pool, const Wrapping& how);
};

std::span<const BackendDecorator* const> backend_decorators() noexcept;
std::span<const PoolDecorator* const> pool_decorators() noexcept;

// A decorator of a spec that has been checked.
template <typename Decorator>
struct Decoration {
  const Decorator* decorator;
  std::vector<OptionValue> values;
};

}  // namespace collet
