// SPDX-License-Identifier: MIT
// catalogue.h: what can be measured here: backends, pools, workloads, and servers by hand.
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/registry.h>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/programs.h"

namespace collet::bench {

class Catalogue {
 public:
  Catalogue();

  // What `options` ask for, every name checked. What was not named is all that runs here; `notes`
  // gets a sentence for each thing left out. Fills in the programs and traits of
  // `options.settings`.
  absl::StatusOr<Axes> resolve(Options& options, std::vector<std::string>& notes) const;

  // For `collet-bench list`.
  std::string describe() const;

 private:
  absl::Status resolve_backends(const Options& options, Axes& axes,
                                std::vector<std::string>& notes) const;
  absl::Status resolve_pools(Options& options, Axes& axes) const;

  Registry registry_;
};

}  // namespace collet::bench
