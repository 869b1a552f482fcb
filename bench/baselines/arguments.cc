// SPDX-License-Identifier: MIT
// arguments.cc: flags in, one line out.
#include "bench/baselines/arguments.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace collet::baselines {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence.c_str());
  std::exit(2);
}

void parse_listen(std::string_view text, Arguments& arguments) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&] {
    refuse("--listen: \"" + std::string(text) +
           "\" is not an address: write HOST:PORT, such as 127.0.0.1:7000 or [::1]:0");
  };
  if (colon == std::string_view::npos) bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), arguments.port);
  if (error != std::errc() || end != port.data() + port.size()) bad();
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  arguments.host = host == "localhost" ? "127.0.0.1" : host;
}

void parse_workload(std::string_view text, Arguments& arguments) {
  if (text != "echo" && text != "greet") {
    refuse("--workload: \"" + std::string(text) + "\" is unknown: use echo or greet");
  }
  arguments.workload = text == "echo" ? Workload::echo : Workload::greet;
}

std::string format_address(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--help" || flag == "-h") {
      std::printf("%s [--listen HOST:PORT] [--workload echo|greet]\n",
                  program_invocation_short_name);
      std::exit(0);
    }
    if (flag != "--listen" && flag != "--workload") {
      refuse("\"" + std::string(flag) + "\" is no flag: use --listen or --workload");
    }
    if (++i == argc) refuse(std::string(flag) + " needs a value");
    flag == "--listen" ? parse_listen(argv[i], arguments) : parse_workload(argv[i], arguments);
  }
  return arguments;
}

void announce(const Arguments& arguments, std::uint16_t port) {
  std::printf("listening %s\n", format_address(arguments.host, port).c_str());
  std::fflush(stdout);
}

void refuse_address(const Arguments& arguments, const std::string& reason) {
  refuse("--listen: " + format_address(arguments.host, arguments.port) +
         " cannot be used: " + reason);
}

}  // namespace collet::baselines
