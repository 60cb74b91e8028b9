//===- VerdictTest.cpp - events to verdicts -------------------------------===//
#include "tool/verify/Verdict.h"
#include <gtest/gtest.h>

using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

Claim claim(FindingCode Code = FindingCode::DeviceMismatch) {
  Claim C;
  C.Id = 7;
  C.Code = Code;
  TensorFact Cpu, Cuda;
  Cpu.Dev = Device::cpu();
  Cuda.Dev = Device::cuda();
  C.Sides = {{"weight", true, Cuda}, {"input", false, Cpu}};
  return C;
}

std::string operands(const char *Weight, const char *Input) {
  return std::string("{\"event\":\"operand\",\"id\":7,\"role\":\"weight\","
                     "\"module\":true,\"tensors\":[{\"name\":\"w\",\"device\":"
                     "\"") +
         Weight +
         "\",\"dtype\":\"Float\"}]}\n{\"event\":\"operand\",\"id\":7,\"role\":"
         "\"input\",\"module\":false,\"tensors\":[{\"name\":\"\",\"device\":"
         "\"" +
         Input + "\",\"dtype\":\"Float\"}]}\n";
}
const std::string Enter = "{\"event\":\"enter\",\"id\":7}\n";
const std::string Attempt =
    "{\"event\":\"attempt\",\"entry\":\"f()\",\"attempt\":1,\"repaired\":\"\"}"
    "\n";
std::string threw(const char *What, int From = 7) {
  return std::string("{\"event\":\"threw\",\"id\":7,\"from\":") +
         std::to_string(From) + ",\"type\":\"c10::Error\",\"what\":\"" + What +
         "\"}\n";
}
const std::string Returned = "{\"event\":\"returned\",\"id\":7}\n";
std::string end(const char *How, int Code = 0, const char *Draws = "") {
  return std::string("{\"event\":\"end\",\"entry\":\"f()\",\"attempt\":1,"
                     "\"how\":\"") +
         How + "\",\"code\":" + std::to_string(Code) +
         ",\"what\":\"\",\"draws\":\"" + Draws + "\"}\n";
}

Verdict verdict(const std::string &Lines, const Claim &C = claim()) {
  llvm::Expected<Events> E = parseEvents(Lines);
  EXPECT_TRUE(static_cast<bool>(E));
  return judge(C, *E);
}

const char *DeviceError = "Expected all tensors to be on the same device";

} // namespace

TEST(Verdict, PredictedErrorOnClaimedOperandsConfirms) {
  Verdict V = verdict(Attempt + Enter + operands("cuda:0", "cpu") +
                      threw(DeviceError) + end("threw"));
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
  EXPECT_EQ(V.Evidence, "weight cuda:0 Float, input cpu Float; threw: "
                        "Expected all tensors to be on the same device");
}

TEST(Verdict, PredictedErrorOnOtherOperandsDoesNot) {
  // The caller mixed devices: that proves nothing about the claim.
  Verdict V = verdict(Attempt + Enter + operands("cpu", "cuda:0") +
                      threw(DeviceError) + end("threw", 0, "x: cuda Float[2]"));
  EXPECT_EQ(V.Kind, VerdictKind::Unreached);
  EXPECT_NE(V.Evidence.find("reached with other operands only: weight cpu"),
            std::string::npos);
}

TEST(Verdict, AnotherErrorIsInconclusive) {
  Verdict V =
      verdict(Attempt + Enter + operands("cuda:0", "cpu") +
              threw("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)") +
              end("threw"));
  EXPECT_EQ(V.Kind, VerdictKind::Inconclusive);
}

TEST(Verdict, ReturningOnClaimedOperandsRefutes) {
  Verdict V = verdict(Attempt + Enter + operands("cuda:0", "cpu") + Returned +
                      end("returned", 0, "x: cpu Float[2]"));
  EXPECT_EQ(V.Kind, VerdictKind::Refuted);
}

TEST(Verdict, ReturningElsewhereRefutesOnlyWithoutMadeArguments) {
  std::string Lines = Attempt + Enter + operands("cuda:0", "cuda:0") + Returned;
  EXPECT_EQ(verdict(Lines + end("returned")).Kind, VerdictKind::Refuted);
  // The caller that was made up is not the one that the finding speaks of.
  Verdict Made = verdict(Lines + end("returned", 0, "x: cuda Float[2]"));
  EXPECT_EQ(Made.Kind, VerdictKind::Unreached);
  EXPECT_NE(Made.Evidence.find("reached with other operands only: weight "
                               "cuda:0 Float, input cuda:0 Float"),
            std::string::npos);
  // A flag is tried both ways, so it is no such choice.
  EXPECT_EQ(verdict(Lines + end("returned", 0, "flag: true")).Kind,
            VerdictKind::Refuted);
  EXPECT_EQ(verdict(Lines + end("returned", 0, "a: true; n: 2")).Kind,
            VerdictKind::Unreached);
  Claim Conditional = claim();
  Conditional.Conditional = true;
  EXPECT_EQ(verdict(Lines + end("returned"), Conditional).Kind,
            VerdictKind::Unreached);
}

TEST(Verdict, AnotherErrorElsewhereIsNoAnswer) {
  std::string Lines =
      Attempt + Enter + operands("cuda:0", "cuda:0") +
      threw("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)");
  EXPECT_EQ(verdict(Lines + end("threw", 0, "x: cuda Float[2, 3]")).Kind,
            VerdictKind::Unreached);
  EXPECT_EQ(verdict(Lines + end("threw")).Kind, VerdictKind::Inconclusive);
}

TEST(Verdict, AnyConfirmingRunWins) {
  Verdict V =
      verdict(Attempt + Enter + operands("cuda:0", "cuda:0") + Returned +
              end("returned") + Attempt + Enter + operands("cuda:0", "cpu") +
              threw(DeviceError) + end("threw"));
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
}

TEST(Verdict, RepairedRunsDoNotCount) {
  std::string Repaired = "{\"event\":\"attempt\",\"entry\":\"f()\","
                         "\"attempt\":2,\"repaired\":\"3,7\"}\n";
  Verdict V = verdict(Repaired + Enter + operands("cuda:0", "cpu") + Returned +
                      end("returned"));
  EXPECT_EQ(V.Kind, VerdictKind::Unreached);
}

TEST(Verdict, ReturningElsewhereBehindARepairRefutesNothing) {
  std::string Other = "{\"event\":\"attempt\",\"entry\":\"f()\","
                      "\"attempt\":2,\"repaired\":\"3c\"}\n";
  Verdict V = verdict(Other + Enter + operands("cpu", "cpu") + Returned +
                      end("returned"));
  EXPECT_EQ(V.Kind, VerdictKind::Unreached);
  V = verdict(Other + Enter + operands("cuda:0", "cpu") + threw(DeviceError) +
              end("threw"));
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
}

TEST(Verdict, ReturningBehindARepairSaysNothingOfWhatNobodySaw) {
  // Where the program as it is stops before, this is not its call.
  Claim C = claim();
  C.Sides[0].AtCall = false;
  const std::string Calls =
      Enter + operands("cpu", "cpu") + Returned + end("returned");
  const std::string Other = "{\"event\":\"attempt\",\"entry\":\"f()\","
                            "\"attempt\":2,\"repaired\":\"3c\"}\n";
  EXPECT_EQ(verdict(Other + Calls, C).Kind, VerdictKind::Unreached);
  EXPECT_EQ(verdict(Attempt + Calls, C).Kind, VerdictKind::Refuted);
}

TEST(Verdict, OperandsOfACalleeAreNotLookedForAtTheCall) {
  // The call's own 'input' is another tensor than the one inside.
  Claim C = claim();
  C.Sides[1].AtCall = false;
  Verdict V = verdict(Attempt + Enter + operands("cuda:0", "cuda:0") +
                          threw(DeviceError) + end("threw"),
                      C);
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
  // It was not seen, so a return with made arguments refutes nothing.
  V = verdict(Attempt + Enter + operands("cuda:0", "cpu") + Returned +
                  end("returned", 0, "x: cpu Float[2]"),
              C);
  EXPECT_NE(V.Kind, VerdictKind::Refuted);
}

TEST(Verdict, ErrorOfAnArgumentIsNotTheCalls) {
  Claim C = claim();
  C.Inner = {3};
  Verdict V =
      verdict(Attempt + Enter + threw(DeviceError, 3) + end("threw"), C);
  EXPECT_EQ(V.Kind, VerdictKind::Unreached);
}

TEST(Verdict, WithAnOperandMissingTheCallWasNeverMade) {
  Claim C = claim();
  C.Operands = 2;
  std::string Threw = "{\"event\":\"threw\",\"id\":7,\"from\":7,\"operands\":"
                      "1,\"what\":\"Expected all tensors to be on the same "
                      "device\"}\n";
  EXPECT_EQ(verdict(Attempt + Enter + Threw + end("threw"), C).Kind,
            VerdictKind::Unreached);
}

TEST(Verdict, CrashInTheCallIsEvidence) {
  Verdict V =
      verdict(Attempt + Enter + operands("cuda:0", "cpu") + end("signal", 11));
  EXPECT_EQ(V.Kind, VerdictKind::Inconclusive);
  EXPECT_NE(V.Evidence.find("SIGSEGV"), std::string::npos);
}

TEST(Verdict, HostAccessIsConfirmedByTheCrash) {
  Claim C = claim(FindingCode::HostAccess);
  C.Sides.clear();
  Verdict V = verdict(Attempt + Enter + operands("cuda:0", "cuda:0") +
                          Returned + end("signal", 11),
                      C);
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
}

TEST(Verdict, AnAccessorThatCrashesOnDeviceMemoryNeedsNoOperand) {
  Claim C = claim(FindingCode::HostAccess);
  C.Sides.clear();
  std::string Crash =
      R"({"event":"crash","pid":0,"signal":"SIGSEGV","device":"cuda:0"})"
      "\n";
  EXPECT_EQ(verdict(Attempt + Enter + Crash + end("signal", 11), C).Kind,
            VerdictKind::Confirmed);
  EXPECT_EQ(verdict(Attempt + Enter + end("signal", 11), C).Kind,
            VerdictKind::Inconclusive);
}

TEST(Verdict, ACrashOnDeviceMemoryIsEvidence) {
  Claim C = claim(FindingCode::HostAccess);
  C.Sides.clear();
  std::string Crash =
      R"({"event":"crash","pid":0,"signal":"SIGSEGV","device":"cuda:0",)"
      R"("offset":8,"size":24,"file":"a.cpp","line":12})"
      "\n";
  // No "end": the user's own program, which nobody watches.
  Verdict V = verdict(
      Attempt + Enter + operands("cuda:0", "cuda:0") + Returned + Crash, C);
  EXPECT_EQ(V.Kind, VerdictKind::Confirmed);
  EXPECT_NE(V.Evidence.find("the run then crashed (SIGSEGV) where host code "
                            "accessed cuda:0, byte 8 of a block of 24, at "
                            "a.cpp:12"),
            std::string::npos);
}

TEST(Verdict, NothingThereIsUnreached) {
  Verdict V = verdict(Attempt + end("timeout"));
  EXPECT_EQ(V.Kind, VerdictKind::Unreached);
  EXPECT_EQ(V.Evidence, "f() was still running at the time limit");
}

TEST(Verdict, AnObstacleIsInconclusive) {
  Claim C = claim();
  C.Obstacle = "could not be driven: parameter 'f'";
  EXPECT_EQ(verdict("", C).Kind, VerdictKind::Inconclusive);
}

TEST(Events, ACutLastLineIsIgnoredAndGarbageIsNot) {
  EXPECT_TRUE(static_cast<bool>(parseEvents(Enter + "{\"event\":\"ret")));
  llvm::Expected<Events> E = parseEvents("nonsense\n" + Enter);
  ASSERT_FALSE(static_cast<bool>(E));
  EXPECT_NE(llvm::toString(E.takeError()).find("line 1"), std::string::npos);
}
