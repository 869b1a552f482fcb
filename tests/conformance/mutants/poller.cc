// SPDX-License-Identifier: MIT
// poller.cc: epoll with the bugs that readiness loops really had, one at a time.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <collet/plugin.h>

#include "backends/backends.h"
#include "tests/conformance/mutants/bug.h"

namespace collet::mutants {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr OptionDescription kBugs[] = {
    bug("edge_triggered", "P1.1: reports a condition once"),
    bug("write_hides_read", "P1.2: reports one condition at a time"),
    bug("keeps_token", "P1.4: modify() replaces the interest only"),
    bug("forgets_rest", "P1.6: what does not fit is taken from the kernel and dropped"),
    bug("few_numbers", "P1.8: knows no descriptor beyond 2048"),
    bug("stops_early", "P1.9: reports sixteen at most, and says that this is all"),
    bug("wide_tokens", "P1.10: keeps 32 bits of a token"),
    bug("drops_some", "P2.4: drops every hundredth event"),
    bug("stale_event", "P3.1: reports what was ready when it was removed"),
    bug("keeps_rest", "P3.7: what did not fit is reported later, even if it was removed"),
    bug("old_token", "P3.3: a number used again keeps its first token"),
    bug("no_hang_up", "P4.1: reports no hang-up to whoever asked for nothing"),
    bug("no_error", "P4.2: takes an error for a hang-up"),
    bug("half_close", "P4.4: takes half a close for a hang-up"),
    bug("looks_away", "P4.7: with urgent data it looks for nothing more"),
    bug("lost_before", "P5.1: loses a wake while nobody waits"),
    bug("unmerged", "P5.2: each wake ends a wait of its own"),
    bug("takes_place", "P5.3: a wake takes the place of an event"),
    bug("lost_wake", "P5.4: loses every thousandth wake"),
    bug("lost_alone", "P5.8: loses the 15000th wake in a row by one thread"),
    bug("early", "P6.1: rounds timeouts down"),
    bug("zero_blocks", "P6.2: waits 10 ms at least"),
    bug("overflows", "P6.3: counts timeouts with 32 bits of milliseconds"),
    bug("starts_again", "P6.6: after a signal it waits for all of its timeout once more"),
    bug("adds_twice", "P7.1: add() of what is watched replaces it"),
    bug("removes_all", "P7.2: remove() of what is not watched is no error"),
    bug("remembers_failed", "P7.3: takes for watched what it could not watch"),
    bug("silent_file", "P7.4: watches files, and never reports them"),
    bug("closes", "P8.1: closes what it watched"),
    bug("busy", "P8.2: polls instead of waiting"),
    bug("ticks", "P8.2: looks every millisecond"),
    bug("spinning_helper", "P8.2: a thread of its own spins"),
    bug("looks_for_urgent", "P8.3: a thread of its own spins for who asked for nothing"),
    bug("leaks", "P8.6: leaks a descriptor"),
    bug("leaks_thread", "P8.6: leaves a thread behind"),
};

class MutantPoller final : public Poller {
 public:
  MutantPoller(const OptionValues& options, Poller* inner) : bug_(kBugs, options), inner_(inner) {
    if (is("leaks")) static_cast<void>(::dup(STDERR_FILENO));
    if (is("leaks_thread")) leave_thread_behind();
    if (is("spinning_helper")) helper_.emplace();
  }
  ~MutantPoller() override {
    for (const auto& [fd, watched] : watched_) {
      if (is("closes")) ::close(fd);
    }
  }

  int add(int fd, Interest interest, Token token) noexcept override {
    if (is("few_numbers") && fd >= 2048) return 0;
    if (is("wide_tokens")) token = Token{static_cast<std::uint32_t>(token)};
    if (is("looks_for_urgent") && interest == Interest::none) helper_.emplace();
    if (is("old_token")) token = tokens_.emplace(fd, token).first->second;
    if (is("remembers_failed") && failed_.contains(fd)) return EEXIST;
    const int error = inner_->add(fd, interest, token);
    if (error == EBADF) failed_.insert(fd);
    if (is("silent_file") && error == EPERM) return 0;
    if (is("adds_twice") && error == EEXIST) return modify(fd, interest, token);
    if (error == 0) watched_[fd] = {interest, token};
    return error;
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    if (is("keeps_token") && watched_.contains(fd)) token = watched_[fd].token;
    if (is("wide_tokens")) token = Token{static_cast<std::uint32_t>(token)};
    const int error = inner_->modify(fd, interest, token);
    if (error == 0) watched_[fd] = {interest, token};
    return error;
  }
  int remove(int fd) noexcept override {
    std::array<Event, 1> last{};
    if (is("stale_event") && inner_->wait(last, nanoseconds::zero()) == 1)
      stale_.push_back(last[0]);
    const int error = inner_->remove(fd);
    watched_.erase(fd);
    return is("removes_all") ? 0 : error;
  }

  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    if (is("unmerged") && unmerged_ > 0) {
      --unmerged_;
      return 0;
    }
    if (is("early")) timeout = timeout == nanoseconds::max() ? timeout : floor(timeout);
    if (is("zero_blocks")) timeout = std::max(timeout, nanoseconds(milliseconds(10)));
    if (is("overflows") && timeout != nanoseconds::max()) timeout = wrap(timeout);
    if (is("busy")) return look_every(nanoseconds::zero(), ready, timeout);
    if (is("ticks")) return look_every(milliseconds(1), ready, timeout);
    waiting_ = true;
    errno = 0;
    const bool takes_many = is("forgets_rest") || is("keeps_rest");
    std::size_t count =
        takes_many ? wait_for_many(ready, timeout) : inner_->wait(room_of(ready), timeout);
    while (is("starts_again") && count == 0 && std::exchange(errno, 0) == EINTR) {
      count = inner_->wait(ready, timeout);
    }
    waiting_ = false;
    if (!stale_.empty()) {
      ready[count++] = stale_.back();
      stale_.pop_back();
    }
    if (woken_.exchange(false) && is("takes_place") && count > 0) --count;
    const auto end = std::remove_if(ready.begin(), ready.begin() + static_cast<long>(count),
                                    [this](Event& event) { return !distort(event); });
    return static_cast<std::size_t>(end - ready.begin());
  }

  void wake() noexcept override {
    if (is("lost_before") && !waiting_) return;
    if (is("lost_wake") && ++wakes_ % 1000 == 0) return;
    if (is("lost_alone") && row_.is_lost()) return;
    if (is("unmerged")) ++unmerged_;
    woken_ = true;
    inner_->wake();
  }

 private:
  struct Watched {
    Interest interest;
    Token token;
  };

  bool is(const char* name) const noexcept { return bug_.is(name); }

  static nanoseconds floor(nanoseconds timeout) {
    return std::chrono::floor<milliseconds>(timeout);
  }

  static nanoseconds wrap(nanoseconds timeout) {
    const auto count = std::chrono::ceil<milliseconds>(timeout).count();
    return milliseconds(std::max(static_cast<std::int32_t>(count), 0));
  }

  std::span<Event> room_of(std::span<Event> ready) const {
    return is("stops_early") ? ready.first(std::min<std::size_t>(ready.size(), 16)) : ready;
  }

  std::size_t wait_for_many(std::span<Event> ready, nanoseconds timeout) {
    std::vector<Event> many(1024);
    many.resize(inner_->wait(many, rest_.empty() ? timeout : nanoseconds::zero()));
    many.insert(many.begin(), rest_.begin(), rest_.end());
    const std::size_t fits = std::min(many.size(), ready.size());
    std::copy_n(many.begin(), fits, ready.begin());
    rest_.assign(many.begin() + static_cast<std::ptrdiff_t>(fits), many.end());
    if (is("forgets_rest")) rest_.clear();
    return fits;
  }

  std::size_t look_every(nanoseconds pause, std::span<Event> ready, nanoseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + std::min(timeout, kLongest);
    std::size_t count = 0;
    do {
      count = inner_->wait(ready, std::min(pause, timeout));
    } while (count == 0 && std::chrono::steady_clock::now() < end);
    return count;
  }

  // False if the event is lost.
  bool distort(Event& event) {
    const bool failed = has(event.ready, Readiness::error | Readiness::hang_up);
    const auto known = std::find_if(watched_.begin(), watched_.end(), [&](const auto& one) {
      return one.second.token == event.token;
    });
    if (is("edge_triggered")) return reported_.insert(event.token).second;
    if (is("write_hides_read") && has(event.ready, Readiness::write)) {
      event.ready = Readiness::write;
    }
    if (is("drops_some") && ++events_ % 100 == 0) return false;
    if (is("no_error") && has(event.ready, Readiness::error)) event.ready = Readiness::hang_up;
    if (known == watched_.end()) return true;
    if (is("no_hang_up") && failed && known->second.interest == Interest::none) return false;
    pollfd asked{known->first, POLLPRI | POLLRDHUP, 0};
    ::poll(&asked, 1, 0);
    if (is("looks_away") && (asked.revents & POLLPRI) != 0) return false;
    if (is("half_close") && (asked.revents & POLLRDHUP) != 0) {
      event.ready = event.ready | Readiness::hang_up;
    }
    return true;
  }

  static constexpr nanoseconds kLongest = std::chrono::hours(1);

  const Bug bug_;
  const std::unique_ptr<Poller> inner_;
  std::map<int, Watched> watched_;
  std::map<int, Token> tokens_;  // the first of each number
  std::set<int> failed_;
  WakesInARow row_;
  std::optional<SpinningThread> helper_;
  std::vector<Event> stale_;
  std::vector<Event> rest_;
  std::set<Token> reported_;
  std::uint64_t events_ = 0;
  std::atomic<std::uint64_t> wakes_{0};
  std::atomic<int> unmerged_{0};
  std::atomic<bool> waiting_{false};
  std::atomic<bool> woken_{false};
};

constexpr BackendDescription kMutant{
    .name = "mutant_poller",
    .summary = "epoll with a bug, to see whether it is found",
    .options = kBugs,
    .probe = nullptr,
    .make_poller = [](const OptionValues& options, Refusal& why_not) -> Poller* {
      Poller* inner = kEpoll.make_poller(OptionValues({}), why_not);
      return inner == nullptr ? nullptr : new MutantPoller(options, inner);
    },
    .make_proactor = nullptr,
};

}  // namespace
}  // namespace collet::mutants

COLLET_PLUGIN(collet::mutants::kMutant, "0.1")
