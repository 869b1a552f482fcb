// SPDX-License-Identifier: MIT
// programs.h: where the programs are that collet-bench runs.
#pragma once

#include <string>

#include <absl/status/statusor.h>

namespace collet::bench {

// The file that the shell runs first for `command`, as far as one can see without a shell: past
// assignments, `exec` and `env`, and found on PATH. Empty if there is none.
std::string program_in(const std::string& command);

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
