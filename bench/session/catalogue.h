// SPDX-License-Identifier: MIT
// catalogue.h: what can be measured here: backends, pools, workloads, and servers by hand.
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/registry.h>

#include "bench/session/matrix.h"
#include "bench/session/options.h"

namespace collet::bench {

class Catalogue {
 public:
  Catalogue();

  // What `options` ask for, every name checked. What was not named is all there is. Adds the
  // servers by hand to the external ones, and fills in the rest of `options`. `notes` gets a
  // sentence for each thing left out.
  absl::StatusOr<Axes> resolve(Options& options, std::vector<std::string>& notes) const;

  // The part of `settings` that is not written down with a session.
  absl::Status equip(Settings& settings, const std::string& bin_dir) const;

  // For `collet-bench list`.
  std::string describe() const;

 private:
  absl::Status resolve_backends(const Options& options, Axes& axes) const;
  absl::Status resolve_pools(const Options& options, Axes& axes) const;
  absl::Status check_baseline(const std::string& baseline) const;

  Registry registry_;
};

}  // namespace collet::bench
