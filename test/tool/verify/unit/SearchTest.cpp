//===- SearchTest.cpp - shapes from error texts ---------------------------===//
#include "runtime/driver/Search.h"
#include "runtime/driver/ErrorFamily.h"
#include <gtest/gtest.h>

using namespace torch_tidy::driver;

namespace {

Choice tensor(std::vector<int64_t> Shape) {
  Choice C;
  C.K = Choice::Tensor;
  C.Name = "x";
  C.Shape = std::move(Shape);
  return C;
}

bool proposes(const std::vector<Choices> &List, size_t Index,
              std::vector<int64_t> Shape) {
  for (const Choices &C : List)
    if (C[Index].Shape == Shape)
      return true;
  return false;
}

} // namespace

TEST(Search, ATextNamesTheTensorByItsSize) {
  auto List = propose({tensor({2, 11}), tensor({2, 13})},
                      "mat1 and mat2 shapes cannot be multiplied (2x13 and "
                      "784x64)",
                      {}, false);
  ASSERT_FALSE(List.empty());
  EXPECT_EQ(List[0][0].Shape, (std::vector<int64_t>{2, 11}));
  EXPECT_EQ(List[0][1].Shape, (std::vector<int64_t>{2, 784}));
}

TEST(Search, ConvolutionsAskForARank) {
  auto List = propose({tensor({2, 11})},
                      "Expected 3D (unbatched) or 4D (batched) input to "
                      "conv2d, but got input of size: [2, 11]",
                      {}, false);
  EXPECT_TRUE(proposes(List, 0, {2, 3, 32, 32}));
}

TEST(Search, ConvolutionsAskForChannels) {
  auto List = propose({tensor({2, 3, 32, 32})},
                      "Given groups=1, weight of size [6, 1, 5, 5], expected "
                      "input[2, 3, 32, 32] to have 1 channels, but got 3 "
                      "channels instead",
                      {}, false);
  EXPECT_TRUE(proposes(List, 0, {2, 1, 32, 32}));
}

TEST(Search, LabelsBecomeIntegers) {
  auto List = propose({tensor({2, 11})},
                      "expected scalar type Long but found Float", {}, false);
  ASSERT_EQ(List.size(), 1u);
  EXPECT_EQ(List[0][0].Type, 'l');
}

TEST(Search, AnUnknownTextProposesOnlyGuesses) {
  EXPECT_TRUE(propose({tensor({2, 11})}, "no idea", {7}, false).empty());
  EXPECT_TRUE(
      proposes(propose({tensor({2, 11})}, "no idea", {7}, true), 0, {2, 7}));
}

TEST(ErrorFamily, KnowsTheWordingsOfThreeVersions) {
  for (const char *Text :
       {"Expected all tensors to be on the same device, but got mat1 is on "
        "cpu, different from other tensors on cuda:0 (when checking argument "
        "in method wrapper_CUDA_addmm)",
        "Expected all tensors to be on the same device, but found at least two "
        "devices, cuda:0 and cpu!",
        "Input type (CPUFloatType) and weight type (CUDAFloatType) should be "
        "the same or input should be a MKLDNN tensor and weight is a dense "
        "tensor",
        "Input type (torch.FloatTensor) and weight type "
        "(torch.cuda.FloatTensor) should be the same",
        "Input and parameter tensors are not at the same device, found input "
        "tensor at cpu and parameter tensor at cuda:0"})
    EXPECT_EQ(familyOf(Text), Family::Device) << Text;
}

TEST(ErrorFamily, TellsDtypesFromDevices) {
  for (const char *Text :
       {"mat1 and mat2 must have the same dtype, but got Double and Float",
        "expected scalar type Float but found Double",
        "Input type (CUDADoubleType) and weight type (CUDAFloatType) should "
        "be the same",
        "Input type (double) and bias type (float) should be the same",
        "\"addmm_impl_cpu_\" not implemented for 'Half'"})
    EXPECT_EQ(familyOf(Text), Family::Dtype) << Text;
}

TEST(ErrorFamily, ShapesFilesAndMachinesAreNeither) {
  for (const char *Text :
       {"mat1 and mat2 shapes cannot be multiplied (2x11 and 784x64)",
        "Error opening images file at ./data/train-images-idx3-ubyte",
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "PyTorch is not linked with support for cuda devices",
        "Found no NVIDIA driver on your system."})
    EXPECT_EQ(familyOf(Text), Family::None) << Text;
}
