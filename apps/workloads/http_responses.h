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
  // `first` is what the first body was on any of the connections that share it: empty until it has
  // come, for a body that says nothing is wrong.
  explicit ExpectedBodies(std::string& first) : first_(&first) {}
  ExpectedBodies(std::size_t bytes, PatternCursor pattern) : size_(bytes), pattern_(pattern) {}

  // False: the next body cannot have that many bytes.
  bool has_size(std::uint64_t bytes) const noexcept;

  // The next bytes of a body; its end. False: they are wrong.
  bool match(std::string_view piece);
  bool end() noexcept;

 private:
  std::size_t size_ = 0;  // of each of the pattern
  std::optional<PatternCursor> pattern_;
  std::string* first_ = nullptr;  // where there is no pattern
  bool may_be_first_ = false;     // the body that is coming began when none had come in full
  std::string kept_;              // such a one
  std::size_t at_ = 0;            // in the body that is coming
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
