// States: what copies share, and which two are the same to what follows.
#include "checks/flow/Signature.h"
#include "gmock/gmock.h"
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

TEST(State, WhatACopySharesIsNotApart) {
  State A;
  for (int I = 1; I <= 100; ++I)
    A.cell(Value::integer(I));
  State B = A;
  EXPECT_TRUE(A.Cells.apartFrom(B.Cells, 101).empty());
  B.Cells.mut(40).N = 0;
  B.cell(Value::integer(101));
  std::vector<uint32_t> Apart = A.Cells.apartFrom(B.Cells, 101);
  EXPECT_THAT(Apart, testing::Contains(40u));
  EXPECT_THAT(Apart, testing::Not(testing::Contains(1u)));
  EXPECT_THAT(
      Apart, testing::Each(testing::AllOf(testing::Ge(1u), testing::Le(100u))));
  EXPECT_TRUE(A.Cells.apartFrom(B.Cells, 20).empty());
}

// States that a call has made of one are told apart by what it changed.
TEST(State, ACallThatChangesNothingIsOneWay) {
  State Caller = withTensor(Device::cpu());
  State A = Caller, B = Caller;
  A.Frames.emplace_back();
  B.Frames.emplace_back();
  A.cell(Value::integer(1));
  const Base Since = {&Caller};
  EXPECT_EQ(Signatures()(A, true, Since), Signatures()(B, true, Since));
  B.Handles.mut(1).Fact.Dev = Device::cuda();
  EXPECT_NE(Signatures()(A, true, Since), Signatures()(B, true, Since));
  A.Handles.mut(1).Fact.Dev = Device::cuda();
  EXPECT_EQ(Signatures()(A, true, Since), Signatures()(B, true, Since));
}

TEST(State, NumbersThatACallChangedCountOnlyWhenAskedFor) {
  State Caller;
  Caller.Frames.emplace_back();
  const CellId C = Caller.cell(Value::integer(1));
  State A = Caller, B = Caller;
  B.Cells.mut(C) = Value::integer(2);
  const Base Since = {&Caller};
  EXPECT_NE(Signatures()(A, true, Since), Signatures()(B, true, Since));
  EXPECT_EQ(Signatures()(A, false, Since), Signatures()(B, false, Since));
}

// A new symbol is one like another; one from before the call stands for what
// the call's own variables do not lead to.
TEST(State, SymbolsFromBeforeACallAreWhatTheyWere) {
  State Caller = withTensor(Device::symbol(3));
  auto WithNew = [&](uint32_t Symbol) {
    State S = Caller;
    S.Frames.emplace_back();
    Handle H;
    H.Fact.Dev = Device::symbol(Symbol);
    static int Variable;
    S.top().Vars[&Variable] = S.cell(S.tensor(H));
    return S;
  };
  const Base Since = {&Caller, 0, /*DeviceSymbols=*/3};
  EXPECT_EQ(Signatures()(WithNew(4), true, Since),
            Signatures()(WithNew(5), true, Since));
  EXPECT_NE(Signatures()(WithNew(3), true, Since),
            Signatures()(WithNew(4), true, Since));
}

TEST(State, ADecidedSymbolIsReplacedEverywhere) {
  State S = withTensor(Device::symbol(7));
  CellId C = S.cell(Value::device(Device::symbol(7)));
  S.substitute(7, Device::cuda());
  EXPECT_TRUE(S.Handles[1].Fact.Dev.isCUDA());
  EXPECT_TRUE(S.Cells[C].D.isCUDA());
}

namespace {

/// Two paths that number what they have made by themselves.
class Join : public ::testing::Test {
protected:
  State A, B;
  int X, Y;
  unsigned Made = 0;

  void SetUp() override {
    A.Frames.emplace_back();
    B.Frames.emplace_back();
    for (int I = 0; I < 3; ++I)
      B.cell(B.tensor({{Device::other()}, nullptr, "", nullptr}));
  }
  static Value tensor(State &S, Device D) {
    return S.tensor({{D}, nullptr, "", nullptr});
  }
  static void set(State &S, const void *Variable, Value V) {
    S.top().Vars[Variable] = S.cell(V);
  }
  void join(const State *Since = nullptr) {
    A.join(B,
           {[&] { return Value::of(Value::Sym, 100 + ++Made); },
            [&] { return Device::symbol(100 + ++Made); }},
           Since);
  }
  const Value &of(const void *Variable) {
    return A.Cells[A.top().Vars.lookup(Variable)];
  }
  Device deviceOf(const void *Variable) {
    return A.Handles[of(Variable).Id].Fact.Dev;
  }
};

} // namespace

TEST_F(Join, KeepsWhatBothSayWhateverItsNumber) {
  set(A, &X, tensor(A, Device::cuda()));
  set(B, &X, tensor(B, Device::cuda()));
  join();
  EXPECT_TRUE(deviceOf(&X).isCUDA());
}

TEST_F(Join, WhatDiffersAlikeIsOneUnknown) {
  for (const void *Variable : {&X, &Y}) {
    set(A, Variable, tensor(A, Device::cuda()));
    set(B, Variable, tensor(B, Device::cpu()));
  }
  join();
  EXPECT_FALSE(deviceOf(&X).isKnown());
  EXPECT_TRUE(deviceOf(&X).sameAs(deviceOf(&Y)));
}

TEST_F(Join, ASecondNameOnOnePathIsForgotten) {
  Value Shared = tensor(A, Device::cuda());
  set(A, &X, Shared);
  set(A, &Y, Shared);
  set(B, &X, tensor(B, Device::cuda()));
  set(B, &Y, tensor(B, Device::cuda()));
  join();
  EXPECT_NE(of(&X).Id, of(&Y).Id) << "they are two tensors on the other path";
  EXPECT_NE(deviceOf(&X).isKnown(), deviceOf(&Y).isKnown());
}

TEST_F(Join, TensorsInListsOfAnyLengthAreAlike) {
  Object Empty, Two;
  Empty.K = Two.K = Object::List;
  for (int I = 0; I < 2; ++I)
    Two.Elems.push_back(B.cell(tensor(B, Device::cuda())));
  set(A, &X, A.object(Empty));
  set(B, &X, B.object(Two));
  join();
  const Object &O = A.Objects[of(&X).Id];
  EXPECT_TRUE(O.Opaque);
  ASSERT_NE(O.Like, 0u);
  EXPECT_TRUE(A.Handles[A.Cells[O.Like].Id].Fact.Dev.isCUDA());
}

TEST_F(Join, AModuleThatHasMoreOnOnePathIsNotKnown) {
  Object Less, More;
  Less.K = More.K = Object::Module;
  Less.State.push_back(tensor(A, Device::cuda()).Id);
  for (int I = 0; I < 2; ++I)
    More.State.push_back(tensor(B, Device::cuda()).Id);
  set(A, &X, A.object(Less));
  set(B, &X, B.object(More));
  join();
  EXPECT_TRUE(A.Objects[of(&X).Id].Opaque);
  EXPECT_TRUE(A.Handles[Less.State[0]].Fact.Dev.isCUDA());
}

TEST_F(Join, ForgetsConditionsThatTheyDoNotShare) {
  A.Known[1] = 1, A.Known[2] = 1;
  B.Known[1] = 1, B.Known[2] = 0;
  join();
  EXPECT_TRUE(A.Known.count(1));
  EXPECT_FALSE(A.Known.count(2));
}

namespace {

/// Two paths through a call.
class JoinInCall : public Join {
protected:
  State Caller;
  void SetUp() override {
    Caller.Frames.emplace_back();
    set(Caller, &X, tensor(Caller, Device::cpu()));
    Caller.top().Vars[&Y] = Caller.cell(Caller.Cells[cellOf(&X)]);
    A = B = Caller;
  }
  CellId cellOf(const void *Variable) {
    return Caller.top().Vars.lookup(Variable);
  }
};

} // namespace

TEST_F(JoinInCall, WhatOneHasChangedIsNotKnown) {
  A.Handles.mut(Caller.Cells[cellOf(&X)].Id).Fact.Dev = Device::cuda();
  join(&Caller);
  EXPECT_FALSE(deviceOf(&X).isKnown());
  EXPECT_EQ(of(&X).Id, of(&Y).Id);
}

TEST_F(JoinInCall, WhatBothHaveChangedAlikeIsKnown) {
  for (State *S : {&A, &B}) {
    S->cell(Value());
    S->Cells.mut(cellOf(&X)) = tensor(*S, Device::cuda());
  }
  B.cell(Value());
  join(&Caller);
  EXPECT_TRUE(deviceOf(&X).isCUDA());
  EXPECT_TRUE(deviceOf(&Y).isCPU());
}

// What other names lead to stays as it was.
TEST_F(JoinInCall, ATensorReplacedOnOnePathIsAnother) {
  for (State *S : {&A, &B}) {
    SetUp();
    S->Cells.mut(cellOf(&X)) = tensor(*S, Device::cuda());
    join(&Caller);
    EXPECT_FALSE(deviceOf(&X).isKnown());
    EXPECT_TRUE(deviceOf(&Y).isCPU());
  }
}

TEST_F(JoinInCall, AnObjectThatGrewOnOnePathIsNotKnown) {
  Object List;
  List.K = Object::List;
  Caller.Cells.mut(cellOf(&X)) = Caller.object(List);
  A = B = Caller;
  const ObjectId Id = of(&X).Id;
  B.Objects.mut(Id).Elems.push_back(B.cell(Value::integer(1)));
  join(&Caller);
  EXPECT_EQ(of(&X).Id, Id);
  EXPECT_TRUE(A.Objects[Id].Opaque);
}

TEST(State, OfANumberThatACallSetInTwoWaysNothingIsKnown) {
  State Caller;
  Caller.Frames.emplace_back();
  const CellId Set = Caller.cell(Value::integer(1)),
               Left = Caller.cell(Value::integer(1));
  State A = Caller, B = Caller;
  B.Cells.mut(Set) = Value::integer(2);
  auto Unknown = [](const Value &) { return Value::of(Value::Sym, 7); };
  A.widen(B, Unknown, &Caller);
  EXPECT_EQ(A.Cells[Set].K, Value::Sym);
  EXPECT_EQ(A.Cells[Left].K, Value::Int);
}
