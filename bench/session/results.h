// SPDX-License-Identifier: MIT
// results.h: results.jsonl: a line for the session, then one for each run, never rewritten. All
// tables and exports come from this file alone. bench/results.schema.json says what is in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/measure/process.h"
#include "bench/measure/runner.h"
#include "bench/measure/wake_floor.h"
#include "bench/session/environment.h"
#include "bench/session/goal.h"
#include "bench/session/plan.h"
#include "bench/session/settings.h"

namespace collet::bench {

struct Program {
  std::string name;
  std::string path;  // of an external server its command
  std::optional<std::string> sha256;

  bool operator==(const Program&) const = default;
};

// What the baseline of a table reached in a closed loop.
struct Capacity {
  std::string table;  // its key, without a rate
  double requests_per_s = 0;
};

// A closed loop of a baseline, whose rate others are shares of.
struct CapacityRun {
  std::string table;  // its key, without a rate
  int block = 0;
  int attempt = 0;  // repeats of a noisy one count up; the last one counts
  std::string started_utc;
  double requests_per_s = 0;
  std::vector<std::string> flags;
};

// Why a session with a goal made a run.
enum class Purpose : std::uint8_t {
  reach,    // a closed loop: around what rate to search
  search,   // one step of it
  confirm,  // the rate that was found
  compare,  // the best, all at one rate, in blocks
};

std::string_view to_string(Purpose purpose) noexcept;

// The first line: all it takes to know what the figures mean, and to go on after an interruption.
struct Session {
  std::string id;
  std::string started_utc;
  std::vector<std::string> command_line;
  std::string profile;  // empty: none was named
  std::uint64_t seed = 0;
  Settings settings;
  std::vector<SessionCell> cells;
  std::vector<Capacity> capacities;  // that rates are shares of
  std::optional<WakeFloor> wake_floor;
  std::optional<Goal> goal;  // else the cells are measured as they are, block by block
  std::vector<Program> programs;
  Facts environment;
  std::string not_a_result;              // why, of a debug or sanitizer build; else empty
  std::vector<std::string> differences;  // in which it was gone on with elsewhere (--force)
};

struct RunRecord {
  PlannedRun run;   // with a goal, `block` counts the steps of each purpose
  int attempt = 0;  // repeats of a noisy run count up; the last one counts
  std::string started_utc;
  RunOutcome outcome;
  std::int64_t rate_per_s = 0;                    // at which the cell ran; 0: a closed loop
  std::optional<Purpose> purpose = std::nullopt;  // of a session with a goal
};

// System calls and allocations of the server for each request, and how long tasks waited in its
// pool, from runs of their own. What could not be counted is null, and `reason` says why; without
// one there was nothing to count, or too little.
struct CountRecord {
  std::size_t cell = 0;  // index into the session's
  std::string started_utc;
  std::optional<double> syscalls_per_request;
  std::map<std::string, double> by_name;  // of the system calls, most of them near 0
  std::optional<double> allocations_per_request;
  std::optional<double> handoff_p50_us;  // from submission to a pool with workers to the begin
  std::optional<double> handoff_p99_us;
  std::string reason;

  bool is_complete() const noexcept {
    return syscalls_per_request && allocations_per_request && reason.empty();
  }
};

struct Results {
  Session session;
  std::vector<RunRecord> runs;
  std::vector<CountRecord> counts = {};
  std::vector<CapacityRun> capacity_runs = {};
  std::string cut_off = {};  // a sentence on the last line of the file, if it was; else empty
};

// Lines, without a newline. Unknown values are null; a failed run has null figures.
std::string format_session(const Session& session);
std::string format_run(const Session& session, const RunRecord& record);
std::string format_count(const Session& session, const CountRecord& record);
std::string format_capacity_run(const CapacityRun& run);
// The cells with their rates, and the capacities that these follow from, in place of those that the
// first line has.
std::string format_rates(const Session& session);
// `differences`: what is not as it was when the session began, and was to be overlooked.
std::string format_resumption(const Session& session, const std::vector<std::string>& command_line,
                              const std::vector<std::string>& differences);

// Adds what a line says to `results`; the error says what is wrong with it.
absl::Status read_line(const std::string& line, Results& results);

// Calls `read` with each complete line of a file that `command` writes. What follows the last
// newline is of a run that was cut off and is left out; a sentence says so, which is empty if there
// is nothing. An error is a sentence that names file and line.
absl::StatusOr<std::string> read_lines(const std::string& path, const std::string& command,
                                       const std::function<absl::Status(const std::string&)>& read);

// All of results.jsonl in `directory`. What follows the last newline is of a run that was cut off
// and is left out. An error is a sentence that names file and line.
absl::StatusOr<Results> read_results(const std::string& directory);

// Holds the file so that no other collet-bench writes to it.
class ResultsFile {
 public:
  // Creates `directory` if need be, and results.jsonl in it, which must not be there yet; but one
  // that was killed before its first line was whole left nothing, and gives way to the new one.
  static absl::StatusOr<ResultsFile> create(const std::string& directory);

  // The same for a file of another name, which nothing can go on with later.
  static absl::StatusOr<ResultsFile> create(const std::string& directory, const std::string& name);

  // Opens the one that is there. What follows its last newline is taken away by the first append:
  // until then nothing has changed.
  static absl::StatusOr<ResultsFile> reopen(const std::string& directory);

  const std::string& path() const noexcept { return path_; }

  // The line is on disk when this returns ok: what comes later cannot cost it.
  absl::Status append(const std::string& line);

 private:
  ResultsFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  static absl::StatusOr<ResultsFile> open(const std::string& directory, const std::string& name,
                                          int flags);

  std::string path_;
  Descriptor file_;
  std::optional<std::int64_t> complete_bytes_;  // to cut the file to before the first append
};

}  // namespace collet::bench
