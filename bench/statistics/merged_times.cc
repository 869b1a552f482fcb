// SPDX-License-Identifier: MIT
// merged_times.cc: merging, resampling, and curves for drawing.
#include "bench/statistics/merged_times.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

#include <collet/histogram.h>

namespace collet::bench {
namespace {

constexpr std::array kPercents{50.0, 90.0, 99.0, 99.9, 99.99};
constexpr double kBeyond = 10;
constexpr std::size_t kResamples = 500;
constexpr int kPointsPerDecade = 12;

double to_us(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

bool can_tell(double percent, std::uint64_t requests) {
  return static_cast<double>(requests) * (1 - percent / 100) >= kBeyond - 1e-6;
}

std::vector<Histogram> decode(std::span<const RunTimes> runs, std::string RunTimes::*times) {
  std::vector<Histogram> histograms;
  for (const RunTimes& run : runs) {
    if (const auto histogram = Histogram::decode(run.*times); histogram && histogram->count() > 0) {
      histograms.push_back(*histogram);
    }
  }
  return histograms;
}

Histogram merge(const std::vector<Histogram>& histograms) {
  Histogram merged;
  for (const Histogram& one : histograms) merged.merge(one);
  return merged;
}

// What each run has in each bucket that any run has something in.
struct Buckets {
  std::vector<double> us;
  std::vector<std::vector<std::uint64_t>> counts;  // by run, then as `us`
};

Buckets align(const std::vector<Histogram>& histograms) {
  std::map<double, std::vector<std::uint64_t>> rows;
  for (std::size_t run = 0; run < histograms.size(); ++run) {
    histograms[run].for_each_bucket([&](std::chrono::nanoseconds value, std::uint64_t count) {
      auto& row = rows[to_us(value)];
      row.resize(histograms.size());
      row[run] += count;
    });
  }
  Buckets buckets;
  buckets.counts.resize(histograms.size());
  for (const auto& [us, row] : rows) {
    buckets.us.push_back(us);
    for (std::size_t run = 0; run < row.size(); ++run) buckets.counts[run].push_back(row[run]);
  }
  return buckets;
}

// Each bucket's share of a resampled set of runs, in which a run is as often as `weights` says.
std::vector<std::uint64_t> weigh(const Buckets& buckets,
                                 const std::vector<std::uint64_t>& weights) {
  std::vector<std::uint64_t> counts(buckets.us.size());
  for (std::size_t run = 0; run < weights.size(); ++run) {
    if (weights[run] == 0) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts[i] += weights[run] * buckets.counts[run][i];
    }
  }
  return counts;
}

double percentile_of(const std::vector<double>& us, const std::vector<std::uint64_t>& counts,
                     double percent) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < us.size(); ++i) {
    seen += counts[i];
    if (static_cast<double>(seen) >= percent / 100 * static_cast<double>(all)) return us[i];
  }
  return us.back();
}

// Sets low_us and high_us of each of `percentiles`.
void resample(const Buckets& buckets, std::vector<MergedPercentile>& percentiles) {
  std::mt19937_64 random(1);  // the same data give the same interval
  std::vector<std::vector<double>> values(percentiles.size());
  for (std::size_t i = 0; i < kResamples; ++i) {
    std::vector<std::uint64_t> weights(buckets.counts.size());
    for (std::size_t k = 0; k < weights.size(); ++k) ++weights[random() % weights.size()];
    const auto counts = weigh(buckets, weights);
    for (std::size_t k = 0; k < percentiles.size(); ++k) {
      values[k].push_back(percentile_of(buckets.us, counts, percentiles[k].percent));
    }
  }
  for (std::size_t k = 0; k < percentiles.size(); ++k) {
    std::ranges::sort(values[k]);
    const auto at = [&](double fraction) {
      return values[k][static_cast<std::size_t>(fraction * static_cast<double>(kResamples - 1))];
    };
    percentiles[k].low_us = std::min(at(0.025), percentiles[k].us);
    percentiles[k].high_us = std::max(at(0.975), percentiles[k].us);
  }
}

// Evenly spaced in the number of nines, which is how they are drawn.
std::vector<CurvePoint> curve_of(const Histogram& histogram) {
  std::vector<CurvePoint> curve;
  for (int i = 0;; ++i) {
    const double percent = 100 * (1 - std::pow(10, -static_cast<double>(i) / kPointsPerDecade));
    if (!can_tell(percent, histogram.count())) return curve;
    curve.push_back({percent, to_us(histogram.percentile(percent))});
  }
}

}  // namespace

MergedTimes merge_times(std::span<const RunTimes> runs) {
  const std::vector<Histogram> latencies = decode(runs, &RunTimes::latency);
  const Histogram latency = merge(latencies);
  MergedTimes merged;
  merged.requests = latency.count();
  merged.latency = curve_of(latency);
  merged.service = curve_of(merge(decode(runs, &RunTimes::service)));
  for (const double percent : kPercents) {
    if (!can_tell(percent, latency.count())) break;
    const double us = to_us(latency.percentile(percent));
    merged.percentiles.push_back({.percent = percent, .us = us});
  }
  if (!merged.percentiles.empty()) resample(align(latencies), merged.percentiles);
  return merged;
}

}  // namespace collet::bench
