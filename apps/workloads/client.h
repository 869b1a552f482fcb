// SPDX-License-Identifier: MIT
// client.h: what the client halves of all workloads have in common: how a connection ends well or
// badly, and that it is reported once.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <collet/handler.h>

#include "apps/workloads/meter.h"

namespace collet::apps {

class Client : public Handler {
 public:
  // In an open loop it may be long before the first request is due.
  void on_open(Output& out) final {
    opened_ = true;
    begin(out);
    if (meter_.open_loop()) settle();
  }

  void on_data(std::span<const std::byte> bytes, Output& out) final {
    if (failure_ != Failure::none || take(bytes, out)) return;
    failure_ = Failure::wrong_bytes;
    out.close();
  }

  void on_end(Output& out) final {
    if (failure_ == Failure::none && unanswered() != 0) failure_ = Failure::closed_early;
    out.close();
  }

  void on_close(CloseReason reason, int error) noexcept final {
    const std::size_t left = unanswered();
    if (failure_ == Failure::none && left != 0) failure_ = failure_of(reason, error);
    const bool in_vain = opened_ && left != 0 && !meter_.is_patient();
    if (failure_ == Failure::none && in_vain) failure_ = Failure::timeout;
    ended();
    if (!settled_) meter_.settled(false);
    meter_.closed(failure_, error, left);
  }

 protected:
  explicit Client(Meter& meter) noexcept : meter_(meter) {}

  Meter& meter() noexcept { return meter_; }
  bool has_opened() const noexcept { return opened_; }

  void answered(const Begun& request, Meter::Nanoseconds at, std::size_t request_bytes) {
    meter_.answered(request, at, request_bytes);
    if (!settled_) settle();
  }

  // The connection is as far as the load needs it to be.
  void settle() {
    if (!std::exchange(settled_, true)) meter_.settled(true);
  }

 private:
  // The connection is up: send what the meter allows.
  virtual void begin(Output& out) = 0;

  // Checks bytes from the server. False: they are wrong.
  virtual bool take(std::span<const std::byte> bytes, Output& out) = 0;

  // Requests begun and not answered; before the connection is up, at least 1.
  virtual std::size_t unanswered() const noexcept = 0;

  // The connection has gone.
  virtual void ended() noexcept {}

  Meter& meter_;
  Failure failure_ = Failure::none;
  bool opened_ = false;
  bool settled_ = false;
};

}  // namespace collet::apps
