// How closely a function is looked at, by what it has cost so far.
#include "checks/flow/Paths.h"
#include "gtest/gtest.h"

using namespace torch_tidy;

TEST(Budget, IsSharedOutSparinglyAsItIsSpent) {
  Budget B{1600, 1600};
  EXPECT_EQ(B.share(16), 16u);
  B.Left = 1501;
  EXPECT_EQ(B.share(16), 16u);
  B.Left = 1500;
  EXPECT_EQ(B.share(16), 4u);
  EXPECT_EQ(B.share(2), 1u) << "never none";
  B.Left = 1400;
  EXPECT_EQ(B.share(16), 1u);
  EXPECT_TRUE(B);
  B.Left = 0;
  EXPECT_FALSE(B);
}
