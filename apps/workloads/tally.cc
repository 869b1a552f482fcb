// SPDX-License-Identifier: MIT
// tally.cc: merging tallies, and sorting the ends of connections into kinds.
#include <cerrno>
#include <numeric>

#include "apps/workloads/tally.h"

namespace collet::apps {
namespace {

Failure failure_of_errno(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case ENOENT:
      return Failure::refused;
    case EAGAIN:
      return Failure::queue_full;
    case ECONNRESET:
    case EPIPE:
      return Failure::reset;
    case ETIMEDOUT:
      return Failure::timeout;
    case EADDRNOTAVAIL:
      return Failure::no_ports;
    case EMFILE:
    case ENFILE:
      return Failure::no_descriptors;
    default:
      return Failure::other;
  }
}

}  // namespace

std::string_view to_string(Failure failure) noexcept {
  static constexpr std::array<std::string_view, kFailures> kNames{
      "none",         "refused",     "queue_full", "reset",          "timeout",
      "closed_early", "wrong_bytes", "no_ports",   "no_descriptors", "other"};
  return kNames[static_cast<std::size_t>(failure)];
}

Failure failure_of(CloseReason reason, int error) noexcept {
  switch (reason) {
    case CloseReason::handler_closed:
    case CloseReason::forced:
      return Failure::none;
    case CloseReason::peer_closed:
      return Failure::closed_early;
    case CloseReason::idle:
      return Failure::timeout;
    case CloseReason::error:
      return failure_of_errno(error);
    default:
      return Failure::other;
  }
}

void Tally::merge(const Tally& other) noexcept {
  service.merge(other.service);
  response.merge(other.response);
  send_lag.merge(other.send_lag);
  connect.merge(other.connect);
  close.merge(other.close);
  requests += other.requests;
  request_bytes += other.request_bytes;
  offered += other.offered;
  unfinished += other.unfinished;
  unanswered += other.unanswered;
  for (std::size_t i = 0; i < kFailures; ++i) failures[i] += other.failures[i];
}

std::uint64_t Tally::failed() const noexcept {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

}  // namespace collet::apps
