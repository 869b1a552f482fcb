// SPDX-License-Identifier: MIT
// workload.cc: an echo of frames, with the bugs that protocols really had, one at a time. A frame
// is its length in four bytes and a payload. In front of each that comes back there is a byte that
// varies, as a date does: it is no bug, and no rule may take it for one.
#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include <collet/plugin.h>

#include "tests/conformance/mutants/bug.h"

namespace collet::mutants {
namespace {

constexpr OptionDescription kBugs[] = {
    bug("of_thread", "W1.1: keeps what has begun with the thread"),
    bug("shared", "W1.2: what has begun is kept once for all sessions"),
    bug("scratch", "W1.3: all sessions write their replies in one place"),
    bug("gone_resets", "W1.4: a session that goes makes the others forget what has begun"),
    bug("keeps_input", "W2.1: the server looks at the last byte of a piece again"),
    bug("believes", "W2.2: so does the client"),
    bug("keeps_sink", "W2.3: writes to its first sink"),
    bug("cut_shows", "W3.1: a request that came in pieces has another answer"),
    bug("drops_rest", "W3.2: what follows an end in the same piece is dropped"),
    bug("backwards", "W3.3: several that end in a piece are answered from the last"),
    bug("counts_early", "W4.1: counts a reply one byte before its end"),
    bug("counts_twice", "W4.2: counts the second of two replies in a piece twice"),
    bug("takes_unasked", "W4.3: takes a reply to what it has not written yet"),
    bug("takes_anything", "W4.4: compares nothing"),
    bug("looks_once", "W4.5: compares the beginning of a reply only"),
    bug("any_order", "W4.6: takes a reply for its neighbour"),
    bug("no_serial", "W5.1: every session sends the same"),
    bug("any_serial", "W5.2: takes replies to serial 2 too"),
    bug("small_only", "W6.1: closes on more than 1000 bytes"),
    bug("padded", "W6.2: writes 8 bytes more than it says"),
    bug("batch_differs", "W6.3: writes several requests from the last"),
    bug("answers_late", "W7.1: answers when the next piece comes"),
    bug("waits_for_rest", "W7.2: answers nothing while a part of a request is there"),
    bug("forgets_last", "W7.3: holds the last of several answers back, and drops it at the end"),
    bug("counts_calls", "W7.4: counts calls, not requests"),
    bug("closes", "W7.5: closes after a hundred requests"),
    bug("loses_some", "W7.6: answers all but every 1000th request"),
    bug("hangs", "W8.1: never returns from a length that cannot be"),
    bug("counts_wrong", "W8.2: counts every wrong byte as a reply"),
    bug("silent", "W8.3: refuses more than 60000 bytes without a word"),
};

constexpr std::size_t kHeader = 4;
constexpr std::size_t kMost = 1 << 24;

std::string header_of(std::size_t length) {
  std::string header;
  for (const int shift : {24, 16, 8, 0}) header += static_cast<char>(length >> shift);
  return header;
}

std::size_t length_in(std::string_view header) {
  std::size_t length = 0;
  for (const char byte : header.substr(0, kHeader)) {
    length = length << 8 | static_cast<unsigned char>(byte);
  }
  return length;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::atomic<unsigned char> varying{0};
std::atomic<int> gone{0};
std::string begun_of_all;
thread_local std::string begun_of_thread;
std::array<char, 256> scratch{};

class MutantServer final : public ServerSession {
 public:
  explicit MutantServer(const OptionValues& options) : bug_(kBugs, options), gone_(gone) {}
  ~MutantServer() override { ++gone; }

  Served on_open(ByteSink& out) noexcept override {
    first_sink_ = &out;
    return {};
  }

  Served on_data(std::span<const std::byte> bytes, ByteSink& out) noexcept override {
    std::string& begun = is("of_thread") ? begun_of_thread : is("shared") ? begun_of_all : begun_;
    if (is("gone_resets") && gone_ != gone) begun.clear();
    gone_ = gone;
    if (is("keeps_input") && !begun.empty()) begun.back() = *last_byte_;
    last_byte_ = text_of(bytes).data() + bytes.size() - 1;
    const bool was_cut = !begun.empty();
    begun += text_of(bytes);
    std::string said;
    std::string last;
    std::uint32_t requests = 0;
    while (begun.size() >= kHeader) {
      const std::size_t length = length_in(begun);
      for (volatile bool ever = is("hangs"); length > kMost && ever;) {
      }
      if (length > (is("small_only") ? 1000 : kMost)) return {requests, Then::close};
      if (begun.size() < kHeader + length) break;
      ++requests;
      ++served_;
      last = answer_to(begun.substr(0, kHeader + length), was_cut && requests == 1);
      said = is("backwards") && was_cut ? last + said : said + last;
      begun.erase(0, kHeader + length);
    }
    if (is("drops_rest") && requests > 0) begun.clear();
    if (is("forgets_last") && requests > 1) said.resize(said.size() - last.size());
    write(said, begun, is("keeps_sink") ? *first_sink_ : out);
    if (is("closes") && served_ >= 100) return {requests, Then::close};
    return {is("counts_calls") ? 1 : requests, Then::go_on};
  }

  Served on_end(ByteSink&) noexcept override { return {0, Then::finish}; }

 private:
  bool is(const char* name) const noexcept { return bug_.is(name); }

  std::string answer_to(std::string frame, bool was_cut) {
    if (is("loses_some") && served_ % 1000 == 0) return "";
    if (is("cut_shows") && was_cut) frame.back() = static_cast<char>(~frame.back());
    return static_cast<char>(varying++) + frame;
  }

  void write(const std::string& said, const std::string& begun, ByteSink& out) {
    if (is("waits_for_rest") && !begun.empty()) {
      held_ += said;
      return;
    }
    const std::string now = is("answers_late") ? held_ : held_ + said;
    held_ = is("answers_late") ? said : "";
    if (is("scratch") && now.size() <= scratch.size()) {
      now.copy(scratch.data(), now.size());
      std::this_thread::yield();
      return out.write(bytes_of({scratch.data(), now.size()}));
    }
    out.write(bytes_of(now));
  }

  const Bug bug_;
  std::string begun_;  // of a request
  std::string held_;   // of replies
  ByteSink* first_sink_ = nullptr;
  const char* last_byte_ = nullptr;
  int gone_;
  std::uint64_t served_ = 0;
};

class MutantClient final : public ClientSession {
 public:
  MutantClient(const OptionValues& options, const ClientShape& shape)
      : bug_(kBugs, options), shape_(shape) {}

  bool write_requests(std::size_t count, ByteSink& out) noexcept override {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += frame(sent_ + (is("batch_differs") ? count - 1 - i : i));
    }
    sent_ += count;
    out.write(bytes_of(text));
    return true;
  }

  Checked on_data(std::span<const std::byte> bytes) noexcept override {
    if (is("believes") && last_byte_ != nullptr && *last_byte_ != last_) return {0, true};
    last_byte_ = text_of(bytes).data() + bytes.size() - 1;
    last_ = *last_byte_;
    Checked checked;
    for (const char byte : text_of(bytes)) {
      if (at_ == 0 && !begin_reply()) return {0, true};
      if (at_ > 0 && !fits(byte)) {
        if (!is("counts_wrong")) return {0, true};
        ++checked.replies;
      }
      ++at_;
      if (at_ + (is("counts_early") ? 1 : 0) == expected_.size()) ++checked.replies;
      if (at_ < expected_.size()) continue;
      if (is("counts_twice") && checked.replies == 2) ++checked.replies;
      at_ = 0;
      ++answered_;
    }
    return checked;
  }

 private:
  bool is(const char* name) const noexcept { return bug_.is(name); }

  bool begin_reply() {
    if (answered_ == sent_ && !is("takes_unasked")) return false;
    expected_ = "?" + frame(answered_);
    other_ = is("any_order")    ? "?" + frame(answered_ ^ 1)
             : is("any_serial") ? "?" + frame(answered_, 2)
                                : expected_;
    return true;
  }
  bool fits(char byte) const {
    if (is("takes_anything") || (is("looks_once") && at_ >= 1 + kHeader)) return true;
    return byte == expected_[at_] || byte == other_[at_];
  }

  // Letters that follow from connection and number.
  std::string frame(std::uint64_t number) const { return frame(number, shape_.serial); }
  std::string frame(std::uint64_t number, std::uint64_t serial) const {
    std::string text(shape_.payload_bytes + (is("padded") ? 8 : 0), ' ');
    std::uint64_t state = (is("no_serial") ? 0 : serial) * 1'000'003 + number;
    for (char& letter : text) {
      state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      letter = static_cast<char>('a' + (state >> 33) % 26);
    }
    return header_of(text.size()) + text;
  }

  const Bug bug_;
  const ClientShape shape_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::string expected_;  // the reply that is arriving
  std::string other_;     // what some bugs take as well
  std::size_t at_ = 0;
  const char* last_byte_ = nullptr;
  char last_ = 0;
};

constexpr WorkloadDescription kMutant{
    .name = "mutant_workload",
    .summary = "an echo of frames and a bug, to see whether it is found",
    .options = kBugs,
    .traits = {.payload_bytes = 40, .framing_bytes = kHeader},
    .make_server = [](const OptionValues& options, Refusal&) -> ServerSession* {
      return new MutantServer(options);
    },
    .make_client = [](const OptionValues& options, const ClientShape& shape,
                      Refusal& why_not) -> ClientSession* {
      if (shape.payload_bytes <= 60'000) return new MutantClient(options, shape);
      if (options["silent"] == 0) why_not.say("frames have at most 60000 bytes");
      return nullptr;
    },
};

}  // namespace
}  // namespace collet::mutants

COLLET_PLUGIN(collet::mutants::kMutant, "0.1")
