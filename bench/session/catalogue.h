// SPDX-License-Identifier: MIT
// catalogue.h: what can be measured here: backends, pools, workloads, and servers by hand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "apps/cli/kit.h"
#include "bench/session/matrix.h"
#include "bench/session/options.h"

namespace collet::bench {

class Catalogue {
 public:
  Catalogue();

  absl::Status load(const apps::PluginFlags& plugins) { return kit_.load(plugins); }

  // What `options` ask for, every name checked. What was not named is all there is. Adds the
  // servers by hand to the external ones, and fills in the rest of `options`. `notes` gets a
  // sentence for each thing left out.
  absl::StatusOr<Axes> resolve(Options& options, std::vector<std::string>& notes);

  // The part of `settings` that is not written down with a session.
  absl::Status equip(Settings& settings, const std::string& bin_dir) const;

  // For `collet-bench list`.
  std::string describe() const;

 private:
  absl::Status resolve_backends(const Options& options, Axes& axes);
  absl::Status resolve_pools(const Options& options, Axes& axes);
  absl::Status resolve_workloads(const Options& options, Axes& axes,
                                 std::vector<std::string>& notes);
  absl::Status try_backend(const std::string& spec, std::string_view flag) const;
  absl::Status try_pool(const std::string& spec, std::string_view flag) const;
  absl::Status check_baseline(const std::string& baseline) const;

  apps::Kit kit_;
};

}  // namespace collet::bench
