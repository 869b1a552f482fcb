// SPDX-License-Identifier: MIT
// registry.cc: parses specs, probes backends, makes instances.
#include <sched.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/quantity.h>
#include <collet/readiness_proactor.h>
#include <collet/registry.h>

namespace collet {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::size_t kMaxWorkers = 1024;  // beyond it lies a typing mistake

template <typename... Args>
absl::Status invalid(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// Names of described things, and `more` where given: "epoll, asio, auto".
template <typename Described>
std::string list_names(const Described& described, std::string_view more = {}) {
  std::string list;
  const auto append = [&list](std::string_view name) {
    if (name.empty()) return;
    if (!list.empty()) list += ", ";
    list += name;
  };
  for (const auto& one : described) {
    if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(one)>>) {
      append(one->name);
    } else {
      append(one.name);
    }
  }
  append(more);
  return list;
}

std::string describe_values(const OptionDescription& option) {
  if (option.type == OptionType::boolean) return "true or false";
  const char* kind = option.type == OptionType::integer ? "a whole number"
                     : option.type == OptionType::bytes ? "a size"
                                                        : "a duration";
  return absl::StrFormat("%s from %s to %s", kind, format_value(option.type, option.minimum),
                         format_value(option.type, option.maximum));
}

template <typename StatusOrValue>
std::optional<std::int64_t> value_or_nothing(const StatusOrValue& parsed) {
  if (!parsed.ok()) return std::nullopt;
  if constexpr (requires { parsed->count(); }) {
    return parsed->count();
  } else {
    return *parsed;
  }
}

std::optional<std::int64_t> parse_value(OptionType type, std::string_view text) {
  switch (type) {
    case OptionType::boolean:
      if (text == "true") return 1;
      if (text == "false") return 0;
      return std::nullopt;
    case OptionType::bytes:
      return value_or_nothing(parse_bytes(text));
    case OptionType::duration:
      return value_or_nothing(parse_duration(text));
    case OptionType::integer:
      break;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Who asked and for what: the front of every error sentence.
struct Asked {
  std::string_view flag;  // --backend
  const char* kind;       // backend
  std::string_view spec;
  std::string_view name;     // before the colon
  std::string_view options;  // after it
  bool has_colon = false;
};

Asked split(std::string_view spec, std::string_view flag, const char* kind) {
  Asked asked{.flag = flag, .kind = kind, .spec = spec, .name = spec, .options = {}};
  if (const auto colon = spec.find(':'); colon != spec.npos) {
    asked.name = spec.substr(0, colon);
    asked.options = spec.substr(colon + 1);
    asked.has_colon = true;
  }
  return asked;
}

absl::Status set_option(const Asked& asked, std::string_view assignment,
                        std::span<const OptionDescription> described,
                        std::vector<OptionValue>& values, std::vector<bool>& given) {
  const auto equals = assignment.find('=');
  const std::string_view name = assignment.substr(0, equals);
  if (equals == assignment.npos || name.empty()) {
    return invalid("%s: \"%s\" in \"%s\" is no option: write name:key=value,key=value", asked.flag,
                   assignment, asked.spec);
  }
  const auto option = std::find_if(described.begin(), described.end(),
                                   [name](const OptionDescription& o) { return name == o.name; });
  if (option == described.end()) {
    return invalid("%s: %s \"%s\" has no option \"%s\"; it has %s", asked.flag, asked.kind,
                   asked.name, name, described.empty() ? "none" : list_names(described));
  }
  const auto index = static_cast<std::size_t>(option - described.begin());
  if (given[index]) {
    return invalid("%s: option \"%s\" is given twice in \"%s\"; give it once", asked.flag, name,
                   asked.spec);
  }
  const std::string_view text = assignment.substr(equals + 1);
  const auto value = parse_value(option->type, text);
  if (!value || *value < option->minimum || *value > option->maximum) {
    return invalid("%s: option \"%s\" of %s \"%s\" cannot be \"%s\"; it takes %s", asked.flag, name,
                   asked.kind, asked.name, text, describe_values(*option));
  }
  values[index].value = *value;
  given[index] = true;
  return absl::OkStatus();
}

// Defaults, and what the spec says over them.
absl::StatusOr<std::vector<OptionValue>> parse_options(
    const Asked& asked, std::span<const OptionDescription> described) {
  std::vector<OptionValue> values;
  values.reserve(described.size());
  for (const OptionDescription& option : described) {
    values.push_back({option.name, option.default_value});
  }
  std::vector<bool> given(described.size());
  std::string_view rest = asked.options;
  bool more = asked.has_colon;
  while (more) {
    const auto comma = rest.find(',');
    const auto status = set_option(asked, rest.substr(0, comma), described, values, given);
    if (!status.ok()) return status;
    more = comma != rest.npos;
    if (more) rest.remove_prefix(comma + 1);
  }
  return values;
}

template <typename Description>
const Description* find(const std::vector<const Description*>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const auto* one) { return name == one->name; });
  return found == all.end() ? nullptr : *found;
}

absl::Status no_such(const Asked& asked, const std::string& names) {
  if (asked.name.empty()) {
    return invalid("%s: \"%s\" names no %s; there are %s", asked.flag, asked.spec, asked.kind,
                   names);
  }
  return invalid("%s: no %s named \"%s\"; there are %s", asked.flag, asked.kind, asked.name, names);
}

absl::Status cannot_start(const char* kind, std::string_view name, const Refusal& why_not) {
  return absl::UnavailableError(
      absl::StrFormat("%s \"%s\" cannot start: %s", kind, name,
                      why_not.text[0] != '\0' ? why_not.text : "no reason given"));
}

// Nothing, and the reason, if it throws: a probe or factory may be a plugin's.
template <typename Call>
auto guard(Refusal& why_not, Call&& call) noexcept -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& thrown) {
    why_not.say("%s", thrown.what());
  } catch (...) {
    why_not.say("something was thrown that says nothing");
  }
  return {};
}

template <typename Made, typename Make, typename... Arguments>
std::unique_ptr<Made> make_guarded(Make make, Refusal& why_not, const Arguments&... arguments) {
  return std::unique_ptr<Made>(guard(why_not, [&] { return make(arguments..., why_not); }));
}

bool can_be_made(const BackendDescription& backend, Refusal& why_not) {
  const auto values = *parse_options({}, backend.options);
  const OptionValues options(values);
  if (backend.make_poller != nullptr) {
    return make_guarded<Poller>(backend.make_poller, why_not, options) != nullptr;
  }
  return make_guarded<Proactor>(backend.make_proactor, why_not, options) != nullptr;
}

}  // namespace

std::string format_value(OptionType type, std::int64_t value) {
  switch (type) {
    case OptionType::boolean:
      return value != 0 ? "true" : "false";
    case OptionType::bytes:
      return format_bytes(value);
    case OptionType::duration:
      return format_duration(std::chrono::nanoseconds(value));
    case OptionType::integer:
      break;
  }
  return absl::StrFormat("%d", value);
}

template <typename Description>
std::string Choice<Description>::effective_spec() const {
  std::string spec(name());
  char separator = ':';
  for (std::size_t i = 0; i < values_.size(); ++i) {
    spec += std::exchange(separator, ',');
    spec += absl::StrFormat("%s=%s", values_[i].name,
                            format_value(description_->options[i].type, values_[i].value));
  }
  return spec;
}
template class Choice<BackendDescription>;
template class Choice<PoolDescription>;
template class Choice<WorkloadDescription>;

absl::StatusOr<std::unique_ptr<Proactor>> Backend::make() const {
  if (description().make_poller != nullptr) {
    auto poller = make_poller();
    if (!poller.ok()) return poller.status();
    ReadinessLimits limits;
    const std::int64_t events = OptionValues(values())["events"];
    if (events > 0) limits.events = static_cast<std::size_t>(events);
    return make_readiness_proactor(*std::move(poller), limits);
  }
  Refusal why_not;
  auto made = make_guarded<Proactor>(description().make_proactor, why_not, OptionValues(values()));
  if (made == nullptr) return cannot_start("backend", name(), why_not);
  return made;
}

absl::StatusOr<std::unique_ptr<Poller>> Backend::make_poller() const {
  if (description().make_poller == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("backend \"%s\" is a Proactor and has no Poller", name()));
  }
  Refusal why_not;
  auto made = make_guarded<Poller>(description().make_poller, why_not, OptionValues(values()));
  if (made == nullptr) return cannot_start("backend", name(), why_not);
  return made;
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
  auto made =
      make_guarded<ThreadPool>(description().make, why_not, OptionValues(values()), workers);
  if (made == nullptr) return cannot_start("pool", name(), why_not);
  return made;
}

absl::StatusOr<std::unique_ptr<ServerSession>> SessionWorkload::make_server() const {
  Refusal why_not;
  auto made =
      make_guarded<ServerSession>(description().make_server, why_not, OptionValues(values()));
  if (made == nullptr) return cannot_start("workload", name(), why_not);
  return made;
}

absl::StatusOr<std::unique_ptr<ClientSession>> SessionWorkload::make_client(
    const ClientShape& shape) const {
  Refusal why_not;
  auto made = make_guarded<ClientSession>(description().make_client, why_not,
                                          OptionValues(values()), shape);
  if (made == nullptr) return cannot_start("workload", name(), why_not);
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

std::string Registry::why_not(const BackendDescription& description) const {
  const auto known = std::find_if(probed_.begin(), probed_.end(),
                                  [&](const Probed& one) { return one.backend == &description; });
  if (known != probed_.end()) return known->why_not;
  Refusal refusal;
  const bool runs = description.probe != nullptr
                        ? guard(refusal, [&] { return description.probe(refusal); })
                        : can_be_made(description, refusal);
  if (!runs && refusal.text[0] == '\0') refusal.say("its probe failed");
  return probed_.emplace_back(Probed{&description, runs ? "" : refusal.text}).why_not;
}

absl::StatusOr<Backend> Registry::first_that_runs(std::string_view flag) const {
  std::string note;
  for (const BackendDescription* description : backends_) {
    const std::string reason = why_not(*description);
    if (reason.empty()) {
      auto values = parse_options({}, description->options);
      return Backend(*description, *std::move(values), std::move(note));
    }
    note += absl::StrFormat("%s%s: %s", note.empty() ? "" : "; ", description->name, reason);
  }
  return absl::UnavailableError(absl::StrFormat("%s: no backend runs here (%s)", flag,
                                                note.empty() ? "none is registered" : note));
}

absl::StatusOr<Backend> Registry::backend(std::string_view spec, std::string_view flag) const {
  const Asked asked = split(spec, flag, "backend");
  if (asked.name == kAuto) {
    if (!asked.has_colon) return first_that_runs(flag);
    return invalid("%s: \"auto\" takes no options; name the backend they are for: %s", flag,
                   list_names(backends_));
  }
  const BackendDescription* description = find(backends_, asked.name);
  if (description == nullptr) return no_such(asked, list_names(backends_, kAuto));
  auto values = parse_options(asked, description->options);
  if (!values.ok()) return values.status();
  if (const std::string reason = why_not(*description); !reason.empty()) {
    return absl::UnavailableError(
        absl::StrFormat("%s: backend \"%s\" does not run here: %s", flag, asked.name, reason));
  }
  return Backend(*description, *std::move(values), "");
}

absl::StatusOr<Pool> Registry::pool(std::string_view spec, std::string_view flag) const {
  const Asked asked = split(spec, flag, "pool");
  const PoolDescription* description = find(pools_, asked.name);
  if (description == nullptr) return no_such(asked, list_names(pools_));
  auto values = parse_options(asked, description->options);
  if (!values.ok()) return values.status();
  return Pool(*description, *std::move(values), "");
}

absl::StatusOr<SessionWorkload> Registry::workload(std::string_view spec,
                                                   std::string_view flag) const {
  const Asked asked = split(spec, flag, "workload");
  const WorkloadDescription* description = find(workloads_, asked.name);
  if (description == nullptr) return no_such(asked, list_names(workloads_));
  auto values = parse_options(asked, description->options);
  if (!values.ok()) return values.status();
  SessionWorkload workload(*description, *std::move(values), "");
  const ClientShape shape{.payload_bytes = description->traits.payload_bytes};
  for (const auto& status :
       {workload.make_server().status(), workload.make_client(shape).status()}) {
    if (!status.ok()) return status;
  }
  return workload;
}

}  // namespace collet
