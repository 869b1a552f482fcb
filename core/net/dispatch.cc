// SPDX-License-Identifier: MIT
#include "core/net/dispatch.h"

#include <span>

#include "core/net/connection.h"

namespace collet {

void Dispatch::submit(Job* chain) {
  if (batch_.empty()) loop_.defer([this] { flush(); });
  batch_.emplace_back([this, chain] { run_chain(chain); });
}

// What the pool refuses, for want of memory or because it has stopped, runs here: late is better
// than never.
void Dispatch::flush() {
  const std::size_t taken = pool_.submit_bulk(batch_);
  for (Task& refused : std::span(batch_).subspan(taken)) refused.run();
  batch_.clear();
}

// On a worker. After a throw the rest of the chain is skipped: its connection is about to close.
void Dispatch::run_chain(Job* chain) noexcept {
  for (Job* job = chain; job != nullptr; job = job->next) {
    job->run();
    if (job->threw()) break;
  }
  // Pairs with the exchange in harvest(). Whoever finds the stack empty is the one who calls the
  // loop: it takes all there is, so a stack that is not empty has a harvest coming.
  Job* head = done_.load(std::memory_order_relaxed);
  do {
    chain->next_done = head;
  } while (!done_.compare_exchange_weak(head, chain, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  if (head == nullptr) loop_.post([this] { harvest(); });
}

void Dispatch::harvest() {
  Job* newest = done_.exchange(nullptr, std::memory_order_acquire);
  Job* oldest = nullptr;
  while (newest != nullptr) {
    Job* next = newest->next_done;
    newest->next_done = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Job* chain = oldest;
    oldest = chain->next_done;  // before the connection recycles the chain
    chain->connection->jobs_done(chain);
  }
}

}  // namespace collet
