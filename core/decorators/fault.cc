// SPDX-License-Identifier: MIT
// fault.cc: what can go wrong, and how often.
#include "core/decorators/fault.h"

#include "core/decorators/decorators.h"

namespace collet {
namespace {

constexpr std::int64_t kAlways = 1'000'000;

constexpr OptionDescription kOptions[] = {
    {"seed", OptionType::integer, 1, 0, INT64_MAX, "what happens is the same for the same seed"},
    {"short_read", OptionType::ratio, 0, 0, kAlways, "bytes come in smaller pieces"},
    {"short_write", OptionType::ratio, 0, 0, kAlways, "not all is sent on the spot"},
    {"eagain", OptionType::ratio, 0, 0, kAlways, "nothing is sent on the spot, bytes come later"},
    {"delay", OptionType::ratio, 0, 0, kAlways,
     "what has completed is told up to three runs later"},
    {"emfile", OptionType::ratio, 0, 0, kAlways, "no descriptor is left to accept with"},
    {"reset", OptionType::ratio, 0, 0, kAlways, "a stream breaks, and the peer sees a reset"},
    {"eintr", OptionType::ratio, 0, 0, kAlways, "a wait is interrupted"},
    {"spurious", OptionType::ratio, 0, 0, kAlways, "an event is reported that is not true"},
    {"reorder", OptionType::ratio, 0, 0, kAlways, "events come in another order"},
    {"drop_wake", OptionType::ratio, 0, 0, kAlways,
     "a wake is lost: no kernel does it and servers hang; for tests that must notice"},
};

// Waits and events are a Poller's; what a Proactor does instead is its own affair.
bool suits(const BackendDescription& backend, const OptionValues& options, Refusal& why_not) {
  if (backend.make_poller != nullptr) return true;
  for (const char* name : {"eintr", "spurious", "reorder"}) {
    if (options[name] == 0) continue;
    why_not.say("\"%s\" is for Pollers, and backend \"%s\" is a Proactor: leave it out", name,
                backend.name);
    return false;
  }
  return true;
}

}  // namespace

constinit const BackendDecorator kFault{
    .name = "fault",
    .summary = "makes happen, reproducibly and as often as asked, what a kernel may do",
    .options = kOptions,
    .suits = suits,
    .wrap_poller = make_fault_poller,
    .wrap_proactor = make_fault_proactor,
};

}  // namespace collet
