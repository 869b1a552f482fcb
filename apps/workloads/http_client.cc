// SPDX-License-Identifier: MIT
// http_client.cc: the http workload's client: keeps requests under way on its connection, GETs of
// /plaintext or, if there is a payload, POSTs of that to /echo.
#include <memory>
#include <string>
#include <string_view>

#include <absl/strings/str_format.h>

#include "apps/workloads/http.h"
#include "apps/workloads/http_responses.h"
#include "apps/workloads/pattern.h"
#include "apps/workloads/pipelined_client.h"

namespace collet::apps {
namespace {

std::string head_of(std::size_t payload_bytes) {
  if (payload_bytes == 0) return "GET /plaintext HTTP/1.1\r\nHost: collet\r\n\r\n";
  return absl::StrFormat("POST /echo HTTP/1.1\r\nHost: collet\r\nContent-Length: %d\r\n\r\n",
                         payload_bytes);
}

ExpectedBodies bodies_for(std::size_t payload_bytes, PatternCursor start, Meter& meter) {
  if (payload_bytes == 0) return ExpectedBodies(meter.common_reply());
  return {payload_bytes, start};
}

class HttpClient final : public PipelinedClient {
 public:
  HttpClient(const RequestShape& shape, Meter& meter)
      : HttpClient(shape, meter, PatternCursor(meter.take_serial())) {}

 private:
  HttpClient(const RequestShape& shape, Meter& meter, PatternCursor start)
      : PipelinedClient(shape, meter),
        payload_bytes_(shape.payload_bytes),
        head_(head_of(shape.payload_bytes)),
        next_(start),
        responses_(bodies_for(shape.payload_bytes, start, meter)) {}

  void write_requests(std::size_t count, Output& out) override {
    for (std::size_t i = 0; i < count; ++i) {
      out.write(head_);
      next_.write(payload_bytes_, out);
    }
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::size_t completed = 0;
    const bool right = unanswered() != 0 && responses_.take(text, completed);
    if (completed > unanswered()) return false;
    if (responses_.ended()) {
      take_last_replies(completed, payload_bytes_, out);
    } else if (completed != 0) {
      take_replies(completed, payload_bytes_, out);
    }
    return right;
  }

  std::size_t payload_bytes_;
  std::string head_;    // of every request
  PatternCursor next_;  // what is sent next
  HttpResponses responses_;
};

}  // namespace

std::unique_ptr<Handler> make_http_client(const RequestShape& shape, Meter& meter) {
  return std::make_unique<HttpClient>(shape, meter);
}

}  // namespace collet::apps
