//===- ErrorFamilyTest.cpp - every predicted message has its family -------===//
//
// A verdict compares what was thrown with what was predicted by family. So each
// message of the tables has to have one, the right one.
//
//===----------------------------------------------------------------------===//
#include "runtime/driver/ErrorFamily.h"
#include "llvm/ADT/StringRef.h"
#include <gtest/gtest.h>

using namespace torch_tidy::driver;

namespace {

/// The messages as the tables have them: {W} and {B} stand for element types.
/// Some are cut short.
constexpr llvm::StringLiteral Predicted[] = {
#define MESSAGE(Text) Text,
#include "checks/api/data/messages.inc"
#undef MESSAGE
};

std::string filledIn(llvm::StringRef Message, const char *Wrong,
                     const char *Right) {
  std::string Text = Message.str();
  for (auto [Mark, Type] : {std::pair("{W}", Wrong),
                            {"{w}", Wrong},
                            {"{B}", Right},
                            {"{b}", Right}})
    for (size_t At; (At = Text.find(Mark)) != std::string::npos;)
      Text.replace(At, 3, Type);
  return Text;
}

/// Cut off before the words that tell.
bool isCut(llvm::StringRef Message) {
  return Message.starts_with("quantile() input tensor") ||
         Message.starts_with("expected a tensor with 2 or more dimensions");
}

} // namespace

TEST(ErrorFamily, EveryPredictedMessageHasOne) {
  for (llvm::StringRef Message : Predicted)
    if (!Message.empty() && !isCut(Message))
      EXPECT_NE(familyOf(filledIn(Message, "Double", "Float")), Family::None)
          << Message.str();
}

TEST(ErrorFamily, AMessageWithElementTypesIsAboutThem) {
  for (llvm::StringRef Message : Predicted)
    if (Message.contains_insensitive("{w}") ||
        Message.contains_insensitive("{b}"))
      for (const char *Wrong : {"Double", "Long", "Half", "BFloat16"})
        EXPECT_EQ(familyOf(filledIn(Message, Wrong, "Float")), Family::Dtype)
            << Message.str();
}

TEST(ErrorFamily, TypesWithBackendsAreDevicesWhereTheBackendsDiffer) {
  EXPECT_EQ(familyOf("'lengths' argument should be a 1D CPU int64 tensor, but "
                     "got 1D cuda:0 Long tensor"),
            Family::Device);
  EXPECT_EQ(familyOf("'lengths' argument should be a 1D CPU int64 tensor, but "
                     "got 1D cpu Float tensor"),
            Family::Dtype);
  EXPECT_EQ(familyOf("Expected tensor for argument #1 'input' to have the same "
                     "type as tensor for argument #2 'weight'; but type "
                     "torch.FloatTensor does not equal torch.cuda.FloatTensor"),
            Family::Device);
}

TEST(ErrorFamily, ShapesAndTheMachineHaveNone) {
  EXPECT_EQ(familyOf("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x1)"),
            Family::None);
  EXPECT_EQ(familyOf("The size of tensor a (3) must match the size of tensor b "
                     "(4) at non-singleton dimension 0"),
            Family::None);
  EXPECT_EQ(familyOf("Found no NVIDIA driver on your system"), Family::None);
}
