// Detection and segmentation: anchors, matching, suppression, letterboxes, tiles.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace anchors {

struct Boxes {
  torch::Tensor corners, scores, classes;
};

// Boxes of some sizes around the centre of every cell; kept per size of picture.
class AnchorGenerator {
public:
  AnchorGenerator(std::vector<float> sizes, int64_t stride) : sizes_(std::move(sizes)), stride_(stride) {}

  torch::Tensor operator()(int64_t height, int64_t width, torch::Device device) {
    auto key = std::make_pair(height, width);
    auto it = cache_.find(key);
    if (it == cache_.end())
      it = cache_.emplace(key, make(height, width).to(device)).first;
    return it->second;
  }
  torch::Tensor make(int64_t height, int64_t width) const {
    auto ys = (torch::arange(height).to(torch::kFloat) + 0.5) * stride_;
    auto xs = (torch::arange(width).to(torch::kFloat) + 0.5) * stride_;
    auto grid = torch::meshgrid({ys, xs}, "ij");
    auto centre = torch::stack({grid[1].flatten(), grid[0].flatten()}, 1);
    std::vector<torch::Tensor> all;
    for (float s : sizes_)
      all.push_back(torch::cat({centre - s / 2, centre + s / 2}, 1));
    return torch::cat(all);
  }

private:
  std::vector<float> sizes_;
  int64_t stride_;
  std::map<std::pair<int64_t, int64_t>, torch::Tensor> cache_;
};

torch::Tensor iou(const torch::Tensor &a, const torch::Tensor &b) {
  auto low = torch::max(a.slice(1, 0, 2).unsqueeze(1), b.slice(1, 0, 2).unsqueeze(0)); // THROWN: anchors_matched_to_truth_on_host
  auto high = torch::min(a.slice(1, 2).unsqueeze(1), b.slice(1, 2).unsqueeze(0));
  auto inner = (high - low).clamp_min(0).prod(2);
  auto area = [](const torch::Tensor &t) { return (t.slice(1, 2) - t.slice(1, 0, 2)).prod(1); };
  return inner / (area(a).unsqueeze(1) + area(b).unsqueeze(0) - inner + 1e-6);
}

torch::Tensor decode(const torch::Tensor &anchors, const torch::Tensor &deltas) {
  auto size = anchors.slice(1, 2) - anchors.slice(1, 0, 2);
  auto centre = anchors.slice(1, 0, 2) + size / 2 + deltas.slice(1, 0, 2) * size; // THROWN: anchors_made_anew_on_host
  auto extent = size * deltas.slice(1, 2).clamp_max(4.0).exp();
  return torch::cat({centre - extent / 2, centre + extent / 2}, 1);
}

// Greedy, one box at a time, as the kernel of torchvision is not there.
torch::Tensor nms(const torch::Tensor &boxes, const torch::Tensor &scores, double threshold) {
  auto order = std::get<1>(scores.sort(0, /*descending=*/true));
  std::vector<torch::Tensor> keep;
  while (order.numel() > 0) {
    auto best = order[0];
    keep.push_back(best);
    if (order.numel() == 1)
      break;
    auto rest = order.slice(0, 1);
    auto overlap = iou(boxes.index_select(0, best.unsqueeze(0)), boxes.index_select(0, rest)).squeeze(0);
    order = rest.masked_select(overlap <= threshold);
  }
  return torch::stack(keep);
}

struct HeadImpl : torch::nn::Module {
  HeadImpl(int64_t channels, int64_t per_cell) {
    score = register_module("score", torch::nn::Conv2d(channels, per_cell, 1));
    box = register_module("box", torch::nn::Conv2d(channels, per_cell * 4, 1));
  }
  std::pair<torch::Tensor, torch::Tensor> forward(torch::Tensor x) {
    auto s = score(x).permute({0, 2, 3, 1}).reshape({-1});
    auto d = box(x).permute({0, 2, 3, 1}).reshape({-1, 4});
    return {s.sigmoid(), d * 0.1};
  }
  torch::nn::Conv2d score{nullptr}, box{nullptr};
};
TORCH_MODULE(Head);

} // namespace anchors

void case_anchors_cached_on_device() {
  using namespace anchors;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Head head(3, 2);
  head->to(device);
  AnchorGenerator generator({8.f, 16.f}, 4);
  for (int i = 0; i < 2; ++i) {
    auto map = torch::rand({1, 3, 3, 3}).to(device);
    auto [scores, deltas] = head->forward(map);
    auto boxes = decode(generator(3, 3, map.device()), deltas);
    auto keep = nms(boxes, scores, 0.5);
    auto picture_boxes = boxes.index_select(0, keep).cpu();
    for (int64_t k = 0; k < picture_boxes.size(0); ++k)
      std::cout << picture_boxes[k][0].item<float>() << " ";
  }
}

void case_anchors_made_anew_on_host() {
  using namespace anchors;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Head head(3, 2);
  head->to(device);
  AnchorGenerator generator({8.f, 16.f}, 4);
  auto map = torch::rand({1, 3, 3, 3}).to(device);
  auto [scores, deltas] = head->forward(map);
  auto boxes = decode(generator.make(3, 3), deltas); // THROWS: device
  std::cout << nms(boxes, scores, 0.5).sizes() << "\n";
}

void case_anchors_matched_to_truth_on_host() {
  using namespace anchors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Head head(3, 2);
  head->to(device);
  AnchorGenerator generator({8.f, 16.f}, 4);
  auto map = torch::rand({1, 3, 3, 3}, device);
  auto truth = torch::tensor({{1.f, 1.f, 6.f, 6.f}, {2.f, 3.f, 9.f, 11.f}});
  auto all = generator(3, 3, device);
  auto [best, which] = iou(all, truth).max(1); // THROWS: device
  auto [scores, deltas] = head->forward(map);
  auto loss = torch::binary_cross_entropy(scores, (best > 0.3).to(device, torch::kFloat));
  loss.backward();
}

void case_anchors_matched_on_host_then_moved() {
  using namespace anchors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Head head(3, 2);
  head->to(device);
  AnchorGenerator generator({8.f, 16.f}, 4);
  auto map = torch::rand({1, 3, 3, 3}, device);
  auto truth = torch::tensor({{1.f, 1.f, 6.f, 6.f}, {2.f, 3.f, 9.f, 11.f}});
  auto all = generator.make(3, 3);
  auto [best, which] = iou(all, truth).max(1);
  auto positive = best > 0.3;
  auto wanted = truth.index_select(0, which);
  auto [scores, deltas] = head->forward(map);
  auto loss = torch::binary_cross_entropy(scores, positive.to(device, torch::kFloat));
  // A mask and an index may stay on the host.
  auto chosen = decode(all.to(device), deltas).index({positive});
  if (positive.any().item<bool>())
    loss = loss + torch::smooth_l1_loss(chosen, wanted.index({positive}).to(device));
  loss.backward();
}

namespace letterbox {

namespace F = torch::nn::functional;

struct Placed {
  torch::Tensor image;
  float scale;
  torch::Tensor offset; // left, top, left, top
};

Placed fit(const torch::Tensor &image, int64_t side) {
  const auto h = image.size(1), w = image.size(2);
  const float scale = std::min(float(side) / h, float(side) / w);
  const auto nh = int64_t(h * scale), nw = int64_t(w * scale);
  auto small = F::interpolate(image.unsqueeze(0), F::InterpolateFuncOptions()
                                                      .size(std::vector<int64_t>{nh, nw})
                                                      .mode(torch::kBilinear)
                                                      .align_corners(false));
  const auto top = (side - nh) / 2, left = (side - nw) / 2;
  auto padded = F::pad(small, F::PadFuncOptions({left, side - nw - left, top, side - nh - top}).value(0.5));
  auto offset = torch::tensor({float(left), float(top), float(left), float(top)});
  return {padded.squeeze(0), scale, offset};
}

torch::Tensor back(const torch::Tensor &boxes, const Placed &p) { return (boxes - p.offset) / p.scale; } // THROWN: letterbox_offset_on_host

class Detector {
public:
  explicit Detector(torch::Device device) : device_(device) {
    net_ = torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).stride(2)), torch::nn::SiLU(),
                                 torch::nn::AdaptiveAvgPool2d(2), torch::nn::Flatten(), torch::nn::Linear(16, 10));
    net_->to(device_);
    net_->eval();
  }
  // The boxes and how sure the network is of each, on the device.
  std::pair<torch::Tensor, torch::Tensor> detect(const torch::Tensor &image) {
    torch::NoGradGuard guard;
    auto out = net_->forward(image.unsqueeze(0).to(device_)).view({2, 5});
    return {out.slice(1, 0, 4), out.select(1, 4).sigmoid()};
  }

private:
  torch::Device device_;
  torch::nn::Sequential net_{nullptr};
};

} // namespace letterbox

void case_letterbox_boxes_fetched_first() {
  using namespace letterbox;
  Detector detector(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<std::array<float, 4>> found;
  for (auto size : {std::pair<int, int>{9, 12}, {14, 7}}) {
    auto placed = fit(torch::rand({3, size.first, size.second}), 16);
    auto [boxes, sure] = detector.detect(placed.image);
    auto mask = sure > 0.1;
    auto real = back(boxes.index({mask}).to(torch::kCPU), placed);
    auto rows = real.accessor<float, 2>();
    for (int64_t i = 0; i < rows.size(0); ++i)
      found.push_back({rows[i][0], rows[i][1], rows[i][2], rows[i][3]});
  }
  std::cout << found.size() << "\n";
}

void case_letterbox_offset_on_host() {
  using namespace letterbox;
  Detector detector(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto placed = fit(torch::rand({3, 9, 12}), 16);
  auto [boxes, sure] = detector.detect(placed.image);
  auto real = back(boxes, placed); // THROWS: device
  std::cout << real.cpu() << sure.max().item<float>() << "\n";
}

void case_letterbox_accessor_of_device_memory() {
  using namespace letterbox;
  Detector detector(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto placed = fit(torch::rand({3, 9, 12}), 16);
  auto [boxes, sure] = detector.detect(placed.image);
  auto rows = boxes.accessor<float, 2>();
  float widest = 0;
  for (int64_t i = 0; i < rows.size(0); ++i)
    widest = std::max(widest, rows[i][2] - rows[i][0]); // THROWS: host
  std::cout << widest << "\n";
}

void case_letterbox_offset_moved_with_structure() {
  using namespace letterbox;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Detector detector(device);
  auto placed = fit(torch::rand({3, 9, 12}), 16);
  auto on_device = Placed{placed.image.to(device), placed.scale, placed.offset.to(device)};
  auto [boxes, sure] = detector.detect(on_device.image);
  auto real = back(boxes, on_device);
  auto [score, which] = sure.max(0);
  std::cout << real[which.item<int64_t>()].cpu() << score.item<float>() << "\n";
}
