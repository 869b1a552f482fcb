// SPDX-License-Identifier: MIT
// fault_proactor.h: a Proactor between another one and its user, which holds completions back, cuts
// them up and breaks streams, and keeps R1 to R9 all the same.
//
// It has a record of every handle. To the inner Proactor it gives tokens of its own, so that a
// completion finds the record, and the user's token of the moment is put in as it is handed over.
// What is held back queues up in the record: nothing of one handle overtakes anything else of it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <collet/decorator.h>

#include "core/decorators/dice.h"

namespace collet {

class FaultProactor final : public Proactor, private CompletionSink {
 public:
  FaultProactor(std::unique_ptr<Proactor> inner, const Wrapping& how);

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
  Counters counters() const noexcept override { return inner_->counters(); }
  std::chrono::nanoseconds now() noexcept override { return inner_->now(); }
  bool run(std::chrono::nanoseconds deadline, CompletionSink& sink) noexcept override;
  void wake() noexcept override;

 private:
  // The odds, in parts per million.
  struct Odds {
    std::int64_t short_read, short_write, eagain, delay, emfile, reset, drop_wake;
  };

  // What the user knows of a handle, which may lag behind what the inner Proactor knows.
  struct Record {
    Handle handle;
    Token token{};  // the user's
    Operation produces = Operation::receive;
    bool connecting = false;
    bool producing = false;  // started, and the last completion not yet handed over
    bool sending = false;    // likewise
    bool closing = false;
    std::deque<Completion> held{};  // back from the user, oldest first
    std::size_t rest = 0;           // run()s until they are handed over

    // A listener after EMFILE: what it had accepted by then waits for the next start.
    std::vector<Handle> queue{};
    bool pausing = false;   // the inner listener's end is still to come, and is nobody's business
    bool resuming = false;  // and then it starts again

    // A stream after a reset: the inner one is closed, and this stands for it.
    bool broken = false;
    bool inner_closed = false;
    Endpoint local{};
    Endpoint peer{};
  };
  using Id = std::uint64_t;  // the inner Proactor's token

  static std::uint64_t key(Handle handle) noexcept {
    return std::uint64_t{handle.generation} << 32 | handle.index;
  }
  Record* find(Handle handle) noexcept;
  Record* find(Id id) noexcept;
  template <typename Open>
  Opened open(Operation produces, Token token, Open&& call);
  Id remember(Handle handle, Operation produces, Token token);
  Id id_of(const Record& record) const { return ids_.at(key(record.handle)); }

  void complete(Completion& completion) noexcept override;
  bool is_taken_note_of(Record& record, Completion& completion);
  void pass_on(Id id, Completion& completion);
  void hold(Id id, Completion&& completion, std::size_t runs);
  void hold_end(Id id, Operation operation, int error);
  bool hand_over_held();
  void hand_over(Id id, Completion& completion);
  void drop_held(Record& record);

  void cut_up(Id id, Completion& completion);
  void pause_accepting(Id id, Completion& completion);
  void release_queue(Id id);
  void break_stream(Record& record);

  const std::unique_ptr<Proactor> inner_;
  const Odds odds_;
  Dice dice_;
  CompletionSink* sink_ = nullptr;  // inside run()
  Id last_id_ = 0;
  std::unordered_map<Id, Record> records_;
  std::unordered_map<std::uint64_t, Id> ids_;  // by the key of the handle, until it is closed
  std::vector<Id> waiting_;                    // records that hold something
};

}  // namespace collet
