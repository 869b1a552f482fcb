// SPDX-License-Identifier: MIT
// bench_proc_test.cc: what collet-bench reads from /proc, and what it takes for noise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/measure/instruments.h"
#include "bench/measure/noise.h"
#include "bench/measure/proc_sample.h"
#include "bench/session/environment.h"

namespace collet::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ProcSampleTest, StatusFieldsAreFoundByTheirWholeName) {
  const char* status =
      "Name:\tx\nVmRSS:\t    1234 kB\nvoluntary_ctxt_switches:\t5\n"
      "nonvoluntary_ctxt_switches:\t6\n";
  EXPECT_EQ(parse_status_field(status, "VmRSS"), 1234);
  EXPECT_EQ(parse_status_field(status, "voluntary_ctxt_switches"), 5);
  EXPECT_EQ(parse_status_field(status, "nonvoluntary_ctxt_switches"), 6);
  EXPECT_EQ(parse_status_field(status, "VmHWM"), std::nullopt);
  EXPECT_EQ(parse_status_field(status, "Name"), std::nullopt);
}

class ProcTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "/procXXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    root_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  void stat(int pid, int parent, int group) {
    write(std::to_string(pid) + "/stat", std::to_string(pid) + " (x) S " + std::to_string(parent) +
                                             " " + std::to_string(group) +
                                             " 0 0 -1 0 0 0 0 0 0 0 0 0");
  }

  std::filesystem::path root_;
};

TEST_F(ProcTreeTest, ThreadsAreSummed) {
  const std::string switches = "voluntary_ctxt_switches: 3\nnonvoluntary_ctxt_switches: 4\n";
  write("42/status", "VmRSS:  100 kB\n");
  write("42/task/42/schedstat", "1000 5 1");
  write("42/task/42/status", switches);
  write("42/task/42/sched", "x (42, #threads: 2)\nse.nr_migrations     :       7\n");
  write("42/task/43/schedstat", "2000 6 1");
  write("42/task/43/status", switches);
  write("42/task/44/status", switches);  // ended while its files were read
  const auto sample = sample_processes({42}, root_.string());
  ASSERT_TRUE(sample.has_value());
  EXPECT_EQ(sample->cpu_ns, 3000);
  EXPECT_EQ(sample->rss_bytes, 102400);
  const ProcessUse use = use_between(ProcSample{}, *sample);
  EXPECT_EQ(use.run_delay_ns, 11);
  EXPECT_EQ(use.voluntary_switches, 6);
  EXPECT_EQ(use.involuntary_switches, 8);
  EXPECT_EQ(use.migrations, 7);
  EXPECT_EQ(use.threads, 2);
}

// Of 100 ticks a second each is 10 ms. Fields 14 to 17 of stat are utime stime cutime cstime.
TEST_F(ProcTreeTest, ThreadsAndChildrenThatHaveEndedCount) {
  write("42/status", "VmRSS:  100 kB\n");
  write("42/task/42/schedstat", "1000000 0 1");
  write("42/task/42/status", "voluntary_ctxt_switches: 0\nnonvoluntary_ctxt_switches: 0\n");
  write("42/stat", "42 (a) b) S 1 42 42 0 -1 0 0 0 0 0 3 4 5 6 20 0");
  const auto sample = sample_processes({42}, root_.string());
  EXPECT_EQ(sample->cpu_ns, (3 + 4 + 5 + 6) * 10'000'000);
}

TEST_F(ProcTreeTest, AFamilyIsTheGroupAndAllDescendants) {
  stat(10, 1, 10);
  stat(11, 10, 10);
  stat(12, 11, 99);  // has its own group
  stat(13, 1, 10);   // has lost its parent
  stat(20, 1, 20);
  write("self/stat", "not a number");
  EXPECT_THAT(family_of(10, root_.string()), ElementsAre(10, 11, 12, 13));
}

TEST_F(ProcTreeTest, AProcessThatIsGoneHasNoSample) {
  EXPECT_EQ(sample_processes({42}, root_.string()).has_value(), false);
}

TEST_F(ProcTreeTest, TheMachineIsTheCpusThatAreUsed) {
  write("stat",
        "cpu  9 9 9 9 9 9 9 9\ncpu0 10 0 5 100 20 0 0 7 0 0\ncpu1 10 0 5 30 1 0 0 2 0 0\n"
        "cpu2 0 0 0 999 0 0 0 99\nintr 1\n");
  write("pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=1234\nfull total=5\n");
  stat(2, 0, 0);
  stat(15, 2, 0);
  stat(16, 1, 0);
  write("18/stat", "18 (other) S 1 18 18 0 -1 0 0 0 0 0 3 4 5 6 20 0");
  write("17/stat", "17 (ours) S 1 17 17 0 -1 0 0 0 0 0 7 7 7 7 20 0");
  write("15/schedstat", "4000 9 9\n");
  write("16/schedstat", "100 9 9\n");
  EXPECT_THAT(kernel_threads(root_.string()), ElementsAre(15));
  const MachineSample sample = sample_machine({0, 1}, {15, 999}, {17}, root_.string());
  EXPECT_EQ(sample.kernel_ns, (std::map<pid_t, std::int64_t>{{15, 4000}}));
  EXPECT_EQ(sample.others_ns, (3 + 4 + 5 + 6) * 10'000'000);
  EXPECT_EQ(sample.idle_ns, 151 * 10'000'000LL);
  EXPECT_EQ(sample.stolen_ns.at(0), 70'000'000);
  EXPECT_EQ(sample.stolen_ns.size(), 2U);
  EXPECT_EQ(sample.pressure_us, 1234);
}

TEST(ProcSampleTest, ThisProcessCanBeSampled) {
  const auto sample = sample_processes({getpid()});
  ASSERT_TRUE(sample.has_value());
  EXPECT_GT(sample->rss_bytes, 0);
  EXPECT_GE(sample->threads.size(), 1U);
  EXPECT_THAT(family_of(getpid()), testing::Contains(getpid()));
}

TEST(NoiseTest, WhatOthersUseIsForeignAndThreadsThatEndDoNotCount) {
  MachineSample start;
  start.stolen_ns = {{0, 0}, {1, 5}};
  MachineSample end;
  end.idle_ns = 300;
  end.stolen_ns = {{0, 100}, {1, 25}};
  end.pressure_us = 9;
  start.kernel_ns = {{15, 100}, {16, 5'000'000}};
  end.kernel_ns = {{15, 110}, {17, 1}};
  start.others_ns = 70;
  end.others_ns = 100;
  const MachineUse use = machine_use(start, end, {0, 1}, 1000);
  EXPECT_EQ(use.foreign_cpu_ns, 30);
  EXPECT_EQ(use.kernel_cpu_ns, 10);
  EXPECT_EQ(use.busy_ns, 2000 - 300 - 120);
  EXPECT_EQ(use.stolen_ns, 100);
  EXPECT_EQ(use.pressure_us, 9);
  end.others_ns = 0;  // whoever had used it is gone, and nobody waited for him
  EXPECT_EQ(machine_use(start, end, {0, 1}, 1000).foreign_cpu_ns, 0);
}

class NoiseFlagTest : public testing::Test {
 protected:
  std::vector<std::string> flags(bool disjoint = true) {
    return find_noise({{&server_, &cpus_}, {&client_, &cpus_}}, disjoint, machine_, kSecond);
  }

  static constexpr std::int64_t kSecond = 1'000'000'000;
  const std::vector<int> cpus_ = {0};
  ProcessUse server_;
  ProcessUse client_;
  MachineUse machine_;
};

TEST_F(NoiseFlagTest, AQuietRunHasNone) {
  server_.busy_threads = 1;
  server_.run_delay_ns = 19'000'000;
  server_.involuntary_switches = 499;
  machine_.stolen_ns = 9'000'000;
  machine_.foreign_cpu_ns = 49'000'000;
  machine_.pressure_us = 999'999;
  EXPECT_THAT(flags(), IsEmpty());
}

TEST_F(NoiseFlagTest, EachThresholdHasItsFlag) {
  machine_.stolen_ns = 11'000'000;
  machine_.foreign_cpu_ns = 51'000'000;
  server_.run_delay_ns = 21'000'000;
  client_.run_delay_ns = 21'000'000;
  client_.involuntary_switches = 501;
  server_.migrations = 1;
  EXPECT_THAT(flags(), ElementsAre("noisy_steal", "noisy_foreign", "noisy_run_delay",
                                   "noisy_migrations", "noisy_switches"));
  EXPECT_TRUE(is_noisy(flags()));
  EXPECT_FALSE(is_noisy({"client_bound"}));
}

TEST_F(NoiseFlagTest, ThreadsThatShareACpuWaitForEachOtherWhichIsNoNoise) {
  server_.run_delay_ns = 500'000'000;
  server_.involuntary_switches = 5'000;
  server_.busy_threads = 2;
  EXPECT_THAT(flags(), IsEmpty());
  server_.busy_threads = 1;
  EXPECT_THAT(flags(false), IsEmpty());  // server and client share CPUs
  EXPECT_THAT(flags(), ElementsAre("noisy_run_delay", "noisy_switches"));
}

TEST(EnvironmentTest, CpuinfoFieldIsTheTextAfterTheColon) {
  EXPECT_EQ(cpuinfo_field("processor\t: 0\nmodel name\t: Some CPU @ 2\nflags\t: a\n", "model name"),
            "Some CPU @ 2");
  EXPECT_EQ(cpuinfo_field("", "model name"), std::nullopt);
}

TEST(EnvironmentTest, OnlyWhatChangesFiguresMakesMachinesDiffer) {
  const Facts a = {
      {"kernel", "6.1"}, {"sysctl_somaxconn", std::int64_t{4096}}, {"load_average", "1"}};
  Facts b = a;
  b[2].value = "2";
  EXPECT_THAT(find_differences(a, b), IsEmpty());
  b[1].value = std::int64_t{128};
  EXPECT_THAT(find_differences(a, b), ElementsAre(R"(sysctl_somaxconn: "4096" and "128")"));
}

TEST(EnvironmentTest, EveryFactHasANameOfItsOwn) {
  std::vector<std::string> names;
  for (const Fact& fact : look_around()) names.push_back(fact.name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  EXPECT_THAT(names, testing::IsSupersetOf({"kernel", "cpu_model", "clocksource", "revision",
                                            "sysctl_tcp_congestion_control", "glibc", "build"}));
}

TEST(EnvironmentTest, LibrariesAreKnownByTheFilesThatTheLoaderTook) {
  const Facts facts = look_around();
  const auto found = std::ranges::find(facts, "loaded_libraries", &Fact::name);
  ASSERT_NE(found, facts.end());
  const auto libraries = std::get<std::string>(found->value);
  EXPECT_THAT(libraries, testing::ContainsRegex("(^| )liburing\\.so\\.[0-9]+\\.[0-9.]+"));
  EXPECT_THAT(libraries, testing::HasSubstr(" libstdc++.so.6."));
}

// printf abc | sha256sum
TEST_F(ProcTreeTest, ContentsHaveADigest) {
  write("abc", "abc");
  EXPECT_EQ(sha256_of((root_ / "abc").string()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of((root_ / "missing").string()), std::nullopt);
}

TEST(SyscallCounterTest, TheSummaryOfStraceIsRead) {
  const auto calls = parse_syscalls(
      "    calls syscall\n--------- ----------------\n    20001 recvfrom\n    20000 sendto\n"
      "--------- ----------------\n    40001 total\n");
  EXPECT_EQ(calls, (std::map<std::string, std::int64_t>{{"recvfrom", 20001}, {"sendto", 20000}}));
  EXPECT_TRUE(parse_syscalls("").empty());
}

}  // namespace
}  // namespace collet::bench
