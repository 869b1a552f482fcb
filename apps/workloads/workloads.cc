// SPDX-License-Identifier: MIT
// workloads.cc: the table of workloads. A new one is a file of its own and two lines here.
#include <array>
#include <string>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>

#include "apps/workloads/workload.h"

namespace collet::apps {

const Workload& echo_workload();
const Workload& greet_workload();
const Workload& http_workload();
const Workload& idle_workload();
const Workload& slow_workload();
const Workload& storm_workload();

std::span<const Workload* const> workloads() noexcept {
  static const std::array all{&echo_workload(), &greet_workload(), &http_workload(),
                              &idle_workload(), &slow_workload(),  &storm_workload()};
  return all;
}

std::string workload_names() {
  std::string names;
  for (const Workload* one : workloads()) {
    absl::StrAppendFormat(&names, "%s%s", names.empty() ? "" : ", ", one->name());
  }
  return names;
}

absl::StatusOr<const Workload*> find_workload(std::string_view name, std::string_view others) {
  for (const Workload* one : workloads()) {
    if (one->name() == name) return one;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--workload: \"%s\" is not known: choose from %s%s", name, workload_names(), others));
}

}  // namespace collet::apps
