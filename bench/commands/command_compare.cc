// SPDX-License-Identifier: MIT
// command_compare.cc: two sessions, and an exit code that says whether something got slower.
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"
#include "bench/commands/commands.h"
#include "bench/session/environment.h"
#include "bench/session/results.h"
#include "bench/statistics/session_diff.h"
#include "bench/statistics/summary.h"

namespace collet::bench {
namespace {

// `5%` or `5`
absl::StatusOr<double> parse_threshold(const std::string& text) {
  double percent = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, percent);
  const bool whole = end == last || std::string_view(end, last) == "%";
  if (error == std::errc() && whole && percent >= 0 && percent <= 1000) return percent / 100;
  return absl::InvalidArgumentError(absl::StrFormat(
      "--threshold: \"%s\" is no percentage from 0 to 1000: write such as 5%%", text));
}

// Why the figures of the two do not compare.
std::vector<std::string> find_obstacles(const Session& a, const Session& b) {
  std::vector<std::string> obstacles = find_differences(a.environment, b.environment);
  const auto check = [&](const char* what, auto one, auto other) {
    if (one != other) obstacles.push_back(absl::StrCat(what, ": ", one, " and ", other));
  };
  check("duration_ns", a.settings.duration.count(), b.settings.duration.count());
  check("warmup_ns", a.settings.warmup.count(), b.settings.warmup.count());
  check("loops", a.settings.loops, b.settings.loops);
  check("workers", a.settings.workers, b.settings.workers);
  check("client_threads", a.settings.client_threads, b.settings.client_threads);
  check("arrivals", a.settings.arrivals, b.settings.arrivals);
  check("cpus", format_cpus(a.settings.cpus), format_cpus(b.settings.cpus));
  for (const Session* session : {&a, &b}) {
    if (!session->not_a_result.empty()) {
      obstacles.push_back(absl::StrCat(session->id, " is no result: ", session->not_a_result));
    }
  }
  return obstacles;
}

// Why there is no verdict at all, where more blocks would bring some.
void explain_silence(const std::vector<CellDiff>& cells) {
  const bool told = std::ranges::any_of(
      cells, [](const CellDiff& diff) { return diff.verdict != Verdict::none; });
  if (told || std::ranges::none_of(cells, &CellDiff::few_blocks)) return;
  std::fprintf(stderr,
               "collet-bench: compare: nothing can be told from fewer than %d blocks in each "
               "session: add some with collet-bench resume DIRECTORY --reps 6\n",
               static_cast<int>(kLeastBlocks));
}

}  // namespace

int compare_command(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench compare",
                         "Says what has become faster or slower from one session to another.");
  std::string first;
  std::string second;
  std::string threshold_text = "5%";
  bool force = false;
  line.positional("BEFORE", first, "Directory of the first session");
  line.positional("AFTER", second, "Directory of the second");
  line.option("--threshold", "PERCENT", threshold_text, "A smaller change is none");
  line.flag("--force", force, "Compare sessions of different machines or settings");
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  if (!help->empty()) return print(*help);
  if (second.empty()) {
    return refuse(absl::InvalidArgumentError("compare: name two directories of results"));
  }
  const auto threshold = parse_threshold(threshold_text);
  if (!threshold.ok()) return refuse(threshold.status());
  auto before = read_results(first);
  if (!before.ok()) return refuse(before.status());
  auto after = read_results(second);
  if (!after.ok()) return refuse(after.status());
  tell(before->cut_off);
  tell(after->cut_off);
  if (before->session.goal || after->session.goal) {
    return refuse(absl::InvalidArgumentError(
        "compare: a search has brackets and no cells: compare sessions of run or curve"));
  }
  const auto obstacles = find_obstacles(before->session, after->session);
  for (const std::string& obstacle : obstacles) {
    std::fprintf(stderr, "collet-bench: they differ: %s\n", obstacle.c_str());
  }
  if (!obstacles.empty() && !force) {
    return refuse(absl::FailedPreconditionError(
                      "such figures do not compare: measure both alike, or give --force"),
                  kOtherEnvironment);
  }
  const auto cells = diff_sessions(summarize_results(*std::move(before), first),
                                   summarize_results(*std::move(after), second), *threshold);
  std::fputs(render_diff(cells).c_str(), stdout);
  if (std::ranges::all_of(cells, [](const CellDiff& diff) { return !diff.why_not.empty(); })) {
    return refuse(absl::InvalidArgumentError(
        "compare: they have no cell in common that has figures: measure both with the same flags "
        "(rates that are shares of a closed loop differ from session to session)"));
  }
  explain_silence(cells);
  const bool slower = std::ranges::any_of(
      cells, [](const CellDiff& diff) { return diff.verdict == Verdict::higher; });
  if (slower) return kRegression;
  const bool gone = std::ranges::any_of(cells, &CellDiff::gone);
  return gone ? kFailedCells : kDone;
}

}  // namespace collet::bench
