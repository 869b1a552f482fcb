// SPDX-License-Identifier: MIT
// bench_cli_test.cc: collet-bench with real servers: whole sessions, sessions that were cut off,
// and what it says to mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <tuple>

#include "tests/integration/bench_program.h"
#include "tests/support/patience.h"

namespace collet::bench {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BenchSessionTest : public BenchProgramTest {};

// How often each visit of the plan is in the results.
std::vector<int> visits(const Results& results) {
  std::map<std::tuple<std::size_t, int, bool>, int> counts;
  for (const RunRecord& record : results.runs) {
    ++counts[{record.run.cell, record.run.block, record.run.twin}];
  }
  std::vector<int> visits;
  const Session& session = results.session;
  for (const PlannedRun& run : make_plan(session.cells, session.settings.blocks, session.seed)) {
    visits.push_back(counts[{run.cell, run.block, run.twin}]);
  }
  return visits;
}

TEST_F(BenchSessionTest, EveryFormatComesFromTheSameFile) {
  const Ended run = run_bench(quick({"--reps", "2"}));
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("baseline epoll + inline"));
  EXPECT_THAT(run.output, HasSubstr("by-hand-epoll"));
  const auto shown = [&](const char* format) {
    const Ended report = run_bench({"report", directory(), "--format", format});
    EXPECT_EQ(report.code, 0);
    return report.output;
  };
  EXPECT_EQ(shown("table"), run.output);
  EXPECT_THAT(shown("csv"), HasSubstr("\necho,4,64,1,split,,service,epoll,inline,,1,ok,,2,"));
  EXPECT_THAT(shown("json"), HasSubstr("\"dead_band\""));
  EXPECT_THAT(shown("md"), HasSubstr("| epoll + inline |"));
  EXPECT_THAT(shown("gbench"), HasSubstr("\"benchmarks\""));
  EXPECT_THAT(shown("gobench"), HasSubstr("\nBenchmarkEcho/backend=epoll/pool=inline/"));
}

TEST_F(BenchSessionTest, HandOffsAreTimedWhereAPoolHasWorkers) {
  std::vector<std::string> arguments = quick({"--reps", "1", "--count", "--no-baselines"});
  set(arguments, "--pool", "inline,mutex");
  ASSERT_EQ(run_bench(arguments).code, 0);
  const auto results = read_results(directory());
  ASSERT_EQ(results->counts.size(), 2U);
  for (const CountRecord& record : results->counts) {
    const bool waited = record.handoff_p50_us.value_or(0) > 0;
    EXPECT_EQ(waited, results->session.cells[record.cell].cell.pool == "mutex") << record.reason;
  }
}

TEST_F(BenchSessionTest, ThePlanRunsNothingAndIsTheSameForASeed) {
  std::vector<std::string> arguments = quick({"--reps", "3"});
  arguments[0] = "plan";
  const Ended plan = run_bench(arguments);
  EXPECT_EQ(plan.code, 0);
  EXPECT_EQ(run_bench(arguments).output, plan.output);
  EXPECT_THAT(plan.output, HasSubstr("2 cells, 3 blocks: 9 runs, about "));
  EXPECT_THAT(plan.output, HasSubstr("echo c=4 p=64 split epoll/inline  (again)"));
  EXPECT_FALSE(std::filesystem::exists(directory()));
}

// In seconds: `about 41s`, `about 5m49s`, `about 1h17m`.
double promised_by(const std::string& plan) {
  std::smatch found;
  const std::regex about("about (?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?");
  EXPECT_TRUE(std::regex_search(plan, found, about)) << plan;
  const auto number = [&](std::size_t i) { return found[i].matched ? std::stod(found[i]) : 0; };
  return 3600 * number(1) + 60 * number(2) + number(3);
}

TEST_F(BenchSessionTest, ThePlanPromisesWhatTheTableOfProfilesSays) {
  std::ifstream file(COLLET_SOURCE_DIR "/bench/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  for (const std::string profile : {"smoke", "quick", "full", "curve"}) {
    std::smatch row;
    const std::regex time("\n\\| `" + profile + "` \\|[^\n]*\\| ([0-9.]+) s[^\n]*\\|");
    ASSERT_TRUE(std::regex_search(readme, row, time)) << profile;
    const Ended plan = run_bench({"plan", "--profile", profile});
    ASSERT_EQ(plan.code, 0) << plan.last_words;
    std::smatch cells;
    ASSERT_TRUE(std::regex_search(plan.output, cells, std::regex("([0-9]+) cells, ")));
    const std::regex baseline("\\(baseline\\)");
    const auto tables =
        std::distance(std::sregex_iterator(plan.output.begin(), plan.output.end(), baseline), {});
    const double said = std::stod(row[1]) * (std::stod(cells[1]) + static_cast<double>(tables));
    EXPECT_NEAR(promised_by(plan.output) / said, 1, 0.2) << profile << ": " << row[0];
  }
}

TEST_F(BenchSessionTest, OneThatWasKilledIsCompletedByResume) {
  auto child = start_bench(quick({"--reps", "4"}));
  ASSERT_TRUE(child.ok());
  const auto lines = [&] { return std::ranges::count(text_of_results(), '\n'); };
  ASSERT_TRUE(integration::eventually([&] { return lines() >= 6; }))
      << text_of_results() << child->last_words();
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  EXPECT_EQ(child->end(SIGKILL, deadline)->signal, SIGKILL);
  ASSERT_LT(lines(), 13);
  std::ofstream(results_path(), std::ios::app) << R"({"type":"run","cell":"echo c=4 p)";
  EXPECT_THAT(run_bench({"report", directory()}).output, HasSubstr("Incomplete: "));

  const Ended resumed = run_bench({"resume", directory(), "-q"});
  EXPECT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_THAT(visits(*read_results(directory())), Each(1));
  EXPECT_THAT(resumed.output, Not(HasSubstr("Incomplete")));

  EXPECT_EQ(run_bench({"resume", directory(), "-q", "--reps", "5"}).code, 0);
  const auto longer = read_results(directory());
  EXPECT_EQ(longer->runs.size(), 15U);
  EXPECT_THAT(visits(*longer), Each(1));
}

TEST_F(BenchSessionTest, ResultsAreNeverOverwritten) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  const std::string before = text_of_results();
  const Ended again = run_bench(quick({"--reps", "1"}));
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.last_words, HasSubstr("--output: "));
  EXPECT_THAT(again.last_words, HasSubstr("is there already"));
  EXPECT_EQ(text_of_results(), before);
}

TEST_F(BenchSessionTest, AFileThatIsNotOursIsLeftAsItWas) {
  std::filesystem::create_directory(directory());
  for (const std::string text : {"notes of somebody, without a newline", "{}\nand more"}) {
    std::ofstream(results_path(), std::ios::trunc) << text;
    EXPECT_EQ(run_bench({"resume", directory()}).code, 2);
    EXPECT_EQ(run_bench({"report", directory()}).code, 2);
    EXPECT_EQ(run_bench(quick({"--reps", "1"})).code, 2);
    EXPECT_EQ(text_of_results(), text);
  }
}

TEST_F(BenchSessionTest, APageNeverReplacesResults) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  const std::string before = text_of_results();
  const Ended ended = run_bench({"report", directory(), "-o", results_path().string()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.last_words, HasSubstr("would be a file of results"));
  EXPECT_EQ(text_of_results(), before);
}

TEST_F(BenchSessionTest, AReportReplacesReportsOnly) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  const std::filesystem::path beside = std::filesystem::path(directory()) / "notes.html";
  std::ofstream(beside) << "<title>my holidays</title>";
  const std::filesystem::path pipe = std::filesystem::path(directory()) / "pipe.html";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::filesystem::path dangling = std::filesystem::path(directory()) / "dangling.html";
  std::filesystem::create_symlink("nowhere.html", dangling);
  for (const std::string& path : {beside.string(), pipe.string(), dangling.string(), directory()}) {
    const Ended ended = run_bench({"report", directory(), "-o", path});
    EXPECT_EQ(ended.code, 2) << path;
    EXPECT_THAT(ended.last_words, HasSubstr("--output: " + path + " is no report")) << path;
  }
  EXPECT_EQ(std::filesystem::file_size(beside), 26U);
  const std::string page = (std::filesystem::path(directory()) / "report.html").string();
  EXPECT_EQ(run_bench({"report", directory(), "-o", page}).code, 0);
}

TEST_F(BenchSessionTest, ADirectoryInPlaceOfResultsIsRefused) {
  for (const char* name : {"results.jsonl", "pools.jsonl"}) {
    const std::filesystem::path path = std::filesystem::path(directory()) / name;
    std::filesystem::create_directories(path);
    const Ended ended = run_bench({"report", directory()});
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_THAT(ended.last_words, HasSubstr(path.string() + " cannot be read: ")) << name;
  }
}

TEST_F(BenchSessionTest, APageOfSomebodyElseIsNotWrittenOver) {
  std::filesystem::create_directory(directory());
  const std::filesystem::path page = std::filesystem::path(directory()) / "report.html";
  std::ofstream(page) << "<title>my holidays</title>";
  const Ended ended = run_bench(quick({"--reps", "1"}));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.last_words, AllOf(HasSubstr("--output: "), HasSubstr("name another")));
  EXPECT_EQ(std::filesystem::file_size(page), 26U);
  EXPECT_FALSE(std::filesystem::exists(results_path()));
}

TEST_F(BenchSessionTest, TwoSessionsInOneFileAreRefused) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  const std::string text = text_of_results();
  std::ofstream(results_path(), std::ios::app) << text;
  EXPECT_THAT(run_bench({"report", directory()}).last_words, HasSubstr("a second session"));
}

TEST_F(BenchSessionTest, ADirectoryWithoutAWholeLineMayBeUsedAsEveryCommandSays) {
  for (const char* left : {"", "{\"ty", "{\"type\":\"session\",\"schema\":\"col"}) {
    std::filesystem::create_directory(directory());
    std::ofstream(results_path()) << left;
    for (const char* command : {"report", "resume"}) {
      const Ended ended = run_bench({command, directory()});
      EXPECT_EQ(ended.code, 2);
      EXPECT_THAT(ended.last_words,
                  HasSubstr("begin anew with `collet-bench run -o " + directory() + "`"));
    }
    EXPECT_EQ(run_bench(quick({"--reps", "1"})).code, 0) << left;
    EXPECT_THAT(text_of_results(), StartsWith("{\"type\":\"session\",\"schema\":\"collet"));
    EXPECT_EQ(runs().size(), 3U);
    std::filesystem::remove_all(directory());
  }
}

TEST_F(BenchSessionTest, ALineThatWasCutOffIsSaidByFileAndLine) {
  ASSERT_EQ(run_bench(quick({"--reps", "1", "--no-baselines"})).code, 0);
  const std::string whole = run_bench({"report", directory()}).output;
  std::ofstream(results_path(), std::ios::app) << R"({"type":"run","cell":"echo c=4 p)";
  const Ended ended = run_bench({"report", directory()});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.output, whole);
  EXPECT_THAT(ended.last_words, HasSubstr("/results.jsonl:4: this line was cut off"));
  EXPECT_THAT(ended.last_words, HasSubstr("`collet-bench resume " + directory() + "`"));
  EXPECT_EQ(run_bench({"resume", directory(), "-q"}).code, 0);
  EXPECT_EQ(run_bench({"report", directory()}).last_words, "");
}

TEST_F(BenchSessionTest, ADirectoryInUseIsRefused) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  const auto held = ResultsFile::reopen(directory());
  ASSERT_TRUE(held.ok());
  const Ended ended = run_bench({"resume", directory()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.last_words, HasSubstr("is in use by another collet-bench"));
}

TEST_F(BenchSessionTest, AnotherMachineIsNotResumedAndNotCompared) {
  ASSERT_EQ(run_bench(quick({"--reps", "5"}, "here")).code, 0);
  std::filesystem::create_directory(directory("there"));
  std::string text = text_of_results("here");
  const std::string clock = "\"clocksource\":\"";
  text.insert(text.find(clock) + clock.size(), "sun");
  std::ofstream(results_path("there")) << text;

  const Ended alike = run_bench({"compare", directory("here"), directory("here"), "--force"});
  EXPECT_EQ(alike.code, 0);
  EXPECT_THAT(alike.last_words, Not(HasSubstr("fewer than")));
  const Ended compared = run_bench({"compare", directory("here"), directory("there")});
  EXPECT_EQ(compared.code, 4);
  EXPECT_THAT(compared.last_words, HasSubstr("--force"));
  EXPECT_EQ(compared.output, "");
  const Ended forced = run_bench({"compare", directory("here"), directory("there"), "--force"});
  EXPECT_EQ(forced.code, 0);
  EXPECT_THAT(forced.output, HasSubstr("echo c=4 p=64 split epoll/inline  "));
  const Ended resumed = run_bench({"resume", directory("there")});
  EXPECT_EQ(resumed.code, 4);
  EXPECT_THAT(resumed.last_words, HasSubstr("clocksource"));
}

TEST_F(BenchSessionTest, SlowerThanBeforeIsARegression) {
  ASSERT_EQ(run_bench(quick({"--reps", "6", "--no-baselines"}, "before")).code, 0);
  std::filesystem::create_directory(directory("after"));
  Results slow = *read_results(directory("before"));
  std::ofstream file(results_path("after"));
  file << format_session(slow.session) << "\n";
  for (RunRecord& record : slow.runs) {
    record.outcome.server->cpu_ns *= 20;
    file << format_run(slow.session, record) << "\n";
  }
  file.close();
  const Ended ended = run_bench({"compare", directory("before"), directory("after"), "--force"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.output, HasSubstr("SLOWER"));
}

TEST_F(BenchSessionTest, FewBlocksAreNotComparedAndThatIsSaid) {
  ASSERT_EQ(run_bench(quick({"--reps", "1", "--no-baselines"})).code, 0);
  const Ended ended = run_bench({"compare", directory(), directory(), "--force"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr("cannot be told"));
  EXPECT_THAT(ended.last_words, HasSubstr("fewer than 5 blocks"));
  EXPECT_THAT(ended.last_words, HasSubstr("resume DIRECTORY --reps 6"));
}

TEST_F(BenchSessionTest, ANoisyRunIsKeptMarkedAndRepeatedTwiceAtTheEndOfItsBlock) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "with one CPU nothing is pinned";
  const Spinner spinner(allowed_cpus().front());  // the server's
  std::vector<std::string> arguments = quick({"--reps", "2", "--no-baselines"});
  set(arguments, "--max-repeats", "2");
  set(arguments, "-d", "400ms");  // so that the server has its turns
  const Ended ended = run_bench(arguments);
  ASSERT_EQ(ended.code, 0) << ended.output;
  const auto results = read_results(directory());
  std::vector<std::pair<int, int>> course;  // blocks and attempts
  for (const RunRecord& record : results->runs) {
    EXPECT_TRUE(is_noisy(record.outcome.flags));
    course.emplace_back(record.run.block, record.attempt);
  }
  using testing::Pair;
  EXPECT_THAT(course, testing::ElementsAre(Pair(0, 0), Pair(0, 0), Pair(0, 1), Pair(0, 1),
                                           Pair(0, 2), Pair(0, 2), Pair(1, 0), Pair(1, 0),
                                           Pair(1, 1), Pair(1, 1), Pair(1, 2), Pair(1, 2)));
  EXPECT_THAT(ended.output, HasSubstr("8 noisy runs were taken again"));
  EXPECT_THAT(ended.output, HasSubstr("NOISY: 4 of 4 runs stayed so"));
}

TEST_F(BenchSessionTest, ASearchEndsWithABracketAndResumesWhereItWas) {
  std::vector<std::string> arguments = quick({"--p99", "5s", "--no-baselines", "--reps", "1"});
  arguments[0] = "advise";
  const Ended ended = run_bench(arguments);
  ASSERT_LE(ended.code, 1) << ended.output << ended.last_words;  // 1: too few requests for a p99
  EXPECT_THAT(ended.output, HasSubstr("p99 of the response time within 5s"));
  const Report whole = report();
  ASSERT_EQ(whole.goals.size(), 1U);
  EXPECT_TRUE(whole.goals[0].cells[0].done);
  if (whole.goals[0].cells[0].reach_per_s == 0) {
    GTEST_SKIP() << "the machine is too busy: nothing was answered in a window";
  }

  // Without its last runs it takes them again, and no others. A busy machine makes few.
  std::string text = text_of_results();
  const auto runs = std::ranges::count(text, '\n') - 1;
  for (auto line = std::min<std::ptrdiff_t>(3, runs); line > 0; --line) {
    text.resize(text.find_last_of('\n', text.size() - 2) + 1);
  }
  std::ofstream(results_path(), std::ios::trunc) << text;
  EXPECT_LE(run_bench({"resume", directory(), "-q"}).code, 1);
  EXPECT_THAT(text_of_results(), StartsWith(text));
  EXPECT_TRUE(report().goals[0].cells[0].done);
}

TEST_F(BenchSessionTest, FarTooManyConnectionsAreUnavailableNotFatal) {
  std::vector<std::string> arguments = quick({"--reps", "1"});
  set(arguments, "-c", "4,900000");
  const Ended ended = run_bench(arguments);
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("unavailable epoll + inline, echo, 900000 connections: "));
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;
  std::vector<std::string> told;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class BenchMistake : public testing::TestWithParam<Mistake> {};

TEST_P(BenchMistake, IsNamedInOneSentence) {
  const Ended ended = run_bench(GetParam().arguments);
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.last_words, StartsWith("collet-bench: "));
  for (const std::string& part : GetParam().told) EXPECT_THAT(ended.last_words, HasSubstr(part));
}

const std::vector<Mistake> kMistakes{
    {"NoCommand", {}, {"say what to do", "run, curve"}},
    {"UnknownCommand", {"dance"}, {"\"dance\"", "run, curve"}},
    {"UnknownBackend", {"run", "--backend", "kqueue"}, {"--backend", "\"kqueue\"", "epoll"}},
    {"UnknownPool", {"plan", "--pool", "swim"}, {"--pool", "\"swim\"", "inline"}},
    {"UnknownWorkload", {"plan", "--workload", "sing"}, {"--workload", "\"sing\"", "echo"}},
    {"UnknownBaseline", {"plan", "--baseline", "me"}, {"--baseline", "\"me\"", "epoll/inline"}},
    {"BaselineThatCannotRun",
     {"plan", "--baseline", "by-hand-epoll", "--workload", "http"},
     {"--baseline", "\"by-hand-epoll\"", "http", "echo and greet only"}},
    {"BaselineOfNoBackend", {"plan", "--baseline", "kqueue/inline"}, {"--baseline", "\"kqueue\""}},
    {"UnknownProfile", {"run", "--profile", "endless"}, {"--profile", "\"endless\"", "smoke"}},
    {"RateOfNothing", {"run", "-R", "0"}, {"--rate", "\"0\"", "1"}},
    {"RateBeyondReason", {"run", "-R", "40%,2000%"}, {"--rate", "\"2000%\"", "1000%"}},
    {"RateTwice", {"run", "-R", "20k,20k"}, {"--rate", "\"20k\"", "twice"}},
    {"OneValueTwice", {"run", "-c", "64,064"}, {"--connections", "\"64,064\"", "twice"}},
    {"ArrivalsWithoutARate", {"run", "--arrivals", "poisson"}, {"--arrivals", "--rate"}},
    {"ArrivalsOfAClosedLoop",
     {"plan", "-R", "closed", "--arrivals", "poisson"},
     {"--arrivals", "--rate"}},
    {"PageOverResults", {"report", "x", "-o", "y/results.jsonl"}, {"x"}},
    {"UnknownArrivals", {"curve", "--arrivals", "late"}, {"--arrivals", "\"late\"", "poisson"}},
    {"GoalWithoutLimit", {"slo"}, {"--p99", "2ms"}},
    {"GoalOfTwoLimits", {"advise", "--p99", "1ms", "--p999", "2ms"}, {"--p99", "one of the two"}},
    {"GoalThatNothingHolds", {"slo", "--p99", "0"}, {"--p99", "\"0\"", "2ms"}},
    {"GoalIsNoTime", {"slo", "--p999", "fast"}, {"--p999", "\"fast\""}},
    {"GoalOfTheIdle", {"slo", "--p99", "2ms", "--workload", "idle"}, {"--workload", "\"idle\""}},
    {"GoalWithARate", {"slo", "--p99", "2ms", "--rate", "5k"}, {"--rate"}},
    {"ExternalWithoutPort", {"run", "--external", "x=y"}, {"--external", "\"x=y\"", "{port}"}},
    {"NoPrograms", {"run", "--bin-dir", "/nowhere"}, {"--bin-dir", "/nowhere", "collet-server"}},
    {"OutputIsNoPlace", {"run", "-o", "/proc/here", "--accept-any-build"}, {"/proc/here"}},
    {"ReportOfNothing", {"report"}, {"name the directory"}},
    {"ReportOfNoResults", {"report", "/nowhere"}, {"/nowhere/results.jsonl", "collet-bench run"}},
    {"UnknownFormat", {"report", "x", "--format", "xml"}, {"--format", "\"xml\"", "gobench"}},
    {"FormatOfAPlan", {"plan", "--format", "json"}, {"--format", "leave it out"}},
    {"FormatOfAPage", {"report", "x", "--format", "csv", "-o", "y.html"}, {"\"csv\"", "-o"}},
    {"TablesOfNoPage", {"report", "x", "--tables-only"}, {"--tables-only", "-o"}},
    {"PipelineOfConnections",
     {"plan", "--workload", "greet", "--pipeline", "4"},
     {"--pipeline", "\"4\"", "greet"}},
    {"TooMuchUnderWay",
     {"plan", "--workload", "http", "--payload", "64m", "--pipeline", "60000"},
     {"--pipeline", "1g"}},
    {"ResumeOfNoResults", {"resume", "/nowhere"}, {"/nowhere/results.jsonl"}},
    {"DoctorOfAFlagOfRun", {"doctor", "-c", "9"}, {"-c"}},
    {"CompareOfOne", {"compare", "x"}, {"two directories"}},
    {"BadThreshold", {"compare", "x", "y", "--threshold", "much"}, {"--threshold", "\"much\""}},
    {"ListOfSomething", {"list", "all"}, {"\"all\""}}};

INSTANTIATE_TEST_SUITE_P(Bench, BenchMistake, testing::ValuesIn(kMistakes),
                         [](const auto& mistake) { return mistake.param.name; });

TEST_F(BenchSessionTest, ABrokenFileIsNamedWithItsLine) {
  ASSERT_EQ(run_bench(quick({"--reps", "1"})).code, 0);
  std::ofstream(results_path(), std::ios::app) << "{}\n";
  const Ended ended = run_bench({"report", directory()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.last_words, HasSubstr("/results.jsonl:5: "));
}

}  // namespace
}  // namespace collet::bench
