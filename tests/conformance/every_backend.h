// SPDX-License-Identifier: MIT
// every_backend.h: the registered backends, as parameters of the conformance tests.
#pragma once

#include <dirent.h>
#include <time.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <collet/readiness_proactor.h>

#include "tests/support/builtin_registry.h"

namespace collet::conformance {

inline std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const BackendDescription* backend : registry().backends()) names.emplace_back(backend->name);
  return names;
}

inline std::vector<std::string> poller_names() {
  std::vector<std::string> names;
  for (const BackendDescription* backend : registry().backends()) {
    if (backend->make_poller != nullptr) names.emplace_back(backend->name);
  }
  return names;
}

inline Backend backend(const std::string& spec) {
  auto chosen = registry().backend(spec);
  if (!chosen.ok()) ADD_FAILURE() << chosen.status();
  return *std::move(chosen);
}

inline std::unique_ptr<Poller> make_poller(const std::string& name) {
  auto made = backend(name).make_poller();
  if (!made.ok()) ADD_FAILURE() << made.status();
  return *std::move(made);
}

inline std::unique_ptr<Proactor> make_proactor(const std::string& spec) {
  auto made = backend(spec).make();
  if (!made.ok()) ADD_FAILURE() << made.status();
  return *std::move(made);
}

// One that soon runs out of leases: after two buffers of 16 KiB.
inline std::unique_ptr<Proactor> make_proactor_of_few_buffers(const std::string& name) {
  if (backend(name).description().make_poller == nullptr) {
    return make_proactor(name + ":buffers=2");
  }
  ReadinessLimits limits;
  limits.slab_bytes = 16 * 1024;
  limits.slabs = 2;
  return make_readiness_proactor(make_poller(name), limits);
}

inline std::string name_of_parameter(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

inline std::size_t count_open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  std::size_t entries = 0;
  while (::readdir(directory) != nullptr) ++entries;
  ::closedir(directory);
  return entries;  // `.`, `..` and the directory's own included, each time
}

inline std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace collet::conformance
