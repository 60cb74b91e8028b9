// What a run may not do: outlive its end with a child, take more memory or disk
// than it was given, write where the user is. Each is evidence, and the next
// function is run all the same.
// REQUIRES: libtorch, runtime
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: not torch-tidy-verify-marks --device=emulated --timeout=20 --memory=3000 %s -- -DLATER='"%t/later"' %torch_flags > out.txt 2>&1
// RUN: FileCheck %s --implicit-check-not=warning: < out.txt
// RUN: %python -c "import time; time.sleep(4)"
// RUN: not ls later
// RUN: not ls here.txt
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <torch/torch.h>
#include <unistd.h>

static void mistake() {
  torch::ones({2}, torch::kCUDA).add(torch::ones({2})); // flag: add self=cuda other=cpu
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: confirmed on
}

static void aborts(torch::Tensor x) {
  std::abort();
  x.add(x); // flag: add self=cuda
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}aborts(x) aborted (SIGABRT)
}

static void allocates(torch::Tensor x) {
  std::vector<char> much(size_t(6) << 30);
  x.add(x); // flag: add self=cuda
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}allocates(x) threw: std::bad_alloc
}

static void writes(torch::Tensor x) {
  int file = open("large", O_WRONLY | O_CREAT, 0600);
  (void)!pwrite(file, "x", 1, off_t(3) << 30);
  x.add(x); // flag: add self=cuda
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}writes(x) wrote too large a file (SIGXFSZ)
}

static void prints(torch::Tensor x) {
  std::string line(1 << 20, '.');
  for (int i = 0; i < 300; ++i)
    std::cout << line << '\n';
  x.cuda().add(x.cpu()); // flag: add self=cuda other=cpu
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: confirmed on
}

// The child leaves the process group, and is killed with its parent.
static void leavesAChild(torch::Tensor x) {
  std::ofstream("here.txt") << "mine";
  if (fork() == 0) {
    setsid();
    sleep(3);
    std::ofstream(LATER) << "still there";
    _exit(0);
  }
  x.cuda().add(x.cpu()); // flag: add self=cuda other=cpu
  // CHECK: safety.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: confirmed on
}

// CHECK: 6 findings: 3 confirmed, 0 refuted, 3 unreached, 0 inconclusive
