// SPDX-License-Identifier: MIT
// registry_test.cc: specs, described options, probes, and the sentences for whoever mistyped one.
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <collet/builtin.h>
#include <collet/registry.h>

namespace collet {
namespace {

std::string error_of(const absl::Status& status) { return std::string(status.message()); }

class SilentPoller final : public Poller {
 public:
  int add(int, Interest, Token) noexcept override { return 0; }
  int modify(int, Interest, Token) noexcept override { return 0; }
  int remove(int) noexcept override { return 0; }
  std::size_t wait(std::span<Event>, std::chrono::nanoseconds) noexcept override { return 0; }
  void wake() noexcept override {}
};

constexpr OptionDescription kOptions[] = {
    {"events", OptionType::integer, 256, 1, 65536, "events taken at once"},
    {"edge", OptionType::boolean, 0, 0, 1, "edge-triggered"},
    {"buffer", OptionType::bytes, 16 * 1024, 1024, 1024 * 1024, "size of a buffer"},
    {"spin", OptionType::duration, 0, 0, 1'000'000, "how long to spin"},
};

std::int64_t events_made_with = 0;
int probes = 0;

constexpr BackendDescription kGood{
    .name = "good",
    .summary = "runs everywhere",
    .options = kOptions,
    .probe = [](Refusal&) noexcept { return ++probes > 0; },
    .make_poller = [](const OptionValues& options, Refusal&) noexcept -> Poller* {
      events_made_with = options["events"];
      return new SilentPoller;
    },
    .make_proactor = nullptr,
};

constexpr BackendDescription kAbsent{
    .name = "absent",
    .summary = "runs nowhere",
    .options = {},
    .probe =
        [](Refusal& why_not) noexcept {
          ++probes;
          why_not.say("the kernel is from %d", 1991);
          return false;
        },
    .make_poller = nullptr,
    .make_proactor = [](const OptionValues&, Refusal&) noexcept -> Proactor* { return nullptr; },
};

constexpr BackendDescription kBroken{
    .name = "broken",
    .summary = "passes its probe and cannot be made",
    .options = {},
    .probe = [](Refusal&) noexcept { return true; },
    .make_poller = nullptr,
    .make_proactor = [](const OptionValues&, Refusal& why_not) noexcept -> Proactor* {
      why_not.say("no descriptors left");
      return nullptr;
    },
};

class BackendRegistryTest : public ::testing::Test {
 protected:
  BackendRegistryTest() {
    probes = 0;
    registry_.add(kAbsent);
    registry_.add(kGood);
    registry_.add(kBroken);
  }
  std::string refusal(std::string_view spec) {
    const auto chosen = registry_.backend(spec);
    EXPECT_FALSE(chosen.ok()) << spec;
    return error_of(chosen.status());
  }
  Registry registry_;
};

TEST_F(BackendRegistryTest, ANameAloneTakesEveryDefault) {
  const auto backend = registry_.backend("good");
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->name(), "good");
  EXPECT_EQ(backend->effective_spec(), "good:events=256,edge=false,buffer=16k,spin=0");
  EXPECT_EQ(backend->note(), "");
}

TEST_F(BackendRegistryTest, OptionsOfEveryTypeAreParsed) {
  const auto backend = registry_.backend("good:spin=50us,edge=true,events=1,buffer=64KiB");
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->effective_spec(), "good:events=1,edge=true,buffer=64k,spin=50us");
}

TEST_F(BackendRegistryTest, TheEffectiveSpecIsItselfASpec) {
  const auto backend = registry_.backend("good:events=512");
  const auto again = registry_.backend(backend->effective_spec());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->effective_spec(), backend->effective_spec());
}

TEST_F(BackendRegistryTest, WithoutOptionsTheEffectiveSpecIsTheName) {
  EXPECT_EQ(registry_.backend("broken")->effective_spec(), "broken");
}

TEST_F(BackendRegistryTest, TheFactoryGetsTheValues) {
  const auto backend = registry_.backend("good:events=77");
  ASSERT_TRUE(backend->make_poller().ok());
  EXPECT_EQ(events_made_with, 77);
  events_made_with = 0;
  ASSERT_TRUE(backend->make().ok());
  EXPECT_EQ(events_made_with, 77);
}

TEST_F(BackendRegistryTest, AnUnknownNameIsToldTheKnownOnes) {
  EXPECT_EQ(refusal("epol"),
            "backend: no backend named \"epol\"; there are absent, good, broken, auto");
  EXPECT_EQ(refusal(""), "backend: \"\" names no backend; there are absent, good, broken, auto");
  EXPECT_EQ(refusal(":events=1"),
            "backend: \":events=1\" names no backend; there are absent, good, broken, auto");
}

TEST_F(BackendRegistryTest, TheFlagIsTheCallersOwn) {
  EXPECT_EQ(error_of(registry_.backend("x", "--client-backend").status()),
            "--client-backend: no backend named \"x\"; there are absent, good, broken, auto");
}

TEST_F(BackendRegistryTest, AnUnknownOptionIsToldTheKnownOnes) {
  EXPECT_EQ(
      refusal("good:entries=1"),
      "backend: backend \"good\" has no option \"entries\"; it has events, edge, buffer, spin");
  EXPECT_EQ(refusal("broken:entries=1"),
            "backend: backend \"broken\" has no option \"entries\"; it has none");
}

TEST_F(BackendRegistryTest, AMalformedSpecIsToldTheGrammar) {
  const std::string grammar = " is no option: write name:key=value,key=value";
  EXPECT_EQ(refusal("good:"), "backend: \"\" in \"good:\"" + grammar);
  EXPECT_EQ(refusal("good:events"), "backend: \"events\" in \"good:events\"" + grammar);
  EXPECT_EQ(refusal("good:=1"), "backend: \"=1\" in \"good:=1\"" + grammar);
  EXPECT_EQ(refusal("good:events=1,"), "backend: \"\" in \"good:events=1,\"" + grammar);
}

TEST_F(BackendRegistryTest, AnOptionGivenTwiceIsRefused) {
  EXPECT_EQ(
      refusal("good:events=1,events=2"),
      "backend: option \"events\" is given twice in \"good:events=1,events=2\"; give it once");
}

TEST_F(BackendRegistryTest, AValueOutOfRangeIsToldTheRange) {
  EXPECT_EQ(
      refusal("good:events=0"),
      "backend: option \"events\" of backend \"good\" cannot be \"0\"; it takes a whole number "
      "from 1 to 65536");
  EXPECT_EQ(
      refusal("good:buffer=2m"),
      "backend: option \"buffer\" of backend \"good\" cannot be \"2m\"; it takes a size from 1k "
      "to 1m");
  EXPECT_EQ(
      refusal("good:spin=2ms"),
      "backend: option \"spin\" of backend \"good\" cannot be \"2ms\"; it takes a duration from "
      "0 to 1ms");
}

TEST_F(BackendRegistryTest, AValueOfTheWrongTypeIsToldTheType) {
  EXPECT_EQ(
      refusal("good:edge=yes"),
      "backend: option \"edge\" of backend \"good\" cannot be \"yes\"; it takes true or false");
  for (const char* spec : {"good:events=", "good:events=many", "good:events=1.5", "good:events=1k",
                           "good:events=99999999999999999999", "good:spin=5"}) {
    EXPECT_NE(refusal(spec).find("it takes a "), std::string::npos) << spec;
  }
}

TEST_F(BackendRegistryTest, AStrictNameThatDoesNotRunHereFailsWithTheReason) {
  EXPECT_EQ(refusal("absent"),
            "backend: backend \"absent\" does not run here: the kernel is from 1991");
}

TEST_F(BackendRegistryTest, AutoTakesTheFirstThatRunsAndSaysWhatItPassedOver) {
  const auto backend = registry_.backend("auto");
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->name(), "good");
  EXPECT_EQ(backend->effective_spec(), "good:events=256,edge=false,buffer=16k,spin=0");
  EXPECT_EQ(backend->note(), "absent: the kernel is from 1991");
}

TEST_F(BackendRegistryTest, AutoTakesNoOptions) {
  EXPECT_EQ(
      refusal("auto:events=1"),
      "backend: \"auto\" takes no options; name the backend they are for: absent, good, broken");
}

TEST_F(BackendRegistryTest, EachBackendIsProbedOnce) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(registry_.backend("auto").ok());
    EXPECT_TRUE(registry_.backend("good").ok());
    EXPECT_FALSE(registry_.backend("absent").ok());
  }
  EXPECT_EQ(probes, 2);
}

TEST_F(BackendRegistryTest, AMistypedOptionIsToldBeforeAnyProbe) {
  EXPECT_FALSE(registry_.backend("good:nothing=1").ok());
  EXPECT_EQ(probes, 0);
}

TEST_F(BackendRegistryTest, AFactoryThatFailsIsReportedWithItsReason) {
  EXPECT_EQ(error_of(registry_.backend("broken")->make().status()),
            "backend \"broken\" cannot start: no descriptors left");
}

TEST(RegistryTest, ABackendWithoutAProbeIsProbedByMakingIt) {
  BackendDescription untried = kBroken;
  untried.name = "untried";
  untried.probe = nullptr;
  Registry registry;
  registry.add(untried);
  EXPECT_EQ(error_of(registry.backend("untried").status()),
            "backend: backend \"untried\" does not run here: no descriptors left");
  registry.add(kGood);
  EXPECT_EQ(registry.backend("auto")->name(), "good");
  EXPECT_EQ(registry.backend("auto")->note(), "untried: no descriptors left");
}

TEST_F(BackendRegistryTest, AProactorHasNoPoller) {
  EXPECT_EQ(error_of(registry_.backend("broken")->make_poller().status()),
            "backend \"broken\" is a Proactor and has no Poller");
}

TEST(RegistryTest, AutoWithNothingThatRunsSaysWhy) {
  Registry registry;
  EXPECT_EQ(error_of(registry.backend("auto").status()),
            "backend: no backend runs here (none is registered)");
  registry.add(kAbsent);
  EXPECT_EQ(error_of(registry.backend("auto").status()),
            "backend: no backend runs here (absent: the kernel is from 1991)");
}

class PoolRegistryTest : public ::testing::Test {
 protected:
  PoolRegistryTest() { add_builtin_pools(registry_); }
  Registry registry_;
};

TEST_F(PoolRegistryTest, TheBuiltInPoolsAreThere) {
  std::string names;
  for (const PoolDescription* pool : registry_.pools()) names += std::string(pool->name) + ' ';
  EXPECT_EQ(names, "inline mutex tbb stealing asio_pool ");
}

TEST_F(PoolRegistryTest, AnUnknownPoolIsToldTheKnownOnes) {
  EXPECT_EQ(error_of(registry_.pool("fibers").status()),
            "pool: no pool named \"fibers\"; there are inline, mutex, tbb, stealing, "
            "asio_pool");
  EXPECT_EQ(error_of(registry_.pool("auto").status()),
            "pool: no pool named \"auto\"; there are inline, mutex, tbb, stealing, "
            "asio_pool");
}

TEST(EmptyRegistryTest, SaysThatThereIsNothingToChooseFrom) {
  const Registry registry;
  EXPECT_EQ(registry.workload("lines").status().message(),
            "workload: no workload named \"lines\"; none is registered");
  EXPECT_EQ(registry.pool("").status().message(), "pool: \"\" names no pool; none is registered");
}

TEST_F(PoolRegistryTest, AnUnknownOptionIsToldTheKnownOnes) {
  EXPECT_EQ(error_of(registry_.pool("mutex:size=4").status()),
            "pool: pool \"mutex\" has no option \"size\"; it has capacity, spin, affinity");
}

TEST_F(PoolRegistryTest, OptionsShowInTheEffectiveSpec) {
  EXPECT_EQ(registry_.pool("inline")->effective_spec(), "inline");
  EXPECT_EQ(registry_.pool("mutex:capacity=16")->effective_spec(),
            "mutex:capacity=16,spin=0,affinity=false");
  EXPECT_EQ(registry_.pool("tbb")->effective_spec(), "tbb:linger=10ms");
}

TEST_F(PoolRegistryTest, TheNumberOfWorkersMustSuitThePool) {
  EXPECT_EQ(error_of(registry_.pool("inline")->make(2).status()),
            "workers: pool \"inline\" has no threads of its own, so the number must be 0, not 2");
  EXPECT_EQ(error_of(registry_.pool("mutex")->make(0).status()),
            "workers: pool \"mutex\" takes a number from 1 to 1024, not 0");
  EXPECT_EQ(error_of(registry_.pool("tbb")->make(1025).status()),
            "workers: pool \"tbb\" takes a number from 1 to 1024, not 1025");
  EXPECT_TRUE(registry_.pool("inline")->make(0).ok());
}

}  // namespace
}  // namespace collet
