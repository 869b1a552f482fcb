// SPDX-License-Identifier: MIT
// abi.h: the layout of everything that crosses the boundary to a plugin, frozen. If one of these
// fails, a plugin that exists would misread memory: append instead, or raise kPluginAbi (plugin.h)
// and say in its history what old plugins must do. Sizes are those of the 64-bit System V ABI,
// which is all that plugins are offered on.
#pragma once

#include <cstddef>
#include <type_traits>

#include <collet/description.h>
#include <collet/endpoint.h>
#include <collet/handle.h>
#include <collet/lease.h>
#include <collet/option.h>
#include <collet/poller.h>
#include <collet/proactor.h>
#include <collet/task.h>
#include <collet/thread_pool.h>
#include <collet/workload.h>

namespace collet::abi {

template <typename Type, std::size_t kSize, std::size_t kAlignment>
constexpr bool occupies = sizeof(Type) == kSize &&
                          alignof(Type) == kAlignment&& std::is_standard_layout_v<Type>;

static_assert(sizeof(void*) == 8 && sizeof(std::size_t) == 8);
static_assert(occupies<std::span<std::byte>, 16, 8>);
static_assert(occupies<std::chrono::nanoseconds, 8, 8>);

static_assert(occupies<Handle, 8, 4> && offsetof(Handle, generation) == 4);
static_assert(occupies<Event, 16, 8> && offsetof(Event, ready) == 8);
static_assert(occupies<Endpoint, 136, 8> && offsetof(Endpoint, length) == 128);
static_assert(occupies<ListenOptions, 8, 4> && offsetof(ListenOptions, share_port) == 4);
static_assert(occupies<Opened, 12, 4> && offsetof(Opened, error) == 8);
static_assert(occupies<Counters, 24, 8> && offsetof(Counters, bounded_passes) == 16);
static_assert(occupies<Lease, 32, 8>);
static_assert(occupies<Completion, 72, 8>);
static_assert(offsetof(Completion, last) == 1 && offsetof(Completion, emptied) == 2 &&
              offsetof(Completion, error) == 4 && offsetof(Completion, token) == 8 &&
              offsetof(Completion, accepted) == 16 && offsetof(Completion, ready) == 24 &&
              offsetof(Completion, sent) == 32 && offsetof(Completion, lease) == 40);
static_assert(occupies<Task, 64, 8>);
static_assert(occupies<PoolStats, 48, 8> && offsetof(PoolStats, queued) == 40);
static_assert(occupies<Served, 8, 4> && offsetof(Served, then) == 4);
static_assert(occupies<Checked, 8, 4> && offsetof(Checked, wrong) == 4);
static_assert(occupies<ClientShape, 24, 8> && offsetof(ClientShape, serial) == 16);
static_assert(occupies<WorkloadTraits, 32, 8> && offsetof(WorkloadTraits, framing_bytes) == 24);
static_assert(occupies<OptionDescription, 48, 8> && offsetof(OptionDescription, help) == 40);
static_assert(occupies<OptionValue, 16, 8> && offsetof(OptionValue, value) == 8);
static_assert(occupies<OptionValues, 16, 8>);
static_assert(occupies<Refusal, 240, 1>);

// Values that cross as integers.
template <auto kEnumerator>
constexpr auto value_of = static_cast<std::underlying_type_t<decltype(kEnumerator)>>(kEnumerator);

static_assert(value_of<OptionType::boolean> == 0 && value_of<OptionType::integer> == 1 &&
              value_of<OptionType::bytes> == 2 && value_of<OptionType::duration> == 3 &&
              value_of<OptionType::ratio> == 4);
static_assert(value_of<Readiness::none> == 0 && value_of<Readiness::read> == 0x01 &&
              value_of<Readiness::write> == 0x04 && value_of<Readiness::error> == 0x08 &&
              value_of<Readiness::hang_up> == 0x10);
static_assert(value_of<Operation::accept> == 0 && value_of<Operation::connect> == 1 &&
              value_of<Operation::receive> == 2 && value_of<Operation::send> == 3 &&
              value_of<Operation::ready> == 4 && value_of<Operation::close> == 5);
static_assert(value_of<Side::local> == 0 && value_of<Side::peer> == 1);
static_assert(value_of<Then::go_on> == 0 && value_of<Then::finish> == 1 &&
              value_of<Then::close> == 2);

// A class with virtual functions begins with the pointer to their table and has nothing else. The
// order of the functions is what the plugin that was built from the first headers proves.
template <typename Class>
constexpr bool is_interface = sizeof(Class) == sizeof(void*) && std::is_abstract_v<Class>;

static_assert(is_interface<Poller> && is_interface<Proactor> && is_interface<ThreadPool>);
static_assert(is_interface<CompletionSink> && is_interface<Lender>);
static_assert(is_interface<ServerSession> && is_interface<ClientSession> && is_interface<ByteSink>);

}  // namespace collet::abi
