// SPDX-License-Identifier: MIT
// subject.cc: makes what is judged.
#include "tests/conformance/subject.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/readiness_proactor.h>

namespace collet::conformance {
namespace {

template <typename Made>
Made made_or_throw(absl::StatusOr<Made> made) {
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  return *std::move(made);
}

// The spec of `choice` with `option` of what is decorated at `value`; empty if it has none.
template <typename Choice>
std::string spec_with(const Choice& choice, std::string_view option, std::string_view value) {
  const std::string spec = choice.effective_spec();
  const std::string_view name = innermost_in(spec);
  const auto begin = static_cast<std::size_t>(name.data() - spec.data()) + name.size();
  const std::size_t end = std::min(spec.find(')', begin), spec.size());
  for (const char before : {':', ','}) {
    const std::string key = std::string(1, before) + std::string(option) + "=";
    const std::size_t at = spec.find(key, begin);
    if (at >= end) continue;
    const std::size_t old = at + key.size();
    return spec.substr(0, old) + std::string(value) +
           spec.substr(std::min(spec.find_first_of(",)", old), spec.size()));
  }
  return {};
}

// `choice` with `option` at `value`, as `find` has it of the registry.
template <typename Choice, typename Find>
absl::StatusOr<Choice> choice_with(const Choice& choice, std::string_view option,
                                   std::string_view value, const Find& find) {
  const std::string spec = spec_with(choice, option, value);
  if (spec.empty()) return absl::NotFoundError(absl::StrFormat("it has no option %s", option));
  auto other = find(subject().kit->registry(), spec);
  if (!absl::IsInvalidArgument(other.status())) return made_or_throw(std::move(other));
  return absl::OutOfRangeError(absl::StrFormat("its option %s cannot be %s", option, value));
}

// Submits again what was refused, and does not count what came of that. Of a pool that refuses now
// and then, what is left are the refusals for good.
class PersistentUser final : public ThreadPool {
 public:
  explicit PersistentUser(std::unique_ptr<ThreadPool> pool) : pool_(std::move(pool)) {}

  bool submit(Task& task) noexcept override {
    return persist(1, [&] { return pool_->submit(task) ? 1U : 0U; }) == 1;
  }
  bool try_submit(Task& task) noexcept override {
    return persist(1, [&] { return pool_->try_submit(task) ? 1U : 0U; }) == 1;
  }
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    return persist(tasks.size(), [&] { return pool_->submit_bulk(tasks); });
  }
  void stop(StopMode mode) noexcept override { pool_->stop(mode); }
  std::size_t workers() const noexcept override { return pool_->workers(); }
  PoolStats stats() const noexcept override {
    PoolStats stats = pool_->stats();
    stats.refused -= submitted_again_;
    return stats;
  }

 private:
  template <typename Submit>
  std::size_t persist(std::size_t tasks, const Submit& submit) noexcept {
    std::size_t accepted = submit();
    for (int tries = 1; accepted < tasks && tries < kTries; ++tries) {
      submitted_again_ += tasks;
      accepted = submit();
    }
    return accepted;
  }

  const std::unique_ptr<ThreadPool> pool_;
  std::atomic<std::uint64_t> submitted_again_{0};
};

std::unique_ptr<ThreadPool> make_pool_of(const Pool& choice) {
  auto pool = made_or_throw(choice.make(subject().workers));
  if (!subject().has_fault("refuse")) return pool;
  return std::make_unique<PersistentUser>(std::move(pool));
}

}  // namespace

Subject& subject() {
  static Subject one;
  return one;
}

std::unique_ptr<Poller> make_poller() { return made_or_throw(subject().backend->make_poller()); }

std::unique_ptr<Proactor> make_proactor() { return made_or_throw(subject().backend->make()); }

std::unique_ptr<ThreadPool> make_pool() { return make_pool_of(*subject().pool); }

std::unique_ptr<ServerSession> make_server_session() {
  return made_or_throw(subject().workload->make_server());
}

std::unique_ptr<ClientSession> make_client_session(const ClientShape& shape) {
  return made_or_throw(subject().workload->make_client(shape));
}

absl::StatusOr<std::unique_ptr<Proactor>> make_proactor_with(std::string_view option,
                                                             std::string_view value) {
  const auto backend = choice_with(
      *subject().backend, option, value,
      [](const Registry& registry, const std::string& spec) { return registry.backend(spec); });
  if (!backend.ok()) return backend.status();
  return made_or_throw(backend->make());
}

absl::StatusOr<std::unique_ptr<ThreadPool>> make_pool_with(std::string_view option,
                                                           std::string_view value) {
  const auto pool = choice_with(
      *subject().pool, option, value,
      [](const Registry& registry, const std::string& spec) { return registry.pool(spec); });
  if (!pool.ok()) return pool.status();
  return make_pool_of(*pool);
}

absl::StatusOr<std::unique_ptr<Proactor>> make_proactor_of_few_buffers() {
  if (!subject().is_poller()) return make_proactor_with("buffers", "2");
  ReadinessLimits limits;
  limits.slab_bytes = 16 * 1024;
  limits.slabs = 2;
  return make_readiness_proactor(make_poller(), limits);
}

}  // namespace collet::conformance
