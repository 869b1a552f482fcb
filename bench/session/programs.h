// SPDX-License-Identifier: MIT
// programs.h: where the programs are that collet-bench runs.
#pragma once

#include <string>

#include <absl/status/statusor.h>

namespace collet::bench {

// Finds them side by side (an installed tree) or in the folders of a build tree.
class Programs {
 public:
  // `directory`: what --bin-dir named; empty for the directory of this executable.
  explicit Programs(std::string directory);

  // The path of `name`, or a sentence that names --bin-dir.
  absl::StatusOr<std::string> find(const std::string& name) const;

 private:
  std::string directory_;
};

}  // namespace collet::bench
