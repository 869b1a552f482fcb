// SPDX-License-Identifier: MIT
// bench_figures_test.cc: numbers as people read them.
#include <gtest/gtest.h>

#include <chrono>

#include "bench/session/progress.h"
#include "bench/show/figures.h"

namespace collet::bench {
namespace {

TEST(FiguresTest, ThreeDigitsAndAUnit) {
  EXPECT_EQ(format_figure(4.618), "4.62");
  EXPECT_EQ(format_figure(9.996), "10.0");
  EXPECT_EQ(format_figure(46.18), "46.2");
  EXPECT_EQ(format_figure(461.8), "462");
  EXPECT_EQ(format_rate(950), "950/s");
  EXPECT_EQ(format_rate(216432), "216k/s");
  EXPECT_EQ(format_rate(999600), "1.00M/s");
  EXPECT_EQ(format_microseconds(412.3), "412µs");
  EXPECT_EQ(format_microseconds(6160), "6.16ms");
  EXPECT_EQ(format_microseconds(1.2e6), "1.20s");
  EXPECT_EQ(format_memory(812 * 1024), "812KiB");
  EXPECT_EQ(format_change(1.062), "+6.2");
  EXPECT_EQ(format_change(0.886), "-11.4");
  EXPECT_EQ(format_change(2.03), "+103");
  EXPECT_EQ(format_memory(5.12 * 1024 * 1024), "5.12MiB");
}

TEST(FiguresTest, WidthCountsCharactersNotBytes) { EXPECT_EQ(display_width("1–2µs"), 5U); }

TEST(ProgressTest, TimeLeftIsShort) {
  using std::chrono::seconds;
  EXPECT_EQ(format_time_left(seconds(45)), "45s");
  EXPECT_EQ(format_time_left(seconds(125)), "2m05s");
  EXPECT_EQ(format_time_left(seconds(3720)), "1h02m");
}

}  // namespace
}  // namespace collet::bench
