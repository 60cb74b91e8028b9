// Findings behind an error that moving the operands of the call does not mend:
// in a list, in a callee, or where one operand has to stay.
// REQUIRES: libtorch, runtime
// RUN: not %torch-tidy verify --device=emulated %s -- %torch_flags > %t
// RUN: FileCheck %s --implicit-check-not=warning: < %t
#include <torch/torch.h>

static torch::Tensor on(torch::DeviceType device) {
  return torch::ones({2, 4}, device);
}

void list() {
  std::vector<torch::Tensor> parts{on(torch::kCUDA), on(torch::kCPU)};
  auto all = torch::stack(parts);
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  auto sum = on(torch::kCUDA) + on(torch::kCPU);
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}: self cuda:0 Float, other cpu Float; threw:
}

void callee() {
  auto x = on(torch::kCUDA);
  auto body = [&] {
    torch::nn::Linear net(4, 4);
    net->forward(x);
  };
  body();
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  auto power = torch::pow(x, on(torch::kCPU));
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}: self cuda:0 Float, exponent cpu Float; threw:
}

// In place: the change must not be lost.
void accumulates() {
  auto total = on(torch::kCPU);
  auto add = [&](const torch::Tensor &x) { total += x; };
  add(on(torch::kCUDA));
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  if (total.sum().item<float>() < 15)
    return;
  auto sum = on(torch::kCUDA) + on(torch::kCPU);
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}

// What mends one call breaks another, of which nothing is claimed.
void entangled() {
  auto x = on(torch::kCPU), y = on(torch::kCPU);
  auto all = torch::cat({x, y, on(torch::kCUDA)}).slice(0, 0, 2);
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  auto product = all * x;
  auto z = on(torch::kCPU);
  auto difference = y - z;
  auto sum = product + z;
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}: self cuda:0 Float, other cpu Float; threw:
}

// A call inside another one's operands is repaired alone.
void nested() {
  torch::nn::Linear net(4, 4);
  net->to(torch::kCUDA);
  auto loss = torch::mse_loss(net->forward(on(torch::kCPU)), on(torch::kCPU));
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}: self cuda:0 Float, target cpu Float; threw:
  // CHECK: behind.cpp:[[@LINE-3]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}: weight cuda:0 Float, input cpu Float; threw:
}

// The lengths stay on the CPU, whatever the rest does.
void lengths() {
  auto x = torch::ones({2, 3, 4}, torch::kCUDA);
  auto packed = torch::nn::utils::rnn::pack_padded_sequence(
      x, torch::tensor({3, 2}, torch::kCUDA), /*batch_first=*/true);
  // CHECK: behind.cpp:[[@LINE-2]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}} lengths cuda:0 Long; threw: 'lengths' argument should be a 1D CPU int64 tensor
  torch::nn::GRU rnn(torch::nn::GRUOptions(4, 4).batch_first(true));
  rnn->to(torch::kCUDA);
  rnn->forward_with_packed_input(packed, torch::zeros({1, 2, 4}));
  // CHECK: behind.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}

// CHECK: 12 findings: 12 confirmed, 0 refuted, 0 unreached, 0 inconclusive
