// SPDX-License-Identifier: MIT
#include "apps/server/complaints.h"

#include <cerrno>
#include <utility>

#include <absl/strings/str_format.h>

#include "apps/cli/error_words.h"

namespace collet::apps {
namespace {

constexpr std::chrono::seconds kPause{10};

const char* remedy_for(int error) {
  switch (error) {
    case ENOSPC:
      return "it is full: let in fewer with --max-connections, or choose another backend";
    case EMFILE:
      return "let in fewer with --max-connections, or raise the limit (ulimit -n)";
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return "let in fewer with --max-connections, or give the machine more";
    default:
      return "collet-conform tells whether the backend keeps its contract";
  }
}

}  // namespace

std::string Complaints::of(Trouble trouble, int error, Clock::time_point now) {
  std::uint64_t unsaid = 0;
  {
    const std::lock_guard lock(mutex_);
    Said& said = said_[static_cast<std::size_t>(trouble)];
    if (said.at != Clock::time_point::min() && now - said.at < kPause) {
      ++said.unsaid;
      return {};
    }
    said.at = now;
    unsaid = std::exchange(said.unsaid, 0);
  }
  const char* what = trouble == Trouble::accept ? "no more connections are accepted for now"
                                                : "a connection is closed unserved";
  std::string line = absl::StrFormat("%s: backend %s says %s; %s", what, backend_,
                                     error_words(error), remedy_for(error));
  if (unsaid != 0) line += absl::StrFormat(" (and %d times since this was last said)", unsaid);
  return line;
}

}  // namespace collet::apps
