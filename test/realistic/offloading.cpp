// Memory that is short: layers that come and go, caches that evict, buffers that are swapped, work that is put off.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offload {

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(int64_t width) {
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})));
    up = register_module("up", torch::nn::Linear(width, 2 * width));
    down = register_module("down", torch::nn::Linear(2 * width, width));
  }
  torch::Tensor forward(const torch::Tensor &x) { return x + down(torch::gelu(up(norm(x)))); } // THROWN: offload_block_used_after_it_left
  torch::nn::LayerNorm norm{nullptr};
  torch::nn::Linear up{nullptr}, down{nullptr};
};
TORCH_MODULE(Block);

// One block is on the device at a time.
class Streamed {
public:
  Streamed(int64_t width, int depth, torch::Device device, int resident = 0) : device_(device), resident_(resident) {
    for (int i = 0; i < depth; ++i) {
      blocks_.emplace_back(width);
      if (i < resident)
        blocks_.back()->to(device_);
    }
  }
  torch::Tensor forward(torch::Tensor x) {
    torch::NoGradGuard guard;
    x = x.to(device_);
    for (int i = 0; i < int(blocks_.size()); ++i) {
      if (i >= resident_)
        blocks_[i]->to(device_);
      x = blocks_[i]->forward(x);
      if (i >= resident_)
        blocks_[i]->to(torch::kCPU);
    }
    return x;
  }
  // Goes through all of them where they happen to be.
  torch::Tensor forward_in_place(torch::Tensor x) {
    torch::NoGradGuard guard;
    for (auto &b : blocks_)
      x = b->forward(x.to(b->up->weight.device()));
    return x;
  }
  Block &at(size_t i) { return blocks_.at(i); }

private:
  std::vector<Block> blocks_;
  torch::Device device_;
  int resident_;
};

} // namespace offload

void case_offload_blocks_come_and_go() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  offload::Streamed model(6, 3, device);
  auto x = torch::rand({2, 6});
  auto first = model.forward(x), second = model.forward(first);
  auto check = model.at(1)->forward(x); // at home on the host again
  std::cout << (first + second).mean().item<float>() << check.mean().item<float>() << "\n";
}

void case_offload_block_used_after_it_left() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  offload::Streamed model(6, 3, device);
  auto x = torch::rand({2, 6}, device);
  auto out = model.forward(x);
  auto last = model.at(2)->forward(out); // THROWS: device
  std::cout << last.mean().item<float>() << "\n";
}

void case_offload_blocks_where_they_are() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  offload::Streamed model(6, 3, device, 2);
  auto x = torch::rand({2, 6});
  auto out = model.forward_in_place(x); // the last block is on the host
  auto first = model.at(0)->forward(x.to(device));
  std::cout << (out - x).norm().item<float>() << first.norm().item<float>() << "\n";
}

void case_offload_all_resident_meets_input() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  offload::Streamed model(6, 2, device, 2);
  auto x = torch::rand({2, 6});
  auto out = model.forward_in_place(x);
  auto gain = (out - x).norm(); // THROWS: device
  std::cout << gain.item<float>() << "\n";
}

namespace lru {

// Keeps the latest embeddings on the device and the others on the host.
class TieredCache {
public:
  TieredCache(size_t hot, torch::Device device) : hot_(hot), device_(device) {}

  void put(const std::string &key, const torch::Tensor &value) {
    erase(key);
    recent_.emplace_front(key, value.to(device_));
    if (recent_.size() > hot_) {
      auto &[old, tensor] = recent_.back();
      cold_[old] = tensor.cpu();
      recent_.pop_back();
    }
  }
  torch::Tensor get(const std::string &key) {
    for (auto it = recent_.begin(); it != recent_.end(); ++it)
      if (it->first == key) {
        recent_.splice(recent_.begin(), recent_, it);
        return recent_.front().second;
      }
    auto value = cold_.at(key);
    put(key, value);
    return recent_.front().second;
  }
  // Without making it recent.
  torch::Tensor peek(const std::string &key) const {
    for (const auto &[k, value] : recent_)
      if (k == key)
        return value;
    return cold_.at(key);
  }
  bool is_hot(const std::string &key) const {
    return std::any_of(recent_.begin(), recent_.end(), [&](const auto &e) { return e.first == key; });
  }

private:
  void erase(const std::string &key) {
    recent_.remove_if([&](const auto &e) { return e.first == key; });
    cold_.erase(key);
  }
  size_t hot_;
  torch::Device device_;
  std::list<std::pair<std::string, torch::Tensor>> recent_;
  std::unordered_map<std::string, torch::Tensor> cold_;
};

torch::nn::Linear projection(torch::Device device) {
  torch::nn::Linear layer(torch::nn::LinearOptions(5, 5).bias(false));
  torch::nn::init::orthogonal_(layer->weight);
  layer->to(device);
  return layer;
}

} // namespace lru

void case_lru_fetched_is_always_hot() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  lru::TieredCache cache(1, device);
  auto project = lru::projection(device);
  for (const char *name : {"a", "b", "c"})
    cache.put(name, torch::rand({5}));
  auto sum = torch::zeros({5}, device);
  for (const char *name : {"a", "c", "b"})
    sum += project->forward(cache.get(name));
  std::cout << sum.cpu() << cache.is_hot("b") << "\n";
}

void case_lru_peeked_may_be_cold() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  lru::TieredCache cache(1, device);
  auto project = lru::projection(device);
  for (const char *name : {"a", "b", "c"})
    cache.put(name, torch::rand({5}));
  auto old = cache.peek("a");
  auto out = project->forward(old); // THROWS: device
  std::cout << out.norm().item<float>() << "\n";
}

void case_lru_peeked_and_moved() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  lru::TieredCache cache(1, device);
  auto project = lru::projection(device);
  for (const char *name : {"a", "b"})
    cache.put(name, torch::rand({5}));
  std::vector<torch::Tensor> all;
  for (const char *name : {"a", "b"})
    all.push_back(cache.peek(name).to(device, torch::kFloat));
  std::cout << project->forward(torch::stack(all)).norm().item<float>() << "\n";
}

namespace double_buffer {

// One buffer is filled on the host while the other is used.
class Frames {
public:
  Frames(int64_t h, int64_t w, torch::Device device) : device_(device) {
    for (auto &f : staging_)
      f = torch::zeros({3, h, w}, torch::kUInt8);
    shown_ = torch::zeros({3, h, w}, torch::TensorOptions().dtype(torch::kFloat).device(device));
  }
  void capture(int tick) {
    auto *p = staging_[back_].data_ptr<uint8_t>();
    for (int64_t i = 0; i < staging_[back_].numel(); ++i)
      p[i] = static_cast<uint8_t>((i + tick) % 256);
  }
  void flip() {
    shown_ = staging_[back_].to(device_, torch::kFloat).div_(255);
    back_ = 1 - back_;
  }
  const torch::Tensor &shown() const { return shown_; }
  const torch::Tensor &raw() const { return staging_[1 - back_]; }

private:
  torch::Device device_;
  std::array<torch::Tensor, 2> staging_;
  torch::Tensor shown_;
  int back_ = 0;
};

struct MotionImpl : torch::nn::Module {
  MotionImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(6, 2, 3).padding(1)));
    before = register_buffer("before", torch::Tensor());
  }
  torch::Tensor forward(const torch::Tensor &frame) {
    auto last = before.defined() ? before : frame;
    before = frame;
    return conv(torch::cat({last, frame}, 0).unsqueeze(0)); // THROWN: double_buffer_raw_frame_used // THROWN: double_buffer_byte_frame_to_device
  }
  torch::nn::Conv2d conv{nullptr};
  torch::Tensor before;
};
TORCH_MODULE(Motion);

} // namespace double_buffer

void case_double_buffer_frames_shown() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  double_buffer::Frames frames(4, 5, device);
  double_buffer::Motion motion;
  motion->to(device);
  for (int tick = 0; tick < 3; ++tick) {
    frames.capture(tick);
    frames.flip();
    auto flow = motion->forward(frames.shown());
    std::cout << flow.norm().item<float>() << " " << frames.raw().max().item<int>() << "\n";
  }
}

void case_double_buffer_raw_frame_used() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  double_buffer::Frames frames(4, 5, device);
  double_buffer::Motion motion;
  motion->to(device);
  frames.capture(1);
  frames.flip();
  auto flow = motion->forward(frames.raw().to(torch::kFloat) / 255); // THROWS: device
  std::cout << flow.norm().item<float>() << "\n";
}

void case_double_buffer_difference_across() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  double_buffer::Frames frames(4, 5, device);
  for (int tick = 0; tick < 2; ++tick) {
    frames.capture(tick);
    frames.flip();
  }
  auto rest = frames.shown() - frames.raw() / 255.0; // THROWS: device
  std::cout << rest.abs().max().item<float>() << "\n";
}

void case_double_buffer_byte_frame_to_device() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  double_buffer::Frames frames(4, 5, device);
  double_buffer::Motion motion;
  motion->to(device);
  frames.capture(1);
  frames.flip();
  auto flow = motion->forward(frames.raw().to(device)); // THROWS: dtype
  std::cout << flow.norm().item<float>() << "\n";
}
