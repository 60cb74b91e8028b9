// RUN: %check_torch %s
// Casts that find out what an object is.
#include <torch/torch.h>

struct Stage : torch::nn::Module {
  virtual torch::Tensor forward(torch::Tensor x) = 0;
};
struct Dense : Stage {
  torch::Tensor forward(torch::Tensor x) override { return layer(x); }
  torch::nn::Linear layer{4, 4};
};
struct Shift : Stage {
  torch::Tensor forward(torch::Tensor x) override { return x + offset; }
  torch::Tensor offset = torch::ones({4});
};
torch::Tensor through(Stage &stage, const torch::Tensor &x) {
  auto h = stage.forward(x);
  if (dynamic_cast<Dense *>(&stage))
    h = h.cuda();
  return h;
}
void other() {
  Shift stage;
  through(stage, torch::rand({4})) + torch::rand({4});
  through(stage, torch::rand({4})) + torch::rand({4}, torch::kCUDA); // expect: 'h' is on the CPU but 'torch::rand({4}, torch::kCUDA)' is on CUDA
}
void same() {
  Dense stage;
  through(stage, torch::rand({4})) + torch::rand({4}); // expect: 'torch::rand({4})' is on the CPU but 'h' is on CUDA
}
void shared(bool flag) {
  std::shared_ptr<Stage> stage = std::make_shared<Shift>();
  if (auto dense = std::dynamic_pointer_cast<Dense>(stage))
    torch::rand({4}) + torch::rand({4}, torch::kCUDA);
  if (auto shift = std::dynamic_pointer_cast<Shift>(stage))
    shift->offset + torch::rand({4}, torch::kCUDA); // expect: 'shift->offset' is on the CPU but 'torch::rand({4}, torch::kCUDA)' is on CUDA
}
// What comes as its base may be any of them.
void unknown(Stage &stage) {
  auto *dense = dynamic_cast<Dense *>(&stage);
  torch::Tensor t = torch::rand({4}, torch::kCUDA);
  if (dense)
    t = t.cpu();
  t + torch::rand({4});
}
