// SPDX-License-Identifier: MIT
// pipelined_client.cc: when requests are sent: on a reply, or when one is due.
#include "apps/workloads/pipelined_client.h"

#include <utility>

namespace collet::apps {

void PipelinedClient::begin(Output& out) {
  unanswered_ = 0;
  send_what_is_due(meter().now(), out);
}

void PipelinedClient::take_replies(std::size_t replies, std::size_t request_bytes, Output& out) {
  send_what_is_due(time_replies(replies, request_bytes), out);
}

void PipelinedClient::take_last_replies(std::size_t replies, std::size_t request_bytes,
                                        Output& out) {
  time_replies(replies, request_bytes);
  meter().take_back(unanswered_);
  forget_unanswered();
  out.close();
}

Meter::Nanoseconds PipelinedClient::time_replies(std::size_t replies, std::size_t request_bytes) {
  const Meter::Nanoseconds now = meter().now();
  for (std::size_t i = 0; i < replies; ++i) {
    answered(begun_[oldest_], now, request_bytes);
    oldest_ = slot(1);
    --unanswered_;
  }
  return now;
}

void PipelinedClient::send_what_is_due(Meter::Nanoseconds now, Output& out) {
  std::size_t count = 0;
  while (unanswered_ < pipeline_) {
    const auto due = meter().take_request(now);
    if (!due) break;
    note({.due = *due, .sent = now});
    ++count;
  }
  if (count != 0) write_requests(count, out);
  if (unanswered_ < pipeline_) wait_or_close(out);
}

void PipelinedClient::wait_or_close(Output& out) {
  if (meter().over()) {
    if (unanswered_ == 0) out.close();
  } else if (!std::exchange(waits_, true)) {
    meter().wait(*this);
  }
}

// The connection has gone: nothing that was under way will be answered.
void PipelinedClient::ended() noexcept {
  if (waits_) meter().stop_waiting(*this);
  if (has_opened()) forget_unanswered();
}

void PipelinedClient::forget_unanswered() noexcept {
  const Meter::Nanoseconds now = meter().now();
  for (; unanswered_ != 0; --unanswered_) {
    meter().unfinished(begun_[oldest_].due, now);
    oldest_ = slot(1);
  }
}

// On the loop, but not in a call of this handler: it cannot send before it is woken, which is
// before anything else happens to this connection.
bool PipelinedClient::assign(Meter::Nanoseconds due) noexcept {
  note({.due = due, .sent = due});
  if (assigned_++ == 0) waker_.wake();
  return waits_ = unanswered_ < pipeline_;
}

void PipelinedClient::dismiss() noexcept {
  waits_ = false;
  waker_.wake();
}

void PipelinedClient::on_wake(Output& out) {
  const Meter::Nanoseconds now = meter().now();
  const std::uint32_t count = std::exchange(assigned_, 0);
  for (std::uint32_t i = unanswered_ - count; i < unanswered_; ++i) {
    Begun& request = begun_[slot(i)];
    request.sent = now;
    meter().sent_late(request.due, now);
  }
  if (count != 0) write_requests(count, out);
  if (unanswered_ == 0) wait_or_close(out);
}

}  // namespace collet::apps
