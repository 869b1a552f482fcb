// SPDX-License-Identifier: MIT
// plugin_test.cc: what the programs do with plugins: good ones run, bad ones are refused in one
// sentence that names the file, what was found and what would work; exit code 2. Each in a process
// of its own.
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>
#include <absl/strings/str_split.h>

#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void expect_refused(const Ended& ended, const std::string& file, std::vector<std::string> told) {
  told.push_back("\"" + file + "\" ");
  expect_refused(ended, told);
}

// -- What is wrong with what it says of itself ---------------------------------------------------

struct Flaw {
  const char* name;
  std::vector<std::string> told;

  friend std::ostream& operator<<(std::ostream& out, const Flaw& flaw) { return out << flaw.name; }
};

class FlawedPlugin : public ::testing::TestWithParam<Flaw> {};

TEST_P(FlawedPlugin, IsRefusedInOneSentence) {
  const std::string file = plugin(GetParam().name);
  expect_refused(list_with(file), file, GetParam().told);
}

const std::vector<Flaw> kFlaws{{"no_symbol", {"no function collet_plugin", "COLLET_PLUGIN"}},
                               {"wrong_magic", {"no plugin of collet", "0xbad"}},
                               {"newer", {"version 2", "knows 1", "headers of this collet"}},
                               {"older", {"version 0", "takes 1", "headers of this collet"}},
                               {"too_small", {"40 bytes", "at least", "COLLET_PLUGIN"}},
                               {"unknown_kind", {"kind is 77"}},
                               {"null_name", {"its name"}},
                               {"bad_name", {"its name"}},
                               {"duplicate_name", {"\"epoll\"", "another name"}},
                               {"null_version", {"its version"}},
                               {"null_options", {"its options"}},
                               {"bad_default", {"\"depth\"", "out of its own range"}},
                               {"twin_options", {"\"depth\" is there twice"}},
                               {"wide_boolean", {"\"deep\" is a boolean", "0 to 1"}},
                               {"negative_share", {"\"share\"", "below 0"}},
                               {"data_symbol", {"collet_plugin", "no function", "COLLET_PLUGIN"}},
                               {"exits_when_asked", {"ended the program"}},
                               {"null_factory", {"no factory"}},
                               {"two_factories", {"another kind"}},
                               {"null_traits", {"its traits are null"}},
                               {"says_nothing", {"null"}},
                               {"throws_when_asked", {"no mood to be asked"}}};

INSTANTIATE_TEST_SUITE_P(Plugins, FlawedPlugin, ::testing::ValuesIn(kFlaws),
                         [](const auto& flaw) { return std::string(flaw.param.name); });

// -- What is wrong with what it does -------------------------------------------------------------

Ended serve_with(const std::string& name) {
  return run(
      {COLLET_SERVER_PROGRAM, "--backend", plugin(name), "--listen", "127.0.0.1:0", "--quiet"});
}

TEST(UnwillingPlugin, ThrowingInItsProbeIsAReason) {
  const Ended ended = serve_with("throws_in_probe");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("\"hermit\" does not run here"), HasSubstr("no mood to be probed")));
  const Ended listed = list_with(plugin("throws_in_probe"));
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.output, HasSubstr("no mood to be probed"));
}

TEST(UnwillingPlugin, ThrowingInItsFactoryIsAReason) {
  const Ended ended = serve_with("throws_in_factory");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("no mood to be made"));
}

TEST(UnwillingPlugin, EndingTheProgramInItsFactoryIsNoSuccess) {
  expect_refused(serve_with("exits_in_factory"),
                 {"\"hermit\" ended the program when it was loaded, probed or made"});
}

TEST(UnwillingPlugin, APoolThatCannotBeMadeIsRefusedInOneSentence) {
  for (const auto& [name, reason] :
       {std::pair{"null_pool", "its factory made nothing and gave no reason: do without it"},
        std::pair{"throwing_pool", "no mood to work"}}) {
    const Ended ended = run({COLLET_SERVER_PROGRAM, "--backend", "epoll", "--pool", plugin(name),
                             "--listen", "127.0.0.1:0", "--quiet"});
    expect_refused(ended, {"pool \"idler\" cannot start", reason});
  }
}

TEST(UnwillingPlugin, EndingTheProgramInItsProbeIsNoSuccess) {
  const Ended listed = list_with(plugin("exits_in_probe"));
  EXPECT_EQ(listed.code, 2);
  EXPECT_THAT(listed.errors, HasSubstr("\"hermit\" ended the program"));
}

TEST(UnwillingPlugin, AReasonWithoutEndIsCutAndMadePrintable) {
  const Ended listed = list_with(plugin("speaks_without_end"));
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.output, HasSubstr(": ?" + std::string(238, '!') + "\n"));
}

TEST(UnwillingPlugin, ATextForPeopleCannotSteerTheirTerminal) {
  const Ended listed = list_with(plugin("draws"));
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.output, HasSubstr("red?[31m?line"));
}

TEST(UnwillingPlugin, MoreEventsThanThereIsRoomForAreNotAskedFor) {
  const Ended listed = list_with(plugin("many_events"));
  EXPECT_EQ(listed.code, 0) << listed.errors;
  EXPECT_THAT(listed.output, HasSubstr("taken?at once"));
  const Ended judged =
      run({COLLET_CONFORM_PROGRAM, "--backend", plugin("many_events"), "--rule", "R1.1"});
  EXPECT_EQ(judged.code, 0) << judged.errors;
}

TEST(UnwillingPlugin, MakingNothingIsRefused) {
  const Ended ended = serve_with("makes_nothing");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("\"hermit\""), HasSubstr("its factory made nothing")));
}

TEST(UnwillingPlugin, ReportingMoreEventsThanThereIsRoomForEndsTheProcessInWords) {
  const std::string file = plugin("reports_too_many");
  for (const std::string& spec :
       {file, "trace(" + file + ")", "fault(" + file + "):seed=7,reorder=1"}) {
    const Ended ended =
        run({COLLET_SERVER_PROGRAM, "--backend", spec, "--listen", "127.0.0.1:0", "--quiet"});
    EXPECT_EQ(ended.code, 1000 + SIGABRT) << spec;
    EXPECT_THAT(ended.errors, HasSubstr("wait() of a backend reported 18446744073709551615"));
  }
}

TEST(UnwillingPlugin, ThrowingWhereThereIsNoErrorEndsTheProcessWithItsWords) {
  const Ended ended = serve_with("throws_in_wait");
  EXPECT_EQ(ended.code, 1000 + SIGABRT);
  EXPECT_THAT(ended.errors, HasSubstr("wait() of a plugin threw: no patience"));
}

TEST(ForwardPlugin, ALaterOneOfTheSameVersionRuns) {
  const Ended listed = list_with(plugin("larger"));
  EXPECT_EQ(listed.code, 0) << listed.errors;
  EXPECT_THAT(listed.output, HasSubstr("hermit"));
}

TEST(IntrusivePlugin, WhatItExportsBesideReachesNobody) {
  const Ended listed = run({COLLET_SERVER_PROGRAM, "--plugin", plugin("extra_symbols"), "--plugin",
                            plugin("borrows"), "--list"});
  EXPECT_EQ(listed.code, 0) << listed.errors;
  EXPECT_THAT(listed.output, AllOf(HasSubstr("borrower"), Not(HasSubstr("took a stranger's"))));
}

// -- What is wrong with the file -----------------------------------------------------------------

TEST_F(PluginFileTest, OneThatIsNotThereIsRefused) {
  expect_refused(list_with(path("nobody.so")), path("nobody.so"), {"No such file"});
}

TEST_F(PluginFileTest, TextIsRefused) {
  std::ofstream(path("text.so")) << "no machine code at all, but long enough for a header of ELF\n";
  expect_refused(list_with(path("text.so")), path("text.so"), {"no shared object", "ELF"});
}

TEST_F(PluginFileTest, AnotherMachinesIsRefused) {
  std::string code = contents(plugin("none"));
  constexpr std::size_t kMachine = 18;  // in the header of ELF
  code[kMachine] = 8;                   // MIPS
  std::ofstream(path("mips.so"), std::ios::binary) << code;
  expect_refused(list_with(path("mips.so")), path("mips.so"), {"shared object for this machine"});
}

TEST_F(PluginFileTest, OneThatWasCutOffIsRefused) {
  const std::string code = contents(plugin("none"));
  std::ofstream(path("half.so"), std::ios::binary) << code.substr(0, code.size() / 4);
  expect_refused(list_with(path("half.so")), path("half.so"), {"cut off", "copy it again"});
}

// A copy of what lies at `at` is given to `how`, and put back.
template <typename Part, typename How>
void change(std::string& code, std::size_t at, const How& how) {
  Part part{};
  std::memcpy(&part, code.data() + at, sizeof part);
  how(part);
  std::memcpy(code.data() + at, &part, sizeof part);
}

Elf64_Phdr beyond_the_end() {
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_filesz = 0x2000;
  segment.p_offset = ~Elf64_Off{0} - 0xfff;  // so that the end of it has a small number
  return segment;
}

TEST_F(PluginFileTest, OneOfTheOtherByteOrderIsAnotherMachines) {
  std::string code = contents(plugin("none"));
  change<Elf64_Ehdr>(code, 0, [](Elf64_Ehdr& head) {
    head.e_ident[EI_DATA] = ELFDATA2MSB;
    head.e_phoff = __builtin_bswap64(head.e_phoff);
    head.e_phnum = __builtin_bswap16(head.e_phnum);
    head.e_phentsize = __builtin_bswap16(head.e_phentsize);
  });
  std::ofstream(path("big.so"), std::ios::binary) << code;
  expect_refused(list_with(path("big.so")), path("big.so"), {"shared object for this machine"});
}

TEST_F(PluginFileTest, ASegmentThatEndsBeyondAllNumbersIsCutOff) {
  std::string code = contents(plugin("none"));
  change<Elf64_Phdr>(code, sizeof(Elf64_Ehdr),
                     [](Elf64_Phdr& segment) { segment = beyond_the_end(); });
  std::ofstream(path("far.so"), std::ios::binary) << code;
  expect_refused(list_with(path("far.so")), path("far.so"), {"cut off", "copy it again"});
}

// What stands in it is then no table of segments.
TEST_F(PluginFileTest, ATableOfAnotherWidthIsLeftToTheLoader) {
  std::string code = contents(plugin("none"));
  change<Elf64_Ehdr>(code, 0, [](Elf64_Ehdr& head) { ++head.e_phentsize; });
  change<Elf64_Phdr>(code, sizeof(Elf64_Ehdr), [](Elf64_Phdr& segment) {
    segment = beyond_the_end();
    segment.p_offset = 1 << 30;
  });
  std::ofstream(path("wide.so"), std::ios::binary) << code;
  expect_refused(list_with(path("wide.so")), path("wide.so"), {"cannot be loaded", "phentsize"});
}

TEST_F(PluginFileTest, WhatItNeedsCannotSteerATerminal) {
  std::string code = contents(plugin("none"));
  const std::string needed = "libstdc++.so.6";
  const std::string steering = "lib\x1b[31m\xc2\x9b.so6";
  ASSERT_EQ(steering.size(), needed.size());
  code.replace(code.find(needed), needed.size(), steering);
  std::ofstream(path("draws.so"), std::ios::binary) << code;
  expect_refused(list_with(path("draws.so")), path("draws.so"), {"lib?[31m??.so6: cannot open"});
}

TEST_F(PluginFileTest, AFolderOrAPipeIsRefused) {
  fs::create_directory(path("folder.so"));
  expect_refused(list_with(path("folder.so")), path("folder.so"), {"no regular file"});
  ASSERT_EQ(::mkfifo(path("pipe.so").c_str(), 0600), 0);
  expect_refused(list_with(path("pipe.so")), path("pipe.so"), {"no regular file"});
}

TEST_F(PluginFileTest, OneThatOthersMayWriteToIsRefused) {
  const std::string file = copy_of_a_good_one("open.so");
  for (const mode_t mode : {mode_t{0775}, mode_t{0757}}) {
    ::chmod(file.c_str(), mode);
    expect_refused(list_with(file), file, {"may be written to by others", "chmod"});
  }
}

TEST_F(PluginFileTest, OneInAFolderThatOthersMayWriteToIsRefused) {
  const std::string file = copy_of_a_good_one("good.so");
  ::chmod(folder_.c_str(), 0777);
  expect_refused(list_with(file), file, {"folder", "may be written to by others"});
}

TEST_F(PluginFileTest, OneOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string file = copy_of_a_good_one("foreign.so");
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  expect_refused(list_with(file), file, {"belongs to user 12345"});
}

TEST_F(PluginFileTest, ALinkIsFollowedAndItsTargetChecked) {
  const std::string file = copy_of_a_good_one("real.so");
  fs::create_symlink(file, path("link.so"));
  EXPECT_EQ(list_with(path("link.so")).code, 0);
  ::chmod(file.c_str(), 0777);
  expect_refused(list_with(path("link.so")), path("link.so"), {"may be written to by others"});
}

// The same path alternates between a file that passes the check and one that does not, which says
// so if it is ever loaded.
TEST_F(PluginFileTest, WhatIsLoadedIsWhatWasChecked) {
  const std::string good = copy_of_a_good_one("real.so");
  fs::copy_file(plugin("leaves_a_mark"), path("weak.so"));
  ::chmod(path("weak.so").c_str(), 0777);
  ::setenv("HOSTILE_MARK", path("mark").c_str(), 1);
  std::atomic<bool> over{false};
  std::thread swapping([&] {
    for (bool weak = false; !over; weak = !weak) {
      std::error_code ignored;
      fs::remove(path("next.so"), ignored);
      fs::create_symlink(weak ? path("weak.so") : good, path("next.so"), ignored);
      fs::rename(path("next.so"), path("link.so"), ignored);
    }
  });
  int loaded = 0;
  int refused = 0;
  for (int i = 0; i < 300 && (i < 100 || loaded == 0 || refused == 0); ++i) {
    const Ended ended = list_with(path("link.so"));
    ++(ended.code == 0 ? loaded : refused);
  }
  over = true;
  swapping.join();
  ::unsetenv("HOSTILE_MARK");
  EXPECT_GT(loaded, 0);
  EXPECT_GT(refused, 0);
  EXPECT_FALSE(fs::exists(path("mark")));
}

// -- Good ones -----------------------------------------------------------------------------------

TEST_F(PluginFileTest, AFolderOfThemIsLoadedByFlagOrByVariable) {
  copy_of_a_good_one("good.so");
  const Ended by_flag = run({COLLET_SERVER_PROGRAM, "--plugin-dir", folder_.string(), "--list"});
  EXPECT_EQ(by_flag.code, 0) << by_flag.errors;
  EXPECT_THAT(by_flag.output, AllOf(HasSubstr("hermit"), HasSubstr("version 6.6"),
                                    HasSubstr(path("good.so")), HasSubstr("how deep")));
  ::setenv("COLLET_PLUGIN_PATH", ("/nowhere-at-all:" + folder_.string()).c_str(), 1);
  const Ended by_bad_variable = run({COLLET_SERVER_PROGRAM, "--list"});
  ::setenv("COLLET_PLUGIN_PATH", folder_.c_str(), 1);
  const Ended by_variable = run({COLLET_SERVER_PROGRAM, "--list"});
  ::unsetenv("COLLET_PLUGIN_PATH");
  EXPECT_EQ(by_variable.output, by_flag.output);
  EXPECT_EQ(by_bad_variable.code, 2);
  EXPECT_THAT(by_bad_variable.errors,
              AllOf(HasSubstr("COLLET_PLUGIN_PATH"), HasSubstr("/nowhere-at-all")));
}

TEST_F(PluginFileTest, TheSameFileMayBeNamedTwice) {
  const std::string file = copy_of_a_good_one("good.so");
  const Ended ended =
      run({COLLET_SERVER_PROGRAM, "--plugin", file, "--plugin-dir", folder_.string(), "--list"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
}

TEST(PluginSymbolTest, APluginExportsOneSymbol) {
  std::vector<std::string> files = absl::StrSplit(COLLET_LIBRARY_PLUGINS, ':', absl::SkipEmpty());
  files.insert(files.end(),
               {COLLET_POLL_PLUGIN, COLLET_ASIO_PLUGIN, COLLET_TBB_PLUGIN, COLLET_PROACTOR_TEMPLATE,
                COLLET_POOL_TEMPLATE, COLLET_WORKLOAD_TEMPLATE});
  for (const std::string& file : files) {
    const Ended ended = run({"/usr/bin/nm", "-D", "--defined-only", file});
    ASSERT_EQ(ended.code, 0) << ended.errors;
    EXPECT_EQ(std::count(ended.output.begin(), ended.output.end(), '\n'), 1) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr(" T collet_plugin"));
  }
}

}  // namespace
}  // namespace collet::integration
