//===- Crash.h - says what host code did to device memory -----------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_CRASH_H
#define TORCH_TIDY_RUNTIME_EMULATOR_CRASH_H

namespace torch_tidy::emulator {

/// From now on, a segmentation fault at a device address is reported before it
/// takes its course.
void reportCrashes();

} // namespace torch_tidy::emulator

#endif
