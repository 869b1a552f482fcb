// SPDX-License-Identifier: MIT
// registry.cc: finds what specs name, probes backends, makes instances.
#include <sched.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <exception>
#include <utility>

#include <absl/cleanup/cleanup.h>
#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/readiness_proactor.h>
#include <collet/registry.h>

#include "core/exit_watch.h"
#include "core/printable.h"
#include "core/spec.h"

namespace collet {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::size_t kMaxWorkers = 1024;     // beyond it lies a typing mistake
constexpr std::int64_t kMostEvents = 65'536;  // of one wait(): room for them is made beforehand
constexpr const char* kMadeNothing = "its factory made nothing and gave no reason: do without it";

template <typename Description>
const Description* find(const std::vector<const Description*>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const auto* one) { return name == one->name; });
  return found == all.end() ? nullptr : *found;
}

absl::Status no_such(const Spec& spec, const SpecPart& part, const std::string& names) {
  const std::string choice = names.empty() ? "none is registered" : "there are " + names;
  if (part.name.empty()) {
    return invalid("%s: \"%s\" names no %s; %s", spec.flag, spec.text, part.kind, choice);
  }
  return invalid("%s: no %s named \"%s\"; %s", spec.flag, part.kind, part.name, choice);
}

// What each decorator of the spec is, outermost first.
template <typename Decorator>
absl::StatusOr<std::vector<const Decorator*>> find_decorators(
    Spec& spec, std::span<const Decorator* const> known) {
  std::vector<const Decorator*> found;
  for (SpecPart& part : std::span(spec.parts).first(spec.parts.size() - 1)) {
    const auto one = std::ranges::find(known, part.name, &Decorator::name);
    if (one == known.end()) return no_such(spec, part, list_names(known));
    part.described = (*one)->options;
    found.push_back(*one);
  }
  return found;
}

// The same with their values, innermost first.
template <typename Decorator>
absl::StatusOr<std::vector<Decoration<Decorator>>> read_decorations(
    const Spec& spec, const std::vector<const Decorator*>& decorators) {
  std::vector<Decoration<Decorator>> decorations;
  for (std::size_t i = decorators.size(); i-- > 0;) {
    auto values = read_options(spec, spec.parts[i]);
    if (!values.ok()) return values.status();
    decorations.push_back({decorators[i], *std::move(values)});
  }
  return decorations;
}

absl::Status check_suits(const Spec& spec, const BackendDescription& backend,
                         const Decoration<BackendDecorator>& decoration) {
  Refusal why_not;
  const BackendDecorator& decorator = *decoration.decorator;
  if (decorator.suits == nullptr ||
      decorator.suits(backend, OptionValues(decoration.values), why_not)) {
    return absl::OkStatus();
  }
  return invalid("%s: decorator \"%s\" in \"%s\": %s", spec.flag, decorator.name, spec.text,
                 why_not.text);
}

absl::Status cannot_start(const char* kind, std::string_view name, const Refusal& why_not) {
  return absl::UnavailableError(
      absl::StrFormat("%s \"%s\" cannot start: %s", kind, name,
                      why_not.text[0] != '\0' ? why_not.text : kMadeNothing));
}

// Whoever fills in all of the text leaves no room for its end.
void make_reason_printable(Refusal& why_not) {
  char(&text)[sizeof why_not.text] = why_not.text;
  text[sizeof text - 1] = '\0';
  make_printable({text, std::strlen(text)});
}

// Nothing, and the reason, if it throws: a probe or factory may be a plugin's.
template <typename Call>
auto guard(Refusal& why_not, Call&& call) noexcept -> decltype(call()) {
  const absl::Cleanup printed_safely = [&why_not] { make_reason_printable(why_not); };
  try {
    return call();
  } catch (const std::exception& thrown) {
    why_not.say("%s", thrown.what());
  } catch (...) {
    why_not.say("something was thrown that says nothing");
  }
  return {};
}

// `whose` factory it is.
template <typename Made, typename Make, typename... Arguments>
std::unique_ptr<Made> make_guarded(const char* whose, Make make, Refusal& why_not,
                                   const Arguments&... arguments) {
  const ExitWatch watch(whose);
  return std::unique_ptr<Made>(guard(why_not, [&] { return make(arguments..., why_not); }));
}

// Found out by making one: what a backend without a probe is asked.
bool can_be_made(const BackendDescription& backend, Refusal& why_not) {
  const auto values = default_values(backend.options);
  const OptionValues options(values);
  if (backend.make_poller != nullptr) {
    return make_guarded<Poller>(backend.name, backend.make_poller, why_not, options) != nullptr;
  }
  return make_guarded<Proactor>(backend.name, backend.make_proactor, why_not, options) != nullptr;
}
bool can_be_made(const PoolDescription&, Refusal&) { return true; }
bool can_be_made(const WorkloadDescription&, Refusal&) { return true; }

absl::Status does_not_run(const Spec& spec, const char* kind, std::string_view name,
                          const std::string& reason) {
  return absl::UnavailableError(
      absl::StrFormat("%s: %s \"%s\" does not run here: %s", spec.flag, kind, name, reason));
}

}  // namespace

template <typename Description, typename Decorator>
void Choice<Description, Decorator>::decorate(Decoration<Decorator> decoration) {
  name_ = absl::StrFormat("%s(%s)", decoration.decorator->name, name_);
  decorations_.push_back(std::move(decoration));
}

template <typename Description, typename Decorator>
bool Choice<Description, Decorator>::is_decorated_with(std::string_view decorator) const noexcept {
  return std::ranges::any_of(decorations_, [decorator](const Decoration<Decorator>& one) {
    return one.decorator->name == decorator;
  });
}

template <typename Description, typename Decorator>
std::int64_t Choice<Description, Decorator>::told(std::string_view decorator,
                                                  const char* option) const noexcept {
  std::int64_t most = 0;
  for (const Decoration<Decorator>& one : decorations_) {
    if (one.decorator->name == decorator) most = std::max(most, OptionValues(one.values)[option]);
  }
  return most;
}

template <typename Description, typename Decorator>
std::string Choice<Description, Decorator>::effective_spec() const {
  std::string spec = format_part(description_->name, description_->options, values_);
  for (const Decoration<Decorator>& one : decorations_) {
    spec = format_part(absl::StrFormat("%s(%s)", one.decorator->name, spec), one.decorator->options,
                       one.values);
  }
  return spec;
}
template class Choice<BackendDescription, BackendDecorator>;
template class Choice<PoolDescription, PoolDecorator>;

absl::StatusOr<std::unique_ptr<Proactor>> Backend::make() const {
  const std::uint64_t instance = next_instance();
  const bool is_poller = description().make_poller != nullptr;
  std::unique_ptr<Proactor> proactor;
  if (is_poller) {
    auto poller = make_poller(instance);
    if (!poller.ok()) return poller.status();
    ReadinessLimits limits;
    const std::int64_t events = OptionValues(values())["events"];
    if (events > 0) limits.events = static_cast<std::size_t>(std::min(events, kMostEvents));
    proactor = make_readiness_proactor(*std::move(poller), limits);
  } else {
    Refusal why_not;
    proactor = make_guarded<Proactor>(description().name, description().make_proactor, why_not,
                                      OptionValues(values()));
    if (proactor == nullptr) return cannot_start("backend", description().name, why_not);
  }
  for (const auto& [decorator, values] : decorations()) {
    if (decorator->wrap_proactor == nullptr) continue;
    proactor = decorator->wrap_proactor(
        std::move(proactor),
        {OptionValues(values), description().name, instance, is_poller, shared_counts()});
  }
  return proactor;
}

absl::StatusOr<std::unique_ptr<Poller>> Backend::make_poller() const {
  return make_poller(next_instance());
}

absl::StatusOr<std::unique_ptr<Poller>> Backend::make_poller(std::uint64_t instance) const {
  if (description().make_poller == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("backend \"%s\" is a Proactor and has no Poller", description().name));
  }
  Refusal why_not;
  auto poller = make_guarded<Poller>(description().name, description().make_poller, why_not,
                                     OptionValues(values()));
  if (poller == nullptr) return cannot_start("backend", description().name, why_not);
  for (const auto& [decorator, values] : decorations()) {
    if (decorator->wrap_poller == nullptr) continue;
    poller = decorator->wrap_poller(std::move(poller), {OptionValues(values), description().name,
                                                        instance, true, shared_counts()});
  }
  return poller;
}

absl::StatusOr<std::unique_ptr<ThreadPool>> Pool::make(std::size_t workers) const {
  if (!description().has_workers && workers != 0) {
    return invalid(
        "workers: pool \"%s\" has no threads of its own, so the number must be 0, not %d", name(),
        workers);
  }
  if (description().has_workers && (workers == 0 || workers > kMaxWorkers)) {
    return invalid("workers: pool \"%s\" takes a number from 1 to %d, not %d", name(), kMaxWorkers,
                   workers);
  }
  Refusal why_not;
  auto made = make_guarded<ThreadPool>(description().name, description().make, why_not,
                                       OptionValues(values()), workers);
  if (made == nullptr) return cannot_start("pool", name(), why_not);
  const std::uint64_t instance = next_instance();
  for (const auto& [decorator, values] : decorations()) {
    made = decorator->wrap(std::move(made), {OptionValues(values), description().name, instance,
                                             false, nullptr, times_});
  }
  return made;
}

absl::StatusOr<std::unique_ptr<ServerSession>> SessionWorkload::make_server() const {
  Refusal why_not;
  auto made = make_guarded<ServerSession>(description_->name, description_->make_server, why_not,
                                          OptionValues(values_));
  if (made == nullptr) return cannot_start("workload", description_->name, why_not);
  return made;
}

absl::StatusOr<std::unique_ptr<ClientSession>> SessionWorkload::make_client(
    const ClientShape& shape) const {
  Refusal why_not;
  auto made = make_guarded<ClientSession>(description_->name, description_->make_client, why_not,
                                          OptionValues(values_), shape);
  if (made == nullptr) return cannot_start("workload", description_->name, why_not);
  return made;
}

std::size_t Pool::default_workers(std::size_t loops) const noexcept {
  if (!description().has_workers) return 0;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  const auto count = static_cast<std::size_t>(CPU_COUNT(&cpus));
  return count > loops ? count - loops : 1;
}

void Registry::add(const BackendDescription& description) {
  assert(find(backends_, description.name) == nullptr && description.name != kAuto);
  assert((description.make_poller == nullptr) != (description.make_proactor == nullptr));
  backends_.push_back(&description);
}

void Registry::add(const PoolDescription& description) {
  assert(find(pools_, description.name) == nullptr);
  pools_.push_back(&description);
}

void Registry::add(const WorkloadDescription& description) {
  assert(find(workloads_, description.name) == nullptr);
  workloads_.push_back(&description);
}

template <typename Description>
std::string Registry::why_not(const Description& description) const {
  const auto known = std::ranges::find(probed_, &description, &Probed::description);
  if (known != probed_.end()) return known->why_not;
  Refusal refusal;
  const ExitWatch watch(description.name);
  const bool runs = description.probe != nullptr
                        ? guard(refusal, [&] { return description.probe(refusal); })
                        : can_be_made(description, refusal);
  if (!runs && refusal.text[0] == '\0') {
    refusal.say("%s", description.probe != nullptr ? "its probe failed" : kMadeNothing);
  }
  return probed_.emplace_back(Probed{&description, runs ? "" : refusal.text}).why_not;
}

absl::StatusOr<Backend> Registry::first_that_runs(std::string_view flag) const {
  std::string note;
  for (const BackendDescription* description : backends_) {
    const std::string reason = why_not(*description);
    if (reason.empty()) {
      return Backend(*description, default_values(description->options), std::move(note));
    }
    note += absl::StrFormat("%s%s: %s", note.empty() ? "" : "; ", description->name, reason);
  }
  return absl::UnavailableError(absl::StrFormat("%s: no backend runs here (%s)", flag,
                                                note.empty() ? "none is registered" : note));
}

// The backend of `spec` without its decorators.
absl::StatusOr<Backend> Registry::bare_backend(const Spec& spec) const {
  const SpecPart& inner = spec.inner();
  if (inner.name == kAuto) {
    if (!inner.has_options) return first_that_runs(spec.flag);
    return invalid("%s: \"auto\" takes no options; name the backend they are for: %s", spec.flag,
                   list_names(backends_));
  }
  const BackendDescription* description = find(backends_, inner.name);
  auto values = read_options(spec, inner);
  if (!values.ok()) return values.status();
  if (const std::string reason = why_not(*description); !reason.empty()) {
    return does_not_run(spec, "backend", inner.name, reason);
  }
  return Backend(*description, *std::move(values), "");
}

absl::StatusOr<Backend> Registry::backend(std::string_view text, std::string_view flag) const {
  auto spec = take_apart(text, flag, "backend");
  if (!spec.ok()) return spec.status();
  SpecPart& inner = spec->parts.back();
  if (const BackendDescription* known = find(backends_, inner.name)) {
    inner.described = known->options;
  } else if (inner.name != kAuto) {
    return no_such(*spec, inner, list_names(backends_, kAuto));
  }
  const auto decorators = find_decorators(*spec, backend_decorators());
  if (!decorators.ok()) return decorators.status();
  auto decorations = read_decorations(*spec, *decorators);
  if (!decorations.ok()) return decorations.status();
  auto backend = bare_backend(*spec);
  if (!backend.ok()) return backend.status();
  for (auto& decoration : *decorations) {
    const absl::Status suits = check_suits(*spec, backend->description(), decoration);
    if (!suits.ok()) return suits;
    backend->decorate(std::move(decoration));
  }
  return backend;
}

absl::StatusOr<Pool> Registry::pool(std::string_view text, std::string_view flag) const {
  auto spec = take_apart(text, flag, "pool");
  if (!spec.ok()) return spec.status();
  SpecPart& inner = spec->parts.back();
  const PoolDescription* description = find(pools_, inner.name);
  if (description == nullptr) return no_such(*spec, inner, list_names(pools_));
  inner.described = description->options;
  const auto decorators = find_decorators(*spec, pool_decorators());
  if (!decorators.ok()) return decorators.status();
  auto decorations = read_decorations(*spec, *decorators);
  if (!decorations.ok()) return decorations.status();
  auto values = read_options(*spec, inner);
  if (!values.ok()) return values.status();
  if (const std::string reason = why_not(*description); !reason.empty()) {
    return does_not_run(*spec, "pool", description->name, reason);
  }
  Pool pool(*description, *std::move(values), "");
  for (auto& decoration : *decorations) pool.decorate(std::move(decoration));
  return pool;
}

absl::StatusOr<SessionWorkload> Registry::workload(std::string_view text,
                                                   std::string_view flag) const {
  const auto spec = take_apart(text, flag, "workload");
  if (!spec.ok()) return spec.status();
  if (spec->parts.size() > 1) {
    return invalid("%s: \"%s\" puts a decorator around a workload: decorate backend or pool", flag,
                   text);
  }
  SpecPart part = spec->inner();
  const WorkloadDescription* description = find(workloads_, part.name);
  if (description == nullptr) return no_such(*spec, part, list_names(workloads_));
  part.described = description->options;
  auto values = read_options(*spec, part);
  if (!values.ok()) return values.status();
  if (const std::string reason = why_not(*description); !reason.empty()) {
    return does_not_run(*spec, "workload", description->name, reason);
  }
  SessionWorkload workload(*description, *std::move(values));
  const ClientShape shape{.payload_bytes = description->traits.payload_bytes};
  for (const auto& status :
       {workload.make_server().status(), workload.make_client(shape).status()}) {
    if (!status.ok()) return status;
  }
  return workload;
}

}  // namespace collet
