//===- Probe.cpp ----------------------------------------------------------===//
#include "Repair.h"
#include "Table.h"
#include <ATen/ATen.h>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <deque>
#include <dlfcn.h>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sstream>
#include <sys/syscall.h>
#include <typeinfo>
#include <unistd.h>
#include <unordered_map>

using namespace torch_tidy::probe;

namespace {

struct Frame {
  int Id;
  /// Written as it happens; else kept in Pending and written only if the call
  /// ends as none did before.
  bool Live = true;
  std::string Pending;
  bool Returned = false;
  int UncaughtBefore = 0;
  unsigned Operands = 0; ///< How many have been evaluated.
  std::string Seen;   ///< Operand lines so far: what makes a call like another.
  std::string Result; ///< JSON of the result's tensors.
  /// The element type of the module's state or of the first float operand.
  std::optional<at::ScalarType> Type;
  std::optional<at::Device> Home; ///< Where the module or a CUDA operand is.
};
thread_local std::vector<Frame> Frames;

/// The exception in flight: written by the interposed __cxa_throw.
struct Flying {
  std::string Type, What;
  int From = -1;
};
thread_local Flying InFlight;

/// How often a call went by in one and the same way.
struct Counts {
  std::mutex Lock;
  std::unordered_map<std::string, unsigned long> Times;
};
Counts &counts() {
  static auto *C = new Counts; // Outlives every static destructor.
  return *C;
}

int eventsFd() {
  static int Fd = [] {
    const char *Path = std::getenv("TORCH_TIDY_EVENTS");
    return Path ? ::open(Path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
                : -1;
  }();
  return Fd;
}

void emit(std::string Line) {
  Line += '\n';
  if (eventsFd() >= 0 && ::write(eventsFd(), Line.data(), Line.size()) < 0)
    ::unsetenv("TORCH_TIDY_EVENTS"); // A full disk: nothing to be done here.
}

std::string json(std::string_view Text) {
  std::string Out = "\"";
  for (unsigned char C : Text) {
    char Buffer[8];
    if (C == '"' || C == '\\')
      (Out += '\\') += static_cast<char>(C);
    else if (C < 0x20 || C >= 0x80)
      std::snprintf(Buffer, sizeof Buffer, "\\u%04x", C), Out += Buffer;
    else
      Out += static_cast<char>(C);
  }
  return Out + '"';
}

std::string json(const Named &Tensors) {
  std::ostringstream OS;
  OS << '[';
  unsigned Written = 0;
  for (const auto &[Name, T] : Tensors) {
    if (Written == 64)
      break;
    OS << (Written++ ? "," : "") << "{\"name\":" << json(Name);
    if (!T.defined()) {
      OS << ",\"defined\":false}";
      continue;
    }
    OS << ",\"device\":\"" << T.device().str() << "\",\"dtype\":\""
       << toString(T.scalar_type()) << "\",\"shape\":[";
    bool First = true;
    if (!T.unsafeGetTensorImpl()->has_symbolic_sizes_strides() &&
        T.layout() == at::kStrided)
      for (int64_t Size : T.sizes())
        OS << (First ? (First = false, "") : ",") << Size;
    OS << "]}";
  }
  OS << ']';
  return OS.str();
}

std::string head(const char *Event, int Id) {
  return std::string("{\"event\":\"") + Event +
         "\",\"id\":" + std::to_string(Id) +
         ",\"pid\":" + std::to_string(::getpid()) +
         ",\"tid\":" + std::to_string(::syscall(SYS_gettid));
}

unsigned long countOf(const std::string &Key) {
  std::lock_guard<std::mutex> Guard(counts().Lock);
  return ++counts().Times[Key];
}
bool isPowerOfTwo(unsigned long N) { return (N & (N - 1)) == 0; }

void say(Frame &F, const std::string &Line) {
  if (F.Live)
    emit(Line);
  else
    F.Pending += Line + '\n';
}

/// Writes how a call ended, or counts it.
void finish(const Frame &F, const std::string &End) {
  unsigned long Times = countOf(std::to_string(F.Id) + F.Seen + End);
  if (F.Live || Times == 1)
    emit(F.Pending + End);
  else if (isPowerOfTwo(Times))
    emit(head("count", F.Id) + ",\"times\":" + std::to_string(Times) + "}");
}

/// What TORCH_TIDY_REPAIR ("7,9t") says of a call: the letter, 'd' where it has
/// none, 0 for nothing.
char repairOf(int Id) {
  for (const char *P = std::getenv("TORCH_TIDY_REPAIR"); P && *P;) {
    char *End;
    bool Same = std::strtol(P, &End, 10) == Id && End != P;
    char Kind = *End && *End != ',' ? *End++ : 'd';
    if (Same)
      return Kind;
    P = *End ? End + 1 : End;
  }
  return 0;
}

/// Are operators outside of marked calls repaired?
bool repairsTheRest() {
  const char *List = std::getenv("TORCH_TIDY_REPAIR");
  return List && std::strchr(List, '*');
}

/// Where a repair of \p Kind puts the operands of a call.
at::Device homeOf(const Frame &F, char Kind) {
  if (Kind == 'c')
    return at::kCPU;
  // Nothing on CUDA was seen yet, but something will be: the call failed.
  return Kind == 'g' ? at::Device(at::kCUDA)
                     : F.Home.value_or(at::Device(at::kCUDA));
}

/// Switches the repair of operators as the innermost marked call wants it.
void chooseRepair() {
  static thread_local bool IsOn = false;
  auto Inner = std::find_if(Frames.rbegin(), Frames.rend(),
                            [](const Frame &F) { return !F.Returned; });
  char Kind = Inner == Frames.rend() ? 0 : repairOf(Inner->Id);
  bool On = Inner == Frames.rend() ? repairsTheRest()
                                   : Kind && !std::strchr("tfl", Kind);
  if (On)
    repairTo(Inner == Frames.rend() ? at::kCUDA : homeOf(*Inner, Kind));
  if (On != IsOn)
    repairOperators(IsOn = On);
}

/// All frames that were opened after the one of \p Id have returned: an operand
/// or the result of \p Id is only there when they have.
Frame *current(int Id) {
  for (size_t I = Frames.size(); I-- > 0;) {
    if (Frames[I].Id != Id)
      continue;
    for (size_t J = I + 1; J < Frames.size(); ++J)
      Frames[J].Returned = true;
    return &Frames[I];
  }
  return nullptr;
}

void enter(int Id) {
  Frame F;
  F.Id = Id;
  F.UncaughtBefore = std::uncaught_exceptions();
  unsigned long Pass = countOf("passes of " + std::to_string(Id));
  F.Live = Pass <= 16 || isPowerOfTwo(Pass);
  say(F, head("enter", Id) + "}");
  Frames.push_back(std::move(F));
  chooseRepair();
}

void threw(const Frame &F) {
  if (InFlight.From < 0)
    InFlight.From = F.Id;
  finish(F, head("threw", F.Id) + ",\"from\":" + std::to_string(InFlight.From) +
                ",\"operands\":" + std::to_string(F.Operands) + ",\"type\":" +
                json(InFlight.Type) + ",\"what\":" + json(InFlight.What) + "}");
}

void leaveScope() {
  Frame F = std::move(Frames.back());
  Frames.pop_back();
  chooseRepair();
  if (std::uncaught_exceptions() > F.UncaughtBefore && !F.Returned)
    threw(F);
  else
    finish(F, head("returned", F.Id) +
                  ",\"tensors\":" + (F.Result.empty() ? "[]" : F.Result) + "}");
}

std::terminate_handler Terminate = nullptr;
/// An exception that nobody catches ends the program where it was thrown: no
/// scope is left.
void onTerminate() {
  for (; std::current_exception() && !Frames.empty(); Frames.pop_back())
    if (!Frames.back().Returned)
      threw(Frames.back());
  if (Terminate)
    Terminate();
  std::abort();
}
[[maybe_unused]] const bool WatchesTermination =
    (Terminate = std::set_terminate(onTerminate), true);

void returned() {
  Frames.back().Returned = true;
  chooseRepair();
}

} // namespace

void torch_tidy::probe::detail::recordOperand(int Id, const char *Role,
                                              const Named &Tensors,
                                              bool IsModule) {
  Frame *F = current(Id);
  if (!F)
    return;
  ++F->Operands;
  for (const auto &[Name, T] : Tensors)
    if (T.defined() && (IsModule || T.is_cuda()) &&
        (!F->Home || (IsModule && !F->Home->is_cuda())))
      F->Home = T.device();
  chooseRepair();
  for (const auto &[Name, T] : Tensors)
    if (T.defined() && T.is_floating_point() && !F->Type)
      F->Type = T.scalar_type();
  if (Tensors.empty())
    return;
  std::string Line = head("operand", Id) + ",\"role\":" + json(Role) +
                     ",\"module\":" + (IsModule ? "true" : "false") +
                     ",\"tensors\":" + json(Tensors) + "}";
  F->Seen += Line;
  say(*F, Line);
  char Kind = repairOf(Id);
  if (!IsModule || (Kind != 'g' && Kind != 'c'))
    return;
  // As Module::to() does it.
  for (const auto &[Name, T] : Tensors)
    if (at::Device Home = homeOf(*F, Kind); T.defined() && T.device() != Home)
      T.set_data(T.detach().to(Home));
}

void torch_tidy::probe::detail::recordResult(int Id, const Named &Tensors) {
  if (Frame *F = current(Id)) {
    F->Returned = true;
    F->Result = json(Tensors);
    chooseRepair();
  }
}

bool torch_tidy::probe::detail::repairs(int Id) { return repairOf(Id); }

bool torch_tidy::probe::detail::keepsRepair(int Id) {
  char Kind = repairOf(Id);
  return Kind == 'v' || Kind == 'g' || Kind == 'c';
}

at::Tensor &torch_tidy::probe::detail::repaired(int Id, const at::Tensor &T) {
  static auto *Kept = new std::deque<at::Tensor>;
  static std::mutex Lock;
  Frame *F = current(Id);
  chooseRepair();
  at::Tensor Moved = T;
  char Kind = repairOf(Id);
  if (F && T.defined() && Kind == 'l') {
    Moved = T.to(at::kLong);
  } else if (F && T.defined() && (Kind == 't' || Kind == 'f')) {
    if (F->Type && (Kind == 'f' || T.is_floating_point()))
      Moved = T.to(*F->Type);
  } else if (F && T.defined()) {
    Moved = T.to(homeOf(*F, Kind));
  }
  std::lock_guard<std::mutex> Guard(Lock);
  Kept->push_back(std::move(Moved));
  return Kept->back();
}

void torch_tidy::probe::detail::addIValue(const c10::IValue &V, Named &Out) {
  if (V.isTensor())
    Out.emplace_back("", V.toTensor());
  else if (V.isTensorList())
    for (const at::Tensor &T : V.toTensorVector())
      Out.emplace_back("", T);
  else if (V.isTuple())
    for (const c10::IValue &Part : V.toTupleRef().elements())
      addIValue(Part, Out);
  else if (V.isList())
    for (const c10::IValue &Part : V.toListRef())
      addIValue(Part, Out);
}

namespace {

/// Remembers the exception for the scopes that it will unwind.
void throwing(void *Object, std::type_info *Type) {
  if (Frames.empty())
    return;
  InFlight = Flying();
  int Status = 0;
  char *Name = abi::__cxa_demangle(Type->name(), nullptr, nullptr, &Status);
  InFlight.Type = Name && Status == 0 ? Name : Type->name();
  std::free(Name);
  // Is it a std::exception? The runtime's own question for a handler.
  void *As = Object;
  if (typeid(std::exception).__do_catch(Type, &As, 1)) {
    InFlight.What = static_cast<std::exception *>(As)->what();
    InFlight.What.resize(
        std::min(InFlight.What.find('\n'), InFlight.What.size()));
    InFlight.What.resize(std::min<size_t>(InFlight.What.size(), 2000));
  }
}

} // namespace

#ifdef TORCH_TIDY_PROBE_SHARED
const Table *torch_tidy_probe_table() {
  static const Table T = {
      enter,
      leaveScope,
      returned,
      torch_tidy::probe::detail::recordOperand,
      torch_tidy::probe::detail::recordResult,
      torch_tidy::probe::detail::repairs,
      torch_tidy::probe::detail::keepsRepair,
      torch_tidy::probe::detail::repaired,
      torch_tidy::probe::detail::addIValue,
      throwing,
  };
  return &T;
}
#else
void torch_tidy::probe::begin() { chooseRepair(); }
Scope::Scope(int Id) { enter(Id); }
Scope::~Scope() { leaveScope(); }
void Scope::leave() { returned(); }

/// Sees every exception before it flies: this definition of __cxa_throw is the
/// program's own, which libstdc++ and LibTorch then use as well. Under another
/// name, since g++ declares that one by itself and with other types.
extern "C" __attribute__((visibility("default"))) void
torch_tidy_cxa_throw(void *Object, std::type_info *Type,
                     void (*Destroy)(void *)) __asm__("__cxa_throw");
void torch_tidy_cxa_throw(void *Object, std::type_info *Type,
                          void (*Destroy)(void *)) {
  using Throw = void (*)(void *, std::type_info *, void (*)(void *));
  static auto Next = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  throwing(Object, Type);
  Next(Object, Type, Destroy);
  __builtin_unreachable();
}
#endif
