// SPDX-License-Identifier: MIT
// http_reply.h: the replies of the http workload's server, each written at once. Those to GET are
// made when this is compiled; of them only the date changes, once a second in each thread.
#pragma once

#include <cstdint>
#include <string_view>

#include <collet/handler.h>

namespace collet::apps {

// What a reply says of the connection's future.
enum class Persistence : std::uint8_t {
  implied,  // nothing: it goes on, as HTTP/1.1 has it
  stated,   // that it goes on, to an HTTP/1.0 client that asked
  over,     // that this is the last reply
};

enum class Page : std::uint8_t { plaintext, json };

// Why there is no page.
enum class Refusal : std::uint8_t {
  bad_request,
  not_found,
  method_not_allowed,
  content_too_large,
  uri_too_long,
  header_too_large,
  not_implemented,
};

// Without its body, a reply still says how long that is: for HEAD.
void write_page(Page page, Persistence persistence, bool with_body, Output& out);
void write_bytes(std::string_view body, Persistence persistence, Output& out);
void write_continue(Output& out);

// `allow`: the methods that would do, or empty.
void write_refusal(Refusal refusal, std::string_view allow, Persistence persistence, bool with_body,
                   Output& out);

}  // namespace collet::apps
