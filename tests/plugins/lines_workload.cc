// SPDX-License-Identifier: MIT
// lines_workload.cc: a workload as a plugin: the server answers each line in capitals.
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using namespace collet;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

char capital(std::byte letter) {
  const char c = static_cast<char>(letter);
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

class LineServer {
 public:
  explicit LineServer(const OptionValues& options) : polite_(options["polite"] != 0) {}

  Served on_open(ByteSink&) { return {}; }

  Served on_data(std::span<const std::byte> bytes, ByteSink& out) {
    std::string answer;
    std::uint32_t lines = 0;
    for (const std::byte byte : bytes) {
      answer += capital(byte);
      if (answer.back() == '\n') ++lines;
    }
    if (!polite_) answer.front() = '?';
    out.write(bytes_of(answer));
    return {.requests = lines, .then = Then::go_on};
  }

  Served on_end(ByteSink&) { return {.requests = 0, .then = Then::finish}; }

 private:
  const bool polite_;
};

class LineClient {
 public:
  LineClient(const OptionValues&, const ClientShape& shape) : shape_(shape) {
    if (shape.payload_bytes > 4096) throw std::runtime_error("lines have at most 4096 bytes");
  }

  bool write_requests(std::size_t count, ByteSink& out) {
    std::string text;
    for (; count > 0; --count) text += line(sent_++);
    out.write(bytes_of(text));
    return true;
  }

  Checked on_data(std::span<const std::byte> bytes) {
    Checked checked;
    for (const std::byte byte : bytes) {
      if (expected_.empty()) {
        if (answered_ == sent_) return {.replies = 0, .wrong = true};
        expected_ = line(answered_++);
      }
      const auto want = std::as_bytes(std::span(expected_))[at_];
      if (static_cast<char>(byte) != capital(want)) return {.replies = 0, .wrong = true};
      if (++at_ < expected_.size()) continue;
      expected_.clear();
      at_ = 0;
      ++checked.replies;
    }
    return checked;
  }

 private:
  // Letters that follow from connection and number, and a newline.
  std::string line(std::uint64_t number) const {
    std::string text(shape_.payload_bytes, '\n');
    std::uint64_t state = shape_.serial * 1'000'003 + number;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      text[i] = static_cast<char>('a' + (state >> 33) % 26);
    }
    return text;
  }

  const ClientShape shape_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::string expected_;  // the reply that is arriving, in small letters
  std::size_t at_ = 0;
};

constexpr OptionDescription kOptions[] = {
    {.name = "polite",
     .type = OptionType::boolean,
     .default_value = 1,
     .minimum = 0,
     .maximum = 1,
     .help = "false: every answer begins with a question mark"}};

constexpr WorkloadDescription kLines{.name = "lines",
                                     .summary = "every line comes back in capitals",
                                     .options = kOptions,
                                     .traits = {.connections = 16, .payload_bytes = 40},
                                     .make_server = guarded_server<LineServer>,
                                     .make_client = guarded_client<LineClient>};

}  // namespace

COLLET_PLUGIN(kLines, "1.2")
