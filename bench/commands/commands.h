// SPDX-License-Identifier: MIT
// commands.h: what collet-bench can be told to do. Each takes argv from its own name on, and
// returns an exit code.
#pragma once

#include <cstdio>
#include <string>

#include <absl/status/status.h>

namespace collet::bench {

enum ExitCode : int {
  kDone = 0,
  kFailedCells = 1,
  kBadUsage = 2,          // nothing was run
  kRegression = 3,        // compare: something got slower
  kOtherEnvironment = 4,  // compare and resume: the figures would not belong together
  kSignal = 128,          // + the number of the signal that ended a run early
};

int run_command(int argc, const char* const* argv);
int plan_command(int argc, const char* const* argv);
int resume_command(int argc, const char* const* argv);
int pools_command(int argc, const char* const* argv);
int report_command(int argc, const char* const* argv);
int compare_command(int argc, const char* const* argv);
int doctor_command(int argc, const char* const* argv);
int list_command(int argc, const char* const* argv);

// Prints the sentence, if there is one, and goes on.
void tell(const std::string& sentence);

// Prints the sentence.
int refuse(const absl::Status& status, int exit_code = kBadUsage);

// What a program that was asked for help ends with.
int print(const std::string& text);

}  // namespace collet::bench
