// RUN: %check_torch %s
// What torch-tidy is known to get wrong. `_FN`: the program throws and nothing
// is said; `_FP`: something is said and the program runs. The comment over a
// function is its line in docs/limits.md.
#include <torch/torch.h>

// `Module::to` leaves gradients on the device where `backward` made them; the
// next `backward` adds to them from another device.
void gradientStays_FN() {
  torch::nn::Linear m(4, 4);
  m->forward(torch::rand({2, 4})).sum().backward();
  m->to(torch::kCUDA);
  m->forward(torch::rand({2, 4}, torch::kCUDA)).sum().backward();
}

// `huber_loss` takes a target of another type than its input, and its `backward`
// does not; what a loss was made of is not kept until then.
void backwardOfHuberLoss_FN() {
  torch::nn::Linear m(4, 4);
  auto target = torch::zeros({2, 4}, torch::kDouble);
  torch::nn::HuberLoss()(m(torch::rand({2, 4})), target).backward();
}

struct Other {
  torch::Tensor load();
};
// What a function returns that no source of the run or of its compile database
// defines.
void fromAnotherFile_FN(Other &other) {
  torch::nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(other.load());
}

struct Part {
  torch::Tensor at;
  explicit Part(bool Wide) : at(torch::ones({4})) {
    if (Wide) {
      at = at.to(torch::kDouble);
      return;
    }
  }
};
struct Whole {
  std::vector<Part> parts;
  explicit Whole(bool Wide) { parts.push_back(Part(Wide)); }
};
// What a constructor makes in two ways, by a number that is not known, where
// another constructor calls it: networks are made of many blocks, and each
// would double the ways.
void madeTwoWaysInside_FN(bool wide) {
  Whole made(wide);
  torch::nn::Linear(4, 4)(made.parts[0].at);
}
