// SPDX-License-Identifier: MIT
// main.cc: collet-conform, which judges a backend, a pool or a workload against the rules in the
// headers. The engine is GoogleTest; what it prints and which tests there are is decided here.
#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "apps/cli/kit.h"
#include "apps/cli/process.h"
#include "apps/cli/standard_output.h"
#include "apps/cli/trace_signals.h"
#include "core/signal_stack.h"
#include "tests/conformance/exemptions.h"
#include "tests/conformance/fullness.h"
#include "tests/conformance/last_words.h"
#include "tests/conformance/options.h"
#include "tests/conformance/report.h"
#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {
namespace {

std::vector<std::size_t> workers_to_try() {
  if (!subject().pool.has_value() || !subject().pool->description().has_workers) return {0};
  return {1, 2, 4};
}

int refuse(const absl::Status& status) {
  std::fprintf(stderr, "collet-conform: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 2;
}

void register_cases(const Rule& rule) {
  for (const std::size_t workers : workers_to_try()) {
    const std::string of_case =
        "with " + std::to_string(workers) + (workers == 1 ? " worker" : " workers");
    ::testing::RegisterTest(header_of(rule), rule.name.c_str(), nullptr,
                            workers == 0 ? nullptr : of_case.c_str(), rule.file, rule.line,
                            [&rule, workers]() -> ::testing::Test* {
                              subject().workers = workers;
                              return rule.make();
                            });
  }
}

int judge(ConformOptions options, apps::Kit& kit) {
  apps::raise_descriptor_limit();
  const SignalStack stack;
  const auto traced = [](const auto& choice) {
    return choice.has_value() && choice->is_decorated_with("trace");
  };
  // Before the last words, which then are the first, and pass the signal on.
  if (traced(options.backend) || traced(options.pool)) apps::write_traces_on_signals();
  say_last_words_on_crash();
  subject() = {.kit = &kit,
               .backend = std::move(options.backend),
               .pool = std::move(options.pool),
               .workload = std::move(options.workload),
               .seed = options.report.seed,
               .length = options.length};
  if (subject().is_poller()) notice_fullness(*subject().backend);

  ::testing::InitGoogleTest();
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* report = new Report(std::move(options.report));
  listeners.Append(report);  // which owns it from now on

  for (const Rule* rule : options.rules) {
    const std::string reason = exemption(*rule, subject());
    if (reason.empty()) {
      register_cases(*rule);
    } else {
      report->pass_over(*rule, reason);
    }
  }
  // Not what it returns: a test that failed may be of a rule that is not judged.
  [[maybe_unused]] const int failed = RUN_ALL_TESTS();
  report->summarise();
  return report->all_kept() ? 0 : 1;
}

int run(int argc, char** argv) {
  apps::Kit kit;
  auto command = parse_conform_command(argc, argv, kit);
  if (!command.ok()) return refuse(command.status());
  if (const auto* text = std::get_if<std::string>(&*command)) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  return judge(std::get<ConformOptions>(*std::move(command)), kit);
}

}  // namespace
}  // namespace collet::conformance

int main(int argc, char** argv) {
  return collet::apps::end_output("collet-conform", collet::conformance::run(argc, argv));
}
