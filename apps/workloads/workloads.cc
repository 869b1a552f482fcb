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

std::span<const Workload* const> workloads() noexcept {
  static const std::array all{&echo_workload(), &greet_workload(), &http_workload()};
  return all;
}

absl::StatusOr<const Workload*> find_workload(std::string_view name) {
  std::string names;
  for (const Workload* one : workloads()) {
    if (one->name() == name) return one;
    names += absl::StrFormat("%s%s", names.empty() ? "" : ", ", one->name());
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("--workload: \"%s\" is not known: choose from %s", name, names));
}

}  // namespace collet::apps
