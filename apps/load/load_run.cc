// SPDX-License-Identifier: MIT
// load_run.cc: the phases of a run, on the calling thread's loop.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <collet/quantity.h>

#include "apps/cli/error_words.h"
#include "apps/cli/process.h"
#include "apps/load/load_run.h"

namespace collet::apps {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::milliseconds kCount{100};

// `total` split as evenly as it goes: the part of `index`.
std::size_t share(std::size_t total, std::size_t parts, std::size_t index) {
  return total / parts + (index < total % parts ? 1 : 0);
}

}  // namespace

LoadRun::LoadRun(const LoadOptions& options, StopSignals& signals)
    : options_(options), signals_(signals), shows_progress_(::isatty(STDERR_FILENO) != 0) {}

absl::Status LoadRun::prepare(const Registry& registry) {
  auto proactor = options_.backend.make();
  if (!proactor.ok()) return proactor.status();
  loop_ = std::make_unique<EventLoop>(*std::move(proactor));
  auto watching = signals_.watch(*loop_, [this](int) { interrupted(); });
  if (!watching.ok()) return watching;
  for (std::size_t i = 0; i < options_.threads; ++i) {
    auto thread = make_thread(registry, i);
    if (!thread.ok()) return thread.status();
    threads_.push_back(*std::move(thread));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ClientThread>> LoadRun::make_thread(const Registry& registry,
                                                                   std::size_t index) {
  const CrowdPlan plan{.workload = options_.workload,
                       .shape = options_.shape,
                       .target = options_.target,
                       .connections = share(options_.connections, options_.threads, index),
                       .connections_of_all = options_.connections,
                       .requests = options_.requests == 0
                                       ? SIZE_MAX
                                       : share(options_.requests, options_.threads, index),
                       .arrivals = {.rate_per_s = options_.rate_per_s,
                                    .spacing = options_.spacing,
                                    .parts = options_.threads,
                                    .part = index},
                       .spin = options_.spin,
                       .seed = index};
  auto proactor = options_.backend.make();
  if (!proactor.ok()) return proactor.status();
  const auto inline_pool = registry.pool("inline");
  if (!inline_pool.ok()) return inline_pool.status();
  auto pool = inline_pool->make(0);
  if (!pool.ok()) return pool.status();
  const auto on_up = [this, index] {
    const Trouble trouble = trouble_of(threads_[index]->meter());
    loop_->post([this, trouble] { thread_up(trouble); });
  };
  const auto on_done = [this] { loop_->post([this] { thread_done(); }); };
  return std::make_unique<ClientThread>(*std::move(proactor), *std::move(pool), plan,
                                        options_.timeout,
                                        Crowd::Events{.on_up = on_up, .on_done = on_done});
}

int LoadRun::run() {
  if (options_.requests != 0) {
    window_begin_ = loop_->read_clock();
    begin_window();
  }
  for (auto& thread : threads_) thread->start();
  loop_->call_after(options_.timeout + kTick, [this] { stop_waiting(); });
  loop_->call_after(kTick, [this] { tick(); });
  loop_->run();
  for (auto& thread : threads_) thread->join();
  if (failure_.empty()) return report();
  std::fprintf(stderr, "collet-load: %s\n", failure_.c_str());
  return 1;
}

// On the meter's loop, or when that has ended.
LoadRun::Trouble LoadRun::trouble_of(const Meter& meter) {
  return {.failed = meter.tally().failed() != 0,
          .failure = meter.last_failure(),
          .error = meter.last_error()};
}

std::string LoadRun::reason_of(const Trouble& trouble) const {
  switch (trouble.failure) {
    case Failure::refused:
      return error_words(trouble.error) + "; is a server listening there?";
    case Failure::timeout:
      return absl::StrFormat("no answer within %s; does it serve --workload %s?",
                             format_duration(options_.timeout), options_.workload->name());
    case Failure::closed_early:
      return "it closes connections without answering";
    case Failure::wrong_bytes:
      return absl::StrFormat("its answers are wrong for --workload %s; does it serve another one?",
                             options_.workload->name());
    default:
      return trouble.error != 0 ? error_words(trouble.error) : "every connection failed";
  }
}

void LoadRun::thread_up(const Trouble& trouble) {
  if (trouble.failed) at_first_ = trouble;
  if (++threads_up_ != threads_.size()) return;
  if (at_first_.failed && !ever_answered()) {
    fail(absl::StrFormat("%s cannot be loaded: %s", format_endpoint(options_.target),
                         reason_of(at_first_)));
  } else if (phase_ == Phase::connecting) {
    begin_warmup();
  }
}

void LoadRun::thread_done() {
  if (++threads_done_ != threads_.size()) return;
  if (phase_ == Phase::measuring) end_window();
  loop_->stop();
}

// The crowd should have had its first answers by now.
void LoadRun::stop_waiting() {
  if (phase_ == Phase::over || (ever_answered() && phase_ != Phase::connecting)) return;
  if (!ever_answered()) {
    return fail(absl::StrFormat("%s cannot be loaded: %s", format_endpoint(options_.target),
                                reason_of({.failed = true, .failure = Failure::timeout})));
  }
  std::fprintf(stderr, "collet-load: not every connection was answered within %s; measuring now\n",
               format_duration(options_.timeout).c_str());
  begin_warmup();
}

void LoadRun::begin_warmup() {
  phase_ = Phase::warming;
  const Nanoseconds now = loop_->read_clock();
  if (options_.rate_per_s > 0) {
    for (auto& thread : threads_) thread->begin_schedule(now);
  }
  window_begin_ = now + options_.warmup;
  window_end_ = window_begin_ + options_.duration;
  for (auto& thread : threads_) thread->open_window(window_begin_, window_end_);
  loop_->call_at(window_begin_, [this] {
    if (phase_ == Phase::warming) begin_window();
  });
}

void LoadRun::begin_window() {
  phase_ = Phase::measuring;
  if (options_.duration != Nanoseconds::max()) window_end_ = window_begin_ + options_.duration;
  for (auto& thread : threads_) thread->open_window(window_begin_, window_end_);
  progress_at_ = window_begin_;
  cpu_at_begin_ = cpu_time();
  announce("start");
  // Before the end, so that the last tenth is counted if it falls on it.
  loop_->call_at(window_begin_ + kCount, [this] { count_answers(); });
  loop_->call_at(window_end_, [this] {
    if (phase_ == Phase::measuring) end_window();
  });
}

void LoadRun::count_answers() {
  if (phase_ != Phase::measuring) return;
  const std::uint64_t answered = answered_so_far();
  answered_by_100ms_.push_back(answered - std::exchange(answered_at_count_, answered));
  const auto counted = static_cast<std::int64_t>(answered_by_100ms_.size());
  const Nanoseconds next = window_begin_ + (counted + 1) * kCount;
  if (next <= window_end_) loop_->call_at(next, [this] { count_answers(); });
}

void LoadRun::end_window() {
  phase_ = Phase::over;
  announce("end");
  cpu_in_window_ = cpu_time() - cpu_at_begin_;
  window_end_ = std::min(window_end_, loop_->read_clock());
  for (auto& thread : threads_) thread->open_window(window_begin_, window_end_);
  finish_threads();
}

void LoadRun::interrupted() {
  if (phase_ == Phase::measuring) return end_window();
  if (phase_ != Phase::over) fail("interrupted before the measurement began");
}

void LoadRun::fail(std::string why) {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  failure_ = std::move(why);
  finish_threads();
}

void LoadRun::finish_threads() {
  if (shows_progress_) std::fputs("\r\033[K", stderr);
  for (auto& thread : threads_) thread->finish();
}

void LoadRun::tick() {
  if (phase_ == Phase::over) return;
  const std::uint64_t answered = answered_so_far();
  if (answered != answered_at_tick_) progress_at_ = loop_->now();
  if (shows_progress_) show_progress(answered);
  answered_at_tick_ = answered;
  // Without a duration nothing else would end a run against a server that answers no more.
  const bool endless = options_.duration == Nanoseconds::max();
  if (endless && phase_ == Phase::measuring && ever_answered() &&
      loop_->now() - progress_at_ > options_.timeout + kTick) {
    std::fprintf(stderr, "collet-load: no request was answered for %s: giving up\n",
                 format_duration(options_.timeout).c_str());
    return end_window();
  }
  loop_->call_after(kTick, [this] { tick(); });
}

void LoadRun::show_progress(std::uint64_t answered) {
  const char* doing = phase_ == Phase::measuring ? "measuring"
                      : phase_ == Phase::warming ? "warming up"
                                                 : "connecting";
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(
      phase_ == Phase::measuring ? loop_->now() - window_begin_ : Nanoseconds(0));
  std::fprintf(stderr, "\r\033[K%s  %llds  %llu requests  %llu/s", doing,
               static_cast<long long>(elapsed.count()), static_cast<unsigned long long>(answered),
               static_cast<unsigned long long>(answered - answered_at_tick_));
}

void LoadRun::announce(const std::string& event) const {
  if (!options_.json) return;
  std::puts(event_json(event).c_str());
  std::fflush(stdout);
}

bool LoadRun::ever_answered() const noexcept {
  return std::ranges::any_of(threads_, [](auto& one) { return one->meter().ever_answered(); });
}

std::uint64_t LoadRun::answered_so_far() const noexcept {
  std::uint64_t answered = 0;
  for (const auto& thread : threads_) answered += thread->meter().answered_so_far();
  return answered;
}

LoadRun::Nanoseconds LoadRun::last_answer() const noexcept {
  Nanoseconds last{0};
  for (const auto& thread : threads_) last = std::max(last, thread->meter().last_answer());
  return last;
}

int LoadRun::report() {
  // About 120 KB: not for the stack.
  const auto result = std::make_unique<LoadResult>();
  for (const auto& thread : threads_) result->tally.merge(thread->meter().tally());
  const bool complete = options_.requests != 0 && result->tally.requests == options_.requests;
  result->window = (complete ? last_answer() : window_end_) - window_begin_;
  result->cpu = cpu_in_window_;
  result->answered_by_100ms = std::move(answered_by_100ms_);
  const std::string text =
      options_.json ? result_json(options_, *result) + "\n" : result_text(options_, *result);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  explain_failures(result->tally);
  return result->tally.requests != 0 && result->tally.failed() == 0 ? 0 : 1;
}

// The report counts failures by kind; what a kind cannot say is said here.
void LoadRun::explain_failures(const Tally& tally) const {
  // In an open loop a connection that is up has been answered, as far as anybody has noted.
  if (tally.requests == 0 && (!ever_answered() || options_.rate_per_s > 0)) {
    Trouble trouble{.failed = true, .failure = Failure::timeout};  // what was silence
    for (const auto& thread : threads_) {
      if (const Trouble one = trouble_of(thread->meter()); one.failed) trouble = one;
    }
    std::fprintf(stderr, "collet-load: no request was answered while measuring: %s\n",
                 reason_of(trouble).c_str());
    return;
  }
  if (tally.requests == 0) {
    std::fprintf(stderr, "collet-load: no request was answered while measuring\n");
  }
  for (const auto& thread : threads_) {
    const Trouble one = trouble_of(thread->meter());
    if (one.failure != Failure::other || one.error == 0) continue;
    std::fprintf(stderr, "collet-load: the last failure was: %s\n", error_words(one.error).c_str());
    return;
  }
}

}  // namespace collet::apps
