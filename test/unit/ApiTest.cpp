//===- ApiTest.cpp - what LibTorch's calls demand, by example -------------===//
#include "checks/api/Operators.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace torch_tidy;
using namespace torch_tidy::api;
using testing::HasSubstr;

namespace {

CallOperand operand(llvm::StringRef Role, Device Dev, Rank Dim = Rank::Some,
                    Dtype Type = Dtype::Float) {
  TensorFact Fact;
  Fact.Dev = Dev;
  Fact.Type = Type;
  Fact.Dim = Dim;
  return {Role, Fact};
}
CallOperand cpu(llvm::StringRef Role, Rank Dim = Rank::Some) {
  return operand(Role, Device::cpu(), Dim);
}
CallOperand cuda(llvm::StringRef Role, Rank Dim = Rank::Some, int Index = -1) {
  return operand(Role, Device::cuda(Index), Dim);
}
CallOperand typed(llvm::StringRef Role, Dtype Type,
                  Device Dev = Device::cuda()) {
  return operand(Role, Dev, Rank::Some, Type);
}

TEST(Devices, OperandsOfAWrapperShareADevice) {
  auto J = judgeDevices("addmm", {cuda("self"), cpu("mat1"), cuda("mat2")});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ(1u, J.Wrong);
  EXPECT_EQ("Expected all tensors to be on the same device, but got mat1 is on "
            "cpu, different from other tensors on cuda:0 (when checking "
            "argument in method wrapper_CUDA_addmm)",
            J.Message);
}

TEST(Devices, TheFirstArgumentIsTheReferenceOfTheMessage) {
  auto J = judgeDevices("addmm", {cpu("self"), cuda("mat1"), cuda("mat2")});
  ASSERT_TRUE(J.throws());
  EXPECT_THAT(J.Message, HasSubstr("mat1 is on cuda:0, different from other "
                                   "tensors on cpu"));
}

TEST(Devices, AZeroDimensionalCpuTensorMixesOneWay) {
  EXPECT_EQ(Judgement::Fine,
            judgeDevices("add", {cuda("self"), cpu("other", Rank::Zero)}).K);
  EXPECT_EQ(Judgement::Fine,
            judgeDevices("add", {cpu("self", Rank::Zero), cuda("other")}).K);
  EXPECT_TRUE(
      judgeDevices("add", {cpu("self"), cuda("other", Rank::Zero)}).throws());
}

TEST(Devices, AnUnknownRankOrDeviceNeverThrows) {
  EXPECT_EQ(Judgement::NotJudged,
            judgeDevices("add", {cuda("self"), cpu("other", Rank::Unknown)}).K);
  EXPECT_EQ(
      Judgement::NotJudged,
      judgeDevices("add", {cuda("self"), operand("other", Device::unknown())})
          .K);
}

TEST(Devices, AnInPlaceTargetIsNeverExempt) {
  EXPECT_TRUE(
      judgeDevices("add_", {cpu("self", Rank::Zero), cuda("other")}).throws());
}

TEST(Devices, TwoGpusDoNotMix) {
  auto J = judgeDevices(
      "add", {cuda("self", Rank::Some, 0), cuda("other", Rank::Some, 1)});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ("Expected all tensors to be on the same device, but found at least "
            "two devices, cuda:0 and cuda:1!",
            J.Message);
}

TEST(Devices, UndefinedOptionalTensorsDoNotCount) {
  CallOperand Bias = cpu("bias");
  Bias.Fact.Defined = false;
  EXPECT_EQ(Judgement::Fine,
            judgeDevices("linear", {cuda("input"), cuda("weight"), Bias}).K);
}

TEST(Devices, FunctionalNamesAndRoles) {
  EXPECT_TRUE(
      judgeDevices("nn::functional::embedding", {cpu("input"), cuda("weight")})
          .throws());
  EXPECT_TRUE(judgeDevices("nn::functional::cross_entropy",
                           {cuda("input"), cpu("target")})
                  .throws());
}

TEST(Dtypes, OperandsThatMustEqual) {
  auto J = judgeDtypes(
      "linear", {typed("input", Dtype::Double), typed("weight", Dtype::Float)});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ("mat1 and mat2 must have the same dtype, but got Double and Float",
            J.Message);
}

TEST(Dtypes, PromotionIsFine) {
  EXPECT_EQ(Judgement::Fine, judgeDtypes("add", {typed("self", Dtype::Double),
                                                 typed("other", Dtype::Float)})
                                 .K);
}

TEST(Dtypes, NoKernelForIntegers) {
  auto J = judgeDtypes("mean", {typed("self", Dtype::Int64)});
  ASSERT_TRUE(J.throws());
  EXPECT_THAT(J.Message, HasSubstr("Got: Long"));
}

TEST(Dtypes, ClassIndicesAreNotProbabilities) {
  EXPECT_FALSE(
      judgeDtypes("nn::functional::cross_entropy",
                  {typed("input", Dtype::Float), typed("target", Dtype::Int64)})
          .throws());
}

TEST(Dtypes, AFloatResultDoesNotFitAnIntegerTensor) {
  auto J = judgeDtypes(
      "add_", {typed("self", Dtype::Int64), typed("other", Dtype::Float)});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ("result type Float can't be cast to the desired output type Long",
            J.Message);
  EXPECT_TRUE(judgeDtypes("div_", {typed("self", Dtype::Int64)}).throws());
  EXPECT_FALSE(judgeDtypes("add_", {typed("self", Dtype::Float),
                                    typed("other", Dtype::Double)})
                   .throws());
  EXPECT_FALSE(judgeDtypes("copy_", {typed("self", Dtype::Int64),
                                     typed("src", Dtype::Float)})
                   .throws());
}

// Each of them run on LibTorch 2.13.
TEST(Dtypes, InPlaceArithmeticWritesWhatItPromotedTo) {
  for (const char *Op :
       {"add_", "atan2_", "clamp_min_", "clamp_max_", "copysign_", "div_",
        "floor_divide_", "fmod_", "hypot_", "mul_", "pow_", "remainder_",
        "sub_", "xlogy_"})
    EXPECT_TRUE(judgeDtypes(Op, {typed("self", Dtype::Int64),
                                 typed("other", Dtype::Float)})
                    .throws())
        << Op;
  EXPECT_TRUE(judgeDtypes("addcmul_", {typed("self", Dtype::Int64),
                                       typed("tensor1", Dtype::Float),
                                       typed("tensor2", Dtype::Float)})
                  .throws());
  EXPECT_TRUE(judgeDtypes("mul_", {typed("self", Dtype::Bool),
                                   typed("other", Dtype::Int64)})
                  .throws());
  EXPECT_FALSE(judgeDtypes("sub_", {typed("self", Dtype::Int32),
                                    typed("other", Dtype::Int64)})
                   .throws());
  CallShape Floor;
  Floor.HasRounding = true;
  CallOperand Longs[] = {typed("self", Dtype::Int64),
                         typed("other", Dtype::Int64)};
  EXPECT_TRUE(judgeDtypes("div_", Longs).throws());
  EXPECT_FALSE(judgeDtypes("div_", Longs, Floor).throws());
}

TEST(Dtypes, IndicesMayBeMasks) {
  for (Dtype T : {Dtype::Int64, Dtype::Bool, Dtype::UInt8})
    EXPECT_FALSE(judgeDtypes("index_put_",
                             {typed("self", Dtype::Float), typed("indices", T),
                              typed("values", Dtype::Float)})
                     .throws());
  EXPECT_TRUE(judgeDtypes("index", {typed("self", Dtype::Float),
                                    typed("indices", Dtype::Float)})
                  .throws());
}

TEST(Dtypes, WhatHasNoKernelForLongHasNoneForInt) {
  for (Dtype T : {Dtype::Int32, Dtype::Bool, Dtype::UInt8})
    EXPECT_TRUE(judgeDtypes("mean", {typed("self", T)}).throws());
  EXPECT_FALSE(judgeDtypes("relu", {typed("self", Dtype::Int32)}).throws());
}

TEST(Dtypes, NormalisationComparesWithItsWeight) {
  CallOperand Input = typed("input", Dtype::Double);
  CallOperand Mean = typed("running_mean", Dtype::Float);
  CallOperand Weight = typed("weight", Dtype::Float);
  EXPECT_FALSE(judgeDtypes("batch_norm", {Input, Mean}).throws());
  EXPECT_TRUE(judgeDtypes("batch_norm", {Input, Weight, Mean}).throws());
}

TEST(Results, ATensorAndANumber) {
  EXPECT_EQ(Dtype::Half, resultFact("mul", {typed("self", Dtype::Half)}).Type);
  EXPECT_EQ(Rank::Some, resultFact("mul", {typed("self", Dtype::Half)}).Dim);
  CallOperand Long = typed("self", Dtype::Int64);
  EXPECT_EQ(Dtype::Unknown, resultFact("mul", Long).Type);
  CallShape Integers;
  Integers.IntegerScalars = true;
  EXPECT_EQ(Dtype::Int64, resultFact("mul", Long, Integers).Type);
  EXPECT_EQ(Dtype::Float, resultFact("div", Long, Integers).Type);
  EXPECT_EQ(Dtype::Bool, resultFact("gt", Long, Integers).Type);
}

TEST(Operators, DefaultDtypesOfFactories) {
  EXPECT_EQ(Dtype::Int64, factoryDtype("arange", /*Numbers=*/Dtype::Int64));
  EXPECT_EQ(Dtype::Int64, factoryDtype("arange", Dtype::Bool));
  EXPECT_EQ(Dtype::Float, factoryDtype("arange", Dtype::Float));
  EXPECT_EQ(Dtype::Unknown, factoryDtype("arange", Dtype::Unknown));
  EXPECT_EQ(Dtype::Bool, factoryDtype("full", Dtype::Bool));
  EXPECT_EQ(Dtype::Int64, factoryDtype("randint", Dtype::Int64, false));
  EXPECT_EQ(Dtype::Float, factoryDtype("randint", Dtype::Int64, true));
  EXPECT_EQ(Dtype::Int64, factoryDtype("randperm", Dtype::Unknown, true));
  EXPECT_EQ(Dtype::Float, factoryDtype("linspace", Dtype::Int64));
}

TEST(Results, PromotionOfZeroDimensionalTensors) {
  auto F = resultFact(
      "add", {operand("self", Device::cpu(), Rank::Zero, Dtype::Double),
              typed("other", Dtype::Float)});
  EXPECT_EQ(Dtype::Float, F.Type);
  EXPECT_TRUE(F.Dev.isCUDA());
  EXPECT_EQ(Rank::Some, F.Dim);
}

TEST(Results, FixedAndReduced) {
  EXPECT_EQ(Dtype::Bool, resultFact("eq", {cuda("self"), cuda("other")}).Type);
  EXPECT_EQ(Dtype::Int64, resultFact("argmax", {cuda("self")}).Type);
  EXPECT_EQ(Rank::Zero, resultFact("sum", {cuda("self")}).Dim);
  CallShape AlongDim;
  AlongDim.HasDim = true;
  EXPECT_EQ(Rank::Unknown, resultFact("sum", {cuda("self")}, AlongDim).Dim);
  EXPECT_EQ(Dtype::Int64,
            resultFact("sum", {typed("self", Dtype::Int32)}).Type);
}

TEST(Operators, KindsOfResults) {
  EXPECT_EQ(OperatorInfo::Factory, findOperator("zeros")->Result);
  EXPECT_EQ(OperatorInfo::LikeSelf, findOperator("zeros_like")->Result);
  EXPECT_EQ(OperatorInfo::InPlace, findOperator("add_")->Result);
  EXPECT_EQ(OperatorInfo::View, findOperator("select")->Result);
  EXPECT_EQ(OperatorInfo::Out, findOperator("add_out")->Result);
  EXPECT_EQ(OperatorInfo::NotTensor, findOperator("item")->Result);
  EXPECT_EQ(OperatorInfo::Computed, findOperator("relu")->Result);
  EXPECT_TRUE(findOperator("split")->ReturnsList);
  EXPECT_EQ(2, findOperator("topk")->Results);
  EXPECT_NE(nullptr, findOperator("nn::functional::interpolate"));
  EXPECT_EQ(nullptr, findOperator("no_such_operator"));
}

TEST(Operators, QualifiedNames) {
  EXPECT_EQ("add_", operatorName("at::Tensor::add_"));
  EXPECT_EQ("linalg_det", operatorName("torch::linalg::det"));
  EXPECT_EQ("nn::functional::relu",
            operatorName("torch::nn::functional::relu"));
  EXPECT_EQ("sum_out", operatorName("at::sum_outf"));
}

TEST(Modules, StateByOptions) {
  EXPECT_TRUE(findModule("BatchNorm2d")->HasState);
  EXPECT_FALSE(findModule("InstanceNorm2d")->HasState);
  EXPECT_THAT(findModule("InstanceNorm2d")->StateOptions,
              testing::ElementsAre("affine", "track_running_stats"));
  EXPECT_TRUE(findModule("Linear")->StateOptions.empty());
  EXPECT_EQ(3, findModule("LSTMImpl")->Results);
}

TEST(Modules, StateAndInput) {
  TensorFact OnCuda = cuda("").Fact, OnCpu = cpu("").Fact;
  auto J = judgeModuleDevices("Linear", &OnCuda, {cpu("input")});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ(1u, J.Wrong);
  EXPECT_EQ(0u, J.Against);
  J = judgeModuleDevices("Conv2d", &OnCpu, {cuda("input")});
  ASSERT_TRUE(J.throws());
  EXPECT_EQ(0u, J.Wrong);
  EXPECT_EQ("Input type (CUDAFloatType) and weight type (CPUFloatType) should "
            "be the same",
            J.Message);
  EXPECT_FALSE(judgeModuleDevices("ReLU", nullptr, {cpu("input")}).throws());
  EXPECT_TRUE(
      judgeModuleDevices("MSELoss", nullptr, {cuda("input"), cpu("target")})
          .throws());
}

} // namespace
