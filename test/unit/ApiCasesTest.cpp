// What the C++ frontend did on a GPU, case by case: the calls of
// contracts/cpp_cases.cpp as judgements of operators and modules, with
// the message that LibTorch 2.11 printed.
#include "checks/api/Operators.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace torch_tidy;
using namespace torch_tidy::api;
using testing::StartsWith;

namespace {

TensorFact fact(Device D, Rank R = Rank::Some, Dtype T = Dtype::Float) {
  TensorFact F;
  F.Dev = D;
  F.Dim = R;
  F.Type = T;
  return F;
}
// The letters of the cases below: a tensor on the CPU or on CUDA, the same
// without dimensions, and with integers.
TensorFact fact(char Letter) {
  switch (Letter) {
  case 'h':
    return fact(Device::cpu());
  case 'g':
    return fact(Device::cuda());
  case 'H':
    return fact(Device::cpu(), Rank::Zero);
  case 'G':
    return fact(Device::cuda(), Rank::Zero);
  case 'i':
    return fact(Device::cpu(), Rank::Some, Dtype::Int64);
  case 'j':
    return fact(Device::cuda(), Rank::Some, Dtype::Int64);
  }
  ADD_FAILURE() << "no such letter";
  return {};
}

struct Case {
  const char *Name;
  /// An operator, or "nn::MODULE".
  const char *Callee;
  /// ROLE=LETTER, separated by spaces; the module's state has no role.
  const char *Operands;
  /// How the message starts; null where nothing is thrown.
  const char *Message;
};

#define SAME "Expected all tensors to be on the same device, but "
#define TWO SAME "found at least two devices, cuda:0 and cpu!"
#define WRAPPER(NAME, WHERE, OTHERS, METHOD)                                   \
  SAME "got " NAME " is on " WHERE ", different from other tensors on " OTHERS \
       " (when checking argument in method wrapper_CUDA_" METHOD ")"
#define ON_CPU(NAME, METHOD) WRAPPER(NAME, "cpu", "cuda:0", METHOD)
#define ON_CUDA(NAME, METHOD) WRAPPER(NAME, "cuda:0", "cpu", METHOD)

const Case Cases[] = {
    {"linear", "nn::Linear", "=g input=h", ON_CPU("mat1", "addmm")},
    {"linear on cpu", "nn::Linear", "=h input=g", ON_CUDA("mat1", "addmm")},
    {"conv1d", "nn::Conv1d", "=g input=h",
     ON_CUDA("weight", "__slow_conv2d_forward")},
    {"conv2d", "nn::Conv2d", "=g input=h",
     ON_CUDA("weight", "__slow_conv2d_forward")},
    {"conv2d on cpu", "nn::Conv2d", "=h input=g",
     "Input type (CUDAFloatType) and weight type (CPUFloatType) should be the "
     "same"},
    {"conv transpose", "nn::ConvTranspose2d", "=g input=h",
     ON_CUDA("weight", "slow_conv_transpose2d")},
    {"batch norm", "nn::BatchNorm2d", "=g input=h",
     ON_CUDA("weight", "_native_batch_norm")},
    {"layer norm", "nn::LayerNorm", "=g input=h",
     ON_CUDA("weight", "_native_layer_norm")},
    {"group norm", "nn::GroupNorm", "=g input=h",
     ON_CUDA("weight", "_native_group_norm")},
    {"instance norm", "nn::InstanceNorm2d", "=g input=h", SAME},
    {"prelu", "nn::PReLU", "=g input=h", ON_CUDA("weight", "__prelu_kernel")},
    {"relu", "nn::ReLU", "input=h", nullptr},
    {"max pool", "nn::MaxPool2d", "input=h", nullptr},
    {"dropout", "nn::Dropout", "input=h", nullptr},
    {"flatten", "nn::Flatten", "input=h", nullptr},
    {"embedding", "nn::Embedding", "=g indices=i",
     ON_CPU("index", "_index_select")},
    {"embedding, by another role", "nn::Embedding", "=g input=i",
     ON_CPU("index", "_index_select")},
    {"embedding bag", "nn::EmbeddingBag", "=g input=i",
     ON_CPU("indices", "__embedding_bag")},
    {"lstm", "nn::LSTM", "=g input=h",
     "Input and parameter tensors are not at the same device, found input "
     "tensor at cpu and parameter tensor at cuda:0"},
    {"lstm, hidden", "nn::LSTM", "=g input=g hx_opt=h hx_opt=h",
     "Input and hidden tensors are not at the same device, found input tensor "
     "at cuda:0 and hidden tensor at cpu"},
    {"lstm, all here", "nn::LSTM", "=g input=g hx_opt=g hx_opt=g", nullptr},
    {"gru, hidden", "nn::GRU", "=g input=g hx=h",
     "Input and hidden tensors are not at the same device, found input tensor "
     "at cuda:0 and hidden tensor at cpu"},
    {"lstm cell, hidden", "nn::LSTMCell", "=g input=g hx_opt=h hx_opt=h",
     ON_CUDA("mat2", "mm")},
    {"attention", "nn::MultiheadAttention", "=g query=g key=h value=h", SAME},
    {"transformer encoder", "nn::TransformerEncoder", "=g src=h", SAME},
    {"bilinear", "nn::Bilinear", "=g input1=g input2=h", ON_CPU("mat2", "bmm")},
    {"tensor member", "mul", "self=g other=h", TWO},
    {"cross entropy", "nn::functional::cross_entropy", "input=g target=i",
     ON_CPU("target", "nll_loss_forward")},
    {"cross entropy, weight", "nn::CrossEntropyLoss", "=h input=g target=j",
     ON_CPU("weight", "nll_loss_forward")},
    {"cross entropy, weight moved", "nn::CrossEntropyLoss",
     "=g input=g target=j", nullptr},
    {"cross entropy, target", "nn::CrossEntropyLoss", "input=g target=i",
     ON_CPU("target", "nll_loss_forward")},
    {"a role by position", "nn::PoissonNLLLoss", "log_input=g targets=h", TWO},
    {"a nameless role", "nn::Linear", "=g x=h", ON_CPU("mat1", "addmm")},
    {"embedding here", "nn::Embedding", "=g input=j", nullptr},
    {"mse", "mse_loss", "self=g target=h", TWO},
    {"mse, number", "mse_loss", "self=g target=H", TWO},
    {"mse module", "nn::MSELoss", "input=g target=h", TWO},
    {"nll", "nll_loss", "self=g target=i",
     ON_CPU("target", "nll_loss_forward")},
    {"bce", "binary_cross_entropy", "self=g target=h", TWO},
    {"bce with logits", "binary_cross_entropy_with_logits", "self=g target=h",
     TWO},
    {"cuda + cpu", "add", "self=g other=h", TWO},
    {"cuda + number", "add", "self=g other=H", nullptr},
    {"number + cuda", "add", "self=H other=g", nullptr},
    {"cpu + cuda number", "add", "self=h other=G", TWO},
    {"cpu += cuda", "add_", "self=h other=g", TWO},
    {"number += cuda", "add_", "self=H other=G", TWO},
    {"cuda += cpu", "add_", "self=g other=h", TWO},
    {"matmul", "matmul", "self=g other=h", SAME},
    {"cat", "cat", "tensors=g tensors=h", ON_CPU("tensors", "cat")},
    {"stack", "stack", "tensors=g tensors=h", ON_CPU("tensors", "cat")},
    {"index", "index", "self=g indices=i", nullptr},
    {"index on cpu", "index", "self=h indices=j",
     "indices should be either on cpu or on the same device as the indexed "
     "tensor (cpu)"},
    {"index_put", "index_put_", "self=g indices=i values=h", TWO},
    {"index_put number", "index_put_", "self=g indices=i values=H", nullptr},
    {"index_select", "index_select", "self=g index=i",
     ON_CPU("index", "_index_select")},
    {"gather", "gather", "self=g index=i", ON_CPU("index", "gather")},
    {"masked_fill", "masked_fill", "self=g mask=h",
     "expected self and mask to be on the same device, but got mask on cpu and "
     "self on cuda:0"},
    {"masked_select", "masked_select", "self=g mask=h",
     ON_CPU("mask", "_masked_select")},
    {"where, number", "where", "condition=g self=g other=H", nullptr},
    {"where", "where", "condition=g self=g other=h", TWO},
    {"where, condition", "where", "condition=h self=g other=g", TWO},
    {"copy", "copy_", "self=g src=h", nullptr},
    {"copy to cpu", "copy_", "self=h src=g", nullptr},
    {"eq", "eq", "self=g other=h", TWO},
    {"allclose", "allclose", "self=g other=h", TWO},
    {"equal", "equal", "self=g other=h", ON_CPU("other", "_equal")},
    {"expand_as", "expand_as", "self=g other=h", nullptr},
    {"type_as", "type_as", "self=g other=h", nullptr},
    {"to", "to", "self=g other=h", nullptr},
    {"clamp", "clamp", "self=g min=H", ON_CPU("min", "clamp_Tensor")},
    {"lerp", "lerp", "self=g end=g weight=h", TWO},
    {"addmm", "addmm", "self=h mat1=g mat2=g", ON_CUDA("mat1", "addmm")},
    {"bmm", "bmm", "self=g mat2=h", ON_CPU("mat2", "bmm")},
    {"einsum", "einsum", "tensors=g tensors=h", ON_CPU("mat2", "bmm")},
    {"grid_sample", "nn::functional::grid_sample", "input=g grid=h",
     ON_CPU("grid", "_grid_sampler_2d")},
    {"scatter", "scatter_", "self=g index=i", SAME},
    {"repeat_interleave", "repeat_interleave", "self=g repeats=i",
     ON_CPU("index", "_index_select")},
};

TEST(ApiCases, CallsDoWhatTheyDidOnAGpu) {
  for (const Case &C : Cases) {
    SCOPED_TRACE(C.Name);
    llvm::StringRef Callee = C.Callee;
    bool Module = Callee.consume_front("nn::") && !Callee.contains("::");
    if (!Module)
      Callee = C.Callee;
    std::vector<CallOperand> Operands;
    TensorFact State;
    bool HasState = false;
    for (llvm::StringRef Rest = C.Operands; !Rest.empty();) {
      auto [Word, More] = Rest.split(' ');
      Rest = More;
      auto [Role, Letter] = Word.split('=');
      if (Role.empty()) {
        State = fact(Letter[0]);
        HasState = true;
      } else {
        Operands.push_back({Role, fact(Letter[0])});
      }
    }
    Judgement J =
        Module
            ? judgeModuleDevices(Callee, HasState ? &State : nullptr, Operands)
            : judgeDevices(Callee, Operands);
    if (C.Message) {
      EXPECT_EQ(J.K, Judgement::Throws);
      EXPECT_THAT(J.Message, StartsWith(C.Message));
      // Whoever is to blame disagrees with the other one.
      auto At = [&](unsigned I) {
        return Module ? I ? Operands[I - 1].Fact.Dev : State.Dev
                      : Operands[I].Fact.Dev;
      };
      EXPECT_TRUE(At(J.Wrong).differsFrom(At(J.Against)));
    } else {
      EXPECT_EQ(J.K, Judgement::Fine);
    }
  }
}

TEST(ApiCases, WhatIsUnknownNeverThrows) {
  for (const Case &C : Cases)
    for (int What = 0; What != 3; ++What) {
      SCOPED_TRACE(C.Name);
      llvm::StringRef Callee = C.Callee;
      bool Module = Callee.consume_front("nn::") && !Callee.contains("::");
      if (!Module)
        Callee = C.Callee;
      std::vector<CallOperand> Operands;
      TensorFact State;
      bool HasState = false;
      for (llvm::StringRef Rest = C.Operands; !Rest.empty();) {
        auto [Word, More] = Rest.split(' ');
        Rest = More;
        auto [Role, Letter] = Word.split('=');
        TensorFact F = fact(Letter[0]);
        // Whatever is not on CUDA: unknown, symbolic, or not defined.
        if (F.Dev.isCPU()) {
          F.Dev = What == 1 ? Device::symbol(7) : Device::unknown();
          F.Defined = What != 2;
        }
        if (Role.empty()) {
          State = F;
          HasState = F.Defined;
        } else {
          Operands.push_back({Role, F});
        }
      }
      Judgement J = Module ? judgeModuleDevices(
                                 Callee, HasState ? &State : nullptr, Operands)
                           : judgeDevices(Callee, Operands);
      EXPECT_FALSE(J.throws());
    }
}

TEST(ApiCases, DtypesDoWhatTheyDidOnAGpu) {
  auto Module = [](const char *Name, Dtype State, Dtype Input) {
    TensorFact S = fact(Device::cuda(), Rank::Some, State);
    return judgeModuleDtypes(
        Name, &S, {{"input", fact(Device::cuda(), Rank::Some, Input)}});
  };
  EXPECT_EQ(Module("Conv2d", Dtype::Float, Dtype::Double).Message,
            "Input type (double) and bias type (float) should be the same");
  EXPECT_EQ(Module("Conv2d", Dtype::Half, Dtype::Float).Message,
            "Input type (float) and bias type (c10::Half) should be the same");
  EXPECT_EQ(Module("Linear", Dtype::Float, Dtype::Double).Message,
            "mat1 and mat2 must have the same dtype, but got Double and Float");
  EXPECT_EQ(Module("Linear", Dtype::Float, Dtype::Int64).Message,
            "mat1 and mat2 must have the same dtype, but got Long and Float");
  EXPECT_THAT(Module("Embedding", Dtype::Float, Dtype::Float).Message,
              StartsWith("Expected tensor for argument #1 'indices' to have"));
  EXPECT_FALSE(Module("Embedding", Dtype::Float, Dtype::Int64).throws());
  EXPECT_FALSE(Module("Linear", Dtype::Float, Dtype::Unknown).throws());
  EXPECT_FALSE(Module("Linear", Dtype::Float, Dtype::Float).throws());
}

TEST(ApiCases, AClassNumberIsInt64OrAProbability) {
  auto Loss = [](Dtype Target) {
    return judgeModuleDtypes(
        "CrossEntropyLoss", nullptr,
        {{"input", fact('g')},
         {"target", fact(Device::cuda(), Rank::Some, Target)}});
  };
  EXPECT_FALSE(Loss(Dtype::Int64).throws());
  EXPECT_FALSE(Loss(Dtype::Float).throws());
  EXPECT_FALSE(Loss(Dtype::Unknown).throws());
  EXPECT_TRUE(Loss(Dtype::Int32).throws());
}

TEST(ApiCases, ANamedDtypeConvertsFirst) {
  CallOperand Integers = {"self", fact('j')};
  EXPECT_TRUE(judgeDtypes("mean", Integers).throws());
  CallShape Named;
  Named.Named = Dtype::Float;
  EXPECT_FALSE(judgeDtypes("mean", Integers, Named).throws());
}

} // namespace
