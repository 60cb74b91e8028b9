// Vision: residual blocks, skip connections, anchors, autoencoders, styles, pairs.
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace resnet {

torch::nn::Conv2dOptions conv3x3(int64_t in, int64_t out, int64_t stride = 1) {
  return torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false);
}

struct BasicBlockImpl : torch::nn::Module {
  BasicBlockImpl(int64_t in, int64_t out, int64_t stride, torch::nn::Sequential shortcut, bool keep)
      : conv1(conv3x3(in, out, stride)), conv2(conv3x3(out, out)), bn1(out), bn2(out), downsample(shortcut) {
    register_module("conv1", conv1);
    register_module("bn1", bn1);
    register_module("conv2", conv2);
    register_module("bn2", bn2);
    if (!downsample->is_empty() && keep)
      register_module("downsample", downsample);
  }

  torch::Tensor forward(torch::Tensor x) {
    torch::Tensor residual(x.clone());
    x = torch::relu(bn1->forward(conv1->forward(x)));
    x = bn2->forward(conv2->forward(x));
    if (!downsample->is_empty())
      residual = downsample->forward(residual); // THROWN: resnet_downsample_not_registered
    x += residual;
    return torch::relu(x);
  }

  torch::nn::Conv2d conv1, conv2;
  torch::nn::BatchNorm2d bn1, bn2;
  torch::nn::Sequential downsample;
};
TORCH_MODULE(BasicBlock);

struct ResNet : torch::nn::Module {
  int64_t inplanes = 4;
  bool keep;
  torch::nn::Conv2d stem{nullptr};
  torch::nn::Sequential layer1{nullptr}, layer2{nullptr};
  torch::nn::Linear fc{nullptr};

  explicit ResNet(bool keepShortcut) : keep(keepShortcut) {
    stem = register_module("stem", torch::nn::Conv2d(conv3x3(3, 4)));
    layer1 = register_module("layer1", makeLayer(4, 2, 1));
    layer2 = register_module("layer2", makeLayer(8, 2, 2));
    fc = register_module("fc", torch::nn::Linear(8, 10));
    for (auto &m : modules(/*include_self=*/false))
      if (auto *conv = m->as<torch::nn::Conv2d>())
        torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
  }

  torch::Tensor forward(torch::Tensor x) {
    x = layer2->forward(layer1->forward(torch::relu(stem(x))));
    return fc(torch::adaptive_avg_pool2d(x, {1, 1}).view({x.size(0), -1}));
  }

private:
  torch::nn::Sequential makeLayer(int64_t planes, int64_t blocks, int64_t stride) {
    torch::nn::Sequential shortcut;
    if (stride != 1 || inplanes != planes)
      shortcut = torch::nn::Sequential(
          torch::nn::Conv2d(torch::nn::Conv2dOptions(inplanes, planes, 1).stride(stride).bias(false)),
          torch::nn::BatchNorm2d(planes));
    torch::nn::Sequential layers;
    layers->push_back(BasicBlock(inplanes, planes, stride, shortcut, keep));
    inplanes = planes;
    for (int64_t i = 1; i < blocks; i++)
      layers->push_back(BasicBlock(inplanes, planes, 1, torch::nn::Sequential(), keep));
    return layers;
  }
};

} // namespace resnet

void case_resnet_with_downsample() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  resnet::ResNet net(true);
  net.to(device);
  net.train();
  torch::optim::SGD opt(net.parameters(), torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(1e-4));
  auto x = torch::rand({2, 3, 8, 8}).to(device);
  auto y = torch::tensor({1, 7}).to(device);
  auto loss = torch::nn::CrossEntropyLoss()(net.forward(x), y);
  loss.backward();
  opt.step();
  std::cout << loss.item<double>() << "\n";
}

void case_resnet_downsample_not_registered() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  resnet::ResNet net(false);
  net.to(device);
  net.eval();
  auto x = torch::rand({2, 3, 8, 8}).to(device);
  auto y = net.forward(x); // THROWS: device
  std::cout << y.argmax(1).cpu() << "\n";
}

namespace unet {

struct DoubleConvImpl : torch::nn::Module {
  DoubleConvImpl(int64_t in, int64_t out)
      : net(torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1)), torch::nn::BatchNorm2d(out),
            torch::nn::ReLU(torch::nn::ReLUOptions(true)),
            torch::nn::Conv2d(torch::nn::Conv2dOptions(out, out, 3).padding(1)), torch::nn::ReLU()) {
    register_module("net", net);
  }
  torch::Tensor forward(torch::Tensor x) { return net->forward(x); }
  torch::nn::Sequential net;
};
TORCH_MODULE(DoubleConv);

struct UNetImpl : torch::nn::Module {
  UNetImpl() {
    down1 = register_module("down1", DoubleConv(1, 4));
    down2 = register_module("down2", DoubleConv(4, 8));
    up = register_module("up", torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(8, 4, 2).stride(2)));
    merge = register_module("merge", DoubleConv(8, 4));
    last = register_module("last", torch::nn::Conv2d(torch::nn::Conv2dOptions(4, 2, 1)));
  }
  torch::Tensor forward(torch::Tensor x) {
    auto skip = down1(x);
    auto deep = down2(torch::max_pool2d(skip, 2));
    auto out = merge(torch::cat({skip, up(deep)}, /*dim=*/1));
    return last(out);
  }
  DoubleConv down1{nullptr}, down2{nullptr}, merge{nullptr};
  torch::nn::ConvTranspose2d up{nullptr};
  torch::nn::Conv2d last{nullptr};
};
TORCH_MODULE(UNet);

torch::Tensor diceLoss(const torch::Tensor &logits, const torch::Tensor &mask, double eps = 1e-6) {
  auto p = torch::softmax(logits, 1).select(1, 1);
  auto inter = (p * mask).sum({1, 2});
  auto both = p.sum({1, 2}) + mask.sum({1, 2});
  return (1 - (2 * inter + eps) / (both + eps)).mean();
}

double meanIoU(const torch::Tensor &prediction, const torch::Tensor &truth, int64_t classes) {
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    auto a = prediction == c, b = truth == c;
    auto inter = (a & b).sum().item<double>(), uni = (a | b).sum().item<double>(); // THROWN: unet_metrics_across
    sum += uni > 0 ? inter / uni : 1.0;
  }
  return sum / classes;
}

} // namespace unet

void case_unet_metrics_on_host() {
  using namespace unet;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  UNet net;
  net->to(device);
  auto images = torch::rand({2, 1, 8, 8});
  auto masks = (torch::rand({2, 8, 8}) > 0.5).to(torch::kLong);
  auto logits = net->forward(images.to(device));
  auto loss = diceLoss(logits, masks.to(device)) + torch::cross_entropy_loss(logits, masks.to(device));
  loss.backward();
  auto prediction = logits.detach().argmax(1).cpu();
  std::cout << meanIoU(prediction, masks, 2) << ' ' << loss.item<float>() << "\n";
}

void case_unet_metrics_across() {
  using namespace unet;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  UNet net;
  net->to(device);
  net->eval();
  torch::NoGradGuard guard;
  auto images = torch::rand({2, 1, 8, 8});
  auto masks = (torch::rand({2, 8, 8}) > 0.5).to(torch::kLong);
  auto logits = net->forward(images.to(device));
  auto prediction = logits.argmax(1);
  std::cout << meanIoU(prediction, masks, 2) << "\n"; // THROWS: device
}

void case_unet_class_weights_on_host() {
  using namespace unet;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  UNet net;
  net->to(device);
  auto weights = torch::tensor({0.3f, 0.7f});
  torch::nn::CrossEntropyLoss criterion(torch::nn::CrossEntropyLossOptions().weight(weights));
  auto images = torch::rand({2, 1, 8, 8}).to(device);
  auto masks = (torch::rand({2, 8, 8}) > 0.5).to(torch::kLong).to(device);
  auto logits = net->forward(images);
  auto loss = criterion(logits, masks); // THROWS: device
  loss.backward();
}

void case_unet_class_weights_move_with_criterion() {
  using namespace unet;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  UNet net;
  net->to(device);
  auto weights = torch::tensor({0.3f, 0.7f});
  torch::nn::CrossEntropyLoss criterion(torch::nn::CrossEntropyLossOptions().weight(weights));
  criterion->to(device); // the weights are a buffer of the criterion
  auto images = torch::rand({2, 1, 8, 8}).to(device);
  auto masks = (torch::rand({2, 8, 8}) > 0.5).to(torch::kLong).to(device);
  auto loss = criterion(net->forward(images), masks);
  loss.backward();
}

namespace yolo {

struct Detection {
  torch::Tensor boxes, scores;
};

class Head {
public:
  Head(std::vector<std::array<float, 2>> anchors, int64_t size) : anchors_(std::move(anchors)), size_(size) {}

  // raw: batch, anchors * 5, grid, grid
  Detection decode(const torch::Tensor &raw, bool gridOnDevice) const {
    const int64_t b = raw.size(0), g = raw.size(2), a = static_cast<int64_t>(anchors_.size());
    auto p = raw.view({b, a, 5, g, g}).permute({0, 1, 3, 4, 2}).contiguous();
    auto where = gridOnDevice ? raw.device() : torch::Device(torch::kCPU);
    auto steps = torch::arange(g, torch::TensorOptions().dtype(torch::kFloat).device(where));
    auto grids = torch::meshgrid({steps, steps}, "ij");
    auto offset = torch::stack({grids[1], grids[0]}, -1).view({1, 1, g, g, 2});
    std::vector<float> flat;
    for (auto &anchor : anchors_)
      flat.insert(flat.end(), anchor.begin(), anchor.end());
    auto sizes = torch::tensor(flat).view({1, a, 1, 1, 2}).to(raw.device());
    auto xy = (torch::sigmoid(p.slice(4, 0, 2)) + offset) / g; // THROWN: yolo_grid_on_host
    auto wh = torch::exp(p.slice(4, 2, 4)) * sizes / static_cast<float>(size_);
    return {torch::cat({xy - wh / 2, xy + wh / 2}, 4).view({b, -1, 4}), torch::sigmoid(p.select(4, 4)).view({b, -1})};
  }

private:
  std::vector<std::array<float, 2>> anchors_;
  int64_t size_;
};

std::vector<int64_t> nms(torch::Tensor boxes, torch::Tensor scores, float threshold) {
  auto order = std::get<1>(scores.sort(0, /*descending=*/true));
  std::vector<int64_t> keep;
  while (order.numel() > 0) {
    int64_t best = order[0].item<int64_t>();
    keep.push_back(best);
    auto rest = order.slice(0, 1);
    auto others = boxes.index_select(0, rest);
    auto lo = torch::max(boxes[best].slice(0, 0, 2), others.slice(1, 0, 2));
    auto hi = torch::min(boxes[best].slice(0, 2, 4), others.slice(1, 2, 4));
    auto inter = (hi - lo).clamp_min(0).prod(1);
    auto area = (others.slice(1, 2, 4) - others.slice(1, 0, 2)).prod(1);
    order = rest.index({inter / (area + 1e-6) < threshold});
  }
  return keep;
}

} // namespace yolo

void case_yolo_grid_follows_output() {
  using namespace yolo;
  torch::NoGradGuard guard;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  torch::nn::Conv2d backbone(torch::nn::Conv2dOptions(3, 10, 4).stride(4));
  backbone->to(device);
  Head head({{10.f, 13.f}, {16.f, 30.f}}, 16);
  auto found = head.decode(backbone->forward(torch::rand({1, 3, 16, 16}).to(device)), true);
  auto keep = nms(found.boxes[0], found.scores[0], 0.5f);
  auto kept = found.boxes[0].index_select(0, torch::tensor(keep).to(found.boxes.device()));
  std::cout << kept.cpu() << "\n";
}

// Missed: the results of meshgrid.
void case_yolo_grid_on_host() {
  using namespace yolo;
  torch::NoGradGuard guard;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  torch::nn::Conv2d backbone(torch::nn::Conv2dOptions(3, 10, 4).stride(4));
  backbone->to(device);
  Head head({{10.f, 13.f}, {16.f, 30.f}}, 16);
  auto raw = backbone->forward(torch::rand({1, 3, 16, 16}).to(device));
  auto found = head.decode(raw, false); // THROWS: device
  std::cout << found.scores.max().item<float>() << "\n";
}

void case_yolo_keep_indices_on_host() {
  using namespace yolo;
  torch::NoGradGuard guard;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  torch::nn::Conv2d backbone(torch::nn::Conv2dOptions(3, 10, 4).stride(4));
  backbone->to(device);
  Head head({{10.f, 13.f}, {16.f, 30.f}}, 16);
  auto found = head.decode(backbone->forward(torch::rand({1, 3, 16, 16}).to(device)), true);
  auto keep = torch::tensor(nms(found.boxes[0], found.scores[0], 0.5f));
  auto scores = found.scores[0].index({keep}); // an index may be on the host
  auto boxes = found.boxes[0].index_select(0, keep); // THROWS: device
  std::cout << boxes.cpu() << scores.cpu() << "\n";
}
