// SPDX-License-Identifier: MIT
// http.cc: HTTP/1.1 that a foreign client or server understands too: GET /plaintext and /json, POST
// /echo. A request is a request.
#include "apps/workloads/http.h"

namespace collet::apps {
namespace {

class Http final : public Workload {
 public:
  std::string_view name() const noexcept override { return "http"; }
  std::string_view summary() const noexcept override {
    return "HTTP/1.1: GET /plaintext and /json, POST /echo; the client GETs /plaintext, or POSTs "
           "its payload";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 64,
            .payload_bytes = 0,
            .connection_per_request = false,
            .least_payload_bytes = 0,
            .framing_bytes = 128};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return make_http_server(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return make_http_client(shape, meter);
  }
};

}  // namespace

const Workload& http_workload() {
  static const Http http;
  return http;
}

}  // namespace collet::apps
