// SPDX-License-Identifier: MIT
// main.cc: collet-bench, which measures every backend with every pool.
#include <cstdio>
#include <string>
#include <string_view>

#include <absl/strings/str_format.h>

#include "apps/cli/standard_output.h"
#include "bench/commands/commands.h"

namespace collet::bench {
namespace {

constexpr const char* kUsage =
    "collet-bench run [options]           measures backends x pools and prints tables\n"
    "collet-bench curve [options of run]  the same at several rates: latency against load\n"
    "collet-bench slo --p99 TIME [...]    the highest rate at which each pair holds that latency\n"
    "collet-bench advise --p99 TIME [...] the same, and which of the best cannot be told apart\n"
    "collet-bench plan [options of run]   says what would be run, in which order, and how long\n"
    "collet-bench resume DIR              runs what is missing of a session that was cut off\n"
    "collet-bench pools [options]         measures thread pools by themselves, without a server\n"
    "collet-bench report DIR              shows results again, in any format\n"
    "collet-bench compare DIR DIR         says what the second session has become slower in\n"
    "collet-bench doctor                  says what this machine can measure, and what to change\n"
    "collet-bench list                    says which backends, pools, workloads and benchmarks "
    "there are\n"
    "Each knows --help.\n";

struct Command {
  std::string_view name;
  int (*run)(int argc, const char* const* argv);
};

constexpr Command kCommands[] = {
    {"run", run_command},       {"curve", run_command},     {"slo", run_command},
    {"advise", run_command},    {"plan", plan_command},     {"resume", resume_command},
    {"pools", pools_command},   {"report", report_command}, {"compare", compare_command},
    {"doctor", doctor_command}, {"list", list_command}};

int dispatch(int argc, const char* const* argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  for (const Command& command : kCommands) {
    if (name == command.name) return command.run(argc - 1, argv + 1);
  }
  if (name == "--help" || name == "-h") return print(kUsage);
  const std::string problem =
      name.empty() ? "say what to do" : absl::StrFormat("\"%s\" is no command", name);
  return refuse(absl::InvalidArgumentError(
      problem +
      ": use run, curve, slo, advise, plan, resume, pools, report, compare, doctor or list"));
}

}  // namespace

void tell(const std::string& sentence) {
  if (!sentence.empty()) std::fprintf(stderr, "collet-bench: %s\n", sentence.c_str());
}

int refuse(const absl::Status& status, int exit_code) {
  tell(std::string(status.message()));
  return exit_code;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace collet::bench

int main(int argc, char** argv) {
  return collet::apps::end_output("collet-bench", collet::bench::dispatch(argc, argv));
}
