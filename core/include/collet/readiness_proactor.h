// SPDX-License-Identifier: MIT
// readiness_proactor.h: turns any Poller into a Proactor.
//
// Waits for readiness and then makes the one system call that was waited for. Memory for receiving
// is taken after a stream has become readable, so an idle one holds none.
#pragma once

#include <cstddef>
#include <memory>

#include <collet/poller.h>
#include <collet/proactor.h>

namespace collet {

// The bounds of one run() and of the memory lent.
struct ReadinessLimits {
  std::size_t events = 256;               // taken from the Poller at once
  std::size_t accepts = 64;               // from one listener
  std::size_t slab_bytes = 64 * 1024;     // leases are cut from slabs: the most one receive takes
  std::size_t receive_bytes = 16 * 1024;  // the least room offered to one receive
  std::size_t slabs = 256;                // when all are out, receiving pauses
};

std::unique_ptr<Proactor> make_readiness_proactor(std::unique_ptr<Poller> poller,
                                                  const ReadinessLimits& limits = {});

}  // namespace collet
