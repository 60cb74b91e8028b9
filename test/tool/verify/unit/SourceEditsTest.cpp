//===- SourceEditsTest.cpp - nested insertions ----------------------------===//
#include "tool/verify/SourceEdits.h"
#include <gtest/gtest.h>

using torch_tidy::verify::SourceEdits;

// 0123456789
// f(g(x), y)
TEST(SourceEdits, NestsRangesThatBeginTogether) {
  SourceEdits E;
  E.wrap(2, 6, "<", ">");
  E.wrap(2, 3, "[", "]");
  EXPECT_EQ(E.apply("f(g(x), y)"), "f(<[g](x)>, y)");
}

TEST(SourceEdits, NestsRangesThatEndTogether) {
  SourceEdits E;
  E.wrap(4, 5, "[", "]");
  E.wrap(2, 5, "<", ">");
  EXPECT_EQ(E.apply("f(g(x), y)"), "f(<g([x]>), y)");
}

TEST(SourceEdits, FirstOfEqualRangesIsTheOuterOne) {
  SourceEdits E;
  E.wrap(0, 1, "<", ">");
  E.wrap(0, 1, "[", "]");
  EXPECT_EQ(E.apply("x"), "<[x]>");
}

TEST(SourceEdits, NeighboursDoNotMix) {
  SourceEdits E;
  E.wrap(0, 1, "<", ">");
  E.wrap(1, 2, "[", "]");
  EXPECT_EQ(E.apply("xy"), "<x>[y]");
}

TEST(SourceEdits, ReplacementStaysInsideWhatBeginsThere) {
  SourceEdits E;
  E.replace(0, 4, "user_main");
  E.wrap(0, 6, "<", ">");
  EXPECT_EQ(E.apply("main()"), "<user_main()>");
}

TEST(SourceEdits, ReplacementDropsWrapsWithAnEndInside) {
  SourceEdits E;
  E.replace(0, 4, "user");
  E.wrap(2, 6, "<", ">");
  EXPECT_EQ(E.apply("main()"), "user()");
}

TEST(SourceEdits, RangesPastTheEndAreIgnored) {
  SourceEdits E;
  E.wrap(0, 9, "<", ">");
  EXPECT_EQ(E.apply("abc"), "abc");
}
