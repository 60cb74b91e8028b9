// States: what copies share, and which two are the same to what follows.
#include "checks/flow/Signature.h"
#include "gtest/gtest.h"

using namespace torch_tidy;

namespace {

State withTensor(Device D, int Padding = 0) {
  State S;
  S.Frames.emplace_back();
  for (int I = 0; I < Padding; ++I)
    S.cell(Value::integer(I));
  Handle H;
  H.Fact.Dev = D;
  static int Variable;
  S.top().Vars[&Variable] = S.cell(S.tensor(H));
  return S;
}

} // namespace

TEST(State, AWriteToACopyStaysThere) {
  State A = withTensor(Device::cpu());
  State B = A;
  B.Handles.mut(1).Fact.Dev = Device::cuda();
  EXPECT_TRUE(A.Handles[1].Fact.Dev.isCPU());
  EXPECT_TRUE(B.Handles[1].Fact.Dev.isCUDA());
}

TEST(State, AnAppendToACopyStaysThere) {
  State A;
  CellId First = A.cell(Value::integer(1));
  State B = A;
  CellId OfB = B.cell(Value::integer(2)), OfA = A.cell(Value::integer(3));
  EXPECT_EQ(OfA, OfB);
  EXPECT_EQ(A.Cells[OfA].N, 3);
  EXPECT_EQ(B.Cells[OfB].N, 2);
  EXPECT_EQ(B.Cells[First].N, 1);
}

TEST(State, ChunksHoldManyValues) {
  State S;
  for (int I = 1; I <= 100; ++I)
    EXPECT_EQ(S.cell(Value::integer(I)), unsigned(I));
  for (int I = 1; I <= 100; ++I)
    EXPECT_EQ(S.Cells[I].N, I);
}

TEST(State, TemporariesDoNotTellStatesApart) {
  EXPECT_EQ(Signatures()(withTensor(Device::cpu()), true),
            Signatures()(withTensor(Device::cpu(), 5), true));
}

TEST(State, DevicesTellStatesApart) {
  EXPECT_NE(Signatures()(withTensor(Device::cpu()), true),
            Signatures()(withTensor(Device::cuda()), true));
  EXPECT_NE(Signatures()(withTensor(Device::cpu()), false),
            Signatures()(withTensor(Device::symbol(1)), false));
}

TEST(State, NamesOfSymbolsDoNotTellStatesApart) {
  EXPECT_EQ(Signatures()(withTensor(Device::symbol(1)), true),
            Signatures()(withTensor(Device::symbol(2)), true));
}

TEST(State, NumbersCountOnlyWhenAskedFor) {
  State A, B;
  A.Frames.emplace_back();
  B.Frames.emplace_back();
  int Variable;
  A.top().Vars[&Variable] = A.cell(Value::integer(1));
  B.top().Vars[&Variable] = B.cell(Value::integer(2));
  EXPECT_NE(Signatures()(A, true), Signatures()(B, true));
  EXPECT_EQ(Signatures()(A, false), Signatures()(B, false));
}

TEST(State, ADecidedSymbolIsReplacedEverywhere) {
  State S = withTensor(Device::symbol(7));
  CellId C = S.cell(Value::device(Device::symbol(7)));
  S.substitute(7, Device::cuda());
  EXPECT_TRUE(S.Handles[1].Fact.Dev.isCUDA());
  EXPECT_TRUE(S.Cells[C].D.isCUDA());
}
