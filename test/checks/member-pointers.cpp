// RUN: %check_torch %s
// Pointers to members.
#include <torch/torch.h>
struct Pair {
  torch::Tensor a, b;
};
void a() {
  Pair p{torch::rand({2}), torch::rand({2}, torch::kCUDA)}, *q = &p;
  auto m = &Pair::a;
  p.*m + torch::rand({2}, torch::kCUDA); // expect: 'p.*m' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  q->*m + torch::rand({2});
  m = &Pair::b;
  p.*m + torch::rand({2}, torch::kCUDA);
}
void b() {
  Pair p{torch::rand({2}), torch::rand({2}, torch::kCUDA)}, *q = &p;
  for (auto m : {&Pair::a, &Pair::b})
    p.*m = (p.*m).cuda();
  p.a + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'p.a' is on CUDA
  q->*(&Pair::b) + torch::rand({2}, torch::kCUDA);
}
struct Summands {
  torch::Tensor a, b;
  torch::Tensor sum() const { return a + b; }
};
void wrappedMethod() {
  Summands same{torch::rand({2}), torch::rand({2})};
  auto sum = std::mem_fn(&Summands::sum);
  sum(same);
  Summands apart{torch::rand({2}), torch::rand({2}, torch::kCUDA)};
  sum(apart); // expect: 'a' is on the CPU but 'b' is on CUDA
}
