// SPDX-License-Identifier: MIT
// arguments.h: the command line of the hand-written servers, and the line that says they are ready.
// It knows nothing of collet: these servers are what collet is measured against.
#pragma once

#include <cstdint>
#include <string>

namespace collet::baselines {

enum class Workload : std::uint8_t {
  echo,   // send back what comes
  greet,  // send kGreeting on open, then read and discard until the client closes
};

inline constexpr char kGreeting[] = {'H', 'I', '\n'};

struct Arguments {
  std::string host = "127.0.0.1";  // a numeric address, brackets removed
  std::uint16_t port = 0;
  Workload workload = Workload::echo;
};

// Exits with code 2 and one sentence if a flag is wrong.
Arguments parse_arguments(int argc, char** argv);

// Prints one line to stdout, for whoever started it by hand.
void announce(const Arguments& arguments, std::uint16_t port);

// Exits with code 2, saying why `arguments` cannot be listened on.
[[noreturn]] void refuse_address(const Arguments& arguments, const std::string& reason);

}  // namespace collet::baselines
