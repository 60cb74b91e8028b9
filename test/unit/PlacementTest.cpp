// The lattice of placements, on its own.
#include "checks/flow/Placement.h"
#include "gtest/gtest.h"

using namespace torch_tidy;

TEST(Placement, OnlyKnownDevicesDiffer) {
  EXPECT_TRUE(Device::cpu().differsFrom(Device::cuda()));
  EXPECT_FALSE(Device::cpu().differsFrom(Device::unknown()));
  EXPECT_FALSE(Device::cuda().differsFrom(Device::symbol(1)));
  EXPECT_FALSE(Device::cpu().differsFrom(Device::other()));
}

TEST(Placement, TheCurrentDeviceIsNumberZero) {
  EXPECT_FALSE(Device::cuda().differsFrom(Device::cuda(0)));
  EXPECT_TRUE(Device::cuda().differsFrom(Device::cuda(1)));
  EXPECT_TRUE(Device::cuda(0).sameAs(Device::cuda()));
}

TEST(Placement, ASymbolIsTheSameAsItselfOnly) {
  EXPECT_TRUE(Device::symbol(3).sameAs(Device::symbol(3)));
  EXPECT_FALSE(Device::symbol(3).sameAs(Device::symbol(4)));
  EXPECT_FALSE(Device::unknown().sameAs(Device::unknown()));
}

TEST(Placement, PrintsAsLibTorchDoes) {
  EXPECT_EQ(Device::cpu().str(), "cpu");
  EXPECT_EQ(Device::cuda().str(), "cuda");
  EXPECT_EQ(Device::cuda(1).str(), "cuda:1");
}

TEST(Promotion, FollowsCategories) {
  EXPECT_EQ(promote(Dtype::Int64, Dtype::Float), Dtype::Float);
  EXPECT_EQ(promote(Dtype::Float, Dtype::Double), Dtype::Double);
  EXPECT_EQ(promote(Dtype::Half, Dtype::BFloat16), Dtype::Float);
  EXPECT_EQ(promote(Dtype::UInt8, Dtype::Int8), Dtype::Int16);
  EXPECT_EQ(promote(Dtype::Double, Dtype::ComplexFloat), Dtype::ComplexDouble);
  EXPECT_EQ(promote(Dtype::Unknown, Dtype::Float), Dtype::Unknown);
}
