// SPDX-License-Identifier: MIT
// subject.cc: makes what is judged.
#include "tests/conformance/subject.h"

#include <stdexcept>
#include <utility>

#include <collet/readiness_proactor.h>

namespace collet::conformance {
namespace {

template <typename Made>
Made made_or_throw(absl::StatusOr<Made> made) {
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  return *std::move(made);
}

// The spec of `choice` with `option` at `value`; empty if it has no such option.
template <typename Choice>
std::string spec_with(const Choice& choice, std::string_view option, std::string_view value) {
  std::string spec(choice.name());
  bool found = false;
  for (std::size_t i = 0; i < choice.values().size(); ++i) {
    const auto& described = choice.description().options[i];
    const bool is_it = described.name == option;
    found = found || is_it;
    spec += i == 0 ? ':' : ',';
    spec += described.name;
    spec += '=';
    spec += is_it ? std::string(value) : format_value(described.type, choice.values()[i].value);
  }
  return found ? spec : std::string();
}

}  // namespace

Subject& subject() {
  static Subject one;
  return one;
}

std::unique_ptr<Poller> make_poller() { return made_or_throw(subject().backend->make_poller()); }

std::unique_ptr<Proactor> make_proactor() { return made_or_throw(subject().backend->make()); }

std::unique_ptr<ThreadPool> make_pool() {
  return made_or_throw(subject().pool->make(subject().workers));
}

std::unique_ptr<ServerSession> make_server_session() {
  return made_or_throw(subject().workload->make_server());
}

std::unique_ptr<ClientSession> make_client_session(const ClientShape& shape) {
  return made_or_throw(subject().workload->make_client(shape));
}

std::unique_ptr<Proactor> make_proactor_with(std::string_view option, std::string_view value) {
  const std::string spec = spec_with(*subject().backend, option, value);
  if (spec.empty()) return nullptr;
  return made_or_throw(made_or_throw(subject().kit->registry().backend(spec)).make());
}

std::unique_ptr<ThreadPool> make_pool_with(std::string_view option, std::string_view value) {
  const std::string spec = spec_with(*subject().pool, option, value);
  if (spec.empty()) return nullptr;
  return made_or_throw(made_or_throw(subject().kit->registry().pool(spec)).make(subject().workers));
}

std::unique_ptr<Proactor> make_proactor_of_few_buffers() {
  if (!subject().is_poller()) return make_proactor_with("buffers", "2");
  ReadinessLimits limits;
  limits.slab_bytes = 16 * 1024;
  limits.slabs = 2;
  return make_readiness_proactor(make_poller(), limits);
}

}  // namespace collet::conformance
