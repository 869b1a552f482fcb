// SPDX-License-Identifier: MIT
// results.h: results.jsonl, one JSON object a run, never rewritten.
#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "bench/environment.h"
#include "bench/plan.h"
#include "bench/process.h"
#include "bench/runner.h"
#include "bench/settings.h"

namespace collet::bench {

// The line for one run, without a newline. Unknown values are null; a failed run has null metrics.
std::string format_result(const Cell& cell, const PlannedRun& run, const RunOutcome& outcome,
                          const Settings& settings, const Environment& environment,
                          const std::string& started_utc);

class ResultsFile {
 public:
  // Creates `directory` if need be and appends to results.jsonl in it.
  static absl::StatusOr<ResultsFile> open(const std::string& directory);

  const std::string& path() const noexcept { return path_; }

  // The line is on disk when this returns ok: what comes later cannot cost it.
  absl::Status append(const std::string& line);

 private:
  ResultsFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  Descriptor file_;
};

}  // namespace collet::bench
