// SPDX-License-Identifier: MIT
// workload.h: what a server does for a connection, and what a client does to it and checks. Both
// halves of a workload stand in one file, because each is the other's specification.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <collet/handler.h>

#include "apps/workloads/meter.h"

namespace collet::apps {

// What answering costs a server beside its own work, so that pools have something to be good at.
struct Burden {
  std::chrono::nanoseconds work{0};   // burns CPU (--work)
  std::chrono::nanoseconds block{0};  // sleeps (--block)

  bool weighs() const noexcept { return (work.count() | block.count()) != 0; }
  void bear() const {
    if (weighs()) suffer();
  }

 private:
  void suffer() const;
};

// What one request of a client looks like.
struct RequestShape {
  std::size_t payload_bytes = 0;
  std::size_t pipeline = 1;       // requests a connection keeps unanswered at once
  std::size_t framing_bytes = 0;  // at most so many surround a payload on the wire
};

// Of payload times pipeline.
inline constexpr std::int64_t kMostBytesUnderWay = std::int64_t{1} << 30;

// How collet-load runs a workload unless told otherwise.
struct LoadDefaults {
  std::size_t connections = 0;
  std::size_t payload_bytes = 0;
  bool connection_per_request = false;  // each request is a connection of its own: no pipelining
  std::size_t least_payload_bytes = 1;
  std::size_t framing_bytes = 0;  // at most so many surround a payload on the wire
  bool half_is_timed = false;     // every second connection only makes trouble
  double rate_per_s = 0;          // an open loop, if not 0
  bool mostly_idle = false;       // what counts is what a connection costs that does nothing
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual std::string_view summary() const noexcept = 0;
  virtual LoadDefaults load_defaults() const noexcept = 0;

  // The server's half: a handler for one connection. `burden` outlives it.
  virtual std::unique_ptr<Handler> make_server(const Burden& burden) const = 0;

  // The client's half: a handler for one connection, made when connecting begins. It sends
  // requests as the meter allows, checks every byte of every reply, and closes when the meter
  // allows no more. `meter` outlives it and is of the loop it will run on.
  virtual std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const = 0;
};

// The workloads that come with collet, and the one of that name; the error is a sentence for
// whoever typed --workload, in which `others` are named too: ", mine".
std::span<const Workload* const> workloads() noexcept;
absl::StatusOr<const Workload*> find_workload(std::string_view name, std::string_view others = {});
std::string workload_names();  // "echo, greet, ..."

}  // namespace collet::apps
