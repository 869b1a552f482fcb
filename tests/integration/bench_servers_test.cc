// SPDX-License-Identifier: MIT
// bench_servers_test.cc: collet-bench with servers that others wrote, of which some answer wrongly,
// and with a client that is too slow for its server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/bench_program.h"

namespace collet::bench {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// Sessions whose windows are short, and yet have answers.
class AnsweredTest : public BenchProgramTest {
 protected:
  // Again, if the machine was so busy that nobody had his turn in a window.
  Ended run_until_answered(const std::vector<std::string>& command,
                           const std::string& name = "session") const {
    constexpr int kAttempts = 5;
    Ended ended;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      fs::remove_all(directory(name));
      ended = run_to_its_end(command);
      if (ended.output.find("no request was answered in the window") == std::string::npos) break;
    }
    return ended;
  }
};

// How a server goes wrong, or not, and what becomes of its row.
struct Way {
  const char* name;
  const char* how;  // of wayward_server.py
  int pipeline;
  const char* reason;  // a part of it; empty: none, the row has figures
  int rate = 0;        // of an open loop
  const char* warmup = "20ms";
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class WaywardServerTest : public AnsweredTest, public testing::WithParamInterface<Way> {
 protected:
  // The row beside it is collet's own, and good whatever happens to this one.
  Ended run_beside_a_good_server() const {
    const std::string how = GetParam().how;
    std::vector<std::string> arguments =
        quick({"--reps", "1", "--no-baselines", "--pipeline", std::to_string(GetParam().pipeline),
               "--external", "wayward=exec python3 " COLLET_WAYWARD_SERVER " {port} " + how});
    set(arguments, "-d", "400ms");  // so that each has its turns
    set(arguments, "--warmup", GetParam().warmup);
    if (GetParam().rate != 0) {
      arguments.insert(arguments.end(), {"-R", std::to_string(GetParam().rate)});
    }
    set(arguments, "--workload", how.substr(0, how.find('-')));
    return run_until_answered(bench_command(arguments));
  }
};

TEST_P(WaywardServerTest, HasFiguresOnlyIfEveryAnswerIsRight) {
  const Ended ended = run_beside_a_good_server();
  const std::string reason = GetParam().reason;
  EXPECT_EQ(ended.code, reason.empty() ? 0 : 1) << ended.output;
  if (!reason.empty()) {
    EXPECT_THAT(ended.output, ContainsRegex("FAILED wayward, .*, 4 connections.*: .*" + reason));
  }
  const Report shown = report();
  ASSERT_EQ(shown.tables.at(0).cells.size(), 2U);
  for (const CellSummary& cell : shown.tables.at(0).cells) {
    EXPECT_EQ(cell.has_figures(), cell.cell.external.empty() || reason.empty()) << ended.output;
  }
}

const std::vector<Way> kWays{{"OneBitOfAnEcho", "echo-flip", 1, "wrong bytes"},
                             {"TailOfAnEcho", "echo-tail", 1, "timeout"},
                             {"TailOfAnEchoBeforeAnother", "echo-tail", 4, "wrong bytes"},
                             {"OrderOfEchoes", "echo-swap", 4, "wrong bytes"},
                             {"OneBitOfAReply", "http-flip", 1, "wrong bytes"},
                             {"TailOfAReply", "http-tail", 1, "timeout"},
                             {"StatusOfAReply", "http-502", 1, "wrong bytes"},
                             {"BodyOfEveryReply", "http-empty", 1, "its answers are wrong"},
                             {"BodyForEachConnection", "http-other", 1, "wrong bytes"},
                             {"NothingButByteByByte", "echo-bytes", 1, ""},
                             {"NothingButByteByBytePipelined", "echo-bytes", 4, ""},
                             {"NothingOfHttpButByteByByte", "http-bytes", 1, ""},
                             {"TailOfAnEchoAtARate", "echo-tail", 1, "timeout", 300},
                             {"TailOfAnEchoInTheWarmUp", "echo-tail", 1, "timeout", 300, "300ms"},
                             {"TailOfAReplyAtARate", "http-tail", 1, "timeout", 300},
                             {"EveryTailAtARate", "echo-tails", 1, "timeout", 300},
                             {"NothingAtARateButByteByByte", "echo-bytes", 1, "", 300}};

INSTANTIATE_TEST_SUITE_P(Spoils, WaywardServerTest, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

class BottleneckTest : public AnsweredTest {
 protected:
  bool measured_in_peace() const {
    return std::ranges::none_of(
        runs(), [](const RunRecord& record) { return is_noisy(record.outcome.flags); });
  }

  bool is_client_bound() const { return report().tables.at(0).cells.at(0).client_bound; }

  // Where collet-bench finds its programs, with a client of our making among them.
  std::string programs_with_a_slow_client() const {
    const fs::path programs = root_ / "programs";
    fs::create_directory(programs);
    fs::create_symlink(COLLET_SERVER_PROGRAM, programs / "collet-server");
    const fs::path client = programs / "collet-load";
    std::ofstream(client) << "#!/bin/sh\nLD_PRELOAD=" COLLET_SLOW_CLIENT
                             " exec " COLLET_LOAD_PROGRAM " \"$@\"\n";
    fs::permissions(client, fs::perms::owner_all);
    return programs.string();
  }
};

// A client that has to share its CPU is not the bottleneck, whoever takes it is: others can hide
// that it is slow, and only if nobody did must it be seen.
TEST_F(BottleneckTest, RateOfAClientThatIsTooSlowIsALowerBound) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "with one CPU the client has none for itself";
  constexpr int kAttempts = 10;
  std::vector<std::string> arguments =
      quick({"--reps", "1", "--no-baselines", "--bin-dir", programs_with_a_slow_client()});
  set(arguments, "-d", "400ms");
  Ended table;
  int in_peace = 0;
  bool seen = false;
  for (int attempt = 0; attempt < kAttempts && !seen; ++attempt) {
    table = run_until_answered(bench_command(arguments));
    ASSERT_EQ(table.code, 0) << table.output;
    if (measured_in_peace()) ++in_peace;
    seen = is_client_bound();
  }
  if (!seen && in_peace < kAttempts) GTEST_SKIP() << "the machine is too busy: often noisy";
  ASSERT_TRUE(seen) << table.output;
  EXPECT_THAT(table.output, ContainsRegex("\n *>=[0-9.]+k?/s  p99 "));
  EXPECT_THAT(table.output, HasSubstr(">= the client was the bottleneck"));
  const auto shown = [&](const char* format) {
    return run_bench({"report", directory(), "--format", format}).output;
  };
  EXPECT_THAT(shown("md"), ContainsRegex("\\| epoll \\+ inline \\|.*>=[0-9.]+k?/s"));
  EXPECT_THAT(shown("csv"), ContainsRegex(",epoll,inline,,1,ok,,1,[0-2],1,"));
  EXPECT_THAT(shown("json"), ContainsRegex("\"client_bound\": ?true"));
}

TEST_F(BottleneckTest, RateOfAServerThatIsTooSlowIsItsOwn) {
  const Ended ended = run_until_answered(bench_command(quick({"--reps", "1", "--work", "100us"})));
  ASSERT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, Not(HasSubstr(">=")));
}

// The commands of a section of the README, each on one line.
std::vector<std::string> commands_of(const std::string& section) {
  std::ifstream file(COLLET_SOURCE_DIR "/bench/README.md");
  std::vector<std::string> commands;
  bool inside = false;
  bool goes_on = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == "## " + section;
    if (!inside || !line.starts_with("    ")) continue;
    std::string text = line.substr(4);
    const bool continued = text.ends_with('\\');
    if (continued) text.pop_back();
    if (goes_on) {
      commands.back() += text;
    } else {
      commands.push_back(text);
    }
    goes_on = continued;
  }
  return commands;
}

class RecipeTest : public AnsweredTest {
 protected:
  // As a user would at the root of the repository, who has built in another place and is in haste.
  Ended run_in_haste(std::string command, const std::string& name) const {
    const std::string build = fs::path(COLLET_BENCH_PROGRAM).parent_path().parent_path().string();
    const auto replace = [&command](const std::string& from, const std::string& to) {
      for (auto at = command.find(from); at != command.npos; at = command.find(from, at)) {
        command.replace(at, from.size(), to);
        at += to.size();
      }
    };
    replace("build/release/", build + "/");
    replace("bench/run ", build + "/bench/collet-bench run ");
    command += " --backend epoll --pool inline -c 4 -d 100ms --warmup 20ms --reps 1 --quiet";
    command += " --max-repeats 0 --accept-any-build -o " + directory(name);
    return run_until_answered({"/bin/sh", "-c", "cd " COLLET_SOURCE_DIR " && exec " + command},
                              name);
  }
};

TEST_F(RecipeTest, EveryCommandOfTheReadmeGivesRowsWithFigures) {
  const std::vector<std::string> commands = commands_of("Any server as a row");
  ASSERT_GE(commands.size(), 2U);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    SCOPED_TRACE(commands[i]);
    const std::string name = std::to_string(i);
    const Ended ended = run_in_haste(commands[i], name);
    EXPECT_EQ(ended.code, 0) << ended.output << ended.last_words;
    std::size_t externals = 0;
    for (const TableSummary& table : report(name).tables) {
      for (const CellSummary& cell : table.cells) {
        if (!cell.unavailable.empty()) continue;  // by hand, and not for this workload
        EXPECT_TRUE(cell.has_figures()) << format_cell(cell.cell) << "\n" << ended.output;
        if (!cell.cell.external.empty()) ++externals;
      }
    }
    EXPECT_GE(externals, 1U);
  }
}

}  // namespace
}  // namespace collet::bench
