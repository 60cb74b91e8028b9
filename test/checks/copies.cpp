// RUN: %check_torch %s
// What a copy shares with its original, and what a copy constructor does.
#include <torch/torch.h>

#include <functional>
#include <optional>

struct View {
  torch::Tensor &target;
};
void references() {
  auto t = torch::rand({2});
  View one{t};
  View two = one;
  two.target = two.target.cuda();
  t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 't' is on CUDA
}

struct Holder {
  torch::Tensor value;
  View view() { return View{value}; }
};
void referenceIntoMember() {
  Holder holder{torch::rand({2})};
  auto view = holder.view();
  view.target = view.target.cuda();
  holder.value + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'holder.value' is on CUDA
}

using Handlers = std::vector<std::function<void(torch::Tensor &)>>;
struct Listener {
  torch::Tensor last = torch::zeros({2});
  void listen(Handlers &handlers) {
    handlers.push_back([this](torch::Tensor &t) { last = t; });
  }
};
void copiedClosures() {
  Listener listener;
  Handlers handlers;
  listener.listen(handlers);
  auto copy = handlers;
  auto x = torch::rand({2}, torch::kCUDA);
  copy[0](x);
  listener.last + torch::rand({2}, torch::kCUDA);
  listener.last + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'listener.last' is on CUDA
}
void capturedByReference() {
  torch::Tensor seen = torch::rand({2});
  std::vector<std::function<void()>> all;
  all.push_back([&seen] { seen = seen.cuda(); });
  all[0]();
  seen + torch::rand({2}, torch::kCUDA);
  seen + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'seen' is on CUDA
}
void capturedByValue() {
  torch::Tensor seen = torch::rand({2});
  std::vector<std::function<void()>> all;
  all.push_back([seen]() mutable { seen = seen.cuda(); });
  all[0]();
  seen + torch::rand({2});
}

struct Own {
  torch::Tensor t;
  explicit Own(torch::Tensor t) : t(t) {}
  Own(const Own &other) : t(other.t.cuda()) {}
};
Own made() {
  Own own(torch::rand({2}));
  return own;
}
void copyConstructor() {
  Own a(torch::rand({2}));
  Own b(a);
  b.t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'b.t' is on CUDA
  a.t + torch::rand({2});
  std::vector<Own> all;
  all.push_back(a);
  all[0].t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[0].t' is on CUDA
}
// A result that is named is not copied.
void leftOut() {
  auto own = made();
  own.t + torch::rand({2});
}
void emptyOptionals() {
  std::vector<std::optional<torch::Tensor>> slots(2);
  slots[1] = torch::rand({2}, torch::kCUDA);
  if (slots[0])
    *slots[1] + torch::rand({2});
  slots[0].value_or(*slots[1]) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'slots[0].value_or(*slots[1])' is on CUDA
}
struct Plain {
  torch::Tensor t;
};
void intoOptional() {
  Plain plain{torch::rand({2})};
  std::optional<Plain> copy{plain};
  copy->t = copy->t.cuda();
  plain.t + torch::rand({2});
  copy->t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'copy->t' is on CUDA
}
