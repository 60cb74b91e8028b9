// RUN: %check_torch %s
// Elements whose number or order is not known, as far as they agree.
#include <torch/torch.h>
#include <deque>
#include <queue>

struct Item {
  std::vector<int64_t> tokens;
  torch::Tensor hidden;
  double score;
  bool operator<(const Item &o) const { return score < o.score; }
};

Item best(torch::Tensor start, size_t length) {
  std::priority_queue<Item> open;
  open.push({{1}, start, 0});
  while (true) {
    auto top = open.top();
    open.pop();
    if (top.tokens.size() >= length)
      return top;
    for (int k = 0; k < 2; ++k) {
      Item next = top;
      next.tokens.push_back(k);
      next.hidden = top.hidden * 2;
      open.push(std::move(next));
    }
  }
}
void queued() {
  auto found = best(torch::rand({3}, torch::kCUDA), 4);
  found.hidden + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'found.hidden' is on CUDA
}
void fromBothSides(size_t i, bool far) {
  std::vector<Item> items;
  items.push_back({{1}, torch::rand({3}, torch::kCUDA), 0});
  items.push_back({{1}, torch::rand({3}), 0});
  items[i].hidden + torch::rand({3});
}
// Some element is replaced: by one that is like the others, or not.
void replaced(size_t i, size_t j) {
  std::deque<torch::Tensor> pool;
  pool.push_back(torch::rand({3}));
  pool.push_back(torch::rand({3}));
  pool[i] = torch::zeros({3});
  pool.front() + torch::rand({3}, torch::kCUDA); // expect: 'pool.front()' is on the CPU but 'torch::rand({3}, torch::kCUDA)' is on CUDA
  pool[j] = torch::rand({3}, torch::kCUDA);
  pool.back() + torch::rand({3});
  torch::stack({pool.front(), torch::rand({3}, torch::kCUDA)});
}
// A write to a part of some element may be to any of them.
void written(size_t i, size_t j) {
  std::vector<Item> items;
  for (int k = 0; k < 40; ++k)
    items.push_back({{1}, torch::rand({3}), 0});
  items[i].hidden + torch::rand({3}, torch::kCUDA); // expect: 'items[i].hidden' is on the CPU but 'torch::rand({3}, torch::kCUDA)' is on CUDA
  items[i].hidden = items[i].hidden.cuda();
  items[j].hidden + torch::rand({3}, torch::kCUDA);
  for (auto &item : items)
    item.hidden = item.hidden.cuda();
  for (auto &item : items)
    item.hidden + torch::rand({3}, torch::kCUDA);
}
