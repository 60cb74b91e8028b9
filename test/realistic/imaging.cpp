// Pictures: raw pixels, tiles that overlap, style and content, volumes, tracks of objects.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace superres {

// Rows of pixels, as a library for pictures gives them.
struct Image {
  int rows = 0, cols = 0;
  std::vector<uint8_t> data; // B, G, R
  static Image noise(int rows, int cols) {
    Image i{rows, cols, std::vector<uint8_t>(size_t(rows) * cols * 3)};
    for (size_t k = 0; k < i.data.size(); ++k)
      i.data[k] = uint8_t((k * 37) % 251);
    return i;
  }
};

torch::Tensor to_tensor(Image &image) {
  auto t = torch::from_blob(image.data.data(), {image.rows, image.cols, 3}, torch::kUInt8);
  return t.permute({2, 0, 1}).flip({0}).to(torch::kFloat).div(255).unsqueeze(0);
}

Image to_image(const torch::Tensor &t) {
  auto bytes = t.squeeze(0).flip({0}).permute({1, 2, 0}).mul(255).clamp(0, 255).to(torch::kUInt8).contiguous();
  Image out{int(bytes.size(0)), int(bytes.size(1)), {}};
  out.data.resize(size_t(bytes.numel()));
  const auto *pixels = bytes.data_ptr<uint8_t>();
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = pixels[i];
  return out;
}

struct UpscalerImpl : torch::nn::Module {
  UpscalerImpl() {
    head = register_module("head", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 6, 3).padding(1)));
    tail = register_module("tail", torch::nn::Conv2d(torch::nn::Conv2dOptions(6, 12, 3).padding(1)));
    shuffle = register_module("shuffle", torch::nn::PixelShuffle(2));
  }
  torch::Tensor forward(const torch::Tensor &x) { return torch::sigmoid(shuffle(tail(torch::relu(head(x))))); }
  torch::nn::Conv2d head{nullptr}, tail{nullptr};
  torch::nn::PixelShuffle shuffle{nullptr};
};
TORCH_MODULE(Upscaler);

// Adds tiles that overlap into the whole and divides by how often each pixel was seen.
torch::Tensor by_tiles(Upscaler &net, const torch::Tensor &image, int64_t tile, int64_t step, torch::Device work,
                       torch::Device keep) {
  torch::NoGradGuard guard;
  const auto h = image.size(2), w = image.size(3);
  auto sum = torch::zeros({1, 3, 2 * h, 2 * w}, keep), seen = torch::zeros({1, 1, 2 * h, 2 * w}, keep);
  for (int64_t y = 0; y < h; y += step)
    for (int64_t x = 0; x < w; x += step) {
      const auto y1 = std::min(y + tile, h), x1 = std::min(x + tile, w);
      auto out = net->forward(image.slice(2, y, y1).slice(3, x, x1).to(work));
      sum.slice(2, 2 * y, 2 * y1).slice(3, 2 * x, 2 * x1).add_(out.to(keep));
      seen.slice(2, 2 * y, 2 * y1).slice(3, 2 * x, 2 * x1).add_(1);
    }
  return sum / seen;
}

} // namespace superres

void case_superres_tiles_kept_on_host() {
  using namespace superres;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Upscaler net;
  net->to(device);
  net->eval();
  auto image = Image::noise(6, 7);
  auto result = by_tiles(net, to_tensor(image), 4, 3, device, torch::kCPU);
  auto out = to_image(result);
  std::cout << out.rows << "x" << out.cols << "\n";
}

void case_superres_pixels_read_from_device() {
  using namespace superres;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Upscaler net;
  net->to(device);
  net->eval();
  auto image = Image::noise(6, 7);
  auto result = by_tiles(net, to_tensor(image), 4, 3, device, device);
  auto bytes = result.mul(255).clamp(0, 255).to(torch::kUInt8).contiguous();
  const auto *pixels = bytes.data_ptr<uint8_t>();
  int64_t bright = 0;
  for (int64_t i = 0; i < bytes.numel(); ++i)
    bright += pixels[i] > 127; // THROWS: host
  std::cout << bright << "\n";
}

void case_superres_compared_with_host_picture() {
  using namespace superres;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Upscaler net;
  net->to(device);
  auto image = Image::noise(6, 7);
  auto x = to_tensor(image);
  auto result = by_tiles(net, x, 6, 6, device, device);
  auto plain = torch::upsample_bilinear2d(x, {12, 14}, false);
  auto error = torch::mse_loss(result, plain); // THROWS: device
  std::cout << -10 * std::log10(error.item<float>()) << "\n";
}

void case_superres_trained_on_patches() {
  using namespace superres;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Upscaler net;
  net->to(device);
  torch::optim::Adam opt(net->parameters(), 1e-3);
  auto image = Image::noise(8, 8);
  auto large = to_tensor(image).to(device);
  auto small = torch::adaptive_avg_pool2d(large, {4, 4});
  for (int i = 0; i < 2; ++i) {
    auto loss = torch::l1_loss(net->forward(small), large);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  std::cout << to_image(net->forward(small).detach().cpu()).rows << "\n";
}

namespace tracking {

struct Track {
  int id;
  torch::Tensor box;        // on the host, for geometry
  torch::Tensor appearance; // where the network put it
  int missed = 0;
};

struct EmbedderImpl : torch::nn::Module {
  EmbedderImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 5, 3).stride(2)));
    fc = register_module("fc", torch::nn::Linear(5, 4));
  }
  torch::Tensor forward(const torch::Tensor &x) {
    auto z = fc(torch::relu(conv(x)).mean({2, 3}));
    return z / z.norm(2, 1, true).clamp_min(1e-6);
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Embedder);

class Tracker {
public:
  Tracker(torch::Device device, bool appearance_on_host) : device_(device), on_host_(appearance_on_host) {
    net_->to(device_);
    net_->eval();
  }
  void update(const std::vector<torch::Tensor> &crops, const torch::Tensor &boxes) {
    torch::NoGradGuard guard;
    auto z = net_->forward(torch::stack(crops).to(device_));
    if (on_host_)
      z = z.cpu();
    if (!tracks_.empty()) {
      std::vector<torch::Tensor> known, places;
      for (const auto &t : tracks_) {
        known.push_back(t.appearance);
        places.push_back(t.box);
      }
      cost_ = (1 - torch::mm(torch::stack(known), z.t())).cpu() + 0.1 * torch::cdist(torch::stack(places), boxes); // THROWN: tracking_boxes_on_device
    }
    for (int64_t i = 0; i < z.size(0); ++i)
      tracks_.push_back({next_++, boxes[i], z[i], 0});
  }
  torch::Tensor combined() const {
    std::vector<torch::Tensor> rows;
    for (const auto &t : tracks_)
      rows.push_back(torch::cat({t.box, t.appearance})); // THROWN: tracking_rows_of_both_places
    return torch::stack(rows);
  }
  const torch::Tensor &cost() const { return cost_; }

private:
  Embedder net_;
  torch::Device device_;
  bool on_host_;
  std::vector<Track> tracks_;
  torch::Tensor cost_;
  int next_ = 0;
};

std::vector<torch::Tensor> crops(int n) {
  std::vector<torch::Tensor> out;
  for (int i = 0; i < n; ++i)
    out.push_back(torch::rand({3, 7, 7}));
  return out;
}

} // namespace tracking

void case_tracking_cost_gathered_on_host() {
  using namespace tracking;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tracker tracker(device, false);
  for (int frame = 0; frame < 2; ++frame)
    tracker.update(crops(2), torch::rand({2, 4}));
  auto assigned = tracker.cost().argmin(1);
  std::cout << assigned << "\n";
}

void case_tracking_rows_of_both_places() {
  using namespace tracking;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tracker tracker(device, false);
  tracker.update(crops(2), torch::rand({2, 4}));
  auto rows = tracker.combined(); // THROWS: device
  std::cout << rows.sizes() << "\n";
}

void case_tracking_rows_on_host() {
  using namespace tracking;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tracker tracker(device, true);
  for (int frame = 0; frame < 2; ++frame)
    tracker.update(crops(2), torch::rand({2, 4}));
  std::cout << tracker.combined().sizes() << tracker.cost().sum().item<float>() << "\n";
}

void case_tracking_boxes_on_device() {
  using namespace tracking;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tracker tracker(device, false);
  tracker.update(crops(2), torch::rand({2, 4}).to(device));
  std::cout << tracker.combined().sizes() << "\n"; // both are on the device
  tracker.update(crops(2), torch::rand({2, 4}).to(device)); // THROWS: device
  std::cout << tracker.cost().sizes() << "\n";
}

namespace painting {

struct LossNetImpl : torch::nn::Module {
  LossNetImpl() {
    for (int i = 0; i < 3; ++i)
      convs->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(i == 0 ? 3 : 4, 4, 3).padding(1)));
    register_module("convs", convs);
    mean = torch::tensor({0.485f, 0.456f, 0.406f}).view({1, 3, 1, 1});
    std = torch::tensor({0.229f, 0.224f, 0.225f}).view({1, 3, 1, 1});
  }
  // Overridden, so that what is not a parameter comes along.
  void to(torch::Device device, bool non_blocking = false) override {
    torch::nn::Module::to(device, non_blocking);
    mean = mean.to(device);
    std = std.to(device);
  }
  std::vector<torch::Tensor> forward(torch::Tensor x) {
    x = (x - mean) / std; // THROWN: style_moved_as_a_part
    std::vector<torch::Tensor> out;
    for (const auto &layer : *convs) {
      x = torch::relu(layer->as<torch::nn::Conv2d>()->forward(x));
      out.push_back(x);
    }
    return out;
  }
  torch::nn::ModuleList convs;
  torch::Tensor mean, std;
};
TORCH_MODULE(LossNet);

torch::Tensor gram(const torch::Tensor &f) {
  auto flat = f.flatten(2);
  return flat.bmm(flat.transpose(1, 2)) / double(flat.size(1) * flat.size(2));
}

torch::Tensor distance(const std::vector<torch::Tensor> &a, const std::vector<torch::Tensor> &b) {
  auto sum = torch::zeros({}, a.front().options());
  for (size_t i = 0; i < a.size(); ++i)
    sum = sum + torch::mse_loss(gram(a[i]), gram(b[i]));
  return sum;
}

} // namespace painting

void case_style_overridden_move() {
  using namespace painting;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LossNet net;
  net->to(device);
  auto painting = net->forward(torch::rand({1, 3, 6, 6}, device));
  for (auto &f : painting)
    f = f.detach();
  auto picture = torch::rand({1, 3, 6, 6}, device).requires_grad_();
  torch::optim::Adam opt({picture}, 0.02);
  for (int i = 0; i < 2; ++i) {
    auto loss = distance(net->forward(picture), painting);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_style_moved_as_a_part() {
  using namespace painting;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LossNet net;
  torch::nn::Module whole("whole");
  whole.register_module("net", net);
  static_cast<torch::nn::Module &>(*net->convs).to(device); // the list only
  auto features = net->forward(torch::rand({1, 3, 6, 6}, device)); // THROWS: device
  std::cout << features.back().mean().item<float>() << "\n";
}
