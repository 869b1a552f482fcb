// SPDX-License-Identifier: MIT
// registry.h: backends, pools and foreign workloads by name. The one place where a spec string
// becomes an object.
//
// A spec is `name` or `name:key=value,key=value` (`epoll:events=512`), or a decorator around one
// (`fault(epoll:events=512):seed=7`, see decorator.h). main() owns a Registry and fills it
// (builtin.h); nothing registers itself. Errors are sentences for whoever typed the spec.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/decorator.h>
#include <collet/description.h>
#include <collet/workload.h>

namespace collet {

struct Spec;

// An option's value as it stands in a spec: true, 4096, 16k, 10ms, 0.1.
std::string format_value(OptionType type, std::int64_t value);

// `fault(epoll)` of `fault(epoll:events=64):seed=7`: what Choice::name() says of it.
std::string name_in(std::string_view spec);

// `epoll` of it, as it stands there.
std::string_view innermost_in(std::string_view spec) noexcept;

// A spec that has been checked: which description, with which values, in which decorators.
template <typename Description, typename Decorator>
class Choice {
 public:
  using Decorations = std::vector<Decoration<Decorator>>;  // innermost first

  Choice(const Description& description, std::vector<OptionValue> values, std::string note)
      : description_(&description), values_(std::move(values)), note_(std::move(note)) {}

  // What is decorated, or all there is.
  const Description& description() const noexcept { return *description_; }
  const std::vector<OptionValue>& values() const noexcept { return values_; }

  // What runs: `epoll`, or `fault(epoll)`, which is another thing.
  std::string_view name() const noexcept { return name_; }
  bool is_decorated_with(std::string_view decorator) const noexcept;

  // What `decorator` was told for `option`, the most of several; 0 if there is none of that name.
  std::int64_t told(std::string_view decorator, const char* option) const noexcept;
  void decorate(Decoration<Decorator> decoration);

  // The spec with every option at its effective value: what results are filed under.
  std::string effective_spec() const;

  // What `count` has counted of all instances that this choice and its copies have made.
  const CallCounts& counts() const noexcept { return made_->counts; }

  // What `auto` passed over and why; empty if this was asked for by name.
  const std::string& note() const noexcept { return note_; }

 protected:
  const Decorations& decorations() const noexcept { return decorations_; }
  std::uint64_t next_instance() const noexcept { return made_->instances++; }
  std::shared_ptr<CallCounts> shared_counts() const { return {made_, &made_->counts}; }

 private:
  struct Made {
    std::atomic<std::uint64_t> instances{0};
    CallCounts counts;
  };

  const Description* description_;
  std::vector<OptionValue> values_;
  std::string note_;
  std::string name_{description_->name};
  Decorations decorations_;
  std::shared_ptr<Made> made_ = std::make_shared<Made>();  // by all copies
};

class Backend : public Choice<BackendDescription, BackendDecorator> {
 public:
  using Choice::Choice;

  // One instance for one loop. A Poller comes wrapped, so that callers see a Proactor only.
  absl::StatusOr<std::unique_ptr<Proactor>> make() const;

  // The Poller alone; an error if this backend is a Proactor. For conformance tests.
  absl::StatusOr<std::unique_ptr<Poller>> make_poller() const;

 private:
  absl::StatusOr<std::unique_ptr<Poller>> make_poller(std::uint64_t instance) const;
};

class Pool : public Choice<PoolDescription, PoolDecorator> {
 public:
  using Choice::Choice;

  absl::StatusOr<std::unique_ptr<ThreadPool>> make(std::size_t workers) const;

  // How many workers to take beside `loops` event loops: one for each CPU they leave this process,
  // at least one; none for a pool that has no threads.
  std::size_t default_workers(std::size_t loops) const noexcept;

  // What `count` has timed of all instances that this choice and its copies have made.
  const PoolTimes& times() const noexcept { return *times_; }

 private:
  std::shared_ptr<PoolTimes> times_ = std::make_shared<PoolTimes>();  // by all copies
};

// Of a workload out of a plugin; those that come with collet are the programs' own.
class SessionWorkload {
 public:
  SessionWorkload(const WorkloadDescription& description, std::vector<OptionValue> values)
      : description_(&description), values_(std::move(values)) {}

  const WorkloadDescription& description() const noexcept { return *description_; }
  const std::vector<OptionValue>& values() const noexcept { return values_; }

  absl::StatusOr<std::unique_ptr<ServerSession>> make_server() const;
  absl::StatusOr<std::unique_ptr<ClientSession>> make_client(const ClientShape& shape) const;

 private:
  const WorkloadDescription* description_;
  std::vector<OptionValue> values_;
};

// Belongs to one thread. What it returns does not refer back to it.
class Registry {
 public:
  // Descriptions must outlive the registry. Adding a name twice is a mistake of the program.
  void add(const BackendDescription& description);
  void add(const PoolDescription& description);
  void add(const WorkloadDescription& description);

  const std::vector<const BackendDescription*>& backends() const noexcept { return backends_; }
  const std::vector<const PoolDescription*>& pools() const noexcept { return pools_; }
  const std::vector<const WorkloadDescription*>& workloads() const noexcept { return workloads_; }

  // Checks `spec` and that the backend runs here. `auto` takes the first registered backend that
  // does. Any other name is strict: it is that backend or an error. `flag` is named in errors.
  absl::StatusOr<Backend> backend(std::string_view spec, std::string_view flag = "backend") const;
  // The same of a pool, and of a workload.
  absl::StatusOr<Pool> pool(std::string_view spec, std::string_view flag = "pool") const;

  // Makes one session of each half, so that one which cannot be had is known beforehand.
  absl::StatusOr<SessionWorkload> workload(std::string_view spec,
                                           std::string_view flag = "workload") const;

 private:
  struct Probed {
    const void* description;
    std::string why_not;  // empty: it runs here
  };

  template <typename Description>
  std::string why_not(const Description& description) const;
  absl::StatusOr<Backend> first_that_runs(std::string_view flag) const;
  absl::StatusOr<Backend> bare_backend(const Spec& spec) const;

  std::vector<const BackendDescription*> backends_;
  std::vector<const PoolDescription*> pools_;
  std::vector<const WorkloadDescription*> workloads_;
  mutable std::vector<Probed> probed_;  // each is probed at most once
};

}  // namespace collet
