// SPDX-License-Identifier: MIT
// new_plugin_test.cc: what collet-new-plugin writes, and what it refuses. That it builds, against
// an installed collet, is for tests/package to show.
#include <string>
#include <vector>

#include "tests/plugins/ended.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NewPluginTest : public FolderTest {
 protected:
  static Ended write(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), COLLET_NEW_PLUGIN_PROGRAM);
    return run(std::move(arguments));
  }
};

TEST_F(NewPluginTest, APollerBearsItsNewNameThroughout) {
  ASSERT_EQ(write({"poller", "my_poll2", path("there")}).code, 0);
  const std::string source = contents(path("there/my_poll2.cc"));
  EXPECT_THAT(source, HasSubstr("// my_poll2.cc: "));
  EXPECT_THAT(source, HasSubstr("class MyPoll2Poller {"));
  EXPECT_THAT(source, HasSubstr(".name = \"my_poll2\""));
  EXPECT_THAT(source, HasSubstr("--backend my_poll2:reserve"));
  EXPECT_THAT(source, HasSubstr("COLLET_PLUGIN(kMyPoll2Poller, \"1.0\")"));
  EXPECT_THAT(source, Not(HasSubstr("PollPoller")));
  EXPECT_THAT(source, HasSubstr("::ppoll("));
}

TEST_F(NewPluginTest, BothHalvesOfAWorkloadBearItsNewName) {
  ASSERT_EQ(write({"workload", "my_talk", path("there")}).code, 0);
  const std::string source = contents(path("there/my_talk.cc"));
  for (const char* part :
       {"// my_talk.cc: ", "class MyTalkServer {", "class MyTalkClient {", ".name = \"my_talk\"",
        "guarded_server<MyTalkServer>", "guarded_client<MyTalkClient>", "--workload my_talk:most",
        "COLLET_PLUGIN(kMyTalkWorkload, \"1.0\")"}) {
    EXPECT_THAT(source, HasSubstr(part));
  }
  const std::string read_me = contents(path("there/README.md"));
  EXPECT_THAT(read_me, HasSubstr("127.0.0.1:7000 --workload ./build/libmy_talk_plugin.so -c 64"));
  EXPECT_THAT(read_me, HasSubstr("W1 to W8"));
}

TEST_F(NewPluginTest, NothingOfATemplateIsLeft) {
  for (const char* kind : {"poller", "proactor", "pool", "workload"}) {
    const std::string folder = path(kind);
    ASSERT_EQ(write({kind, "mine", folder}).code, 0);
    for (const char* file : {"mine.cc", "CMakeLists.txt", "README.md"}) {
      const std::string text = contents(folder + "/" + file);
      EXPECT_THAT(text, HasSubstr("mine")) << kind << " " << file;
      for (const char* left :
           {"@", "imple_pro", "Simple", "\"simple", "lain_", "Plain", "\"plain", "-plain", "kPoll",
            "\"poll\"", "Framed", "ramed_", "\"framed", "framed:"}) {
        EXPECT_THAT(text, Not(HasSubstr(left))) << kind << " " << file;
      }
    }
  }
}

TEST_F(NewPluginTest, TheFolderIsNamedAsThePluginUnlessItIsGiven) {
  const std::string change = "cd " + folder_.string() + " && exec \"$0\" pool mine";
  const Ended ended = run({"/bin/sh", "-c", change, COLLET_NEW_PLUGIN_PROGRAM});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("cmake -S mine "));
  EXPECT_NE(contents(path("mine/mine.cc")), "");
}

TEST_F(NewPluginTest, WhatCannotBeIsRefusedInOneSentence) {
  const std::string there = path("there");
  expect_refused(write({}), {"KIND", "poller, proactor, pool and workload"});
  expect_refused(write({"widget", "mine", there}), {"KIND", "\"widget\"", "poller, proactor"});
  expect_refused(write({"workload", "echo", there}), {"NAME", "\"echo\"", "workload", "another"});
  expect_refused(write({"pool"}), {"NAME", "lower case"});
  for (const char* name : {"Mine", "my-pool", "2mine", "_mine", "mine.so", "../mine", "my pool"}) {
    expect_refused(write({"pool", name, there}),
                   {"NAME", "\"" + std::string(name) + "\"", "lower case"});
  }
  expect_refused(write({"pool", "mutex", there}), {"NAME", "\"mutex\"", "another"});
  expect_refused(write({"poller", "auto", there}), {"NAME", "\"auto\"", "another"});
  expect_refused(write({"poller", "mine", there, "more"}), {"\"more\""});
  EXPECT_FALSE(std::filesystem::exists(there));
}

TEST_F(NewPluginTest, WhatIsThereStaysAsItIs) {
  std::filesystem::create_directory(path("there"));
  std::ofstream(path("there/mine.cc")) << "precious";
  expect_refused(write({"pool", "mine", path("there")}),
                 {"DIR", "\"" + path("there") + "\"", "there already"});
  EXPECT_EQ(contents(path("there/mine.cc")), "precious");
  std::filesystem::create_symlink("nowhere", path("link"));
  expect_refused(write({"pool", "mine", path("link")}), {"there already"});
  expect_refused(write({"pool", "mine", "/dev/null/there"}), {"DIR", "cannot be made"});
}

}  // namespace
}  // namespace collet::integration
