// RUN: %check_torch %s
// Maps: their order, what is erased, and iterators that outlive a change.
#include <torch/torch.h>

#include <map>
#include <unordered_map>

void inOrder() {
  std::map<std::string, torch::Tensor> all{{"z", torch::rand({2})}, {"b", torch::rand({2}, torch::kCUDA)}};
  all["a"] = torch::rand({2});
  torch::Tensor last;
  for (auto &[key, t] : all)
    last = t;
  last + torch::rand({2}, torch::kCUDA); // expect: 'last' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  all.begin()->second + torch::rand({2}, torch::kCUDA); // expect: 'all["a"]' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  all.erase("a");
  all.begin()->second + torch::rand({2}, torch::kCUDA);
}
void byNumber() {
  std::map<int, torch::Tensor> all;
  all.emplace(2, torch::rand({2}, torch::kCUDA));
  all.insert({1, torch::rand({2})});
  all.begin()->second + torch::rand({2});
  all.rbegin()->second + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all.rbegin()->second' is on CUDA
}
void erased() {
  std::unordered_map<std::string, torch::Tensor> all;
  all["a"] = torch::rand({2});
  all["b"] = torch::rand({2}, torch::kCUDA);
  all.erase("a");
  if (all.count("a"))
    all["b"] + torch::rand({2});
  all["b"] + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all["b"]' is on CUDA
}
void erasedAt() {
  std::map<std::string, torch::Tensor> all{{"a", torch::rand({2})}, {"b", torch::rand({2}, torch::kCUDA)}};
  auto it = all.find("b");
  all.erase(all.find("a"));
  it->second + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'it->second' is on CUDA
}
void notFound() {
  std::map<std::string, torch::Tensor> all{{"b", torch::rand({2})}};
  auto it = all.find("a");
  all["c"] = torch::rand({2}, torch::kCUDA);
  if (it == all.end())
    all["c"] + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all["c"]' is on CUDA
  else
    it->second + torch::rand({2}, torch::kCUDA);
}
void toItself() {
  std::unordered_map<std::string, std::vector<torch::Tensor>> all;
  all["a"].push_back(torch::rand({2}));
  all["a"] = all["a"];
  all.at("a").front() + torch::rand({2}, torch::kCUDA); // expect: 'all.at("a").front()' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
void zeroAtFirst() {
  std::map<std::string, int> calls;
  torch::Tensor t = torch::rand({2});
  if (calls["a"]++ == 0)
    t = t.cuda();
  t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 't' is on CUDA
}
void erasedOnTheWay() {
  std::map<std::string, torch::Tensor> all{{"a", torch::rand({2})}, {"b", torch::rand({2}, torch::kCUDA)}, {"c", torch::rand({2})}};
  for (auto it = all.begin(); it != all.end();)
    if (it->second.is_cpu())
      all.erase(it++);
    else
      ++it;
  for (auto &[key, t] : all)
    t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 't' is on CUDA
}
