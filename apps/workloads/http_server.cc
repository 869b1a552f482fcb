// SPDX-License-Identifier: MIT
// http_server.cc: the http workload's server: HTTP/1.1 and 1.0, parsed by Boost.Beast.
//
// A request's head is parsed when all of it is there; what has come of it before is kept. So is a
// body, since its sender may not read before it has sent all. What breaks the framing of requests
// is refused and ends the connection: whatever follows could be anybody's.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "apps/workloads/http.h"
#include "apps/workloads/http_reply.h"

namespace collet::apps {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kMostHeadBytes = 8 * 1024;
constexpr std::uint64_t kMostBodyBytes = 1024 * 1024;
constexpr std::size_t kKeptBodyBytes = 64 * 1024;  // a larger buffer is freed after use

// What can be left of a chunked body at least: Beast asserts that it is shown so much of the end.
constexpr std::size_t kLeastChunkedBytes = 5;

enum class Resource : std::uint8_t { none, plaintext, json, echo };

bool is_absolute(std::string_view target) {
  return boost::beast::iequals(target.substr(0, 7), "http://");
}

Resource resource_of(std::string_view target) {
  if (!target.starts_with('/')) {
    if (!is_absolute(target)) return Resource::none;
    target.remove_prefix(7);
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/plaintext") return Resource::plaintext;
  if (path == "/json") return Resource::json;
  if (path == "/echo") return Resource::echo;
  return Resource::none;
}

constexpr std::string_view methods_of(Resource resource) {
  return resource == Resource::echo ? "POST" : "GET, HEAD";
}

// One request: what has been parsed of it.
class Request final : public http::basic_parser<true> {
 public:
  // `body` is where a body is gathered that comes in pieces.
  explicit Request(std::string& body) : body_(body) {
    header_limit(kMostHeadBytes);
    body_limit(kMostBodyBytes);
  }

  Resource resource() const { return resource_; }
  bool is_head() const { return method_ == http::verb::head; }
  bool expects_continue() const { return expects_continue_ && version_ == 11; }

  bool is_allowed() const {
    if (resource_ == Resource::echo) return method_ == http::verb::post;
    return method_ == http::verb::get || method_ == http::verb::head;
  }

  Persistence persistence() const {
    if (!keep_alive()) return Persistence::over;
    return version_ == 11 ? Persistence::implied : Persistence::stated;
  }

  // What makes a complete head unacceptable, although each of its lines is well formed.
  std::optional<Refusal> fault() const {
    if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) return Refusal::bad_request;
    if (!has_coding_) return std::nullopt;
    if (!chunked() || version_ != 11) return Refusal::bad_request;
    if (!is_only_chunked_) return Refusal::not_implemented;
    return std::nullopt;
  }

  std::string_view body() const { return whole_body_.empty() ? body_ : whole_body_; }

 private:
  using string_view = boost::beast::string_view;

  void on_request_impl(http::verb method, string_view, string_view target, int version,
                       error_code&) override {
    method_ = method;
    version_ = version;
    resource_ = resource_of(target);
  }

  void on_response_impl(int, string_view, int, error_code&) override {}

  // Fields of a trailer come here too; nobody asks about them any more.
  void on_field_impl(http::field name, string_view, string_view value, error_code&) override {
    if (name == http::field::host) {
      ++hosts_;
    } else if (name == http::field::transfer_encoding) {
      has_coding_ = true;
      is_only_chunked_ = boost::beast::iequals(value, "chunked");
    } else if (name == http::field::expect) {
      expects_continue_ = boost::beast::iequals(value, "100-continue");
    }
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  // The usual body comes in one piece, and is not copied.
  std::size_t on_body_impl(string_view piece, error_code&) override {
    if (body_.empty() && piece.size() == *content_length()) {
      whole_body_ = piece;
    } else {
      body_.append(piece);
    }
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    body_.append(piece);
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  std::string& body_;
  std::string_view whole_body_;  // in the input
  http::verb method_ = http::verb::unknown;
  int version_ = 0;
  int hosts_ = 0;
  Resource resource_ = Resource::none;
  bool has_coding_ = false;
  bool is_only_chunked_ = false;
  bool expects_continue_ = false;
};

// The size of the head that `text` begins with, up to its empty line, or 0 if that has not come.
// Lines that end in a bare LF count here, so that they are refused and not waited for. `from`: how
// much has been searched before.
std::size_t size_of_head(std::string_view text, std::size_t from) {
  std::size_t end = text.find('\n', from);
  while (end != text.npos) {
    const std::size_t next = end + 1;
    if (text.substr(next, 2) == "\r\n") return next + 2;
    if (text.substr(next, 1) == "\n") return next + 1;
    end = text.find('\n', next);
  }
  return 0;
}

Refusal refusal_of(const error_code& error) {
  if (error == http::error::body_limit) return Refusal::content_too_large;
  return Refusal::bad_request;
}

class HttpServer final : public Handler {
 public:
  explicit HttpServer(const Burden& burden) : burden_(burden) {}

  void on_data(std::span<const std::byte> bytes, Output& out) override {
    const std::string_view input(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!kept_.empty()) return resume(input, out);
    const std::size_t used = serve(input, out);
    if (used != input.size()) kept_.assign(input.substr(used));
  }

 private:
  void resume(std::string_view input, Output& out) {
    kept_.append(input);
    kept_.erase(0, serve(kept_, out));
    if (kept_.empty() && kept_.capacity() > kMostHeadBytes) kept_.shrink_to_fit();
  }

  // Serves what is complete of the input. Returns how much of it is done with; the rest, and what
  // will have come by then, is to be shown again.
  std::size_t serve(std::string_view input, Output& out) {
    std::size_t used = 0;
    while (used < input.size() && !over_) {
      const std::string_view rest = input.substr(used);
      const std::size_t taken = request_ ? take_body(rest, out) : take_head(rest, out);
      if (taken == 0) break;
      used += taken;
    }
    return over_ ? input.size() : used;
  }

  std::size_t take_head(std::string_view input, Output& out) {
    if (input.starts_with("\r\n")) return 2;  // some clients end a body so
    const std::size_t size = size_of_head(input, searched_);
    if (size == 0 || size > kMostHeadBytes) return wait_for_head(input, size, out);
    searched_ = 0;
    error_code error;
    request_.emplace(body_);
    request_->put(boost::asio::const_buffer(input.data(), size), error);
    if (error) {
      refuse(refusal_of(error), out);
    } else if (const auto fault = request_->fault()) {
      refuse(*fault, out);
    } else if (request_->is_done()) {
      answer(out);
    } else if (request_->expects_continue() && input.size() == size) {
      answer_expectation(out);
    }
    return size;
  }

  std::size_t wait_for_head(std::string_view input, std::size_t size, Output& out) {
    if (size == 0 && input.size() <= kMostHeadBytes) {
      searched_ = input.size() - std::min<std::size_t>(input.size(), 2);
      return 0;
    }
    const bool is_one_line = input.substr(0, kMostHeadBytes).find('\n') == input.npos;
    refuse(is_one_line ? Refusal::uri_too_long : Refusal::header_too_large, out);
    return input.size();
  }

  // The head of a chunk, and what follows the last, is as limited as the head of a request.
  std::size_t take_body(std::string_view input, Output& out) {
    if (request_->chunked()) {
      if (input.size() < kLeastChunkedBytes) return 0;
      input = input.substr(0, kMostHeadBytes);
    }
    error_code error;
    const auto used = request_->put(boost::asio::const_buffer(input.data(), input.size()), error);
    if (error == http::error::need_more && input.size() < kMostHeadBytes) return used;
    if (error) {
      refuse(refusal_of(error), out);
    } else if (request_->is_done()) {
      answer(out);
    }
    return used;
  }

  // The client waits with its body until it knows that it is wanted.
  void answer_expectation(Output& out) {
    if (request_->resource() == Resource::echo && request_->is_allowed())
      return write_continue(out);
    answer_with(Persistence::over, out);
  }

  void answer(Output& out) { answer_with(request_->persistence(), out); }

  void answer_with(Persistence persistence, Output& out) {
    burden_.bear();
    out.count_requests(1);
    const Resource resource = request_->resource();
    const bool with_body = !request_->is_head();
    if (resource == Resource::none) {
      write_refusal(Refusal::not_found, "", persistence, with_body, out);
    } else if (!request_->is_allowed()) {
      write_refusal(Refusal::method_not_allowed, methods_of(resource), persistence, with_body, out);
    } else if (resource == Resource::echo) {
      write_bytes(request_->body(), persistence, out);
    } else {
      write_page(resource == Resource::json ? Page::json : Page::plaintext, persistence, with_body,
                 out);
    }
    forget_request();
    if (persistence == Persistence::over) end(out);
  }

  void refuse(Refusal refusal, Output& out) {
    burden_.bear();
    out.count_requests(1);
    const bool with_body = !request_ || !request_->is_head();
    write_refusal(refusal, "", Persistence::over, with_body, out);
    forget_request();
    end(out);
  }

  void end(Output& out) {
    over_ = true;
    out.finish();
  }

  void forget_request() {
    request_.reset();
    if (body_.empty()) return;
    body_.clear();
    if (body_.capacity() > kKeptBodyBytes) body_.shrink_to_fit();
  }

  const Burden& burden_;
  std::optional<Request> request_;  // that is being parsed
  std::string body_;                // of that request
  std::string kept_;                // input that was not complete
  std::size_t searched_ = 0;        // so much of kept_ holds no end of a head
  bool over_ = false;               // the last reply has been written
};

}  // namespace

std::unique_ptr<Handler> make_http_server(const Burden& burden) {
  return std::make_unique<HttpServer>(burden);
}

}  // namespace collet::apps
