// SPDX-License-Identifier: MIT
// last_words.cc: a signal handler that writes what was prepared, and a handler of exit().
#include "tests/conformance/last_words.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace collet::conformance {
namespace {

constexpr std::array kSignals{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

std::array<struct sigaction, kSignals.size()> before{};
std::array<char, 16'384> words{};
std::atomic<std::size_t> length{0};
std::function<void()> speech_at_exit;

// The signal comes again, as the instruction or raise() that led here is repeated, and then meets
// whoever was to have it: the system, or a sanitizer, which prints more.
void speak(int number) {
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, words.data(), length);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before[i], nullptr);
  if (number == SIGABRT) std::raise(number);
}

}  // namespace

void say_last_words_on_crash() {
  struct sigaction action {};
  action.sa_handler = speak;
  action.sa_flags = SA_ONSTACK;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before[i]);
}

void set_last_words(const std::string& text) {
  length = 0;
  const std::size_t size = std::min(text.size(), words.size());
  std::memcpy(words.data(), text.data(), size);
  length = size;
}

void speak_at_exit(std::function<void()> speak) {
  speech_at_exit = std::move(speak);
  std::atexit([] { speech_at_exit(); });
}

}  // namespace collet::conformance
