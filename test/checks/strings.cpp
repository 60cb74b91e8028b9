// RUN: %check_torch %s
// Devices that are named, and decided, by strings.
#include <cstring>
#include <string>
#include <map>
#include <torch/torch.h>
torch::Device parse(const std::string &name) {
  if (name == "gpu")
    return torch::kCUDA;
  return torch::kCPU;
}
void a() {
  auto x = torch::rand({2, 4}).to(parse("gpu"));
  auto y = x + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'x' is on CUDA
}
void b() {
  auto x = torch::rand({2, 4}).to(parse("cpu"));
  auto y = x + torch::rand({2, 4}); // silent
}
void c() {
  std::string name = "cpu";
  auto x = torch::rand({2, 4}, torch::Device(name.c_str()));
  auto y = x * torch::rand({2, 4}, torch::kCUDA); // expect: 'x' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
void d(const std::string &name) {
  torch::nn::Linear l(4, 4);
  if (name == "cuda")
    l->to(torch::kCUDA);
  auto x = torch::rand({2, 4});
  if (name == "cuda")
    x = x.cuda();
  l(x);
  if (name != "cuda")
    l(torch::rand({2, 4}));
  if (name == "cuda")
    l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void e(std::string name) {
  torch::Device device(name);
  torch::nn::Linear l(4, 4);
  l->to(device);
  l(torch::rand({2, 4}).to(device));
  if (name == "cuda")
    l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
  if (name == "cpu")
    l(torch::rand({2, 4}));
}
int f(int argc, char **argv) {
  std::string device = "cpu";
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--cuda")
      device = "cuda";
  torch::nn::Linear l(4, 4);
  l->to(torch::Device(device));
  l(torch::rand({2, 4})); // maybe
  l(torch::rand({2, 4}).to(device));
  return 0;
}
void g(const char *name) {
  torch::nn::Linear l(4, 4);
  bool gpu = std::strcmp(name, "gpu") == 0;
  if (gpu)
    l->to(torch::kCUDA);
  l(gpu ? torch::rand({2, 4}).cuda() : torch::rand({2, 4}));
  l(!gpu ? torch::rand({2, 4}).cuda() : torch::rand({2, 4})); // expect: '!gpu ? torch::rand({2, 4}).cuda() : torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void h(int index) {
  torch::nn::Linear l(4, 4);
  l->to(torch::Device("cuda:" + std::to_string(index)));
  l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void i() {
  std::string s = "cuda:0";
  auto d = s.rfind("cuda", 0) == 0 ? torch::kCUDA : torch::kCPU;
  auto e = s.find("cpu") != std::string::npos ? torch::kCPU : torch::kCUDA;
  auto x = torch::rand({4}, d) + torch::rand({4}, e);
  auto y = torch::rand({4}, d) + torch::rand({4}); // expect: 'torch::rand({4})' is on the CPU but 'torch::rand({4}, d)' is on CUDA
}
struct Config {
  std::string device = "cuda";
};
void j(Config c) {
  torch::nn::Linear l(4, 4);
  l->to(torch::Device(c.device));
  if (c.device == "cuda")
    l(torch::rand({2, 4}).to(torch::kCUDA));
  l(torch::rand({2, 4}).to(torch::Device(c.device)));
}
void k() {
  Config c;
  torch::nn::Linear l(4, 4);
  l->to(torch::Device(c.device));
  l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void m(std::map<std::string, std::string> args) {
  torch::Device d(args["device"]);
  torch::nn::Linear l(4, 4);
  l->to(d);
  l(torch::rand({2, 4}).to(d));
  l(torch::rand({2, 4}).to(torch::Device(args.at("device"))));
}

// What a stream or a function of the library writes is not known.
void readInARound() {
  auto x = torch::rand({3});
  for (int i = 0; i < 5; ++i) {
    std::string name, line;
    int n = 0;
    std::cin >> name;
    std::getline(std::cin, line);
    std::cin >> n;
    if (name == "a" && line == "b" && n == 7)
      x = x * 2;
    else
      std::abort();
  }
  x + torch::rand({3}, torch::kCUDA); // expect: 'x' is on the CPU but 'torch::rand({3}, torch::kCUDA)' is on CUDA
}

// A pointer to characters that a C library gives is no string that is asked
// whether it is there.
extern "C" unsigned char *loadImage(const char *path);
void imageOfCharacters(const std::string &path) {
  std::unique_ptr<unsigned char, void (*)(void *)> image(loadImage(path.c_str()), std::free);
  if (!image)
    throw std::runtime_error("no image " + path);
  auto x = torch::from_blob(image.get(), {2, 3}, torch::kByte).clone();
  x + torch::rand({2, 3}, torch::kCUDA); // expect: 'x' is on the CPU but 'torch::rand({2, 3}, torch::kCUDA)' is on CUDA
}
