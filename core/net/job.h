// SPDX-License-Identifier: MIT
// job.h: one call of a connection's handler, with what goes in and what comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <collet/handler.h>
#include <collet/lease.h>

namespace collet {

class Connection;

// Made and read on the loop; run there or on a worker. Used again and again: its output buffer
// keeps its memory, so that a reply allocates nothing.
struct Job {
  enum class Kind : std::uint8_t { open, data, wake, end };

  void prepare(Kind what, Connection& owner, Handler& serving, Lease&& input) noexcept {
    kind = what;
    connection = &owner;
    handler = &serving;
    lease = std::move(input);
  }

  void run() noexcept { run(kind, *handler, lease.bytes()); }

  void run(Kind what, Handler& serving, std::span<const std::byte> input) noexcept {
    output.input_ = input;
    try {
      switch (what) {
        case Kind::data:
          return serving.on_data(input, output);
        case Kind::open:
          return serving.on_open(output);
        case Kind::wake:
          return serving.on_wake(output);
        case Kind::end:
          return serving.on_end(output);
      }
    } catch (...) {
      output.end_ = Output::End::threw;
    }
  }

  // Ready for the next use.
  void reset() noexcept {
    lease.release();
    reset_output();
  }
  void reset_output() noexcept {
    output.borrowed_ = {};
    if (!output.own_.empty()) forget_own_bytes();
    output.requests_ = 0;
    output.end_ = Output::End::none;
  }

  bool threw() const noexcept { return output.end_ == Output::End::threw; }
  std::size_t input_bytes() const noexcept { return lease.bytes().size(); }

  // A buffer larger than this is freed after use.
  static constexpr std::size_t kKeptBytes = 64 * 1024;

  Kind kind = Kind::data;
  Job* next = nullptr;       // of the same connection, to be run after this one
  Job* next_done = nullptr;  // of another connection: see Dispatch
  Connection* connection = nullptr;
  Handler* handler = nullptr;
  Lease lease;
  Output output;

 private:
  void forget_own_bytes() noexcept {
    output.own_.clear();
    if (output.own_.capacity() > kKeptBytes) output.own_ = {};
  }
};

}  // namespace collet
