#include "tool/report/SourceText.h"
#include "gtest/gtest.h"

using namespace torch_tidy;

namespace {

TEST(SourceText, CountsCodePointsAndUtf16Units) {
  // 1, 2 (a-umlaut) and 4 bytes of UTF-8: 1, 1 and 2 units of UTF-16.
  SourceText Text("one\na\xC3\xA4\xF0\x9D\x94\xB2"
                  "b");
  EXPECT_EQ(2u, Text.position(11).Line);
  EXPECT_EQ(4u, Text.position(11).Column);
  EXPECT_EQ(2u, Text.utf16Position(11).Line);
  EXPECT_EQ(5u, Text.utf16Position(11).Column);
  EXPECT_EQ(3u, Text.utf16Position(7).Column);
  EXPECT_EQ(6u, Text.utf16Position(1000).Column);
}

TEST(SourceText, AGivenTextIsInPlaceOfTheDisk) {
  SourceTexts Texts;
  Texts.set("/no/such/file", "a\nb");
  EXPECT_EQ("b", Texts["/no/such/file"].line(2));
}

} // namespace
