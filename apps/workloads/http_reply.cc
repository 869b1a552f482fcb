// SPDX-License-Identifier: MIT
// http_reply.cc: replies from parts that the compiler joins, and a date.
#include "apps/workloads/http_reply.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace collet::apps {
namespace {

constexpr std::string_view kServer = "\r\nServer: collet\r\n";
constexpr std::string_view kDate = "Date: ";
constexpr std::size_t kDateBytes = 29;  // Sun, 06 Nov 1994 08:49:37 GMT

constexpr std::string_view connection_field(Persistence persistence) {
  switch (persistence) {
    case Persistence::stated:
      return "Connection: keep-alive\r\n";
    case Persistence::over:
      return "Connection: close\r\n";
    case Persistence::implied:
      break;
  }
  return "";
}

// Text that grows at its end, up to a fixed size.
template <std::size_t kMost>
class Text {
 public:
  constexpr Text& operator<<(std::string_view piece) {
    std::copy(piece.begin(), piece.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += piece.size();
    return *this;
  }
  constexpr Text& operator<<(std::size_t number) {
    std::array<char, 20> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << std::string_view(digits.data() + first, digits.size() - first);
  }
  constexpr std::size_t size() const { return size_; }
  constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  char* data() { return bytes_.data(); }

 private:
  std::array<char, kMost> bytes_{};
  std::size_t size_ = 0;
};

// -- The date ------------------------------------------------------------------------------------

// The clock of the last tick: no system call, and not even a look at the hardware.
time_t read_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}

struct Date {
  time_t second = -1;
  std::array<char, kDateBytes + 1> text{};
};
constinit thread_local Date date_of_thread;

std::string_view date_of(time_t second) {
  Date& date = date_of_thread;
  if (date.second != second) {
    tm parts{};
    ::gmtime_r(&second, &parts);
    ::strftime(date.text.data(), date.text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date.second = second;
  }
  return {date.text.data(), kDateBytes};
}

// -- Pages ---------------------------------------------------------------------------------------

constexpr std::string_view type_of(Page page) {
  return page == Page::json ? "application/json" : "text/plain";
}
constexpr std::string_view body_of(Page page) {
  return page == Page::json ? R"({"message":"Hello, World!"})" : "Hello, World!";
}

// A whole reply that is ready to be sent but for its date.
class ReadyReply {
 public:
  constexpr ReadyReply(Page page, Persistence persistence) {
    text_ << "HTTP/1.1 200 OK" << kServer << kDate;
    date_at_ = text_.size();
    text_ << "Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          << connection_field(persistence) << "Content-Type: " << type_of(page)
          << "\r\nContent-Length: " << body_of(page).size() << "\r\n\r\n";
    head_bytes_ = text_.size();
    text_ << body_of(page);
  }

  void write(bool with_body, Output& out) {
    const time_t now = read_seconds();
    if (now != second_) date_it(now);
    out.write(with_body ? text_.view() : text_.view().substr(0, head_bytes_));
  }

 private:
  [[gnu::noinline]] void date_it(time_t now) {
    const std::string_view date = date_of(now);
    std::copy(date.begin(), date.end(), text_.data() + date_at_);
    second_ = now;
  }

  time_t second_ = -1;  // whose date it bears
  std::size_t date_at_ = 0;
  std::size_t head_bytes_ = 0;
  Text<224> text_;
};

using ReadyPage = std::array<ReadyReply, 3>;  // by Persistence

constexpr ReadyPage ready(Page page) {
  return {ReadyReply(page, Persistence::implied), ReadyReply(page, Persistence::stated),
          ReadyReply(page, Persistence::over)};
}

constinit thread_local std::array<ReadyPage, 2> pages_of_thread{ready(Page::plaintext),
                                                                ready(Page::json)};

// -- Refusals ------------------------------------------------------------------------------------

constexpr std::string_view status_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_found:
      return "404 Not Found";
    case Refusal::method_not_allowed:
      return "405 Method Not Allowed";
    case Refusal::content_too_large:
      return "413 Content Too Large";
    case Refusal::uri_too_long:
      return "414 URI Too Long";
    case Refusal::header_too_large:
      return "431 Request Header Fields Too Large";
    case Refusal::not_implemented:
      return "501 Not Implemented";
    case Refusal::bad_request:
      break;
  }
  return "400 Bad Request";
}

}  // namespace

void write_page(Page page, Persistence persistence, bool with_body, Output& out) {
  const auto row = static_cast<std::size_t>(page);
  pages_of_thread[row][static_cast<std::size_t>(persistence)].write(with_body, out);
}

void write_bytes(std::string_view body, Persistence persistence, Output& out) {
  Text<256> head;
  head << "HTTP/1.1 200 OK" << kServer << kDate << date_of(read_seconds()) << "\r\n"
       << connection_field(persistence)
       << "Content-Type: application/octet-stream\r\nContent-Length: " << body.size() << "\r\n\r\n";
  out.write(head.view());
  out.write(body);
}

void write_continue(Output& out) { out.write("HTTP/1.1 100 Continue\r\n\r\n"); }

void write_refusal(Refusal refusal, std::string_view allow, Persistence persistence, bool with_body,
                   Output& out) {
  const std::string_view status = status_of(refusal);
  Text<320> reply;
  reply << "HTTP/1.1 " << status << kServer << kDate << date_of(read_seconds()) << "\r\n"
        << connection_field(persistence);
  if (!allow.empty()) reply << "Allow: " << allow << "\r\n";
  reply << "Content-Type: text/plain\r\nContent-Length: " << status.size() + 1 << "\r\n\r\n";
  if (with_body) reply << status << "\n";
  out.write(reply.view());
}

}  // namespace collet::apps
