// SPDX-License-Identifier: MIT
// connections_state.h: what the connections of one loop share and borrow.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <collet/connections.h>

#include "core/net/connection.h"
#include "core/net/dispatch.h"
#include "core/net/drain_look.h"
#include "core/net/job.h"
#include "core/slab.h"

namespace collet {

struct Connections::State {
  State(EventLoop& loop, ThreadPool& pool) : dispatch(loop, pool), drain_look(loop) {}

  Job* borrow_job() {
    if (idle_jobs == nullptr) {
      jobs.push_back(std::make_unique<Job>());
      return jobs.back().get();
    }
    Job* job = idle_jobs;
    idle_jobs = job->next;
    job->next = nullptr;
    return job;
  }
  void give_back(Job* job) noexcept {
    job->reset();
    job->next = idle_jobs;
    idle_jobs = job;
  }

  std::unique_ptr<SendQueue> borrow_queue() {
    if (idle_queues.empty()) return std::make_unique<SendQueue>();
    auto queue = std::move(idle_queues.back());
    idle_queues.pop_back();
    return queue;
  }
  void give_back(std::unique_ptr<SendQueue> queue) {
    constexpr std::size_t kKeptQueues = 1024;
    const auto shrink = [](std::vector<std::byte>& bytes) {
      bytes.clear();
      if (bytes.capacity() > Job::kKeptBytes) bytes = {};
    };
    shrink(queue->sending);
    shrink(queue->waiting);
    queue->sent = 0;
    if (idle_queues.size() < kKeptQueues) idle_queues.push_back(std::move(queue));
  }

  Job inline_job;  // the one that runs when jobs run on the loop
  Dispatch dispatch;
  DrainLook drain_look;
  Slab<std::optional<Connection>> connections;
  std::vector<std::unique_ptr<Job>> jobs;  // every job ever made here
  Job* idle_jobs = nullptr;
  std::vector<std::unique_ptr<SendQueue>> idle_queues;
  TimerId sweep = TimerId::none;
  std::chrono::nanoseconds sweep_at{};
};

}  // namespace collet
