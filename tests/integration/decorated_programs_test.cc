// SPDX-License-Identifier: MIT
// decorated_programs_test.cc: what the programs do with decorators: show traces when asked and when
// they crash, and tell what was counted.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/support/patience.h"
#include "tests/support/program.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> server(const std::string& backend, const std::string& more) {
  return {COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0", "--backend", backend, more};
}

TEST(DecoratedProgramsTest, ASignalShowsTheTraceAndTheServerGoesOn) {
  Program program(server("trace(epoll)", "--json"));
  EXPECT_THAT(program.read_line(), HasSubstr("\"backend\":\"trace(epoll)\""));
  program.signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] {
    return program.errors().find(" epoll proactor 0: start handle=") != std::string::npos;
  }));
  EXPECT_THAT(program.errors(), HasSubstr("trace of epoll poller 1: the last "));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST(DecoratedProgramsTest, ACrashShowsTheTraceAndIsACrashAllTheSame) {
  if (kThreadSanitized) GTEST_SKIP() << "a crash inside of ThreadSanitizer is a failed check to it";
  for (const int signal : {SIGSEGV, SIGABRT}) {
    Program program(server("trace(epoll):entries=64", "--quiet"));
    EXPECT_THAT(program.read_line(), HasSubstr("listening"));
    program.signal(signal);
    EXPECT_EQ(program.wait(), 1000 + signal);
    EXPECT_THAT(program.errors(), HasSubstr("epoll proactor 1: listen token="));
  }
}

TEST(DecoratedProgramsTest, CallsArePrintedAsTheyHappen) {
  Program program(server("trace(epoll):print=true", "--quiet"));
  EXPECT_THAT(program.read_line(), HasSubstr("listening"));
  EXPECT_THAT(program.errors(), HasSubstr("epoll proactor 1: listen token="));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST(DecoratedProgramsTest, TheTotalsTellWhatWasCounted) {
  Program program(server("count(epoll)", "--json"));
  program.read_line();
  program.signal(SIGTERM);
  const std::string totals = program.read_rest();
  EXPECT_THAT(totals, HasSubstr("\"counted\":{\"wait\":"));
  EXPECT_THAT(totals, HasSubstr("\"bytes_in\":0,\"bytes_out\":0}"));
  EXPECT_EQ(program.wait(), 0);
}

TEST(DecoratedProgramsTest, WithoutJsonTheCountIsToldAtTheEnd) {
  Program program({COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0", "--backend", "count(asio)"});
  program.read_line();
  program.signal(SIGTERM);
  EXPECT_THAT(program.read_rest(), HasSubstr("counted wait 0, events 0, add 0"));
  EXPECT_EQ(program.wait(), 0);
}

std::vector<std::string> server_of_pool(const std::string& pool) {
  return {COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0", "--pool", pool, "--workers", "1"};
}

TEST(DecoratedProgramsTest, TheTotalsTellHowLongTasksOfAPoolWaitedAndRan) {
  auto command = server_of_pool("count(mutex)");
  command.emplace_back("--json");
  Program program(command);
  program.read_line();
  program.signal(SIGTERM);
  EXPECT_THAT(program.read_rest(),
              HasSubstr(R"("pool_times":{"tasks":0,"batches":0,"largest_batch":0,)"
                        R"("queue_delay_us":{"count":0,"p50":0.0,"p99":0.0,"p999":0.0,"max":0.0},)"
                        R"("run_time_us":{"count":0,)"));
  EXPECT_EQ(program.wait(), 0);
}

TEST(DecoratedProgramsTest, WithoutJsonTheTimesOfAPoolAreToldAtTheEnd) {
  Program program(server_of_pool("count(mutex)"));
  program.read_line();
  program.signal(SIGTERM);
  EXPECT_THAT(program.read_rest(),
              HasSubstr("timed 0 tasks, 0 batches of at most 0; queue delay p50 0.00 us, "));
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace collet::integration
