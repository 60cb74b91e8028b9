//===- VerifyMarks.cpp - `torch-tidy verify` with findings by hand --------===//
//
// So that every verdict can be tested, those on false findings included.
//
//===----------------------------------------------------------------------===//
#include "Marks.h"
#include "tool/verify/Verify.h"

int main(int argc, const char **argv) {
  return torch_tidy::runVerify(argc, argv, torch_tidy::findMarks);
}
