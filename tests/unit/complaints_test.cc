// SPDX-License-Identifier: MIT
// complaints_test.cc: how often the server says what it comes short of.
#include "apps/server/complaints.h"

#include <cerrno>

#include <gmock/gmock.h>

namespace collet::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Complaints::Clock::time_point kStart{};

TEST(ComplaintsTest, NameTheBackendTheErrorAndARemedy) {
  Complaints complaints("small:room=3");
  EXPECT_THAT(complaints.of(Trouble::watch, ENOSPC, kStart),
              AllOf(HasSubstr("small:room=3"), HasSubstr("No space left on device (ENOSPC)"),
                    HasSubstr("--max-connections")));
  EXPECT_THAT(complaints.of(Trouble::accept, EMFILE, kStart),
              AllOf(HasSubstr("accepted"), HasSubstr("(EMFILE)"), HasSubstr("ulimit -n")));
}

TEST(ComplaintsTest, ComeOnceInTenSecondsAndSayForHowMany) {
  Complaints complaints("epoll");
  EXPECT_NE(complaints.of(Trouble::watch, ENOSPC, kStart), "");
  for (int i = 0; i < 41; ++i) {
    EXPECT_EQ(complaints.of(Trouble::watch, ENOSPC, kStart + milliseconds(9'999)), "");
  }
  EXPECT_THAT(complaints.of(Trouble::watch, ENOSPC, kStart + seconds(10)),
              HasSubstr("(and 41 times since this was last said)"));
  EXPECT_THAT(complaints.of(Trouble::watch, ENOSPC, kStart + seconds(20)),
              AllOf(HasSubstr("ENOSPC"), Not(HasSubstr("times"))));
}

TEST(ComplaintsTest, OfOneKindDoNotSilenceTheOther) {
  Complaints complaints("epoll");
  EXPECT_NE(complaints.of(Trouble::watch, ENOSPC, kStart), "");
  EXPECT_NE(complaints.of(Trouble::accept, EMFILE, kStart), "");
}

}  // namespace
}  // namespace collet::apps
