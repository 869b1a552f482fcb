// SPDX-License-Identifier: MIT
// description.h: how a backend or a pool presents itself to the registry. Plain data with static
// lifetime; a built-in one and a plugin's look the same. What a probe or a factory throws, the host
// takes for a refusal in the words of what().
#pragma once

#include <cstddef>
#include <span>

#include <collet/option.h>
#include <collet/poller.h>
#include <collet/proactor.h>
#include <collet/thread_pool.h>

namespace collet {

struct BackendDescription {
  const char* name;     // lower case letters, digits, _ ; starts with a letter
  const char* summary;  // one line for --list, saying what a user should know before choosing it
  std::span<const OptionDescription> options;

  // Whether it runs on this machine, found out by a real operation; called once. Null: an instance
  // is made, and dropped.
  bool (*probe)(Refusal& why_not);

  // Makes one instance for one loop; exactly one of the two is set. A Poller's option `events`, if
  // it has one, is also how many its wait() will be asked for at once, though never for more than
  // 65,536. Null with `why_not` filled in on failure. The host owns and deletes what is returned.
  Poller* (*make_poller)(const OptionValues& options, Refusal& why_not);
  Proactor* (*make_proactor)(const OptionValues& options, Refusal& why_not);
};

struct PoolDescription {
  const char* name;
  const char* summary;
  std::span<const OptionDescription> options;
  bool has_workers;  // false: runs tasks on the caller's thread, and --workers must be 0

  ThreadPool* (*make)(const OptionValues& options, std::size_t workers, Refusal& why_not);

  // As of a backend. Null: it runs everywhere.
  bool (*probe)(Refusal& why_not) = nullptr;
};

}  // namespace collet
