// SPDX-License-Identifier: MIT
// framed_workload.cc: each request is a frame, four bytes of length and then a payload, and comes
// back as it is.
//
// The rules W1 to W8 that a workload must keep are in <collet/workload.h>; beside each piece of
// code below stands the one that it is there for. What neither half need know is how connections
// are made, how many requests are under way, and how they are timed: collet does that.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using collet::ByteSink;
using collet::Checked;
using collet::ClientShape;
using collet::OptionValues;
using collet::Served;
using collet::Then;

constexpr std::size_t kHeader = 4;  // bytes of length, the highest first

std::size_t length_in(std::span<const std::byte> frame) {
  std::size_t length = 0;
  for (const std::byte byte : frame.first(kHeader)) {
    length = length << 8 | std::to_integer<std::size_t>(byte);
  }
  return length;
}

// The server's half of one connection. An ordinary class: guarded.h puts it behind the interface,
// and what it throws ends the connection.
class FramedServer {
 public:
  // The values of the options below. What is thrown here is shown to the user as the reason why
  // there is no session.
  explicit FramedServer(const OptionValues& options)
      : most_(static_cast<std::size_t>(options["most"])) {}

  // Where the server speaks first, it does so here.
  Served on_open(ByteSink&) { return {}; }

  // W3: bytes come in pieces of any size, a part of a frame as well as several frames.
  Served on_data(std::span<const std::byte> bytes, ByteSink& out) {
    begun_.insert(begun_.end(), bytes.begin(), bytes.end());  // W2: the input will be gone
    Served served;
    std::span<const std::byte> rest(begun_);
    while (rest.size() >= kHeader) {
      const std::size_t length = length_in(rest);
      if (length > most_) {
        served.then = Then::close;  // W8: what nobody sends who means well
        break;
      }
      if (rest.size() - kHeader < length) break;
      out.write(rest.first(kHeader + length));  // W7: now, not when more comes
      rest = rest.subspan(kHeader + length);
      ++served.requests;
    }
    begun_.erase(begun_.begin(), begun_.end() - static_cast<std::ptrdiff_t>(rest.size()));
    return served;
  }

  // W7: all that came in full has been answered.
  Served on_end(ByteSink&) { return {.requests = 0, .then = Then::finish}; }

 private:
  const std::size_t most_;
  std::vector<std::byte> begun_;  // a frame of which the rest is to come
};

// The client's half: it knows what it has asked, and so what every byte of the replies must be.
class FramedClient {
 public:
  FramedClient(const OptionValues& options, const ClientShape& shape) : shape_(shape) {
    if (shape.payload_bytes > static_cast<std::uint64_t>(options["most"])) {
      throw std::runtime_error("a frame has no more bytes than the option `most` says");
    }
  }

  bool write_requests(std::size_t count, ByteSink& out) {
    for (; count > 0; --count) {  // W6: the same, whether together or one by one
      fill(request_, sent_++);
      out.write(request_);
    }
    return true;
  }

  Checked on_data(std::span<const std::byte> bytes) {
    Checked checked;
    while (!bytes.empty()) {
      if (at_ == 0) {
        if (answered_ == sent_) return {.replies = 0, .wrong = true};  // W4: nobody has asked
        fill(expected_, answered_);
      }
      const std::size_t count = std::min(bytes.size(), expected_.size() - at_);
      const auto expected = std::span(expected_).subspan(at_, count);
      if (!std::equal(expected.begin(), expected.end(), bytes.begin())) {
        return {.replies = 0, .wrong = true};
      }
      bytes = bytes.subspan(count);
      at_ += count;
      if (at_ < expected_.size()) continue;
      at_ = 0;
      ++answered_;
      ++checked.replies;  // W4: in the call that brings its last byte
    }
    return checked;
  }

 private:
  // The frame of that number. W5: what is in it follows from the connection's serial too.
  void fill(std::vector<std::byte>& frame, std::uint64_t number) const {
    frame.resize(kHeader + shape_.payload_bytes);
    for (std::size_t i = 0; i < kHeader; ++i) {
      frame[i] = static_cast<std::byte>(shape_.payload_bytes >> 8 * (kHeader - 1 - i));
    }
    std::uint64_t state = shape_.serial * 1'000'003 + number;
    for (std::byte& byte : std::span(frame).subspan(kHeader)) {
      state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      byte = static_cast<std::byte>(state >> 56);
    }
  }

  const ClientShape shape_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::vector<std::byte> request_;   // the one that is being written
  std::vector<std::byte> expected_;  // the reply that is arriving
  std::size_t at_ = 0;               // in it
};

// What a user may say: `--workload framed:most=4k`. collet parses and checks it, shows it with
// --list, and records it with every result. Both halves get the same values.
constexpr collet::OptionDescription kOptions[] = {
    {.name = "most",
     .type = collet::OptionType::bytes,
     .default_value = 1 << 20,
     .minimum = 1,
     .maximum = 1 << 24,
     .help = "payload that a frame may have; longer ones end the connection"}};

constexpr collet::WorkloadDescription kFramed{
    .name = "framed",
    .summary = "frames with their length in front come back as they are",
    .options = kOptions,
    .traits = {.connections = 64,          // unless the user says otherwise
               .payload_bytes = 64,        // the same
               .least_payload_bytes = 1,   // whatever the user says
               .framing_bytes = kHeader},  // W6
    .make_server = collet::guarded_server<FramedServer>,
    .make_client = collet::guarded_client<FramedClient>};

}  // namespace

COLLET_PLUGIN(kFramed, "1.0")
