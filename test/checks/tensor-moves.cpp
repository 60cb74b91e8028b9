// RUN: %check_torch %s
// Where a tensor is after each way to make or move one.
#include <torch/torch.h>

struct Places {
  torch::Tensor cpu = torch::rand({2, 3});
  torch::Tensor cuda = torch::rand({2, 3}, torch::kCUDA);
};

// `to` with a device.
void toDevice() {
  Places p;
  p.cpu.to(torch::kCUDA) + p.cuda;
  p.cpu.to(torch::Device("cuda:0")) + p.cuda;
  p.cpu.to("cuda") + p.cuda;
  p.cuda.to(torch::kCPU) + p.cuda; // expect: is on the CPU but
}

void toDeviceAndType() {
  Places p;
  p.cpu.to(torch::kCUDA, torch::kDouble) + p.cuda;
  p.cpu.to(torch::kCUDA, torch::kDouble, /*non_blocking=*/true) + p.cuda;
  p.cpu.to(torch::kCUDA, torch::kFloat, false, /*copy=*/true) + p.cuda;
  p.cuda.to(torch::kCPU, torch::kDouble) + p.cuda; // expect: is on the CPU but
}

// A type alone moves nothing.
void toType() {
  Places p;
  p.cuda.to(torch::kDouble) + p.cuda;
  p.cpu.to(torch::kDouble) + p.cuda; // expect: is on the CPU but
}

void toOptions() {
  Places p;
  auto options = torch::TensorOptions().dtype(torch::kDouble);
  p.cuda.to(options) + p.cuda;
  p.cpu.to(options.device(torch::kCUDA)) + p.cuda;
  p.cpu.to(p.cuda.options()) + p.cuda;
  p.cpu.to(options) + p.cuda; // expect: is on the CPU but
}

void toOtherTensor() {
  Places p;
  p.cpu.to(p.cuda) + p.cuda;
  p.cpu.type_as(p.cuda) + p.cuda;
  p.cuda.to(p.cpu) + p.cuda; // expect: is on the CPU but
}

void shortNames() {
  Places p;
  p.cpu.cuda() + p.cuda;
  p.cuda.cpu() + p.cpu;
  p.cuda.cpu() + p.cuda; // expect: is on the CPU but
}

// Copies stay where they are; `copy_` crosses devices.
void copies() {
  Places p;
  p.cuda.clone() + p.cuda;
  p.cuda.detach() + p.cuda;
  p.cuda.contiguous() + p.cuda;
  p.cuda.copy_(p.cpu) + p.cuda;
  p.cpu.clone().detach() + p.cuda; // expect: is on the CPU but
}

void setData() {
  Places p;
  p.cpu.set_data(p.cuda);
  p.cpu + p.cuda;
}

// New tensors like others are where those are.
void newOnes() {
  Places p;
  p.cuda.new_zeros({2, 3}) + p.cuda;
  p.cuda.new_full({2, 3}, 1.0) + p.cuda;
  torch::zeros_like(p.cuda) + p.cuda;
  torch::rand_like(p.cpu, p.cuda.options()) + p.cuda;
  torch::full_like(p.cpu, 1) + p.cuda; // expect: is on the CPU but
}

void newElsewhere() {
  Places p;
  p.cpu.new_zeros({2, 3}, torch::kCUDA) + p.cuda;
  p.cuda.new_zeros({2, 3}, torch::kCPU) + p.cuda; // expect: is on the CPU but
}

// Views are where their base is.
void views() {
  Places p;
  p.cuda.view({3, 2}).t() + p.cuda;
  p.cuda.index({torch::indexing::Slice(0, 1)}) + p.cuda;
  p.cpu.unsqueeze(0).expand({4, 2, 3})[0] + p.cuda; // expect: is on the CPU but
}

// A factory's default is the CPU; its options say otherwise.
void factories() {
  Places p;
  torch::ones({2, 3}, torch::dtype(torch::kFloat).device(torch::kCUDA)) + p.cuda;
  torch::ones({2, 3}, torch::TensorOptions(torch::kCUDA).dtype(torch::kFloat)) + p.cuda;
  torch::ones({2, 3}, torch::requires_grad()) + p.cuda; // expect: is on the CPU but
}

void literalValues() {
  Places p;
  torch::tensor({1.f, 2.f, 3.f}, torch::kCUDA) + p.cuda;
  torch::tensor(2.f) + p.cuda;
  torch::tensor({1.f, 2.f, 3.f}) + p.cuda; // expect: is on the CPU but
}

void fromMemory() {
  Places p;
  float values[6] = {};
  torch::from_blob(values, {2, 3}).to(torch::kCUDA) + p.cuda;
  torch::from_blob(values, {2, 3}) + p.cuda; // expect: is on the CPU but
}

void ranges() {
  Places p;
  torch::arange(3, torch::kCUDA) + p.cuda;
  torch::linspace(0, 1, 3) + p.cuda; // expect: is on the CPU but
}

// What joins tensors needs all of them in one place.
void joined() {
  Places p;
  torch::cat({p.cuda, p.cuda}) + 1;
  torch::stack({p.cuda, p.cpu.cuda()}) + 1;
  torch::cat({p.cuda, p.cpu}); // expect: is on the CPU but
}

void stacked() {
  Places p;
  torch::stack({p.cpu, p.cuda}); // expect: is on the CPU but
}

void chosenElements() {
  Places p;
  torch::where(p.cuda > 0, p.cuda, 0);
  torch::where(p.cuda > 0, p.cuda, p.cpu); // expect: is on the CPU but
}

// In place: the receiver stays where it is.
void inPlace() {
  Places p;
  p.cuda.add_(p.cuda).mul_(2);
  p.cuda += p.cpu; // expect: is on the CPU but
  p.cpu.zero_().fill_(1) + p.cpu;
}

// A slice is assigned across devices, as copy_ is.
void assignedSlices() {
  Places p;
  p.cuda[0] = p.cpu[0];
  p.cuda.index_put_({0}, p.cpu[0][0]);
  p.cuda.slice(0, 0, 1) = p.cpu.slice(0, 0, 1);
  p.cuda + p.cuda;
}

// To a type that is not known.
torch::ScalarType someType();
void unknownType(torch::Tensor mask) {
  auto x = torch::ones({2, 3}, torch::kBool).to(someType());
  x.mean();
  x + torch::rand({2, 3}, torch::kCUDA); // expect: 'x' is on the CPU but 'torch::rand({2, 3}, torch::kCUDA)' is on CUDA
}
