// SPDX-License-Identifier: MIT
// http_responses.h: what a client of the http workload must receive: a stream of responses with
// status 200, each with the body that is due.
//
// Servers repeat themselves. A head that is, byte by byte, the last one that was parsed means the
// same, and is compared instead of parsed: with most servers that is all but one a second, when the
// date changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/workloads/pattern.h"

namespace collet::apps {

// The bodies that must come: pieces of the pattern, or each the same as the first.
class ExpectedBodies {
 public:
  ExpectedBodies() = default;
  ExpectedBodies(std::size_t bytes, PatternCursor pattern) : size_(bytes), pattern_(pattern) {}

  // False: the next body cannot have that many bytes.
  bool has_size(std::uint64_t bytes) const noexcept { return size_ ? bytes == *size_ : true; }

  // The next bytes of a body; its end. False: they are wrong.
  bool match(std::string_view piece);
  bool end() noexcept;

 private:
  std::optional<std::size_t> size_;  // of each, once known
  std::optional<PatternCursor> pattern_;
  std::string first_;
  std::size_t at_ = 0;  // in the body that is coming
};

class HttpResponses {
 public:
  explicit HttpResponses(ExpectedBodies bodies);
  ~HttpResponses();

  // The next bytes of the stream. Adds to `completed` the responses that end in them. False: they
  // are wrong.
  bool take(std::string_view bytes, std::size_t& completed);

  // The last response that was taken said that none follows on its connection.
  bool ended() const noexcept { return ended_; }

 private:
  class Parser;

  bool take_head(std::string_view& bytes, std::size_t& completed);
  bool take_new_head(std::string_view& bytes, std::size_t& completed);
  bool take_body(std::string_view& bytes, std::size_t& completed);
  bool take_chunks(std::string_view& bytes, std::size_t& completed);
  bool complete(std::size_t& completed);
  bool begin_body(std::uint64_t bytes, std::size_t& completed);

  ExpectedBodies bodies_;
  bool closes_ = false;  // the response that is coming is the last
  bool ended_ = false;
  std::uint64_t body_left_ = 0;      // of a body whose length is known
  std::unique_ptr<Parser> chunked_;  // of a body whose length is not
  std::string known_head_;           // the last that was parsed
  std::uint64_t known_length_ = 0;   // of the body that it announced
  std::size_t matched_ = 0;          // so much of the known head has come again
  std::string kept_;                 // what has come of another head, or of a chunk's
};

}  // namespace collet::apps
