// SPDX-License-Identifier: MIT
// one_request_client.h: a client whose connection is its one request: how long connecting, the
// answer and closing took.
#pragma once

#include <cstddef>

#include "apps/workloads/client.h"

namespace collet::apps {

// The workload derives: it writes the request when the connection is up, and checks the answer.
class OneRequestClient : public Client {
 protected:
  explicit OneRequestClient(Meter& meter) : Client(meter), begun_(meter.take_connection()) {}

  // The answer came at `at`, rightly and in full.
  void finish(Meter::Nanoseconds at, std::size_t request_bytes, Output& out) {
    answered_at_ = at;
    answered(begun_, at, request_bytes);
    out.close();
  }

  // 1 until the answer has come in full.
  std::size_t unanswered() const noexcept override = 0;

 private:
  virtual void write_request(Output& out) = 0;

  void begin(Output& out) final {
    meter().connected(begun_.sent, meter().now());
    write_request(out);
  }

  void ended() noexcept final {
    const Meter::Nanoseconds now = meter().now();
    if (unanswered() == 0) {
      meter().disconnected(answered_at_, now);
    } else {
      meter().unfinished(begun_.due, now);
    }
  }

  Begun begun_;
  Meter::Nanoseconds answered_at_{0};
};

}  // namespace collet::apps
