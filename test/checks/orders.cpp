// RUN: %check_torch %s
// What algorithms do with the order of elements: sorted, chosen, dropped, turned.
#include <torch/torch.h>

#include <algorithm>
#include <list>
#include <queue>

struct Row {
  torch::Tensor x;
  int rank = 0;
};
std::vector<Row> rows() {
  return {{torch::rand({2}), 7}, {torch::rand({2}, torch::kCUDA), 6}, {torch::rand({2}), 8}};
}
const auto Lower = [](const Row &l, const Row &r) { return l.rank < r.rank; };

void sorted() {
  auto all = rows();
  std::sort(all.begin(), all.end(), [](const Row &l, const Row &r) { return l.rank < r.rank; });
  all[0].x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[0].x' is on CUDA
  all[1].x + torch::rand({2});
}
void sortedDown() {
  auto all = rows();
  std::stable_sort(all.begin(), all.end(), [](const Row &l, const Row &r) { return l.rank > r.rank; });
  all.front().x + torch::rand({2});
  all.back().x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all.back().x' is on CUDA
}
// What is compared is not known: neither is where anything is.
void sortedBy(const std::vector<float> &score) {
  std::vector<torch::Tensor> all{torch::rand({2}), torch::rand({2}, torch::kCUDA)};
  std::sort(all.begin(), all.end(), [&](const torch::Tensor &l, const torch::Tensor &r) { return score[0] < score[1]; });
  all[0] + torch::rand({2});
}
void least() {
  auto all = rows();
  auto lower = [](const auto &l, const auto &r) { return l.rank < r.rank; };
  std::min_element(all.begin(), all.end(), lower)->x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'std::min_element(all.begin(), all.end(), lower)->x' is on CUDA
  std::max_element(all.begin(), all.end(), lower)->x + torch::rand({2});
}
void removed() {
  auto all = rows();
  all.erase(std::remove_if(all.begin(), all.end(), [](const Row &r) { return r.rank == 7; }), all.end());
  all[0].x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[0].x' is on CUDA
  all[1].x + torch::rand({2});
}
void dropped() {
  auto all = rows();
  all.erase(all.begin() + 1);
  all[1].x + torch::rand({2});
  all.erase(all.begin(), all.begin() + 1);
  all[0].x + torch::rand({2}, torch::kCUDA); // expect: 'all[0].x' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
void turned() {
  std::vector<torch::Tensor> all{torch::rand({2}), torch::rand({2}, torch::kCUDA), torch::rand({2})};
  std::rotate(all.begin(), all.begin() + 1, all.end());
  all[0] + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[0]' is on CUDA
  std::iter_swap(all.begin(), all.begin() + 2);
  all[0] + torch::rand({2});
}
void counted() {
  auto all = rows();
  auto high = [](const Row &r) { return r.rank > 6; };
  if (std::count_if(all.begin(), all.end(), high) == 2)
    all[1].x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'all[1].x' is on CUDA
  else
    all[1].x + torch::rand({2});
}
void kept() {
  std::vector<torch::Tensor> all{torch::rand({2}), torch::rand({2}, torch::kCUDA)}, there;
  std::copy_if(all.begin(), all.end(), std::back_inserter(there), [](const torch::Tensor &t) { return t.is_cuda(); });
  there[0] + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'there[0]' is on CUDA
}
void spliced() {
  std::list<torch::Tensor> a{torch::rand({2})}, b{torch::rand({2}, torch::kCUDA)};
  a.splice(a.end(), b);
  a.front() + torch::rand({2});
  a.back() + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'a.back()' is on CUDA
}

struct Item {
  torch::Tensor t;
  int rank;
  bool operator<(const Item &other) const { return rank < other.rank; }
};
void onTop() {
  std::priority_queue<Item> heap;
  heap.push({torch::rand({2}), 2});
  heap.push({torch::rand({2}, torch::kCUDA), 3});
  heap.top().t + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'heap.top().t' is on CUDA
  heap.pop();
  heap.top().t + torch::rand({2});
}
// Of two that rank alike either may be on top.
void either() {
  std::priority_queue<Item> heap;
  heap.push({torch::rand({2}), 3});
  heap.push({torch::rand({2}, torch::kCUDA), 3});
  heap.top().t + torch::rand({2});
}
