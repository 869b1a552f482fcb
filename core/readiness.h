// SPDX-License-Identifier: MIT
// readiness.h: the Proactor that waits with a Poller. Operations are in readiness_proactor.cc, what
// run() does about events in readiness_run.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <collet/readiness_proactor.h>

#include "core/lease_slabs.h"
#include "core/slab.h"

namespace collet {

class ReadinessProactor final : public Proactor {
 public:
  ReadinessProactor(std::unique_ptr<Poller> poller, const ReadinessLimits& limits)
      : poller_(std::move(poller)),
        limits_(limits),
        events_(limits.events),
        leases_(limits.slab_bytes, limits.receive_bytes, limits.slabs,
                [this] { poller_->wake(); }) {}
  ~ReadinessProactor() override;

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override;
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override;
  Opened adopt(int socket, Token token) noexcept override;
  Opened watch(int fd, Interest interest, Token token) noexcept override;
  int bind(Handle handle, Token token) noexcept override;
  int start(Handle handle) noexcept override;
  int stop(Handle handle) noexcept override;
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override;
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override;
  int shutdown(Handle handle) noexcept override;
  int close(Handle handle, bool reset) noexcept override;
  int release(Handle handle) noexcept override;
  Endpoint endpoint(Handle handle, Side side) noexcept override;
  Counters counters() const noexcept override { return counters_; }
  std::chrono::nanoseconds now() noexcept override;
  // Every event's way: what it usually calls becomes one function, whose registers are saved once
  // for all events of a pass.
  [[gnu::flatten]] bool run(std::chrono::nanoseconds deadline,
                            CompletionSink& sink) noexcept override;
  void wake() noexcept override { poller_->wake(); }

 private:
  enum class Kind : std::uint8_t { none, listener, connecting, stream, watch };
  // Between start() and its last completion a handle is producing, or starved: readable, but with
  // no lease left to receive into.
  enum class Flow : std::uint8_t { idle, producing, starved };

  // One cache line for everything a handle names.
  class alignas(64) Slot {
   public:
    Slot() = default;
    Slot(Kind kind, int descriptor, std::uint32_t generation, Token whose) noexcept
        : fd(descriptor), token(whose), generation_(generation), kind_(kind) {
      note_state();
    }

    // Of what does the usual, one comparison tells that it is there and in the state for it.
    bool receives(std::uint32_t generation) const noexcept { return receives_ == generation; }
    bool sends_now(std::uint32_t generation) const noexcept { return sends_now_ == generation; }

    std::uint32_t generation() const noexcept { return generation_; }
    Kind kind() const noexcept { return kind_; }
    Flow flow() const noexcept { return flow_; }
    bool sending() const noexcept { return sending_; }

    void set_kind(Kind kind) noexcept {
      kind_ = kind;
      note_state();
    }
    void set_flow(Flow flow) noexcept {
      flow_ = flow;
      note_state();
    }
    void set_sending(bool sending) noexcept {
      sending_ = sending;
      note_state();
    }
    // Its handle names nothing from now on.
    void end_generation() noexcept {
      generation_ = generation_ == 0xffffffffU ? 2 : generation_ + 1;
      set_kind(Kind::none);
    }

    int fd = -1;
    int send_error = 0;  // from send_now(), for the next send()
    Token token{};
    std::size_t sent = 0;
    std::span<const std::byte> unsent{};
    bool registered = false;  // known to the Poller, with the interest `armed`
    bool ending = false;      // stop() was called; that last completion is queued
    bool refusing = false;    // a listener shut down: its Unix path may by now be another's
    Interest armed : 8 = Interest::none;
    Interest watched : 8 = Interest::read;  // what start() arms: not only read for a watch

   private:
    void note_state() noexcept {
      const std::uint32_t stream = kind_ == Kind::stream ? generation_ : kNobody;
      receives_ = flow_ == Flow::producing ? stream : kNobody;
      sends_now_ = sending_ ? kNobody : stream;
    }

    static constexpr std::uint32_t kNobody = 0;  // no generation

    std::uint32_t generation_ = 2;
    std::uint32_t receives_ = kNobody;
    std::uint32_t sends_now_ = kNobody;
    Kind kind_ = Kind::none;
    Flow flow_ = Flow::idle;
    bool sending_ = false;
  };
  static_assert(sizeof(Slot) == 64);

  static constexpr std::uint64_t kIndexMask = 0xffffffffU;

  Slot* find(Handle handle) noexcept;
  Opened open(Kind kind, int fd, Token token);
  Handle handle_of(std::uint32_t index) noexcept { return {index, slots_[index].generation()}; }

  enum class Arm : std::uint8_t { at_least, exactly };
  int arm(std::uint32_t index, Arm how) noexcept;
  void disarm(Slot& slot) noexcept;

  void queue(Operation operation, std::uint32_t index, int error);
  [[gnu::noinline]] void deliver_queued(CompletionSink& sink);
  void handle_event(const Event& event, CompletionSink& sink);
  [[gnu::noinline]] void handle_other_event(Handle handle, Readiness ready, CompletionSink& sink);
  void ignore(Handle handle, Readiness ready) noexcept;
  void accept_some(std::uint32_t index, CompletionSink& sink);
  void receive_some_bytes(std::uint32_t index, CompletionSink& sink);
  void send_more(std::uint32_t index, CompletionSink& sink);
  void finish_connect(std::uint32_t index, CompletionSink& sink);
  void report_readiness(std::uint32_t index, CompletionSink& sink);
  [[gnu::cold]] void end_producing(std::uint32_t index, int error, CompletionSink& sink);
  [[gnu::cold]] void starve(std::uint32_t index);
  [[gnu::noinline]] void feed_starved();
  void arm_or_end(std::uint32_t index);
  std::chrono::nanoseconds timeout_until(std::chrono::nanoseconds deadline) noexcept;

  struct Queued {
    Completion completion;
    std::uint32_t index;
  };

  std::unique_ptr<Poller> poller_;
  ReadinessLimits limits_;
  std::vector<Event> events_;
  Slab<Slot> slots_;
  std::vector<Queued> queued_;      // completions of operations that ended without waiting
  std::vector<Queued> delivering_;  // the batch being handed over: kept to reuse its memory
  std::vector<Handle> starved_;
  Counters counters_;
  bool at_bound_ = false;
  Completion received_{.operation = Operation::receive};  // of which little changes
  LeaseSlabs leases_;                                     // last: its return wakes the Poller
};

}  // namespace collet
