// RUN: %check_torch %s
// What a worker thread gives to a promise comes out of its future.
#include <torch/torch.h>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

struct Request {
  torch::Tensor image;
  std::promise<torch::Tensor> answer;
};
class Server {
public:
  explicit Server(torch::nn::Linear net) : net(net) {
    net->to(torch::kCUDA);
    worker = std::thread([this] { loop(); });
  }
  ~Server() {
    stop = true;
    worker.join();
  }
  std::future<torch::Tensor> submit(torch::Tensor image) {
    Request r;
    r.image = image;
    auto answer = r.answer.get_future();
    std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(r));
    return answer;
  }

private:
  void loop() {
    while (!stop) {
      std::unique_lock<std::mutex> lock(mutex);
      ready.wait(lock, [this] { return !waiting.empty(); });
      auto r = std::move(waiting.front());
      waiting.pop_front();
      r.answer.set_value(net(r.image.to(torch::kCUDA)));
    }
  }
  torch::nn::Linear net;
  std::deque<Request> waiting;
  std::mutex mutex;
  std::condition_variable ready;
  std::atomic<bool> stop{false};
  std::thread worker;
};
void answered() {
  Server server(torch::nn::Linear(3, 3));
  auto answer = server.submit(torch::rand({1, 3})).get();
  answer.cpu() + torch::rand({3});
  answer + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'answer' is on CUDA
}
// The thread waits for ever, the program goes on.
void endless(torch::Tensor x) {
  std::thread t([] { throw 1; });
  x.cuda() + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'x.cuda()' is on CUDA
}
