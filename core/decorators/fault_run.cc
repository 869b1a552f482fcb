// SPDX-License-Identifier: MIT
// fault_run.cc: what becomes of completions on their way to the user.
#include <algorithm>
#include <cerrno>

#include "core/decorators/fault_proactor.h"
#include "core/decorators/lease_pieces.h"

namespace collet {

using std::chrono::nanoseconds;

bool FaultProactor::run(nanoseconds deadline, CompletionSink& sink) noexcept {
  sink_ = &sink;
  const bool handed_over = hand_over_held();
  const bool more = handed_over || !waiting_.empty();
  const bool complete = inner_->run(more ? nanoseconds::min() : deadline, *this);
  sink_ = nullptr;
  return complete && waiting_.empty();
}

// -- From the inner Proactor ---------------------------------------------------------------------

void FaultProactor::complete(Completion& completion) noexcept {
  const Id id{static_cast<std::uint64_t>(completion.token)};
  Record* record = find(id);
  if (record == nullptr || is_taken_note_of(*record, completion)) return;
  const bool is_end = completion.last;
  const Operation operation = completion.operation;
  if (operation == Operation::accept && !is_end && dice_.chance(odds_.emfile)) {
    return pause_accepting(id, completion);
  }
  if (operation == Operation::receive && !is_end) {
    if (dice_.chance(odds_.reset)) return break_stream(*record);
    const bool can_be_cut = completion.lease.bytes().size() > 1;
    if (can_be_cut && dice_.chance(odds_.short_read)) return cut_up(id, completion);
  }
  pass_on(id, completion);
}

// What the user is not to hear of, or only in other words.
bool FaultProactor::is_taken_note_of(Record& record, Completion& completion) {
  const Operation operation = completion.operation;
  if (record.broken) {
    if (!completion.last) return true;  // of a moment before the reset
    if (operation == Operation::close && !record.closing) return record.inner_closed = true;
    if (completion.error == ECANCELED) completion.error = ECONNRESET;
  }
  if (!record.pausing || operation != Operation::accept) return false;
  if (completion.last) {
    record.pausing = false;
  } else if (record.closing) {
    inner_->close(completion.accepted, false);
  } else {
    record.queue.push_back(completion.accepted);
  }
  if (!record.resuming) return true;
  const Id id{static_cast<std::uint64_t>(completion.token)};
  release_queue(id);
  if (record.pausing) return true;
  record.resuming = false;
  const int error = inner_->start(record.handle);
  if (error != 0) hold_end(id, Operation::accept, error);
  return true;
}

void FaultProactor::pass_on(Id id, Completion& completion) {
  const bool is_late = completion.operation == Operation::receive && dice_.chance(odds_.eagain);
  const std::size_t runs = dice_.chance(odds_.delay) ? 1 + dice_.below(3) : is_late ? 1 : 0;
  if (runs == 0 && find(id)->held.empty()) return hand_over(id, completion);
  hold(id, std::move(completion), runs);
}

// -- To the user ---------------------------------------------------------------------------------

void FaultProactor::hold(Id id, Completion&& completion, std::size_t runs) {
  Record& record = *find(id);
  if (record.held.empty()) {
    waiting_.push_back(id);
    record.rest = std::max<std::size_t>(runs, 1);
  }
  record.held.push_back(std::move(completion));
}

void FaultProactor::hold_end(Id id, Operation operation, int error) {
  hold(id, {.operation = operation, .last = true, .error = error}, 1);
}

// True if there was something.
bool FaultProactor::hand_over_held() {
  std::vector<Id> waiting;
  waiting.swap(waiting_);
  bool any = false;
  for (const Id id : waiting) {
    Record* record = find(id);
    if (record == nullptr || record->held.empty()) continue;  // closed meanwhile
    if (--record->rest > 0) {
      waiting_.push_back(id);
      continue;
    }
    // What the user begins meanwhile and ends at once waits for the next run.
    std::deque<Completion> due;
    due.swap(record->held);
    for (Completion& completion : due) {
      record = find(id);
      if (record->closing && !completion.last) {
        if (completion.accepted) inner_->close(completion.accepted, false);
        continue;
      }
      hand_over(id, completion);
      any = true;
    }
  }
  return any;
}

void FaultProactor::hand_over(Id id, Completion& completion) {
  Record& record = *find(id);
  completion.token = record.token;
  if (completion.operation == Operation::connect) {
    record.connecting = false;
  } else if (completion.operation == Operation::send) {
    record.sending = false;
  } else if (completion.operation == Operation::close) {
    records_.erase(id);
  } else if (completion.last) {
    record.producing = false;
  } else if (completion.accepted) {
    const Id accepted = remember(completion.accepted, Operation::receive, Token{});
    inner_->bind(completion.accepted, Token{accepted});
  }
  sink_->complete(completion);
}

// At close(): ends are still told, what comes before them no more.
void FaultProactor::drop_held(Record& record) {
  for (Completion& completion : record.held) {
    if (completion.accepted) inner_->close(completion.accepted, false);
  }
  std::erase_if(record.held, [](const Completion& completion) { return !completion.last; });
  if (record.held.empty()) std::erase(waiting_, id_of(record));
  for (const Handle accepted : record.queue) inner_->close(accepted, false);
  record.queue.clear();
}

// -- Faults --------------------------------------------------------------------------------------

void FaultProactor::cut_up(Id id, Completion& completion) {
  const std::size_t size = completion.lease.bytes().size();
  const std::size_t cut = 1 + dice_.below(size - 1);
  // The inner Proactor's own completion stays without a lease, as if the user had taken it.
  LeasePieces& pieces = LeasePieces::of(std::move(completion.lease), 2);
  Completion first{.operation = Operation::receive, .lease = pieces.piece(0, cut)};
  Completion rest{.operation = Operation::receive,
                  .emptied = completion.emptied,
                  .lease = pieces.piece(cut, size - cut)};
  const bool is_next = find(id)->held.empty();
  if (!is_next) hold(id, std::move(first), 1);
  // Before the user, who may close the stream, has seen the first piece.
  hold(id, std::move(rest), 1);
  if (is_next) hand_over(id, first);
}

// As if there had been no descriptor for this one: it waits as in the accept queue.
void FaultProactor::pause_accepting(Id id, Completion& completion) {
  Record& record = *find(id);
  record.queue.push_back(completion.accepted);
  record.pausing = true;
  inner_->stop(record.handle);
  Completion end{.operation = Operation::accept, .last = true, .error = EMFILE};
  pass_on(id, end);
}

void FaultProactor::release_queue(Id id) {
  for (const Handle accepted : std::exchange(find(id)->queue, {})) {
    hold(id, {.operation = Operation::accept, .accepted = accepted}, 1);
  }
}

}  // namespace collet
