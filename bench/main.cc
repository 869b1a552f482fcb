// SPDX-License-Identifier: MIT
// main.cc: collet-bench, which measures every backend with every pool.
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <absl/strings/str_format.h>

#include "apps/cli/process.h"
#include "bench/catalogue.h"
#include "bench/exports.h"
#include "bench/options.h"
#include "bench/placement.h"
#include "bench/process.h"
#include "bench/session.h"
#include "bench/table.h"

namespace collet::bench {
namespace {

constexpr int kFailedCells = 1;
constexpr int kBadUsage = 2;
constexpr std::size_t kPipeWidth = 118;
constexpr const char* kUsage =
    "collet-bench run [options]   measures backends x pools and prints tables; see run --help\n"
    "collet-bench list            says what can be measured here\n";

int refuse(const absl::Status& status) {
  std::fprintf(stderr, "collet-bench: %s\n", std::string(status.message()).c_str());
  return kBadUsage;
}

// Readable after SIGINT or SIGTERM, which no longer end this process.
Descriptor watch_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  return Descriptor(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
}

int exit_code_of(const Report& report, const Descriptor& stop) {
  signalfd_siginfo signal{};
  if (report.interrupted && read(stop.get(), &signal, sizeof signal) == sizeof signal) {
    const int number = static_cast<int>(signal.ssi_signo);
    std::fprintf(stderr, "collet-bench: stopped by signal %d (%s) from process %u\n", number,
                 strsignal(number), signal.ssi_pid);
    return 128 + number;
  }
  return report.has_failures() ? kFailedCells : 0;
}

absl::Status check_descriptor_limit(const Options& options) {
  constexpr int kOthers = 64;  // listeners, pipes, libraries
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int most = *std::ranges::max_element(options.connections);
  if (limit.rlim_cur >= static_cast<rlim_t>(most) + kOthers) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "--connections: %d need more open files than the limit of %d: raise it with `ulimit -n`",
      most, limit.rlim_cur));
}

std::size_t output_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kPipeWidth;
  return size.ws_col;
}

std::string render(const Report& report, Format format) {
  if (format == Format::csv) return render_csv(report);
  if (format == Format::json) return render_json(report);
  return render_tables(report, output_width());
}

int run(int argc, const char* const* argv) {
  auto options = parse_options(argc - 1, argv + 1);
  if (!options.ok()) return refuse(options.status());
  if (!options->help.empty()) return std::fputs(options->help.c_str(), stdout) < 0 ? 1 : 0;
  std::vector<std::string> notes;
  const auto axes = Catalogue().resolve(*options, notes);
  if (!axes.ok()) return refuse(axes.status());
  apps::raise_descriptor_limit();
  if (auto status = check_descriptor_limit(*options); !status.ok()) return refuse(status);
  for (const std::string& note : notes) std::fprintf(stderr, "%s\n", note.c_str());

  Placement& placement = options->settings.placement;
  placement = split_cpus(allowed_cpus());
  pin_to(placement.client);  // this process only looks on, but not from the server's CPU
  const std::uint64_t seed = options->seed.value_or(std::random_device{}());
  const Descriptor stop = watch_stop_signals();
  const auto report =
      run_session(*options, *axes, look_around(argc, argv, seed, placement), stop.get());
  if (!report.ok()) return refuse(report.status());
  std::fputs(render(*report, options->format).c_str(), stdout);
  return exit_code_of(*report, stop);
}

int dispatch(int argc, const char* const* argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run") return run(argc, argv);
  if (command == "list" && argc == 2) {
    return std::fputs(Catalogue().describe().c_str(), stdout) < 0 ? 1 : 0;
  }
  if (command == "--help" || command == "-h") return std::fputs(kUsage, stdout) < 0 ? 1 : 0;
  if (command.empty()) {
    std::fprintf(stderr, "collet-bench: say what to do: run or list\n");
  } else if (command == "list") {
    std::fprintf(stderr, "collet-bench: list takes no arguments, not \"%s\"\n", argv[2]);
  } else {
    std::fprintf(stderr, "collet-bench: \"%s\" is no command: use run or list\n", argv[1]);
  }
  return kBadUsage;
}

}  // namespace
}  // namespace collet::bench

int main(int argc, char** argv) { return collet::bench::dispatch(argc, argv); }
