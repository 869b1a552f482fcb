// SPDX-License-Identifier: MIT
// subject.h: what is judged: one backend, pool or workload, as main() was told. Whatever cannot be
// made is thrown, which breaks the rule that asked for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <collet/registry.h>

#include "apps/cli/kit.h"

namespace collet::conformance {

// How long rules go on that repeat something for some seconds at most: for a tenth of them, for
// them, or until it has been repeated as often as the rule says.
enum class Length { brief, normal, full };

struct Subject {
  apps::Kit* kit = nullptr;
  std::optional<Backend> backend;  // exactly one of the three is set
  std::optional<Pool> pool;
  std::optional<SessionWorkload> workload;
  std::size_t workers = 0;  // of the pool, in the case that runs
  std::uint64_t seed = 0;   // of what is random
  Length length = Length::normal;

  bool is_poller() const {
    return backend.has_value() && backend->description().make_poller != nullptr;
  }

  // Whether its spec asks the decorator `fault` for this. What the contract permits is then no
  // mistake: rules try again, or do not judge it (exemptions.h).
  bool has_fault(const char* name) const {
    return (backend.has_value() ? backend->told("fault", name) : pool->told("fault", name)) > 0;
  }
};

// How often a rule tries what a fault may spoil. One that comes each time is no exception any more,
// and breaks the rule.
constexpr int kTries = 20;

// The one of this process.
Subject& subject();

std::unique_ptr<Poller> make_poller();
std::unique_ptr<Proactor> make_proactor();

// One with the fault `refuse` comes behind a user who submits again what was refused.
std::unique_ptr<ThreadPool> make_pool();
std::unique_ptr<ServerSession> make_server_session();
std::unique_ptr<ClientSession> make_client_session(const ClientShape& shape);

// With one of its options at another value; an error, which says why, if that cannot be told it.
absl::StatusOr<std::unique_ptr<Proactor>> make_proactor_with(std::string_view option,
                                                             std::string_view value);
absl::StatusOr<std::unique_ptr<ThreadPool>> make_pool_with(std::string_view option,
                                                           std::string_view value);

// One that soon runs out of leases, after two buffers of 16 KiB; an error if it cannot be told to.
absl::StatusOr<std::unique_ptr<Proactor>> make_proactor_of_few_buffers();

}  // namespace collet::conformance
