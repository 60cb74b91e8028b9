//===- ApiSweepTest.cpp - every judgement against every measurement -------===//
//
// The tables in data/ are what was measured, sample counts and all, straight
// from the raw files: not what the contracts were merged into. A measurement
// in which all samples agree must come out as it did on the GPU; those that the
// judgement leaves open are listed here by name, each with its reason.
//
//===----------------------------------------------------------------------===//
#include "checks/api/Operators.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <map>
#include <set>

using namespace torch_tidy;
using namespace torch_tidy::api;
using llvm::StringRef;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct DeviceRow {
  StringRef Key, Op, Role, Type;
  int Alone, ManyOk, ManyThrew, ZeroOk, ZeroThrew;
  /// Where the result of what did not throw was: "cpu", "cuda", "cpu/cuda".
  StringRef ManyResult, ZeroResult;
};
constexpr struct {
  const char *Key, *Op, *Role, *Type;
  int Alone, ManyOk, ManyThrew, ZeroOk, ZeroThrew;
  const char *ManyResult, *ZeroResult;
} RawDevices[] = {
#define DEVICES(...) {__VA_ARGS__},
#include "test/unit/data/op_devices.inc"
#undef DEVICES
};

constexpr int CUDA = 1, CPU = 0;
constexpr struct {
  int OnCUDA;
  const char *Key, *Op, *Role;
  int Alone, Zero;
  const char *Letters;
} RawDtypes[] = {
#define DTYPES(...) {__VA_ARGS__},
#include "test/unit/data/op_dtypes.inc"
#undef DTYPES
};

constexpr struct {
  const char *Name, *Inputs, *Role;
  int State, Zero, Threw;
} RawModules[] = {
#define MODULE_DEVICES(...) {__VA_ARGS__},
#include "test/unit/data/module_devices.inc"
#undef MODULE_DEVICES
};

constexpr struct {
  const char *Name, *Role;
  int State, Zero;
  const char *Letters;
} RawModuleDtypes[] = {
#define MODULE_DTYPES(...) {__VA_ARGS__},
#include "test/unit/data/module_dtypes.inc"
#undef MODULE_DTYPES
};

constexpr Dtype Tried[] = {Dtype::Double, Dtype::Int64, Dtype::Half,
                           Dtype::BFloat16};

Dtype dtypeOf(StringRef Name) {
  return llvm::StringSwitch<Dtype>(Name)
      .Case("bool", Dtype::Bool)
      .Case("uint8", Dtype::UInt8)
      .Case("int32", Dtype::Int32)
      .Case("int64", Dtype::Int64)
      .Case("float32", Dtype::Float)
      .Case("float64", Dtype::Double)
      .Case("complex64", Dtype::ComplexFloat)
      .Default(Dtype::Unknown);
}

CallOperand operand(StringRef Role, bool OnCUDA, bool Zero, Dtype Type) {
  TensorFact Fact;
  Fact.Dev = OnCUDA ? Device::cuda() : Device::cpu();
  Fact.Type = Type;
  Fact.Dim = Zero ? Rank::Zero : Rank::Some;
  return {Role, Fact};
}

/// How many measurements came out, were left open, or came out wrong.
struct Score {
  unsigned Threw = 0, Fine = 0, Open = 0, Mixed = 0;
  std::set<std::string> Missed, Wrong;

  void add(bool Threw_, const Judgement &J, const std::string &What) {
    if (J.throws() != Threw_ && (J.throws() || J.K == Judgement::Fine))
      Wrong.insert(What + (Threw_ ? " threw" : " did not throw"));
    else if (J.K == Judgement::NotJudged) {
      ++Open;
      if (Threw_)
        Missed.insert(What);
    } else
      ++(Threw_ ? Threw : Fine);
  }
  /// The operators and modules of a list, without the operand.
  static std::set<std::string> names(const std::set<std::string> &List) {
    std::set<std::string> Names;
    for (const std::string &What : List)
      Names.insert(What.substr(0, What.find(' ')));
    return Names;
  }
  void print(const char *What) const {
    std::printf("%s: %u throw as measured, %u fine as measured, %u left open "
                "(%zu of them threw), %u differ between samples, %zu wrong\n",
                What, Threw, Fine, Open, Missed.size(), Mixed, Wrong.size());
  }
};

TEST(Sweep, DevicesOfOperators) {
  std::map<StringRef, std::vector<DeviceRow>> ByKey;
  for (const auto &R : RawDevices)
    ByKey[R.Key].push_back({R.Key, R.Op, R.Role, R.Type, R.Alone, R.ManyOk,
                            R.ManyThrew, R.ZeroOk, R.ZeroThrew, R.ManyResult,
                            R.ZeroResult});
  Score S;
  unsigned Located = 0;
  for (const auto &[Key, Rows] : ByKey)
    for (const DeviceRow &Leaf : Rows)
      for (bool Zero : {false, true}) {
        int Ok = Zero ? Leaf.ZeroOk : Leaf.ManyOk;
        int Threw = Zero ? Leaf.ZeroThrew : Leaf.ManyThrew;
        if (!Ok && !Threw)
          continue;
        if (Ok && Threw) {
          ++S.Mixed;
          continue;
        }
        std::vector<CallOperand> Operands;
        for (const DeviceRow &R : Rows) {
          bool IsLeaf = &R == &Leaf;
          // What was fine was one tensor alone.
          if (!IsLeaf && Ok && (Leaf.Alone & (Zero ? 2 : 1)))
            continue;
          bool IsZero = IsLeaf ? Zero : !(R.ManyOk || R.ManyThrew);
          Operands.push_back(operand(R.Role, !IsLeaf, IsZero, dtypeOf(R.Type)));
        }
        S.add(Threw, judgeDevices(Leaf.Op, Operands),
              (llvm::Twine(Key) + " " + Leaf.Role + (Zero ? " 0-dim" : ""))
                  .str());
        StringRef Where = Zero ? Leaf.ZeroResult : Leaf.ManyResult;
        Device Dev = resultFact(Leaf.Op, Operands).Dev;
        const OperatorInfo *Info = findOperator(Leaf.Op);
        // What takes options was called with a device of its own.
        if (Threw || Where.empty() ||
            (Info && Info->Result == OperatorInfo::LikeSelf))
          continue;
        // Results on both are the elements of a list.
        if (Where == "cpu/cuda")
          EXPECT_FALSE(Dev.isKnown()) << Key.str() << " " << Leaf.Role.str();
        else
          EXPECT_EQ(Where, Dev.str()) << Key.str() << " " << Leaf.Role.str();
        ++Located;
      }
  S.print("operators, devices");
  std::printf("results on the measured device: %u\n", Located);
  EXPECT_THAT(S.Wrong, IsEmpty());
  EXPECT_THAT(S.Missed, IsEmpty());
  EXPECT_EQ(1332u, S.Threw + S.Fine);
}

TEST(Sweep, DtypesOfOperators) {
  std::map<StringRef, std::map<StringRef, StringRef>> Fixed;
  for (const auto &R : RawDevices)
    if (StringRef(R.Type) != "float32")
      Fixed[R.Key][R.Role] = R.Type;
  std::map<std::pair<int, StringRef>,
           std::vector<std::decay_t<decltype(RawDtypes[0])>>>
      ByKey;
  for (const auto &R : RawDtypes)
    ByKey[{R.OnCUDA, R.Key}].push_back(R);
  Score S;
  for (const auto &[Place, Rows] : ByKey)
    for (const auto &Leaf : Rows)
      for (unsigned I = 0; I != 4; ++I) {
        char L = Leaf.Letters[I];
        if (L == 'm')
          ++S.Mixed;
        if (L != 'o' && L != 'r')
          continue;
        std::vector<CallOperand> Operands;
        std::set<StringRef> Roles = {Leaf.Role};
        Operands.push_back(
            operand(Leaf.Role, Leaf.OnCUDA, Leaf.Zero, Tried[I]));
        bool Alone = Leaf.Alone && L == 'o';
        for (const auto &R : Rows)
          if (!Alone && Roles.insert(R.Role).second)
            Operands.push_back(
                operand(R.Role, Leaf.OnCUDA, R.Zero, Dtype::Float));
        // An element more, of which there were several with one role.
        if (!Alone && StringRef(Leaf.Role) == "tensors")
          Operands.push_back(
              operand(Leaf.Role, Leaf.OnCUDA, Leaf.Zero, Dtype::Float));
        for (auto [Role, Type] : Fixed[Leaf.Key])
          if (Roles.insert(Role).second)
            Operands.push_back(
                operand(Role, Leaf.OnCUDA, false, dtypeOf(Type)));
        S.add(L == 'r', judgeDtypes(Leaf.Op, Operands),
              (llvm::Twine(Place.second) + " " + Leaf.Role +
               (Leaf.Zero ? " 0-dim " : " ") + dtypeName(Tried[I]) +
               (Leaf.OnCUDA ? " CUDA" : " CPU"))
                  .str());
      }
  S.print("operators, dtypes");
  // Its samples' float targets are class probabilities; the int64 target that
  // threw had their shape. Class indices are int64 and do not throw.
  EXPECT_THAT(Score::names(S.Wrong),
              ElementsAre("nn.functional.cross_entropy"));
  // cdist compares dtypes for small operands only. Of the others, another
  // variant of the same operator does not throw, and arguments that are no
  // tensors tell them apart.
  EXPECT_THAT(Score::names(S.Missed),
              ElementsAre("cdist", "linalg.pinv.hermitian",
                          "linalg.pinv.singular", "norm.nuc",
                          "normal.number_mean", "round.decimals_0",
                          "round.decimals_3", "round.decimals_neg_3"));
  EXPECT_EQ(9316u, S.Threw + S.Fine);
}

/// The inputs of a module's forward and their dtypes; the first sample's where
/// samples differ.
std::map<StringRef, Dtype> inputsOf(StringRef Name) {
  std::map<StringRef, Dtype> Inputs;
  for (const auto &R : RawModules)
    if (Name == R.Name)
      for (StringRef Input : llvm::split(R.Inputs, ' '))
        Inputs.emplace(Input.split(':').first,
                       dtypeOf(Input.split(':').second));
  return Inputs;
}

TEST(Sweep, DevicesOfModules) {
  std::map<std::tuple<StringRef, StringRef, int, int>, std::set<int>> Outcomes;
  for (const auto &R : RawModules)
    Outcomes[{R.Name, R.Role, R.State, R.Zero}].insert(R.Threw);
  Score S;
  std::set<StringRef> Names;
  for (const auto &[Place, Threw] : Outcomes) {
    auto [Name, Role, State, Zero] = Place;
    if (!findModule(Name))
      continue;
    Names.insert(Name);
    if (Threw.size() > 1) {
      ++S.Mixed;
      continue;
    }
    bool Reverse = Role == "all"; // The module on the CPU, inputs on CUDA.
    std::vector<CallOperand> Operands;
    for (auto [Input, Type] : inputsOf(Name)) {
      bool OnCPU = Input == Role && !Reverse;
      if (Input == "attn_mask" || Input == "key_padding_mask")
        if (!OnCPU)
          continue;
      Operands.push_back(operand(Input, !OnCPU, OnCPU && Zero, Dtype::Float));
    }
    TensorFact StateFact = operand("", !Reverse, false, Dtype::Float).Fact;
    S.add(*Threw.begin(),
          judgeModuleDevices(Name, State ? &StateFact : nullptr, Operands),
          (llvm::Twine(Name) + " " + Role + (State ? " with state" : "") +
           (Zero ? " 0-dim" : ""))
              .str());
  }
  std::printf("%zu modules\n", Names.size());
  S.print("modules, devices");
  EXPECT_THAT(S.Wrong, IsEmpty());
  EXPECT_THAT(S.Missed, IsEmpty());
  EXPECT_EQ(279u, S.Threw + S.Fine);
}

TEST(Sweep, DtypesOfModules) {
  Score S;
  for (const auto &R : RawModuleDtypes) {
    if (!findModule(R.Name))
      continue;
    for (unsigned I = 0; I != 4; ++I) {
      if (R.Letters[I] == 'm')
        ++S.Mixed;
      if (R.Letters[I] != 'o' && R.Letters[I] != 'r')
        continue;
      std::vector<CallOperand> Operands;
      for (auto [Input, Type] : inputsOf(R.Name))
        if (Input != "attn_mask" && Input != "key_padding_mask")
          Operands.push_back(operand(Input, true, Input == R.Role && R.Zero,
                                     Input == R.Role ? Tried[I] : Type));
      TensorFact State = operand("", true, false, Dtype::Float).Fact;
      S.add(R.Letters[I] == 'r',
            judgeModuleDtypes(R.Name, R.State ? &State : nullptr, Operands),
            (llvm::Twine(R.Name) + " " + R.Role + " " + dtypeName(Tried[I]) +
             (R.State ? " with state" : ""))
                .str());
    }
  }
  S.print("modules, dtypes");
  // As above.
  EXPECT_THAT(Score::names(S.Wrong), ElementsAre("CrossEntropyLoss"));
  // int64 only. Of the first two, a sample without elements did not throw as an
  // operator; the norms were measured as operators with weights only; the
  // losses have an int64 target as well, or 0-dim operands.
  EXPECT_THAT(Score::names(S.Missed),
              ElementsAre("AdaptiveAvgPool3d", "AvgPool1d", "GroupNorm",
                          "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
                          "KLDivLoss", "LayerNorm",
                          "MultiLabelSoftMarginLoss"));
  EXPECT_EQ(575u, S.Threw + S.Fine);
}

} // namespace
