//===- ApiMeasuredCasesTest.cpp - 97 C++ calls as they went on an H100
//------------===//
//
// The measured truth for C++: data/cpp_cases.inc holds what each call did with
// LibTorch 2.11 on an H100. Each is either judged here from the facts of its
// operands, and has to come out the same with the same message, or it is no
// question of operands and says what it is instead.
//
//===----------------------------------------------------------------------===//
#include "checks/api/Operators.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <map>
#include <optional>

using namespace torch_tidy;
using namespace torch_tidy::api;
using llvm::StringRef;

namespace {

constexpr struct {
  const char *Name, *Outcome, *Message;
} Cases[] = {
#define CASE(...) {__VA_ARGS__},
#include "test/unit/data/cpp_cases.inc"
#undef CASE
};

/// A tensor's facts: "cuda", "cpu:0" (0-dim), "cuda:Long", "cpu:0:Double".
TensorFact fact(StringRef Text) {
  TensorFact F;
  auto [Where, Rest] = Text.split(':');
  F.Dev = Where == "cuda" ? Device::cuda() : Device::cpu();
  F.Dim = Rest.consume_front("0") ? Rank::Zero : Rank::Some;
  Rest.consume_front(":");
  F.Type = Dtype::Float;
  for (Dtype T : {Dtype::Bool, Dtype::Int64, Dtype::Half, Dtype::Double})
    if (Rest == dtypeName(T))
      F.Type = T;
  return F;
}

struct Judged {
  Judgement Devices, Dtypes;
  /// The message depends on the number of dimensions, which is not a fact.
  bool OwnWording = false;
};
using Operands = std::vector<std::pair<StringRef, StringRef>>;

std::vector<CallOperand> operands(const Operands &Given) {
  std::vector<CallOperand> Out;
  for (auto [Role, Text] : Given)
    Out.push_back({Role, fact(Text)});
  return Out;
}

Judged op(StringRef Op, const Operands &Given) {
  return {judgeDevices(Op, operands(Given)), judgeDtypes(Op, operands(Given))};
}
Judged module(StringRef Name, StringRef State, const Operands &Given) {
  TensorFact F = State.empty() ? TensorFact() : fact(State);
  const TensorFact *P = State.empty() ? nullptr : &F;
  return {judgeModuleDevices(Name, P, operands(Given)),
          judgeModuleDtypes(Name, P, operands(Given))};
}
Judged wordedByRank(Judged J) {
  J.OwnWording = true;
  return J;
}
/// The first of several calls that throws.
Judged first(std::initializer_list<Judged> Calls) {
  for (const Judged &J : Calls)
    if (J.Devices.throws() || J.Dtypes.throws())
      return J;
  return *Calls.begin();
}

std::map<StringRef, Judged> judgedCases() {
  Judged LinearCpu = module("Linear", "cuda", {{"input", "cpu"}});
  Operands Index = {{"self", "cuda"}, {"index", "cpu:Long"}};
  return {
      {"seed: Linear(3,1).to(CUDA) forward(cpu 1-D)", wordedByRank(LinearCpu)},
      {"Linear cpu 2-D", LinearCpu},
      {"Linear wrong shape AND cpu", LinearCpu},
      {"Linear on cpu, input cuda",
       module("Linear", "cpu", {{"input", "cuda"}})},
      {"Linear discarded x.to(cuda)", LinearCpu},
      {"Conv1d", module("Conv1d", "cuda", {{"input", "cpu"}})},
      {"Conv2d", module("Conv2d", "cuda", {{"input", "cpu"}})},
      {"Conv2d on cpu, input cuda",
       module("Conv2d", "cpu", {{"input", "cuda"}})},
      {"Conv2d double cuda",
       module("Conv2d", "cuda", {{"input", "cuda:Double"}})},
      {"Conv2d half model float input",
       module("Conv2d", "cuda:Half", {{"input", "cuda"}})},
      {"Linear double cuda",
       module("Linear", "cuda", {{"input", "cuda:Double"}})},
      {"Linear int64 cuda", module("Linear", "cuda", {{"input", "cuda:Long"}})},
      {"ConvTranspose2d",
       module("ConvTranspose2d", "cuda", {{"input", "cpu"}})},
      {"BatchNorm2d", module("BatchNorm2d", "cuda", {{"input", "cpu"}})},
      {"LayerNorm", module("LayerNorm", "cuda", {{"input", "cpu"}})},
      {"GroupNorm", module("GroupNorm", "cuda", {{"input", "cpu"}})},
      // Which of the two names the message has depends on options.
      {"InstanceNorm2d affine",
       wordedByRank(module("InstanceNorm2d", "cuda", {{"input", "cpu"}}))},
      {"PReLU", module("PReLU", "cuda", {{"input", "cpu"}})},
      {"ReLU (no state)", module("ReLU", "", {{"input", "cpu"}})},
      {"MaxPool2d (no state)", module("MaxPool2d", "", {{"input", "cpu"}})},
      {"Dropout (no state)", module("Dropout", "", {{"input", "cpu"}})},
      {"Flatten (no state)", module("Flatten", "", {{"input", "cpu"}})},
      {"Embedding cpu idx",
       module("Embedding", "cuda", {{"indices", "cpu:Long"}})},
      {"EmbeddingBag cpu idx",
       module("EmbeddingBag", "cuda", {{"input", "cpu:Long"}})},
      {"LSTM cpu x", module("LSTM", "cuda", {{"input", "cpu"}})},
      {"LSTM cuda x, cpu h,c",
       module("LSTM", "cuda",
              {{"input", "cuda"}, {"hx_opt", "cpu"}, {"hx_opt", "cpu"}})},
      {"GRU cuda x, cpu h",
       module("GRU", "cuda", {{"input", "cuda"}, {"hx", "cpu"}})},
      {"LSTMCell cuda x, cpu h",
       module("LSTMCell", "cuda",
              {{"input", "cuda"}, {"hx_opt", "cpu"}, {"hx_opt", "cpu"}})},
      {"MultiheadAttention q cuda k cpu",
       module("MultiheadAttention", "cuda",
              {{"query", "cuda"}, {"key", "cpu"}, {"value", "cpu"}})},
      {"TransformerEncoder src cpu",
       module("TransformerEncoder", "cuda", {{"src", "cpu"}})},
      {"Bilinear x2 cpu",
       module("Bilinear", "cuda", {{"input1", "cuda"}, {"input2", "cpu"}})},
      {"Sequential(ReLU,Linear) cpu",
       first({module("ReLU", "", {{"input", "cpu"}}), LinearCpu})},
      {"Sequential(ReLU,MaxPool) no state cpu",
       first({module("ReLU", "", {{"input", "cpu"}}),
              module("MaxPool2d", "", {{"input", "cpu"}})})},
      {"Unregistered submodule, cuda x",
       module("Linear", "cpu", {{"input", "cuda"}})},
      {"Unregistered tensor member, cuda x",
       op("mul", {{"self", "cuda"}, {"other", "cpu"}})},
      {"LSTM hidden created on cpu in forward",
       module("LSTM", "cuda",
              {{"input", "cuda"}, {"hx_opt", "cpu"}, {"hx_opt", "cpu"}})},
      {"cross_entropy out cuda target cpu",
       op("nn::functional::cross_entropy",
          {{"input", "cuda"}, {"target", "cpu:Long"}})},
      {"CrossEntropyLoss weights cpu (criterion not moved)",
       module("CrossEntropyLoss", "cpu",
              {{"input", "cuda"}, {"target", "cuda:Long"}})},
      {"CrossEntropyLoss weights moved by c->to",
       module("CrossEntropyLoss", "cuda",
              {{"input", "cuda"}, {"target", "cuda:Long"}})},
      {"mse_loss target cpu",
       op("mse_loss", {{"self", "cuda"}, {"target", "cpu"}})},
      {"mse_loss target cpu 0-dim",
       op("mse_loss", {{"self", "cuda"}, {"target", "cpu:0"}})},
      {"nll_loss target cpu",
       op("nll_loss", {{"self", "cuda"}, {"target", "cpu:Long"}})},
      {"bce target cpu",
       op("binary_cross_entropy", {{"self", "cuda"}, {"target", "cpu"}})},
      {"bce_with_logits target cpu", op("binary_cross_entropy_with_logits",
                                        {{"self", "cuda"}, {"target", "cpu"}})},
      {"cuda + cpu", op("add", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda + cpu 0-dim", op("add", {{"self", "cuda"}, {"other", "cpu:0"}})},
      {"cpu 0-dim + cuda", op("add", {{"self", "cpu:0"}, {"other", "cuda"}})},
      {"cpu + cuda 0-dim", op("add", {{"self", "cpu"}, {"other", "cuda:0"}})},
      {"cpu += cuda", op("add_", {{"self", "cpu"}, {"other", "cuda"}})},
      {"cuda += cpu", op("add_", {{"self", "cuda"}, {"other", "cpu"}})},
      // A vector dot, a matrix-vector or a matrix product.
      {"cuda.matmul(cpu)",
       wordedByRank(op("matmul", {{"self", "cuda"}, {"other", "cpu"}}))},
      {"cat {cuda,cpu}", op("cat", {{"tensors", "cuda"}, {"tensors", "cpu"}})},
      {"stack {cuda,cpu}",
       op("stack", {{"tensors", "cuda"}, {"tensors", "cpu"}})},
      {"cuda.index({cpu long})",
       op("index", {{"self", "cuda"}, {"indices", "cpu:Long"}})},
      {"cpu.index({cuda long})",
       op("index", {{"self", "cpu"}, {"indices", "cuda:Long"}})},
      {"cuda.index({cpu bool mask})",
       op("index", {{"self", "cuda"}, {"indices", "cpu:Bool"}})},
      {"cuda.index_put_({cpu idx}, cpu 1-D value)",
       op("index_put_",
          {{"self", "cuda"}, {"indices", "cpu:Long"}, {"values", "cpu"}})},
      {"cuda.index_put_({cpu idx}, cpu 0-dim value)",
       op("index_put_",
          {{"self", "cuda"}, {"indices", "cpu:Long"}, {"values", "cpu:0"}})},
      {"cuda.index_select(cpu idx)", op("index_select", Index)},
      {"cuda.gather(cpu idx)", op("gather", Index)},
      {"cuda.masked_fill(cpu mask)",
       op("masked_fill", {{"self", "cuda"}, {"mask", "cpu:Bool"}})},
      {"cuda.masked_select(cpu mask)",
       op("masked_select", {{"self", "cuda"}, {"mask", "cpu:Bool"}})},
      {"where(cuda, cuda, cpu 0-dim)",
       op("where",
          {{"condition", "cuda:Bool"}, {"self", "cuda"}, {"other", "cpu:0"}})},
      {"where(cuda, cuda, cpu N-dim)",
       op("where",
          {{"condition", "cuda:Bool"}, {"self", "cuda"}, {"other", "cpu"}})},
      {"where(cpu cond, cuda, cuda)",
       op("where",
          {{"condition", "cpu:Bool"}, {"self", "cuda"}, {"other", "cuda"}})},
      {"cuda.copy_(cpu)", op("copy_", {{"self", "cuda"}, {"src", "cpu"}})},
      {"cuda.index(0) = cpu (copy)",
       op("copy_", {{"self", "cuda"}, {"src", "cpu"}})},
      {"cpu[0] = cuda (copy)", op("copy_", {{"self", "cpu"}, {"src", "cuda"}})},
      {"cuda.eq(cpu)", op("eq", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda.allclose(cpu)",
       op("allclose", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda.equal(cpu)", op("equal", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda.expand_as(cpu)",
       op("expand_as", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda.type_as(cpu)",
       op("type_as", {{"self", "cuda"}, {"other", "cpu"}})},
      {"cuda.to(cpu tensor)", op("to", {{"self", "cuda"}, {"other", "cpu"}})},
      {"clamp(cuda, cpu 0-dim min)",
       op("clamp", {{"self", "cuda"}, {"min", "cpu:0"}})},
      {"lerp cpu weight",
       op("lerp", {{"self", "cuda"}, {"end", "cuda"}, {"weight", "cpu"}})},
      {"addmm cpu bias",
       op("addmm", {{"self", "cpu"}, {"mat1", "cuda"}, {"mat2", "cuda"}})},
      {"bmm", op("bmm", {{"self", "cuda"}, {"mat2", "cpu"}})},
      {"einsum", op("einsum", {{"tensors", "cuda"}, {"tensors", "cpu"}})},
      {"grid_sample cpu grid",
       op("nn::functional::grid_sample", {{"input", "cuda"}, {"grid", "cpu"}})},
      {"one_hot cpu", op("one_hot", {{"self", "cpu:Long"}})},
      // Of the overload with a value; with a source it is scatter_src.
      {"cuda.scatter_(cpu idx)",
       wordedByRank(op("scatter_", {{"self", "cuda"}, {"index", "cpu:Long"}}))},
      {"cuda.repeat_interleave(cpu repeats)",
       op("repeat_interleave", {{"self", "cuda"}, {"repeats", "cpu:Long"}})},
      {"pad_packed: pack_padded cuda lengths",
       op("pack_padded_sequence",
          {{"input", "cuda"}, {"lengths", "cuda:Long"}})},
      {"pack_padded cpu lengths",
       op("pack_padded_sequence",
          {{"input", "cuda"}, {"lengths", "cpu:Long"}})},
      {"optimizer stepped, then model moved, then step",
       op("mul_", {{"self", "cpu"}, {"other", "cuda"}})},
      {"AnyModule cpu x", LinearCpu},
  };
}

/// What is no question of a call's operands.
const std::map<StringRef, StringRef> Otherwise = {
    {"zeros_like(cuda)", "where a factory puts its result"},
    {"empty_like(cuda, cpu opts)", "where a factory puts its result"},
    {"cuda.new_zeros", "where a factory puts its result"},
    {"cuda.data_ptr read via accessor", "torch-host-access"},
    {"from_blob host ptr with cuda options", "torch-host-access"},
    {"cuda.item", "a number"},
    {"optimizer created before to(CUDA), step", "torch-optimizer-before-move"},
    {"generator cpu with cuda tensor", "a generator is no tensor"},
    {"kaiming on cuda", "in place on one tensor"},
    {"clone module to cuda", "a module's copy"},
};

TEST(MeasuredCases, ComeOutAsMeasured) {
  std::map<StringRef, Judged> Known = judgedCases();
  unsigned JudgedCases = 0, SameText = 0;
  for (const auto &C : Cases) {
    auto It = Known.find(C.Name);
    if (It == Known.end()) {
      EXPECT_TRUE(Otherwise.count(C.Name)) << C.Name << " is not judged";
      continue;
    }
    ++JudgedCases;
    const Judged &J = It->second;
    bool Threw = StringRef(C.Outcome) != "OK";
    bool Throws = J.Devices.throws() || J.Dtypes.throws();
    EXPECT_EQ(Threw, Throws) << C.Name;
    if (!Threw)
      EXPECT_EQ(Judgement::Fine, J.Devices.K) << C.Name;
    if (!Throws)
      continue;
    const std::string &Text =
        J.Devices.throws() ? J.Devices.Message : J.Dtypes.Message;
    SameText += Text == C.Message;
    if (J.OwnWording)
      EXPECT_THAT(Text, testing::StartsWith("Expected all tensors to be on the "
                                            "same device, but "))
          << C.Name;
    else
      EXPECT_EQ(C.Message, Text) << C.Name;
  }
  EXPECT_EQ(std::size(Cases), Known.size() + Otherwise.size());
  std::printf("cases: %u of %zu judged, %u messages the same\n", JudgedCases,
              std::size(Cases), SameText);
}

} // namespace
