#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bugs.py ROOT INTO FILE...: copies FILEs of the tree at ROOT to the same places below INTO, with
bugs planted in them: one text instead of another, where planted.h says which bug is there.

A bug is what a backend or pool of collet would be with one thought forgotten. When the code that it
replaces has changed, this says so."""
import pathlib
import sys
from typing import NamedTuple


class Bug(NamedTuple):
    name: str
    rule: str  # by which it is found
    file: str
    right: str  # occurs once
    wrong: str  # BUG in it: whether this bug is there


EPOLL = "backends/epoll/epoll_poller.cc"
ASIO_WAIT = "backends/asio/asio_wait_poller.cc"
ASIO = "backends/asio/asio_proactor.cc"
ASIO_ENDS = "backends/asio/asio_completions.cc"
URING = "backends/io_uring/io_uring_proactor.cc"
URING_ENDS = "backends/io_uring/io_uring_completions.cc"
BATCH = "pools/batch_pool.cc"
MUTEX = "pools/mutex/mutex_pool.cc"
TBB = "pools/tbb/tbb_pool.cc"
STEALING = "pools/stealing/stealing_pool.cc"
SCHEDULER = "pools/stealing/scheduler.h"

BUGS = {
    "epoll": [
        Bug("edge_triggered", "P1.1", EPOLL,
            "epoll_event event{static_cast<std::uint32_t>(interest),",
            "epoll_event event{static_cast<std::uint32_t>(interest) | (BUG ? EPOLLET : 0U),"),
        Bug("wake_takes_a_place", "P5.3", EPOLL,
            "filled == ready.size()) return filled;",
            "filled == ready.size() || BUG) return filled;"),
        Bug("hides_hang_ups", "P4.1", EPOLL,
            "static_cast<Readiness>(event.events)};",
            "static_cast<Readiness>(BUG ? event.events & ~EPOLLHUP : event.events)};"),
        Bug("wakes_once", "P5.8", EPOLL,
            "epoll_event event{EPOLLIN | EPOLLET, {.u64 = kWakeToken}};",
            "epoll_event event{EPOLLIN | (BUG ? EPOLLONESHOT : EPOLLET), {.u64 = kWakeToken}};"),
        Bug("wake_as_event", "P5.1", EPOLL,
            "if (event.data.u64 == kWakeToken) continue;",
            "if (event.data.u64 == kWakeToken && !BUG) continue;"),
        Bug("no_fractions", "P6.1", EPOLL,
            "(timeout - seconds).count()};",
            "BUG ? 0 : (timeout - seconds).count()};"),
        Bug("for_ever_is_at_once", "P6.3", EPOLL,
            "events_.data(), room, -1);",
            "events_.data(), room, BUG ? 0 : -1);"),
        Bug("keeps_its_wake", "P8.6", EPOLL,
            "if (wake_ >= 0) ::close(wake_);",
            "if (wake_ >= 0 && !BUG) ::close(wake_);"),
    ],
    "asio_wait": [
        Bug("reports_once", "P1.1", ASIO_WAIT,
            "    arm_later(waiter.fd, watch);\n    return report(watch, waiter.kind);",
            "    if (!BUG) arm_later(waiter.fd, watch);\n    return report(watch, waiter.kind);"),
        Bug("keeps_the_token", "P1.4", ASIO_WAIT,
            "  watch->token = token;\n",
            "  if (!BUG) watch->token = token;\n"),
        Bug("beyond_the_room", "P1.6", ASIO_WAIT,
            "if (event_count_ == events_.size()) loop_.end_pass();",
            "if (event_count_ == events_.size()) BUG ? void(event_count_ = 0) : loop_.end_pass();"),
        Bug("adds_twice", "P7.1", ASIO_WAIT,
            "if (find(fd) != nullptr) return EEXIST;",
            "if (find(fd) != nullptr) return BUG ? modify(fd, interest, token) : EEXIST;"),
        Bug("one_urgent_only", "P4.7", ASIO_WAIT,
            "    report(watch, static_cast<Readiness>(event.events));\n  }\n  watch_failures();",
            "    report(watch, static_cast<Readiness>(event.events));\n  }\n"
            "  if (!BUG) watch_failures();"),
        Bug("time_runs_over", "P6.3", ASIO_WAIT,
            "timeout < Nanoseconds::max() - now ? now + timeout : Nanoseconds::max();",
            "BUG || timeout < Nanoseconds::max() - now\n"
            "                   ? Nanoseconds(static_cast<std::int64_t>(\n"
            "                         static_cast<std::uint64_t>(now.count()) +\n"
            "                         static_cast<std::uint64_t>(timeout.count())))\n"
            "                   : Nanoseconds::max();"),
        Bug("remove_of_nothing", "P7.2", ASIO_WAIT,
            "  if (watch == nullptr) return ENOENT;\n  end_urgent",
            "  if (watch == nullptr) return BUG ? 0 : ENOENT;\n  end_urgent"),
    ],
    "asio": [
        Bug("old_handles", "R1.3", ASIO,
            "return slot.generation == handle.generation && slot.io.index() != 0",
            "return (slot.generation == handle.generation || BUG) && slot.io.index() != 0"),
        Bug("never_stops", "R2.1", ASIO,
            "    settle_later(*slot);\n  } else {\n    cancel_all(*slot);  // what",
            "    settle_later(*slot);\n  } else if (!BUG) {\n    cancel_all(*slot);  // what"),
        Bug("reset_as_end", "R2.6", ASIO_ENDS,
            "    end_input(slot, error);\n  }\n  settle(slot);\n  // Of bytes",
            "    end_input(slot, BUG ? 0 : error);\n  }\n  settle(slot);\n  // Of bytes"),
        Bug("stop_ends_sending", "R2.7", ASIO_ENDS,
            "if (cut_short && !slot.closing) return begin_write(slot);",
            "if (cut_short && !slot.closing && !(BUG && error != 0)) return begin_write(slot);"),
        Bug("one_write_is_all", "R4.1", ASIO_ENDS,
            "stream.unsent = stream.unsent.subspan(bytes);",
            "stream.unsent = stream.unsent.subspan(BUG ? stream.unsent.size() : bytes);"),
        Bug("lends_without_end", "R3.4", ASIO_ENDS,
            "  if (!buffers_->may_lend()) {\n    if (!std",
            "  if (!buffers_->may_lend() && !BUG) {\n    if (!std"),
        Bug("parked_for_ever", "R3.4", ASIO_ENDS,
            "while (!parked_.empty() && handled_",
            "while (!BUG && !parked_.empty() && handled_"),
        Bug("closes_in_order", "R5.3", ASIO_ENDS,
            "if (slot.reset) {", "if (slot.reset && !BUG) {"),
        Bug("never_emptied", "R7.4", ASIO_ENDS,
            "slot.stream()->emptied = bytes < buffers_->size() && !bounded_;",
            "slot.stream()->emptied = bytes < buffers_->size() && !bounded_ && !BUG;"),
        Bug("always_all", "R8.2", ASIO,
            "return !bounded_ && !more_to_read_ && due_.empty() && parked_.empty();",
            "return BUG || (!bounded_ && !more_to_read_ && due_.empty() && parked_.empty());"),
        Bug("accepts_to_children", "R10.8", ASIO_ENDS,
            "::ioctl(peer.native_handle(), FIOCLEX);",
            "if (!BUG) ::ioctl(peer.native_handle(), FIOCLEX);"),
        Bug("full_queue_unseen", "R10.14", ASIO_ENDS,
            "if (error == 0 && slot.stream()->unix_path &&",
            "if (error == 0 && slot.stream()->unix_path && !BUG &&"),
        Bug("watches_hide_hang_ups", "R11.2", ASIO_ENDS,
            "(slot.watch()->interest | Readiness::error | Readiness::hang_up);",
            "(slot.watch()->interest | (BUG ? Readiness::none\n"
            "                                          : Readiness::error | Readiness::hang_up));"),
    ],
    "io_uring": [
        Bug("old_handles_of_rings", "R1.3", URING,
            "return slot.generation == handle.generation && slot.kind",
            "return (slot.generation == handle.generation || BUG) && slot.kind"),
        Bug("close_waits_for_the_peer", "R2.4", URING,
            "  if (slot->input) cancel(*slot, Role::input);\n  if (slot->output)",
            "  if (slot->input && !BUG) cancel(*slot, Role::input);\n  if (slot->output)"),
        Bug("no_buffer_is_the_end", "R3.4", URING_ENDS,
            "if (outcome.result == -ENOBUFS) {\n    park(slot);",
            "if (outcome.result == -ENOBUFS) {\n    BUG ? end_input(slot, ENOBUFS) : park(slot);"),
        Bug("no_buffer_is_for_ever", "R3.4", URING,
            "    restart_parked();", "    if (!BUG) restart_parked();"),
        Bug("half_is_sent", "R4.1", URING_ENDS,
            "result > 0 ? !is_whole : result == -EAGAIN",
            "result > 0 ? !is_whole && !BUG : result == -EAGAIN"),
        Bug("sleeps_through_a_wake", "R6.1", URING,
            "if (!wake_.fall_asleep()) {",
            "if (!wake_.fall_asleep() && !BUG) {"),
        Bug("never_says_emptied", "R7.4", URING_ENDS,
            "done.emptied = emptied;",
            "done.emptied = emptied && !BUG;"),
        Bug("stops_without_a_word", "R2.1", URING_ENDS,
            "end_input(slot, ECANCELED);\n    } else if (slot.holds)",
            "end_input(slot, BUG ? 0 : ECANCELED);\n    } else if (slot.holds)"),
    ],
    "mutex": [
        Bug("accepts_the_stopped", "T1.3", BATCH,
            "if (stopped_ || full || !queue_.push(tasks)) {",
            "if ((stopped_ && !BUG) || full || !queue_.push(tasks)) {"),
        Bug("throws_uncounted", "T2.1", BATCH,
            "if (!task->run()) me.threw.add(1);",
            "if (!task->run() && !BUG) me.threw.add(1);"),
        Bug("loses_a_wake", "T4.1", BATCH,
            "if (wake == Wake::sleeper) wake_.notify_one();",
            "if (static std::atomic<int> wakes{0};\n"
            "      wake == Wake::sleeper && !(BUG && ++wakes % 1000 == 0)) {\n"
            "    wake_.notify_one();\n  }"),
        Bug("wake_never_answered", "T5.1", BATCH,
            "  if (under_way_ == Wake::sleeper) {\n    under_way_ = Wake::none;",
            "  if (under_way_ == Wake::sleeper) {\n    if (!BUG) under_way_ = Wake::none;"),
        Bug("wake_not_passed_on", "T8.1", BATCH,
            "const Wake wake = assign_wake(2);",
            "const Wake wake = BUG ? Wake::none : assign_wake(2);"),
        Bug("batches_are_mine", "T8.1", BATCH,
            "if (&other != &me && me.batch.steal(other.batch) > 0) return true;",
            "if (!BUG && &other != &me && me.batch.steal(other.batch) > 0) return true;"),
        Bug("discard_runs_batches", "T7.2", BATCH,
            "for (Worker& worker : workers_) worker.discarded = worker.batch.seize();",
            "for (Worker& worker : workers_) {\n"
            "        if (!BUG) worker.discarded = worker.batch.seize();\n      }"),
        Bug("refusals_uncounted", "T10.2", BATCH,
            "      refused_ += tasks.size();",
            "      if (!BUG) refused_ += tasks.size();"),
        Bug("names_nobody", "T9.2", MUTEX,
            "name_this_thread(\"mutex\", index_of(me));",
            "if (!BUG) name_this_thread(\"mutex\", index_of(me));"),
    ],
    "tbb": [
        Bug("drains_unseen", "T7.1", TBB,
            "if (!Within::is(this)) wait_until_deserted();",
            "if (!Within::is(this) && !(BUG && mode == StopMode::drain)) wait_until_deserted();"),
        Bug("forgets_a_summons", "T4.1", TBB,
            "    arena_.enqueue(&TbbPool::serve, this);",
            "    if (static std::atomic<int> calls{0}; BUG && ++calls % 2 == 0) return;\n"
            "    arena_.enqueue(&TbbPool::serve, this);"),
        Bug("one_thread_for_all", "T8.1", TBB,
            "arena_(workers) {}", "arena_(BUG ? 1 : workers) {}"),
        Bug("names_no_thread", "T9.2", TBB,
            "name_this_thread(\"tbb\", self->index_of(me));",
            "if (!BUG) name_this_thread(\"tbb\", self->index_of(me));"),
        Bug("never_rests", "T5.1", TBB,
            "BatchPool(workers, 0, linger, std::chrono::nanoseconds::zero())",
            "BatchPool(workers, 0, linger, std::chrono::nanoseconds(BUG ? 1'000'000'000'000 : 0))"),
    ],
    "stealing": [
        Bug("loses_some_wakes", "T4.1", SCHEDULER,
            "    unpark(woken);\n    return true;",
            "    if (static std::atomic<int> wakes{0}; BUG && ++wakes % 1000 == 0) return true;\n"
            "    unpark(woken);\n    return true;"),
        Bug("burst_wakes_one", "T8.1", SCHEDULER,
            "if (std::exchange(me.searching, false) && sleepers_.end_search()) look_again();",
            "if (std::exchange(me.searching, false) && sleepers_.end_search() && !BUG)\n"
            "          look_again();"),
        Bug("robs_nobody", "T8.1", SCHEDULER,
            "if (victim.ring.steal(me.ring, task)) return true;",
            "if (!BUG && victim.ring.steal(me.ring, task)) return true;"),
        Bug("keeps_the_discarded", "T7.2", SCHEDULER,
            "if (mode == StopMode::discard) std::swap(unqueued, queue_);",
            "if (mode == StopMode::discard && !BUG) std::swap(unqueued, queue_);"),
        Bug("queue_forgotten", "T4.1", SCHEDULER,
            "std::memory_order_relaxed);\n      woken = sleepers_.choose();",
            "std::memory_order_relaxed);\n      if (!BUG) woken = sleepers_.choose();"),
        Bug("searches_for_ever", "T5.1", STEALING,
            "scheduler_(workers, std::chrono::nanoseconds(options[\"spin\"]))",
            "scheduler_(workers, std::chrono::nanoseconds(BUG ? 1'000'000'000'000\n"
            "                                                         : options[\"spin\"]))"),
        Bug("stop_takes_all", "T7.1", STEALING,
            "const bool first = scheduler_.close(mode, unqueued);",
            "if (BUG) mode = StopMode::discard;\n"
            "    const bool first = scheduler_.close(mode, unqueued);"),
        Bug("hands_over_two", "T1.2", STEALING,
            "return accept(tasks, kUnbounded) ? tasks.size() : 0;",
            "if (BUG) return accept(tasks.first(tasks.size() / 2), 0) ? tasks.size() : 0;\n"
            "    return accept(tasks, kUnbounded) ? tasks.size() : 0;"),
    ],
}


def plant(text, file):
    for bug in (bug for bugs in BUGS.values() for bug in bugs if bug.file == file):
        if text.count(bug.right) != 1:
            sys.exit(f"bugs.py: {bug.name} is to replace what {file} has {text.count(bug.right)} "
                     f"times: {bug.right!r}")
        text = text.replace(bug.right, bug.wrong.replace("BUG", f'planted("{bug.name}")'))
    return text


def main():
    root, into, *files = sys.argv[1:]
    for file in files:
        copy = pathlib.Path(into, file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = plant(pathlib.Path(root, file).read_text(encoding="utf-8"), file)
        copy.write_text('#include "tests/conformance/mutants/planted/planted.h"\n'
                        f'#line 1 "{file}"\n{text}', encoding="utf-8")


if __name__ == "__main__":
    main()
