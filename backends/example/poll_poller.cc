// SPDX-License-Identifier: MIT
// poll_poller.cc: poll(2) as a backend, to be read by whoever writes a first one.
//
// A Poller answers one question: which of these descriptors are ready? Five functions, all called
// by the one thread that runs the loop, but for wake(). Everything else, from accepting to sending,
// collet does by itself on top of it. The rules P1 to P8 that a Poller must keep are in
// <collet/poller.h>; beside each piece of code below stands the one that it is there for.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using collet::Event;
using collet::Interest;
using collet::OptionValues;
using collet::Readiness;
using collet::Token;

// An ordinary class: guarded.h puts it behind the interface, and turns what it throws into errors.
class PollPoller {
 public:
  // The values of the options below. What is thrown here is shown to the user as the reason why
  // this backend cannot start, so let it say what is missing.
  explicit PollPoller(const OptionValues& options)
      : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_ < 0) {
      throw std::system_error(errno, std::generic_category(), "no descriptor to wake it with");
    }
    const auto expected = static_cast<std::size_t>(options["reserve"]) + 1;
    watched_.reserve(expected);
    tokens_.reserve(expected);
    append(wake_, Interest::read, Token{});
  }
  PollPoller(const PollPoller&) = delete;
  PollPoller& operator=(const PollPoller&) = delete;
  ~PollPoller() { ::close(wake_); }  // the descriptors that it watched are not its own

  // A mistake is answered with an errno value; 0 is success.
  int add(int fd, Interest interest, Token token) {
    if (::fcntl(fd, F_GETFD) < 0) return EBADF;  // poll() would say so later, when nobody asks
    if (find(fd) != kNowhere) return EEXIST;
    append(fd, interest, token);
    return 0;
  }

  int modify(int fd, Interest interest, Token token) {
    const std::size_t place = find(fd);
    if (place == kNowhere) return ENOENT;
    watched_[place].events = bits_of(interest);
    tokens_[place] = token;
    return 0;
  }

  // P3: gone from the array, so no later wait() can report it, even if the number is used again.
  int remove(int fd) {
    const std::size_t place = find(fd);
    if (place == kNowhere) return ENOENT;
    watched_[place] = watched_.back();
    tokens_[place] = tokens_[watched_.size() - 1];
    watched_.pop_back();
    return 0;
  }

  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) {
    // P6: ppoll() counts nanoseconds and rounds up, so nothing expires early.
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec limit{seconds.count(), (timeout - seconds).count()};
    const bool for_ever = timeout == std::chrono::nanoseconds::max();
    // A failure (EINTR, ENOMEM) is one more wait that found nothing: the loop comes again.
    if (::ppoll(watched_.data(), watched_.size(), for_ever ? nullptr : &limit, nullptr) <= 0) {
      return 0;
    }
    // P5: read back to zero, so that any number of wakes ends one wait. A wake that comes after
    // this stays in the counter, and ends the next.
    if (watched_[kWake].revents != 0) {
      eventfd_t wakes = 0;
      ::eventfd_read(wake_, &wakes);
    }
    return collect(ready);
  }

  // Any thread may call this, whether somebody waits or not.
  void wake() { ::eventfd_write(wake_, 1); }

 private:
  static constexpr std::size_t kWake = 0;     // its place among the watched
  static constexpr std::size_t kNowhere = 0;  // which nobody else can have

  // Readiness has the values of poll(2), so nothing needs translating. P4: poll() reports errors
  // and hang-ups whether it was asked to or not.
  static short bits_of(Interest interest) { return static_cast<short>(interest); }

  void append(int fd, Interest interest, Token token) {
    tokens_.resize(watched_.size() + 1);  // if the next line throws, one too many does no harm
    watched_.push_back({fd, bits_of(interest), 0});
    tokens_[watched_.size() - 1] = token;
  }

  std::size_t find(int fd) const {
    const auto found = std::find_if(watched_.begin() + 1, watched_.end(),
                                    [fd](const pollfd& one) { return one.fd == fd; });
    return found == watched_.end() ? kNowhere : static_cast<std::size_t>(found - watched_.begin());
  }

  // P1: poll() is level-triggered by itself, so what persists is found again by the next wait. But
  // `ready` may have fewer places than there are events: each search begins where the last one
  // ended, so that nobody is passed over for ever.
  std::size_t collect(std::span<Event> ready) {
    std::size_t filled = 0;
    for (std::size_t n = 0; n < watched_.size() && filled < ready.size(); ++n) {
      last_ = (last_ + 1) % watched_.size();
      const short happened = watched_[last_].revents;
      if (last_ == kWake || happened == 0) continue;
      ready[filled++] = {tokens_[last_], static_cast<Readiness>(happened)};
    }
    return filled;
  }

  const int wake_;
  std::vector<pollfd> watched_;  // what poll() wants: wake_ first, then the others in any order
  std::vector<Token> tokens_;    // what the loop wants to hear of each
  std::size_t last_ = 0;         // the place at which the last search ended
};

// What a user may say: `--backend poll:reserve=10000`. collet parses and checks it, shows it with
// --list, and records it with every result.
constexpr collet::OptionDescription kOptions[] = {
    {.name = "reserve",
     .type = collet::OptionType::integer,
     .default_value = 64,
     .minimum = 0,
     .maximum = 1'000'000,
     .help = "connections that it has room for from the start"}};

constexpr collet::BackendDescription kPoll{
    .name = "poll",
    .summary = "poll(2): the cost of a wait grows with the number of connections",
    .options = kOptions,
    .probe = nullptr,  // it runs wherever one can be made
    .make_poller = collet::guarded_poller<PollPoller>,
    .make_proactor = nullptr};

}  // namespace

COLLET_PLUGIN(kPoll, "1.0")
