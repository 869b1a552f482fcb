// SPDX-License-Identifier: MIT
// describe.cc: io_uring for the registry, and why it may be missing.
#include "backends/io_uring/describe.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

#include "backends/backends.h"
#include "backends/io_uring/io_uring_proactor.h"

namespace collet {

void explain(int error, TaskRun mode, Refusal& why_not) noexcept {
  if (error == EINVAL && mode < best_task_run()) {
    return why_not.say("this kernel does not know taskrun=%d: %d is the best it has",
                       static_cast<int>(mode), static_cast<int>(best_task_run()));
  }
  switch (error) {
    case ENOSYS:
      return why_not.say("this kernel has no io_uring, or one that is too old: Linux 6.0 has all");
    case EPERM:
    case EACCES:
      return why_not.say(
          "io_uring is forbidden here: by a seccomp filter, or kernel.io_uring_disabled");
    case EINVAL:
      return why_not.say("this kernel lacks a part of io_uring that is needed: Linux 6.0 has all");
    case ENOMEM:
      return why_not.say(
          "no memory for rings: raise `ulimit -l`, or take fewer entries or buffers");
    default:
      return why_not.say("no ring can be made: %s", std::strerror(error));
  }
}

int why_not_watched(int fd) noexcept {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return errno;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? EPERM : 0;
}

namespace {

Proactor* make(const OptionValues& options, Refusal& why_not) noexcept {
  auto proactor = std::make_unique<IoUringProactor>();
  const int error = proactor->open({.requests = static_cast<unsigned>(options["entries"]),
                                    .outcomes = static_cast<unsigned>(options["completions"]),
                                    .buffer_bytes = static_cast<std::size_t>(options["buffer"]),
                                    .buffers = static_cast<std::size_t>(options["buffers"]),
                                    .bundles = options["bundle"] != 0,
                                    .uncopied = static_cast<std::size_t>(options["send_zc"]),
                                    .task_run = task_run_of(options)});
  if (error != 0) {
    explain(error, task_run_of(options), why_not);
    return nullptr;
  }
  if (options["bundle"] != 0 && !proactor->can_bundle()) {
    why_not.say(
        "this kernel does not receive into several buffers at once, as Linux 6.10 does: "
        "bundle has to be false");
    return nullptr;
  }
  if (options["send_zc"] != 0 && !proactor->can_send_uncopied()) {
    why_not.say("this kernel does not know sends without copying, so send_zc=%lld has to be 0",
                static_cast<long long>(options["send_zc"]));
    return nullptr;
  }
  return proactor.release();
}

class Received final : public CompletionSink {
 public:
  void complete(Completion& completion) noexcept override {
    error_ = completion.error;
    bytes_ += completion.lease.bytes().size();
  }
  std::size_t bytes() const noexcept { return bytes_; }
  int error() const noexcept { return error_; }

 private:
  std::size_t bytes_ = 0;
  int error_ = 0;
};

// A byte is received in the way in which a server receives. Returns 0 or an errno.
int try_to_receive() noexcept {
  constexpr std::chrono::seconds kPatience{1};
  IoUringProactor proactor;
  int error = proactor.open({4, 8, 1024, 2, false, 0, best_task_run()});
  int pair[2];
  if (error == 0 && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) error = errno;
  if (error != 0) return error;
  const Opened stream = proactor.adopt(pair[0], Token{});
  proactor.start(stream.handle);
  Received received;
  const bool was_sent = ::write(pair[1], "", 1) == 1;
  if (was_sent) proactor.run(proactor.now() + kPatience, received);
  ::close(pair[1]);
  if (received.bytes() == 1) return 0;
  return received.error() != 0 ? received.error() : EINVAL;
}

// On a thread of its own for the reason that Uring::open() has one.
bool probe(Refusal& why_not) noexcept {
  int error = 0;
  try {
    std::thread([&] { error = try_to_receive(); }).join();
  } catch (const std::system_error& thrown) {
    error = thrown.code().value();
  }
  if (error != 0) explain(error, best_task_run(), why_not);
  return error == 0;
}

}  // namespace

const BackendDescription& io_uring_backend() {
  static const OptionDescription options[] = {
      {"entries", OptionType::integer, 1024, 1, 1 << 15,
       "requests that one system call submits; more take another"},
      {"completions", OptionType::integer, 4096, 2, 1 << 16,
       "completions for which there is room; the kernel keeps more by itself"},
      {"buffer", OptionType::bytes, 16 << 10, 1 << 10, 1 << 20,
       "what the kernel receives into; smaller than most messages costs several times as much"},
      {"buffers", OptionType::integer, 4096, 1, LentBuffers::kMost,
       "most buffers, used by need and on loan to handlers; beyond it receiving pauses"},
      {"bundle", OptionType::boolean, 0, 0, 1,
       "receive into several buffers at once what is larger than one"},
      {"send_zc", OptionType::bytes, 0, 0, 1 << 30,
       "sends of at least so many bytes are not copied, but end when the peer has them; 0: none"},
      task_run_option(),
  };
  static const BackendDescription description{
      .name = "io_uring",
      .summary =
          "io_uring: completions, with multishot accept and receive, into buffers that idle "
          "connections do not hold",
      .options = options,
      .probe = probe,
      .make_poller = nullptr,
      .make_proactor = make,
  };
  return description;
}

}  // namespace collet
