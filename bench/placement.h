// SPDX-License-Identifier: MIT
// placement.h: which CPUs the server gets and which the client.
#pragma once

#include <string>
#include <vector>

namespace collet::bench {

struct Placement {
  std::vector<int> server;
  std::vector<int> client;

  bool shared() const { return server == client; }  // there is one CPU only
};

// The first half for the server, the rest for the client; a single CPU for both.
Placement split_cpus(const std::vector<int>& cpus);

// The CPUs this process may run on.
std::vector<int> allowed_cpus();

// Restricts the calling thread. Makes no allocation, so that it may be called after fork().
bool pin_to(const std::vector<int>& cpus) noexcept;

// `0-3,8`
std::string format_cpus(const std::vector<int>& cpus);

}  // namespace collet::bench
