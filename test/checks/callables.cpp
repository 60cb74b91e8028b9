// RUN: %check_torch %s
// Records with a call operator, behind std::function, std::visit and algorithms.
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <map>
#include <variant>

struct Place {
  torch::Device d;
  torch::Tensor operator()(const torch::Tensor &t) const { return t.to(d); }
};
void wrapped() {
  std::function<torch::Tensor(torch::Tensor)> f = Place{torch::kCUDA};
  f(torch::rand({2})) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'f(torch::rand({2}))' is on CUDA
  f(torch::rand({2})) + torch::rand({2}, torch::kCUDA);
}
void inTable() {
  std::map<std::string, std::function<torch::Tensor(torch::Tensor)>> table;
  table.insert({"b", Place{torch::kCPU}});
  table["a"] = [](torch::Tensor t) { return t.cuda(); };
  table["a"].swap(table["b"]);
  table.erase("c");
  table["b"](torch::rand({2})) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'table["b"](torch::rand({2}))' is on CUDA
  table["a"](torch::rand({2})) + torch::rand({2});
}

struct Visitor {
  torch::Tensor operator()(int) const { return torch::ones({2}, torch::kCUDA); }
  torch::Tensor operator()(const torch::Tensor &t) const { return t.cpu(); }
};
void visited() {
  std::variant<int, torch::Tensor> v = torch::rand({2}, torch::kCUDA);
  std::visit(Visitor{}, v) + torch::rand({2}, torch::kCUDA); // expect: 'std::visit(Visitor{}, v)' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  v = 1;
  std::visit(Visitor{}, v) + torch::rand({2}, torch::kCUDA);
  std::visit(Visitor{}, v) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'std::visit(Visitor{}, v)' is on CUDA
}

struct OnHost {
  bool operator()(const torch::Tensor &t) const { return t.is_cpu(); }
};
void predicate() {
  std::vector<torch::Tensor> all{torch::rand({2}), torch::rand({2}, torch::kCUDA)};
  all.erase(std::remove_if(all.begin(), all.end(), OnHost{}), all.end());
  all[0] + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[0]' is on CUDA
}
struct Counter {
  int calls = 0;
  torch::Tensor operator()(const torch::Tensor &t) { return calls++ ? t.cuda() : t; }
};
void keepsState() {
  std::function<torch::Tensor(torch::Tensor)> f = Counter();
  f(torch::rand({2})) + torch::rand({2});
  f(torch::rand({2})) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'f(torch::rand({2}))' is on CUDA
}
struct Runner {
  std::function<torch::Tensor(torch::Tensor)> action;
  torch::Tensor run(torch::Tensor t) { return action ? action(t) : t; }
};
void setOrNot() {
  Runner runner;
  runner.run(torch::rand({2})) + torch::rand({2}, torch::kCUDA); // expect: 'runner.run(torch::rand({2}))' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  runner.action = [](torch::Tensor t) { return t.cuda(); };
  runner.run(torch::rand({2})) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'runner.run(torch::rand({2}))' is on CUDA
  runner.action = nullptr;
  runner.run(torch::rand({2})) + torch::rand({2});
}
struct Base {
  torch::Tensor t;
};
struct Derived : Base {};
struct OfBase {
  torch::Tensor operator()(const Base &b) const { return b.t.cuda(); }
};
void baseOfArgument() {
  Derived d;
  d.t = torch::rand({2});
  std::function<torch::Tensor(const Derived &)> f = OfBase();
  f(d) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'f(d)' is on CUDA
}

// A function that calls itself captures the variable that holds it.
void callsItself(int times) {
  auto step = torch::ones(2), there = torch::ones(2, torch::kCUDA);
  std::function<torch::Tensor(torch::Tensor, int)> again = [&](torch::Tensor t, int left) -> torch::Tensor {
    return left == 0 ? t : again(t + step, left - 1);
  };
  again(step, 2) + there; // expect: 'again(step, 2)' is on the CPU but 'there' is on CUDA
  again(there, 0) + there;
  again(there, 1); // expect: 'step' is on the CPU but 'there' is on CUDA
  again(step, times) + step;
}
