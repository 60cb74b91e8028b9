//===- Keep.cpp - the reference that keeps the library --------------------===//
//
// Compiled into what links torch_tidy::emulator: a linker that runs with
// --as-needed drops a library that no object refers to, and an --undefined on
// the command line is no reference.
//
//===----------------------------------------------------------------------===//
#include "torch_tidy/emulator.h"

__attribute__((used)) static const int Devices = torch_tidy_emulator_devices();
