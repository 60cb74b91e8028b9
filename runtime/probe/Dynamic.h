//===- Dynamic.h - probes that find their library at run time -------------===//
//
// Included before a file that goes into the user's own program (Table.h says
// why). Also loads what TORCH_TIDY_EMULATOR_LIBRARY names, before main() and
// before this file's own globals, and sees exceptions through a __cxa_throw
// that wins over libstdc++'s where that is a shared library.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_PROBE_DYNAMIC_H
#define TORCH_TIDY_RUNTIME_PROBE_DYNAMIC_H

#include "Table.h"
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <exception>

namespace torch_tidy::probe {

inline const Table *loadTable() {
  for (const char *Name :
       {"TORCH_TIDY_EMULATOR_LIBRARY", "TORCH_TIDY_PROBE_LIBRARY"}) {
    const char *Path = std::getenv(Name);
    if (!Path || !*Path)
      continue;
    void *Library = ::dlopen(Path, RTLD_NOW | RTLD_GLOBAL);
    if (!Library) {
      std::fprintf(stderr, "torch-tidy: %s\n", ::dlerror());
      continue;
    }
    if (void *Symbol = ::dlsym(Library, "torch_tidy_probe_table"))
      return reinterpret_cast<const Table *(*)()>(Symbol)();
  }
  return nullptr;
}

inline const Table *table() {
  static const Table *T = loadTable();
  return T;
}
/// Loads before anything else of this file is initialised.
static const Table *const LoadedFirst = table();

inline Scope::Scope(int Id) {
  (void)LoadedFirst;
  if (table())
    table()->Enter(Id);
}
inline Scope::~Scope() {
  if (table())
    table()->Exit();
}
inline void Scope::leave() {
  if (table())
    table()->Leave();
}

namespace detail {
inline void recordOperand(int Id, const char *Role, const Named &Tensors,
                          bool IsModule) {
  if (table())
    table()->RecordOperand(Id, Role, Tensors, IsModule);
}
inline void recordResult(int Id, const Named &Tensors) {
  if (table())
    table()->RecordResult(Id, Tensors);
}
inline bool repairs(int Id) { return table() && table()->Repairs(Id); }
inline bool keepsRepair(int Id) { return table()->KeepsRepair(Id); }
inline at::Tensor &repaired(int Id, const at::Tensor &T) {
  return table()->Repaired(Id, T);
}
inline void addIValue(const c10::IValue &V, Named &Out) {
  if (table())
    table()->AddIValue(V, Out);
}
} // namespace detail
} // namespace torch_tidy::probe

/// __cxa_throw by its symbol alone: compilers disagree on its declaration.
extern "C" __attribute__((weak, noreturn, visibility("default"))) void
torch_tidy_throw(void *Object, std::type_info *Type,
                 void (*Destroy)(void *)) __asm__("__cxa_throw");

extern "C" void torch_tidy_throw(void *Object, std::type_info *Type,
                                 void (*Destroy)(void *)) {
  using Throw = void (*)(void *, std::type_info *, void (*)(void *));
  static Throw Next =
      reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  if (torch_tidy::probe::table())
    torch_tidy::probe::table()->Throwing(Object, Type);
  if (Next)
    Next(Object, Type, Destroy);
  std::terminate();
}

#endif
