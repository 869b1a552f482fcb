// SPDX-License-Identifier: MIT
// bench_page_test.cc: what the HTML report gets besides the summary, and how it is embedded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "bench/show/report_data.h"
#include "bench/show/report_html.h"
#include "bench/show/report_words.h"
#include "bench/show/wording.h"
#include "bench/statistics/summary.h"
#include "bench_session.h"

namespace collet::bench {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class PageTest : public testing::Test {
 protected:
  // The baseline takes 2 us and 10 % more when it is visited again, asio + inline 4 us, epoll +
  // mutex 2.5 us with a shorter p99, and the external server fails.
  PageTest() : results_{sample_session(6), {}} {
    for (int block = 0; block < 6; ++block) {
      add(0, block, good_run(2.0));
      add(0, block, good_run(2.2), true);
      add(1, block, good_run(4.0));
      RunOutcome mutex = good_run(2.5);
      mutex.load->latency.p99_ns = 200'000;
      if (block == 3) mutex.flags = {"noisy_steal"};
      add(2, block, mutex);
      add(3, block, bad_run("it said </script><b> & fell"));
    }
  }

  void add(std::size_t cell, int block, RunOutcome outcome, bool twin = false) {
    RunRecord record;
    record.run = {cell, block, static_cast<int>(results_.runs.size()), twin};
    record.started_utc = kNoon;
    record.outcome = std::move(outcome);
    results_.runs.push_back(std::move(record));
  }

  Report report() const { return summarize_results(results_, "results.jsonl"); }
  json data() const { return json::parse(render_report_data(report())); }

  Results results_;
};

TEST_F(PageTest, TwinsAreTheSecondVisitOverTheFirst) {
  const json twins = data()["tables"][0]["twins"];
  ASSERT_EQ(twins.size(), 6U);
  EXPECT_NEAR(twins[5]["ratio"].get<double>(), 1.1, 1e-9);
}

TEST_F(PageTest, ASecondOfCpuPaysForTheInverseOfTheCost) {
  const json capacity = data()["tables"][0]["cells"][0]["requests_per_core_s"];
  EXPECT_NEAR(capacity["median"].get<double>(), 500'000, 1);
}

TEST_F(PageTest, TheParetoFrontHasWhatNothingBeatsInBoth) {
  const json cells = data()["tables"][0]["cells"];
  EXPECT_TRUE(cells[0]["pareto"].get<bool>());   // the cheapest
  EXPECT_FALSE(cells[1]["pareto"].get<bool>());  // dearer, and no faster
  EXPECT_TRUE(cells[2]["pareto"].get<bool>());   // the fastest
  EXPECT_FALSE(cells[3]["pareto"].get<bool>());  // failed
}

TEST_F(PageTest, RunsKnowTheirCellAndTheirDistanceFromItsMedian) {
  const json runs = data()["runs"];
  ASSERT_EQ(runs.size(), 30U);
  EXPECT_NEAR(runs[1]["to_median"].get<double>(), 1.1, 1e-9);
  EXPECT_TRUE(runs[1]["twin"].get<bool>());
  EXPECT_TRUE(runs[18]["noisy"].get<bool>());
  EXPECT_TRUE(runs[4]["figures"].is_null());
  EXPECT_EQ(runs[4]["reason"], "it said </script><b> & fell");
}

TEST_F(PageTest, VerdictsAreCounted) {
  const json verdicts = data()["tables"][0]["verdicts"];
  EXPECT_EQ(verdicts["higher"], 2);  // a fifth more is beyond the dead band of a tenth
  EXPECT_EQ(verdicts["lower"], 0);
  EXPECT_TRUE(verdicts["indicative"].get<bool>());
}

TEST_F(PageTest, AnOpenLoopIsSaidToBeOne) {
  EXPECT_EQ(data()["tables"][0]["mode"], "closed");
  for (RunRecord& run : results_.runs) {
    if (run.outcome.load) run.outcome.load->open_loop = true;
  }
  EXPECT_EQ(data()["tables"][0]["mode"], "open");
}

TEST_F(PageTest, WarningsSayWhatIsWrong) {
  EXPECT_THAT(report_warnings(report()), Contains(HasSubstr("1 cell failed")));
  EXPECT_THAT(report_warnings(report()), Contains(HasSubstr("1 of 30 runs")));
  EXPECT_THAT(report_warnings(report()), Contains(HasSubstr("1 cell cannot run here")));
}

TEST_F(PageTest, ClosedLoopsThatStayedNoisyAreCounted) {
  results_.capacity_runs = {{"echo", 0, 0, kNoon, 1e5, {"noisy_steal"}},
                            {"echo", 0, 1, kNoon, 1e5, {}},
                            {"echo", 1, 0, kNoon, 1e5, {"noisy_foreign", "client_bound"}}};
  const char* const words =
      "1 of the 2 closed loops that rates are shares of stayed NOISY "
      "(foreign 1)";
  EXPECT_THAT(report_warnings(report()), Contains(HasSubstr(words)));
  EXPECT_THAT(describe_method(report()), HasSubstr(words));
  EXPECT_THAT(describe_method(report()), HasSubstr("1 noisy runs were taken again"));
  results_.capacity_runs.push_back({"echo", 1, 1, kNoon, 1e5, {}});
  EXPECT_THAT(describe_method(report()), Not(HasSubstr("closed loops that rates")));
}

// Ten blocks confirm a table of 25 comparisons, and none of 30.
TEST_F(PageTest, WhetherVerdictsHoldFollowsFromTheTableToo) {
  const auto method_of_comparisons = [](std::size_t compared) {
    Results results{sample_session(10), {}};
    results.session.cells.resize(1);
    for (std::size_t i = 0; i <= compared; ++i) {
      SessionCell cell = results.session.cells.front();
      if (i > 0) {
        cell.cell.pool = "pool" + std::to_string(i);
        cell.baseline = false;
        results.session.cells.push_back(cell);
      }
      for (int block = 0; block < 10; ++block) {
        results.runs.push_back(
            {{i, block, 0, false}, 0, kNoon, good_run(i == 0 ? 2 : 3 + 0.01 * block)});
      }
    }
    std::string text;
    const Report report = summarize_results(results, "results.jsonl");
    for (const Paragraph& paragraph : report_method(report)) text += paragraph.text;
    return text + describe_method(report);
  };
  const std::string few = method_of_comparisons(25);
  EXPECT_THAT(few, HasSubstr("They hold for a whole table"));
  EXPECT_THAT(few, Not(HasSubstr("indicative")));
  const std::string many = method_of_comparisons(30);
  EXPECT_THAT(many, HasSubstr("With fewer than 11 blocks verdicts are indicative"));
  EXPECT_THAT(many, HasSubstr("Verdicts are indicative: 11 blocks"));
  EXPECT_THAT(many, Not(HasSubstr("hold for a whole table")));
}

TEST_F(PageTest, NothingInTheResultsBecomesMarkup) {
  const std::string page = render_html(report(), Charts::none);
  EXPECT_THAT(page, HasSubstr("it said &lt;/script&gt;&lt;b&gt; &amp; fell"));
  EXPECT_THAT(page, HasSubstr("it said \\u003c/script>\\u003cb> & fell"));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_EQ(page.find("</script>"), page.rfind("</script>"));
}

}  // namespace
}  // namespace collet::bench
