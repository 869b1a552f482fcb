// SPDX-License-Identifier: MIT
// command_run.cc: run, plan and resume.
#include <sys/prctl.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "apps/cli/command_line.h"
#include "apps/cli/process.h"
#include "bench/commands/commands.h"
#include "bench/commands/conduct.h"
#include "bench/session/capacity.h"
#include "bench/session/catalogue.h"
#include "bench/session/counting.h"
#include "bench/session/goal_session.h"
#include "bench/session/session.h"
#include "bench/session/start.h"
#include "bench/show/formats.h"
#include "bench/show/report_html.h"
#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {
namespace {

// This process only looks on, but not from the server's CPU.
Descriptor begin_to_look_on(const Settings& settings) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that no server of others is left behind
  pin_to({settings.cpus.back()});
  return watch_stop_signals();
}

// Between the CPUs of server and client, where latency under load is asked for.
std::optional<WakeFloor> wake_floor_of(const Session& session) {
  for (const SessionCell& one : session.cells) {
    const auto cpus = place(one.cell.placement, session.settings.cpus);
    if ((one.cell.rate_per_s == 0 && one.cell.rate_percent == 0) || !cpus.ok()) continue;
    return measure_wake_floor(cpus->client, cpus->server);
  }
  return std::nullopt;
}

struct Output {
  Format format = Format::table;
  bool quiet = false;
};

std::string page_in(const std::string& directory) {
  return (std::filesystem::path(directory) / "report.html").string();
}

// A page of somebody else is not written over.
absl::Status check_page(const std::string& directory) {
  const std::string page = page_in(directory);
  if (!std::filesystem::exists(std::filesystem::symlink_status(page)) || is_report(page)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--output: %s is no report of collet-bench and would be lost: name another directory", page));
}

// Of rates that are shares what they are, if that is not known; else with which code to end.
std::optional<int> find_rates(Results& results, ResultsFile& file, const Output& output,
                              const Descriptor& stop) {
  if (!awaits_rates(results.session)) return std::nullopt;
  const auto status = settle_rates(results, file, progress_style(output.quiet), stop.get());
  if (status.ok()) return std::nullopt;
  if (absl::IsFailedPrecondition(status)) return refuse(status, kFailedCells);
  if (!absl::IsCancelled(status)) return refuse(status);
  const int code = explain_signal(stop);
  const std::string directory = std::filesystem::path(file.path()).parent_path().string();
  std::fprintf(stderr,
               "collet-bench: no rate is known yet, but what the baseline reached so far is kept: "
               "go on with `collet-bench resume %s`\n",
               directory.c_str());
  return code;
}

// Everything after the first line, and its rates, have been written.
int measure(const std::string& directory, const Results& done, ResultsFile& file,
            const Output& output, const Descriptor& stop) {
  const auto style = progress_style(output.quiet);
  const auto end = done.session.goal ? run_goal_session(done, file, style, stop.get())
                                     : run_session(done, file, style, stop.get());
  if (!end.ok()) return refuse(end.status());
  auto results = read_results(directory);
  if (!results.ok()) return refuse(results.status());
  const Report report = summarize_results(*std::move(results), file.path());
  std::fputs(render(report, output.format).c_str(), stdout);
  const auto pools = read_pool_report(directory);
  if (!pools.ok()) refuse(pools.status());  // the page is then without them
  const PoolReport* beside = pools.ok() && *pools ? &**pools : nullptr;
  const std::string page = page_in(directory);
  if (auto status = write_html(report, Charts::drawn, page, beside); !status.ok())
    return refuse(status);
  if (!output.quiet) std::fprintf(stderr, "Report: %s\n", page.c_str());
  if (*end == SessionEnd::interrupted) return explain_signal(stop);
  return report.has_failures() ? kFailedCells : kDone;
}

std::string describe_search(const Session& session, std::size_t cells) {
  const std::size_t steps = expected_steps_of_search();
  const std::chrono::nanoseconds each = time_of_run(session.settings) * cells;
  return absl::StrFormat(
      "%d cells, about %d runs each, at most %d: about %s, at most %s%s%s; seed %d", cells, steps,
      kMostStepsOfSearch, format_time_left(each * steps),
      format_time_left(each * kMostStepsOfSearch),
      session.settings.max_repeats > 0 ? ", more if some are noisy" : "",
      session.goal->compares ? ", and the comparison of the best" : "", session.seed);
}

std::string describe_plan(const Session& session, std::size_t runs) {
  const auto available = std::ranges::count_if(
      session.cells, [](const SessionCell& cell) { return cell.unavailable.empty(); });
  if (session.goal) return describe_search(session, static_cast<std::size_t>(available));
  const std::chrono::nanoseconds estimate = time_of_run(session.settings) * runs;
  std::string text =
      absl::StrFormat("profile %s: %d cells, %d blocks: %d runs, about %s", session.profile,
                      available, session.settings.blocks, runs, format_time_left(estimate));
  if (session.settings.max_repeats > 0) text += ", more if some are noisy";
  return text + absl::StrFormat("; seed %d", session.seed);
}

std::size_t count_runs(const Session& session) {
  return make_plan(session.cells, session.settings.blocks, session.seed).size() +
         runs_of_counts(session, missing_counts(session, {}));
}

struct ResumeOptions {
  std::string directory;
  int blocks = 0;  // 0: as before
  std::string bin_dir;
  bool force = false;
  Output output;
  std::string help;
};

absl::StatusOr<ResumeOptions> parse_resume(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench resume",
                         "Runs what is missing of a session that was cut off.");
  ResumeOptions options;
  std::string reps;
  std::string format = "table";
  line.positional("DIR", options.directory, "Where its results.jsonl is");
  line.option("--reps", "N", reps, "Blocks, to add some [as before]");
  line.option("--bin-dir", "DIR", options.bin_dir, "Where the programs are [near this one]");
  line.flag("--force", options.force, "Go on even if machine or programs are not the same");
  line.option("--format", std::string(kFormatNames), format, "What goes to standard output");
  line.flag("-q,--quiet", options.output.quiet, "No progress on standard error");
  auto help = line.parse(argc, argv);
  if (!help.ok()) return help.status();
  options.help = *help;
  if (!options.help.empty()) return options;
  if (options.directory.empty()) {
    return absl::InvalidArgumentError("resume: name the directory of results.jsonl");
  }
  if (!reps.empty()) {
    const auto blocks = apps::count_of("--reps", reps, 1, 10'000);
    if (!blocks.ok()) return blocks.status();
    options.blocks = static_cast<int>(*blocks);
  }
  const auto parsed = parse_format(format);
  if (!parsed.ok()) return parsed.status();
  options.output.format = *parsed;
  return options;
}

// What is not as it was when the session began.
std::vector<std::string> find_changes(const Session& session) {
  std::vector<std::string> differences = find_differences(session.environment, look_around());
  for (const Program& now : fingerprint(session.settings)) {
    for (const Program& before : session.programs) {
      const bool known = before.sha256.has_value();
      if (before.name == now.name && known && before.sha256 != now.sha256) {
        differences.push_back(now.name + " is another build");
      }
    }
  }
  return differences;
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  auto prepared = prepare(argc, argv);
  if (!prepared.ok()) return refuse(prepared.status());
  const Options& options = prepared->options;
  if (!options.help.empty()) return print(options.help);
  Session& session = prepared->session;
  if (auto status = check_build(session.settings.accept_any_build); !status.ok()) {
    return refuse(status);
  }
  const std::string directory = options.output.empty() ? "results/" + session.id : options.output;
  if (auto status = check_page(directory); !status.ok()) return refuse(status);
  auto file = ResultsFile::create(directory);
  if (!file.ok()) return refuse(file.status());
  session.programs = fingerprint(session.settings);
  session.environment = look_around();
  for (const std::string& note : prepared->notes) std::fprintf(stderr, "%s\n", note.c_str());
  const Descriptor stop = begin_to_look_on(session.settings);
  session.wake_floor = wake_floor_of(session);
  if (auto status = file->append(format_session(session)); !status.ok()) return refuse(status);
  Results done{session, {}};
  const Output output{options.format, options.quiet};
  if (const auto code = find_rates(done, *file, output, stop)) return *code;
  if (!options.quiet) {
    const Session& settled = done.session;
    std::fprintf(stderr, "%s; results in %s\n", describe_plan(settled, count_runs(settled)).c_str(),
                 file->path().c_str());
  }
  return measure(directory, done, *file, output, stop);
}

int plan_command(int argc, const char* const* argv) {
  const auto prepared = prepare(argc, argv);
  if (!prepared.ok()) return refuse(prepared.status());
  if (!prepared->options.help.empty()) return print(prepared->options.help);
  if (prepared->options.format != Format::table) {
    return refuse(absl::InvalidArgumentError(
        "--format: it is one of results, and plan has none: leave it out"));
  }
  const Session& session = prepared->session;
  const auto plan = make_plan(session.cells, session.settings.blocks, session.seed);
  std::string text = describe_plan(session, count_runs(session)) + "\n\ncells\n";
  for (const SessionCell& cell : session.cells) {
    absl::StrAppend(&text, "  ", cell_key(cell.cell), cell.baseline ? "  (baseline)" : "",
                    cell.unavailable.empty() ? "" : "  unavailable: ", cell.unavailable, "\n");
  }
  text += "\norder\n";
  for (const PlannedRun& run : plan) {
    absl::StrAppend(&text, absl::StrFormat("  block %d  %3d  %s%s\n", run.block, run.order,
                                           cell_key(session.cells[run.cell].cell),
                                           run.twin ? "  (again)" : ""));
  }
  return print(text);
}

int resume_command(int argc, const char* const* argv) {
  const auto options = parse_resume(argc, argv);
  if (!options.ok()) return refuse(options.status());
  if (!options->help.empty()) return print(options->help);
  auto file = ResultsFile::reopen(options->directory);
  if (!file.ok()) return refuse(file.status());
  auto results = read_results(options->directory);
  if (!results.ok()) return refuse(results.status());
  Session& session = results->session;
  session.settings.accept_any_build = !session.not_a_result.empty();
  if (auto status = check_build(session.settings.accept_any_build); !status.ok()) {
    return refuse(status);
  }
  Catalogue catalogue;
  if (auto status = catalogue.load({session.settings.plugins, ""}); !status.ok()) {
    return refuse(status);
  }
  if (auto status = catalogue.equip(session.settings, options->bin_dir); !status.ok()) {
    return refuse(status);
  }
  const std::vector<std::string> differences = find_changes(session);
  if (!differences.empty() && !options->force) {
    return refuse(absl::FailedPreconditionError(absl::StrCat(
                      "this is not where the session began: ", absl::StrJoin(differences, "; "),
                      ": start a new one, or give --force")),
                  kOtherEnvironment);
  }
  if (options->blocks != 0 && session.goal && !session.goal->compares) {
    return refuse(absl::InvalidArgumentError(
        absl::StrFormat("--reps: %d blocks cannot be had of a search, which has none: leave it out",
                        options->blocks)));
  }
  if (options->blocks != 0 && options->blocks < session.settings.blocks) {
    return refuse(absl::InvalidArgumentError(absl::StrFormat(
        "--reps: %d are fewer than the %d blocks there are: leave it out, or add some",
        options->blocks, session.settings.blocks)));
  }
  if (options->blocks != 0) session.settings.blocks = options->blocks;
  apps::raise_descriptor_limit();
  const std::vector<std::string> command_line(argv, argv + argc);
  if (auto status = file->append(format_resumption(session, command_line, differences));
      !status.ok()) {
    return refuse(status);
  }
  if (!options->output.quiet) {
    std::fprintf(stderr, "session %s: goes on in %s\n", session.id.c_str(), file->path().c_str());
  }
  const Descriptor stop = begin_to_look_on(session.settings);
  if (const auto code = find_rates(*results, *file, options->output, stop)) return *code;
  return measure(options->directory, *results, *file, options->output, stop);
}

}  // namespace collet::bench
