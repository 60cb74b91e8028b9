// Attention by hand, sequence to sequence, memories.
#include <torch/torch.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

namespace seq2seq {

struct EncoderImpl : torch::nn::Module {
  torch::nn::Embedding embedding{nullptr};
  torch::nn::GRU gru{nullptr};
  int64_t hidden_size;

  EncoderImpl(int64_t input, int64_t hidden) : hidden_size(hidden) {
    embedding = register_module("embedding", torch::nn::Embedding(input, hidden));
    gru = register_module("gru", torch::nn::GRU(hidden, hidden));
  }
  std::tuple<torch::Tensor, torch::Tensor> forward(const torch::Tensor &input, const torch::Tensor &hidden) {
    return gru->forward(embedding->forward(input).view({1, 1, -1}), hidden);
  }
};
TORCH_MODULE(Encoder);

struct AttentionDecoderImpl : torch::nn::Module {
  torch::nn::Embedding embedding{nullptr};
  torch::nn::Linear attn{nullptr}, combine{nullptr}, out{nullptr};
  torch::nn::GRU gru{nullptr};

  AttentionDecoderImpl(int64_t hidden, int64_t output, int64_t max_length) {
    embedding = register_module("embedding", torch::nn::Embedding(output, hidden));
    attn = register_module("attn", torch::nn::Linear(hidden * 2, max_length));
    combine = register_module("combine", torch::nn::Linear(hidden * 2, hidden));
    gru = register_module("gru", torch::nn::GRU(hidden, hidden));
    out = register_module("out", torch::nn::Linear(hidden, output));
  }

  std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> forward(torch::Tensor input, torch::Tensor hidden,
                                                                  torch::Tensor encoder_outputs) {
    auto embedded = embedding->forward(input).view({1, 1, -1});
    auto weights = torch::softmax(attn->forward(torch::cat({embedded[0], hidden[0]}, 1)), 1);
    auto applied = torch::bmm(weights.unsqueeze(0), encoder_outputs.unsqueeze(0)); // THROWN: seq2seq_memory_on_host
    auto output = torch::relu(combine->forward(torch::cat({embedded[0], applied[0]}, 1)).unsqueeze(0));
    std::tie(output, hidden) = gru->forward(output, hidden);
    return {torch::log_softmax(out->forward(output[0]), 1), hidden, weights};
  }
};
TORCH_MODULE(AttentionDecoder);

constexpr int64_t kMaxLength = 6;

// One sentence; `memory` receives the encoder's outputs row by row.
torch::Tensor translate(Encoder &encoder, AttentionDecoder &decoder, const torch::Tensor &source,
                        const torch::Tensor &target, torch::Tensor memory, torch::Device device) {
  auto hidden = torch::zeros({1, 1, encoder->hidden_size}, device);
  for (int64_t i = 0; i < source.size(0); ++i) {
    auto [output, next] = encoder->forward(source[i], hidden);
    memory[i] = output[0][0];
    hidden = next;
  }
  torch::Tensor input = torch::zeros({1}, torch::TensorOptions().dtype(torch::kLong).device(device));
  torch::Tensor loss = torch::zeros({}, device);
  for (int64_t i = 0; i < target.size(0); ++i) {
    auto [scores, next, weights] = decoder->forward(input, hidden, memory);
    hidden = next;
    loss = loss + torch::nll_loss(scores, target[i].view({1})); // THROWN: seq2seq_target_on_host
    input = scores.argmax(1).detach();
  }
  return loss;
}

} // namespace seq2seq

void case_seq2seq_memory_on_device() {
  using namespace seq2seq;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Encoder encoder(9, 4);
  AttentionDecoder decoder(4, 7, kMaxLength);
  encoder->to(device);
  decoder->to(device);
  auto source = torch::randint(0, 9, {5}, torch::kLong).to(device), target = torch::randint(0, 7, {3}, torch::kLong).to(device);
  auto loss = translate(encoder, decoder, source, target, torch::zeros({kMaxLength, 4}, device), device);
  loss.backward();
  std::cout << loss.item<float>() / target.size(0) << "\n";
}

void case_seq2seq_memory_on_host() {
  using namespace seq2seq;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Encoder encoder(9, 4);
  AttentionDecoder decoder(4, 7, kMaxLength);
  encoder->to(device);
  decoder->to(device);
  auto source = torch::randint(0, 9, {5}, torch::kLong).to(device), target = torch::randint(0, 7, {3}, torch::kLong).to(device);
  // Row by row it is filled from the device without a word; the bmm minds.
  auto memory = torch::zeros({kMaxLength, 4});
  auto loss = translate(encoder, decoder, source, target, memory, device); // THROWS: device
  loss.backward();
}

void case_seq2seq_target_on_host() {
  using namespace seq2seq;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto encoder = Encoder(9, 4);
  auto decoder = AttentionDecoder(4, 7, kMaxLength);
  encoder->to(device), decoder->to(device);
  auto source = torch::randint(0, 9, {5}, torch::kLong).to(device);
  auto target = torch::randint(0, 7, {3}, torch::kLong);
  auto loss = translate(encoder, decoder, source, target, torch::zeros({kMaxLength, 4}, device), device); // THROWS: device
  loss.backward();
}

namespace selfattention {

class MultiHeadImpl : public torch::nn::Module {
public:
  MultiHeadImpl(int64_t width, int64_t heads) : heads_(heads), head_(width / heads) {
    qkv_ = register_module("qkv", torch::nn::Linear(torch::nn::LinearOptions(width, 3 * width).bias(false)));
    project_ = register_module("project", torch::nn::Linear(width, width));
    // Not registered, and needs not be: it holds no state.
    drop_ = torch::nn::Dropout(0.1);
  }

  torch::Tensor forward(const torch::Tensor &x, const torch::Tensor &mask) {
    const auto b = x.size(0), n = x.size(1);
    auto parts = qkv_->forward(x).view({b, n, 3, heads_, head_}).permute({2, 0, 3, 1, 4}).unbind(0);
    auto &q = parts[0], &k = parts[1], &v = parts[2];
    auto scores = torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(double(head_));
    if (mask.defined())
      scores = scores.masked_fill(mask.logical_not(), -1e9); // THROWN: attention_mask_on_host
    auto weights = drop_(torch::softmax(scores, -1));
    return project_->forward(torch::matmul(weights, v).transpose(1, 2).reshape({b, n, heads_ * head_}));
  }

private:
  int64_t heads_, head_;
  torch::nn::Linear qkv_{nullptr}, project_{nullptr};
  torch::nn::Dropout drop_{nullptr};
};
TORCH_MODULE(MultiHead);

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(int64_t width)
      : norm1(register_module("norm1", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
        norm2(register_module("norm2", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
        attention(register_module("attention", MultiHead(width, 2))),
        mlp(register_module("mlp", torch::nn::Sequential(torch::nn::Linear(width, 2 * width), torch::nn::GELU(),
                                                         torch::nn::Linear(2 * width, width)))) {}
  torch::Tensor forward(torch::Tensor x, const torch::Tensor &mask) {
    x = x + attention->forward(norm1(x), mask); // THROWN: attention_last_block_not_moved
    return x + mlp->forward(norm2(x));
  }
  torch::nn::LayerNorm norm1, norm2;
  MultiHead attention;
  torch::nn::Sequential mlp;
};
TORCH_MODULE(Block);

} // namespace selfattention

void case_attention_mask_made_where_needed() {
  using namespace selfattention;
  auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Block> blocks;
  for (int i = 0; i < 2; ++i)
    blocks.emplace_back(8);
  for (auto &block : blocks)
    block->to(device);
  auto x = torch::randn({2, 5, 8}, device);
  auto mask = torch::ones({5, 5}, x.options().dtype(torch::kBool)).tril();
  for (auto &block : blocks)
    x = block->forward(x, mask);
  std::cout << x.mean().item<float>() << "\n";
}

void case_attention_mask_on_host() {
  using namespace selfattention;
  auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Block> blocks;
  for (int i = 0; i < 2; ++i)
    blocks.emplace_back(8);
  for (auto &block : blocks)
    block->to(device);
  auto x = torch::randn({2, 5, 8}, device);
  auto mask = torch::ones({5, 5}, torch::kBool).tril();
  for (auto &block : blocks)
    x = block->forward(x, mask); // THROWS: device
  std::cout << x.mean().item<float>() << "\n";
}

// Reported four times: one cause, each sub-module of the block anew.
void case_attention_last_block_not_moved() {
  using namespace selfattention;
  auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Block> blocks;
  for (int i = 0; i < 2; ++i) {
    Block block(8);
    block->to(device);
    blocks.push_back(block);
  }
  blocks.push_back(Block(8));
  auto x = torch::randn({2, 5, 8}, device);
  for (auto &block : blocks)
    x = block->forward(x, torch::ones({5, 5}, x.options().dtype(torch::kBool))); // THROWS: device
  std::cout << x.mean().item<float>() << "\n";
}

namespace memory {

// Keys and values of the latest `size` steps, oldest first.
class RingMemory {
public:
  RingMemory(int64_t size, int64_t width, torch::TensorOptions options)
      : size_(size), keys_(torch::zeros({size, width}, options)), values_(torch::zeros({size, width}, options)) {}

  void write(const torch::Tensor &key, const torch::Tensor &value) {
    torch::NoGradGuard g;
    keys_[next_ % size_].copy_(key);
    values_[next_ % size_].copy_(value);
    ++next_;
  }

  torch::Tensor read(const torch::Tensor &query) const {
    auto weights = torch::softmax(torch::mv(keys_, query), 0); // THROWN: memory_with_default_options
    return torch::mv(values_.t(), weights);
  }

private:
  int64_t size_, next_ = 0;
  torch::Tensor keys_, values_;
};

} // namespace memory

void case_memory_with_options_of_query() {
  const torch::Device dev(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear query(4, 3);
  query->to(dev);
  auto x = torch::randn({4}).to(dev);
  auto q = query->forward(x);
  memory::RingMemory ring(5, 3, q.options());
  for (int i = 0; i < 7; ++i) {
    ring.write(torch::randn({3}), torch::randn({3}));
    q = q + ring.read(q);
  }
  std::cout << q.norm().item<float>() << "\n";
}

void case_memory_with_default_options() {
  const torch::Device dev(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear query(4, 3);
  query->to(dev);
  auto x = torch::randn({4}).to(dev);
  memory::RingMemory ring(5, 3, torch::dtype(torch::kFloat32));
  for (int i = 0; i < 7; ++i) {
    ring.write(torch::randn({3}), torch::randn({3}));
    auto q = query->forward(x);
    x = torch::cat({q + ring.read(q), torch::zeros({1}, dev)}); // THROWS: device
  }
}
