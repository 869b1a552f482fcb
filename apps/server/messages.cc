// SPDX-License-Identifier: MIT
// messages.cc: the lines other programs wait for. The only file here that includes the JSON
// library.
#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <nlohmann/json.hpp>

#include "apps/cli/process.h"
#include "apps/server/messages.h"

namespace collet::apps {
namespace {

using Json = nlohmann::ordered_json;

double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}
double microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}
double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Json percentiles_ms(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", milliseconds(histogram.min())},
          {"mean", milliseconds(histogram.mean())},
          {"p50", milliseconds(histogram.percentile(50))},
          {"p99", milliseconds(histogram.percentile(99))},
          {"p999", milliseconds(histogram.percentile(99.9))},
          {"max", milliseconds(histogram.max())}};
}

Json percentiles_us(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50", microseconds(histogram.percentile(50))},
          {"p99", microseconds(histogram.percentile(99))},
          {"p999", microseconds(histogram.percentile(99.9))},
          {"max", microseconds(histogram.max())}};
}

Json closed_json(const ConnectionStats& stats) {
  Json closed;
  for (std::size_t i = 0; i < kCloseReasons; ++i) {
    closed[std::string(to_string(static_cast<CloseReason>(i)))] = stats.closed[i];
  }
  return closed;
}

Json pool_json(const PoolStats& pool) {
  return {{"accepted", pool.accepted},   {"run", pool.run},         {"threw", pool.threw},
          {"discarded", pool.discarded}, {"refused", pool.refused}, {"queued", pool.queued}};
}

Json loops_json(const LoopStats& loops) {
  return {{"passes", loops.passes},
          {"completions", loops.completions},
          {"posts", loops.posts},
          {"wakes", loops.wakes},
          {"timers", loops.timers},
          {"threw", loops.threw},
          {"stale_events", loops.proactor.stale_events},
          {"lease_waits", loops.proactor.lease_waits},
          {"bounded_passes", loops.proactor.bounded_passes}};
}

Json counted_json(const CallCounts& counts) {
  Json json;
  for (std::size_t i = 0; i < CallCounts::kNames.size(); ++i) {
    json[CallCounts::kNames[i]] = counts[i];
  }
  return json;
}

Json pool_times_json(const PoolTimes::Totals& times) {
  return {{"tasks", times.tasks},
          {"batches", times.batches},
          {"largest_batch", times.largest_batch},
          {"queue_delay_us", percentiles_us(times.queue_delay)},
          {"run_time_us", percentiles_us(times.run_time)}};
}

std::string percentiles_text(const Histogram& histogram) {
  return absl::StrFormat("p50 %.2f us, p99 %.2f us, max %.2f us",
                         microseconds(histogram.percentile(50)),
                         microseconds(histogram.percentile(99)), microseconds(histogram.max()));
}

}  // namespace

std::string counted_text(const CallCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < CallCounts::kNames.size(); ++i) {
    text += absl::StrFormat("%s%s %d", i == 0 ? "" : ", ", CallCounts::kNames[i], counts[i]);
  }
  return text;
}

std::string pool_times_text(const PoolTimes::Totals& times) {
  return absl::StrFormat("%d tasks, %d batches of at most %d; queue delay %s; run time %s",
                         times.tasks, times.batches, times.largest_batch,
                         percentiles_text(times.queue_delay), percentiles_text(times.run_time));
}

std::string listening_text(const ServeOptions& options, const Endpoint& at) {
  return absl::StrFormat("listening %s backend=%s pool=%s loops=%d workers=%d workload=%s",
                         format_endpoint(at), options.backend.effective_spec(),
                         options.pool.effective_spec(), options.server.loops,
                         options.server.workers, options.workload->name());
}

std::string listening_json(const ServeOptions& options, const Endpoint& at) {
  return Json{{"event", "listening"},
              {"address", format_endpoint(at)},
              {"backend", options.backend.name()},
              {"backend_spec", options.backend.effective_spec()},
              {"pool", options.pool.name()},
              {"pool_spec", options.pool.effective_spec()},
              {"loops", options.server.loops},
              {"workers", options.server.workers},
              {"workload", options.workload->name()},
              {"build", COLLET_BUILD_TYPE}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);  // a path may be any bytes
}

std::string totals_json(const ServeOptions& options, const ServerStats& stats,
                        const WatcherShard& seen, std::chrono::nanoseconds served) {
  Json json{{"event", "totals"},
            {"seconds", seconds(served)},
            {"cpu_s", seconds(cpu_time())},
            {"connections", stats.connections.opened},
            {"closed", closed_json(stats.connections)},
            {"requests", seen.requests},
            {"bytes_in", seen.bytes_in},
            {"bytes_out", seen.bytes_out},
            {"lifetime_ms", percentiles_ms(seen.lifetime)},
            {"first_byte_ms", percentiles_ms(seen.first_byte)},
            {"accept_failures", stats.accept_failures},
            {"accept_pauses", stats.accept_pauses},
            {"unwatched", stats.connections.unwatched},
            {"receive_pauses", stats.connections.receive_pauses},
            {"pool", pool_json(stats.pool)},
            {"loops", loops_json(stats.loops)},
            {"rss_bytes", resident_bytes()}};
  if (options.backend.is_decorated_with("count")) {
    json["counted"] = counted_json(options.backend.counts());
  }
  if (options.pool.is_decorated_with("count")) {
    json["pool_times"] = pool_times_json(options.pool.times().totals());
  }
  return json.dump();
}

}  // namespace collet::apps
