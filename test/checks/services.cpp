// RUN: %check_torch %s
// Tables of names, caches in two tiers, tasks and their futures.
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
#include <torch/torch.h>
torch::ScalarType typeOf(const std::string &s) {
  static const std::map<std::string, torch::ScalarType> types = {{"float", torch::kFloat}, {"double", torch::kDouble}};
  auto it = types.find(s);
  if (it == types.end())
    throw std::invalid_argument("no precision");
  return it->second;
}
void a() {
  torch::nn::Linear net(6, 3);
  net->to(torch::kCUDA, typeOf("double"));
  net->forward(torch::rand({4, 6}, torch::kCUDA)); // expect: 'torch::rand({4, 6}, torch::kCUDA)' holds Float but 'net' works in Double
}
void b() {
  torch::nn::Linear net(6, 3);
  net->to(torch::kCUDA, typeOf("float"));
  net->forward(torch::rand({4, 6}, torch::kCUDA));
}
void c() {
  std::map<std::string, torch::Device> m = {{"a", torch::kCPU}, {"b", torch::kCUDA}};
  torch::rand({2}, m.at("b")) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, m.at("b"))' is on CUDA
  torch::rand({2}, m.find("b")->second) + torch::rand({2}, torch::kCUDA);
}
void d() {
  auto o = torch::TensorOptions().device(torch::kCUDA).dtype(torch::kDouble);
  torch::nn::Linear net(6, 3);
  net->to(o.device(), c10::typeMetaToScalarType(o.dtype()));
  net->forward(torch::rand({4, 6}, torch::kCUDA)); // expect: 'torch::rand({4, 6}, torch::kCUDA)' holds Float but 'net' works in Double
  net->forward(torch::rand({4, 6}, o));
}
class TieredCache {
public:
  TieredCache(size_t hot, torch::Device device) : hot_(hot), device_(device) {
  }
  void put(const std::string &key, const torch::Tensor &value) {
    recent_.emplace_front(key, value.to(device_));
    if (recent_.size() > hot_) {
      auto &[old, tensor] = recent_.back();
      cold_[old] = tensor.cpu();
      recent_.pop_back();
    }
  }
  torch::Tensor peek(const std::string &key) const {
    for (const auto &[k, value] : recent_)
      if (k == key)
        return value;
    return cold_.at(key);
  }

private:
  size_t hot_;
  torch::Device device_;
  std::list<std::pair<std::string, torch::Tensor>> recent_;
  std::unordered_map<std::string, torch::Tensor> cold_;
};
void test() {
  TieredCache cache(1, torch::kCUDA);
  for (const char *name : {"a", "b", "c"})
    cache.put(name, torch::rand({5}));
  auto out = cache.peek("a") + torch::rand({5}, torch::kCUDA); // expect: 'cold_[old]' is on the CPU but 'torch::rand({5}, torch::kCUDA)' is on CUDA
}
void straight() {
  TieredCache cache(1, torch::kCUDA);
  cache.put("a", torch::rand({5}));
  cache.put("b", torch::rand({5}));
  auto out = cache.peek("a") + torch::rand({5}, torch::kCUDA); // expect: 'cold_[old]' is on the CPU but 'torch::rand({5}, torch::kCUDA)' is on CUDA
}
void twin() {
  TieredCache cache(1, torch::kCUDA);
  for (const char *name : {"a", "b", "c"})
    cache.put(name, torch::rand({5}));
  auto out = cache.peek("c") + torch::rand({5}, torch::kCUDA);
}
struct Pool {
  template <class F>
  auto submit(F f) -> std::future<decltype(f())> {
    auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
    auto result = task->get_future();
    tasks.push_back([task] { (*task)(); });
    return result;
  }
  std::deque<std::function<void()>> tasks; // emptied by threads
};
void task_one() {
  std::packaged_task<torch::Tensor()> task([] { return torch::rand({3}, torch::kCUDA); });
  auto f = task.get_future();
  task();
  auto y = f.get() + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'f.get()' is on CUDA
}
void task_many() {
  torch::nn::Linear scorer(3, 2);
  scorer->to(torch::kCUDA);
  Pool pool;
  std::vector<std::future<torch::Tensor>> scores;
  for (int i = 0; i < 3; ++i)
    scores.push_back(pool.submit([scorer]() mutable { return scorer->forward(torch::rand({1, 3}, torch::kCUDA)); }));
  auto total = torch::zeros({1, 2});
  for (auto &s : scores)
    total += s.get(); // expect: 'total' is on the CPU but 's.get()' is on CUDA
}
void task_host() {
  torch::nn::Linear scorer(3, 2);
  scorer->to(torch::kCUDA);
  Pool pool;
  std::vector<std::future<torch::Tensor>> images;
  for (int i = 0; i < 3; ++i)
    images.push_back(pool.submit([i] { return torch::rand({3}) * i; }));
  std::vector<torch::Tensor> batch;
  for (auto &f : images)
    batch.push_back(f.get());
  scorer->forward(torch::stack(batch)); // expect: 'torch::stack(batch)' is on the CPU but 'scorer' was moved to CUDA
}
void task_twin() {
  torch::nn::Linear scorer(3, 2);
  scorer->to(torch::kCUDA);
  Pool pool;
  std::vector<std::future<torch::Tensor>> scores;
  for (int i = 0; i < 3; ++i)
    scores.push_back(pool.submit([scorer]() mutable { return scorer->forward(torch::rand({1, 3}, torch::kCUDA)); }));
  auto total = torch::zeros({1, 2});
  for (auto &s : scores)
    total += s.get().cpu();
}
