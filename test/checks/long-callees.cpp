// RUN: %check_torch %s
// RUN: not %torch-tidy --quiet --explain-unknown %torch_pch %s -- %torch_flags | FileCheck %s
// CHECK: long-callees.cpp:[[# @LINE + 41]]:3: 'read' is long and not followed
// A function that has nothing to do with LibTorch and takes long, as parsers do,
// is passed over: what it may have set is not known.
#include <torch/torch.h>

struct Settings {
  bool cuda = false;
};
// Each level asks three times for the next one, and does not know what comes.
struct Parser {
  const std::string &text;
  size_t at = 0;
  int value() {
    int sum = 0;
    while (at < text.size()) {
      char c = text[at++];
      if (c == '[')
        sum += value();
      else if (c == '{')
        sum += value() + value();
      else if (c == '-')
        sum -= number();
      else
        sum += number();
    }
    return sum;
  }
  int number() {
    int n = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      n = n * 10 + (text[at++] - '0');
    return n;
  }
};
static void read(const std::string &text, Settings &settings, bool &cuda) {
  Parser parser{text};
  settings.cuda = cuda = parser.value() > 0;
}
void reads(const std::string &text) {
  Settings settings;
  bool cuda = false;
  read(text, settings, cuda);
  auto x = torch::ones({2}, cuda ? torch::kCUDA : torch::kCPU);
  x + torch::ones({2}, torch::kCUDA);                // expect: 'x' is on the CPU but 'torch::ones({2}, torch::kCUDA)' is on CUDA when 'cuda' is false
  torch::ones({2}, torch::kCUDA) + torch::ones({2}); // expect: 'torch::ones({2})' is on the CPU but 'torch::ones({2}, torch::kCUDA)' is on CUDA
}
void readsAll(const std::string &text) {
  Settings settings;
  bool cuda = false;
  read(text, settings, cuda);
  auto x = torch::ones({2}, settings.cuda ? torch::kCUDA : torch::kCPU);
  x + torch::ones({2}, torch::kCUDA);
}
// A short one is followed.
static void small(Settings &settings) { settings.cuda = true; }
void calls() {
  Settings settings;
  small(settings);
  auto x = torch::ones({2}, settings.cuda ? torch::kCUDA : torch::kCPU);
  x + torch::ones({2}); // expect: 'torch::ones({2})' is on the CPU but 'x' is on CUDA
}
