// SPDX-License-Identifier: MIT
// http_responses.cc: comparing where that will do, and Boost.Beast's parser where it will not.
#include "apps/workloads/http_responses.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

namespace collet::apps {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kMostHeadBytes = 16 * 1024;
constexpr std::size_t kMostFirstBytes = 64 * 1024 * 1024;  // of a body that is to be remembered

// What can be left of a chunked body at least: Beast asserts that it is shown so much of the end.
constexpr std::size_t kLeastChunkedBytes = 5;

constexpr std::string_view kEndOfHead = "\r\n\r\n";

}  // namespace

// -- Bodies --------------------------------------------------------------------------------------

bool ExpectedBodies::has_size(std::uint64_t bytes) const noexcept {
  if (pattern_) return bytes == size_;
  return first_->empty() ? bytes != 0 : bytes == first_->size();
}

bool ExpectedBodies::match(std::string_view piece) {
  const std::size_t at = at_;
  at_ += piece.size();
  if (pattern_) return at_ <= size_ && pattern_->match(std::as_bytes(std::span(piece)));
  if (at == 0) may_be_first_ = first_->empty();
  if (may_be_first_) {
    kept_.append(piece);
    return at_ <= kMostFirstBytes;
  }
  return at_ <= first_->size() && std::memcmp(first_->data() + at, piece.data(), piece.size()) == 0;
}

bool ExpectedBodies::end() noexcept {
  const std::size_t size = std::exchange(at_, 0);
  if (pattern_) return size == size_;
  if (size == 0) return false;
  if (!may_be_first_) return size == first_->size();
  std::string body = std::exchange(kept_, {});
  if (!first_->empty()) return body == *first_;  // another connection's came in full before
  first_->swap(body);
  return true;
}

// -- Responses -----------------------------------------------------------------------------------

// Of one response: its head, and its body if that comes in chunks.
class HttpResponses::Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(ExpectedBodies& bodies) : bodies_(bodies) {
    header_limit(kMostHeadBytes);
    body_limit(boost::none);
  }

  // Returns how much of the text it is done with; nothing if that is wrong.
  std::optional<std::size_t> parse(std::string_view text) {
    error_code error;
    const auto used = put(boost::asio::const_buffer(text.data(), text.size()), error);
    if (error && error != http::error::need_more) return std::nullopt;
    return used;
  }

 private:
  using string_view = boost::beast::string_view;

  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code& error) override {
    if (code != 200) error = http::error::bad_status;
  }
  void on_field_impl(http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& error) override {
    if (!bodies_.match(piece)) error = http::error::bad_value;
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  ExpectedBodies& bodies_;
};

HttpResponses::HttpResponses(ExpectedBodies bodies) : bodies_(std::move(bodies)) {}
HttpResponses::~HttpResponses() = default;

bool HttpResponses::take(std::string_view bytes, std::size_t& completed) {
  while (!bytes.empty()) {
    const bool right = body_left_ != 0       ? take_body(bytes, completed)
                       : chunked_ != nullptr ? take_chunks(bytes, completed)
                                             : take_head(bytes, completed);
    if (!right) return false;
  }
  return true;
}

bool HttpResponses::take_head(std::string_view& bytes, std::size_t& completed) {
  if (!kept_.empty()) return take_new_head(bytes, completed);
  const std::size_t size = std::min(known_head_.size() - matched_, bytes.size());
  if (size == 0 || std::memcmp(known_head_.data() + matched_, bytes.data(), size) != 0) {
    kept_.assign(known_head_, 0, matched_);
    matched_ = 0;
    return take_new_head(bytes, completed);
  }
  bytes.remove_prefix(size);
  matched_ += size;
  if (matched_ != known_head_.size()) return true;
  matched_ = 0;
  return begin_body(known_length_, completed);
}

bool HttpResponses::take_new_head(std::string_view& bytes, std::size_t& completed) {
  const std::size_t before = kept_.size();
  kept_.append(bytes.substr(0, kMostHeadBytes));
  const std::size_t end = kept_.find(kEndOfHead, before - std::min<std::size_t>(before, 3));
  if (end == kept_.npos) {
    bytes.remove_prefix(kept_.size() - before);
    return kept_.size() < kMostHeadBytes;
  }
  kept_.resize(end + kEndOfHead.size());
  bytes.remove_prefix(kept_.size() - before);

  auto parser = std::make_unique<Parser>(bodies_);
  if (parser->parse(kept_) != kept_.size() || !parser->is_header_done()) return false;
  closes_ = !parser->keep_alive();
  if (parser->chunked()) {
    kept_.clear();
    chunked_ = std::move(parser);
    return true;
  }
  if (parser->need_eof()) return false;  // nothing could follow on this connection
  known_head_.swap(kept_);
  known_length_ = parser->content_length().value_or(0);
  kept_.clear();
  return begin_body(known_length_, completed);
}

bool HttpResponses::complete(std::size_t& completed) {
  if (!bodies_.end() || ended_) return false;
  ended_ = closes_;
  ++completed;
  return true;
}

bool HttpResponses::begin_body(std::uint64_t bytes, std::size_t& completed) {
  if (!bodies_.has_size(bytes)) return false;
  body_left_ = bytes;
  if (bytes != 0) return true;
  return complete(completed);
}

bool HttpResponses::take_body(std::string_view& bytes, std::size_t& completed) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
  if (!bodies_.match(bytes.substr(0, size))) return false;
  bytes.remove_prefix(size);
  body_left_ -= size;
  if (body_left_ != 0) return true;
  return complete(completed);
}

// A chunk's head that is not complete is kept; so are the few bytes that may be the end.
bool HttpResponses::take_chunks(std::string_view& bytes, std::size_t& completed) {
  const std::size_t before = kept_.size();
  if (before != 0) kept_.append(bytes.substr(0, kMostHeadBytes));
  const std::string_view input = before != 0 ? std::string_view(kept_) : bytes;
  std::size_t used = 0;
  while (input.size() - used >= kLeastChunkedBytes && !chunked_->is_done()) {
    const auto taken = chunked_->parse(input.substr(used));
    if (!taken) return false;
    if (*taken == 0) break;
    used += *taken;
  }
  const bool done = chunked_->is_done();
  if (!done && input.size() - used > kMostHeadBytes) return false;
  if (!done && before == 0) kept_.assign(input.substr(used));
  const std::size_t seen = done ? used - before : input.size() - before;
  bytes.remove_prefix(seen);
  if (before != 0) kept_.erase(0, used);
  if (!done) return true;
  kept_.clear();
  chunked_.reset();
  return complete(completed);
}

}  // namespace collet::apps
