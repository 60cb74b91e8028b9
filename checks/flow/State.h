//===- State.h - what is known at one point of one path -------------------===//
//
// The analysis interprets a function abstractly. A *state* is what is known on
// one path: *cells* (variables, fields, elements, temporaries) hold *values*;
// tensors are *handles* apart from the cells, because `Tensor b = a` shares
// one tensor and `Module::to` changes a tensor under every variable that
// names it. Records, containers and modules are *objects*.
//
// States are copied at every fork, so what they hold is shared until one side
// writes (Shared.h).
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_STATE_H
#define TORCH_TIDY_CHECKS_FLOW_STATE_H

#include "checks/flow/Placement.h"
#include "checks/flow/Shared.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <set>
#include <vector>

namespace torch_tidy {

using CellId = uint32_t;   ///< 0 is no cell.
using HandleId = uint32_t; ///< 0 is no tensor.
using ObjectId = uint32_t; ///< 0 is no object.
using SymbolId = uint32_t; ///< A number whose value is not known.

/// What a cell can hold.
struct Value {
  enum Kind : uint8_t {
    None,    ///< Nothing is known.
    Int,     ///< An integer, bool or enumerator with value `N`.
    Sym,     ///< A number known by its symbol `Id` only; `Neg`: its negation.
    Str,     ///< A string: the text `P`.
    Dev,     ///< A device or device type.
    Type,    ///< An element type.
    Options, ///< TensorOptions: `D` and `T` where `HasDev`/`HasType`.
    Tensor,  ///< The tensor `Id`.
    Ptr,     ///< A pointer of any kind to cell `Id`; 0 is null.
    Ref,     ///< The result of a call that returns a reference: cell `Id`.
    Object,  ///< A record, container or module by value: object `Id`.
    Fn,      ///< A function.
    Iter,    ///< Position `N` in the container in cell `Id`; `Neg`: its end.
    Memory,  ///< A host pointer to the elements of the tensor `Id`.
    Field,   ///< A pointer to the data member `P`.
    Hole,    ///< A placeholder of `std::bind`: argument `N`.
  } K = None;
  bool Neg = false, HasDev = false, HasType = false;
  bool Grad = false; ///< TensorOptions with `requires_grad(true)`.
  bool Back = false; ///< An iterator that counts from the end.
  Dtype T = Dtype::Unknown;
  Device D;
  uint32_t Id = 0;
  int64_t N = 0;
  const void *P = nullptr; ///< Interned std::string, FunctionDecl or FieldDecl.
  /// The expression that chose a device, to spell a fix like it.
  const clang::Expr *Spelled = nullptr;

  static Value integer(int64_t N) {
    Value V;
    V.K = Int;
    V.N = N;
    return V;
  }
  static Value of(Kind K, uint32_t Id) {
    Value V;
    V.K = K;
    V.Id = Id;
    return V;
  }
  static Value device(Device D) {
    Value V;
    V.K = Dev;
    V.D = D;
    V.HasDev = true;
    return V;
  }
  static Value dtype(Dtype T) {
    Value V;
    V.K = Type;
    V.T = T;
    V.HasType = true;
    return V;
  }
  explicit operator bool() const { return K != None; }
};

/// Numbers that are assumed on a path.
using Conditions = SharedMap<SymbolId, int64_t>;
/// The cells of variables, by declaration.
using Variables = SharedMap<const void *, CellId>;

/// How a tensor or module came to be where it is; the newest first.
struct Origin {
  enum Kind : uint8_t { Created, Moved, Left, Derived, Parameter } K = Created;
  const clang::Expr *E = nullptr; ///< The call that did it.
  clang::SourceLocation Loc;
  Device Dev;
  std::string Subject;                  ///< "model", "input"; may be empty.
  const clang::Expr *Spelled = nullptr; ///< The device as the move spelled it.
  const Origin *Before = nullptr;
  uint64_t Frame = 0; ///< The activation it happened in, and its function.
  const clang::FunctionDecl *In = nullptr;
  unsigned Depth = 0;
  Conditions Under; ///< The conditions it happened under.
};

struct Handle {
  TensorFact Fact;
  const Origin *From = nullptr;
  std::string Name;
  /// The `x.to(device)` whose result was dropped, if any.
  const clang::Expr *Dropped = nullptr;
  /// Something writes its elements: in place, through a view, by address.
  bool Changes = false;
  bool Grad = false; ///< Autograd records what is done with it.
};

struct Object {
  enum Kind : uint8_t {
    Record,
    Module,
    List,
    Optimizer,
    Opts,
    Closure
  } K = Record;
  /// Contents beyond what is listed are not known.
  bool Opaque = false;
  /// A `torch::jit::Module`.
  bool Jit = false;
  const clang::CXXRecordDecl *Rec = nullptr;
  const clang::LambdaExpr *Lambda = nullptr;
  /// Name of a built-in module: "Linear". "Ranked": no tensor in this container
  /// is 0-dimensional. "Plain": an optimizer that keeps nothing per parameter.
  std::string Kind2;
  std::vector<std::pair<const void *, CellId>>
      Fields;                   ///< By decl, or interned name.
  std::vector<CellId> Elems;    ///< Elements; children of a Sequential.
  std::vector<CellId> Children; ///< Registered sub-modules: cells of objects.
  std::vector<HandleId> State;  ///< Registered parameters and buffers.
  const Origin *Move = nullptr; ///< The last move of this module.
  std::string Name;
  Device Unseen; ///< Device of the parts nothing is known of.
  /// What each element that is not listed looks like; 0: nothing is known.
  CellId Like = 0;
};

/// One activation of a function.
struct Frame {
  const clang::FunctionDecl *Fn = nullptr;
  const clang::Expr *Site = nullptr; ///< The call that made it; null for roots.
  Variables Vars;
  CellId This = 0;
  Value Result;
  uint64_t Serial = 0;
};

/// What runs once `backward` is called: a hook, or a function's `backward`.
struct Later {
  Value Hook;
  const clang::CXXMethodDecl *Backward = nullptr;
  CellId Context = 0;
  HandleId Of = 0; ///< The tensor whose gradient comes in.
};

/// What a `std::thread` was made of.
struct Thread {
  CellId Function = 0;
  std::vector<CellId> Args;
};

/// The gradient of a tensor that the program has asked for to change it.
struct Gradient {
  CellId Cell = 0;
  HandleId Made = 0; ///< What autograd left there.
};

/// Makes what nothing is known of.
struct Fresh {
  llvm::function_ref<Value()> Number;
  llvm::function_ref<Device()> Place;
};

struct State {
  Store<Value> Cells;
  Store<Handle, /*Chunk=*/4> Handles;
  Store<Object, /*Chunk=*/1> Objects;
  std::vector<Frame> Frames;
  /// Variables that outlive activations.
  Variables Globals;
  Conditions Known; ///< Assumed on this path.
  /// Cells that stand for some element of a container, none knows which.
  SharedMap<CellId, ObjectId> Some;
  /// A flagged call has thrown on this path: what follows never runs as is.
  bool Threw = false;
  /// The calls that have, and the activations they were made in: a loop that
  /// comes back to one has the same cause.
  Shared<std::set<std::pair<const clang::Expr *, uint64_t>>> ThrewAt;
  /// What was copied to CUDA, and where.
  Shared<std::set<std::pair<const clang::Expr *, HandleId>>> Transferred;
  std::vector<Later> Pending;
  SharedMap<HandleId, Gradient> Gradients;
  std::vector<Thread> Threads;
  /// The element type of what is made without one.
  Dtype Default = Dtype::Float;
  /// The depth of the activation that made a NoGradGuard; 0: there is none.
  unsigned NoGrad = 0;
  /// Whether there is a GPU has been asked on this path.
  bool Guarded = false;
  /// Autocast is on or may be: element types are its business.
  bool Autocast = false;

  Frame &top() { return Frames.back(); }
  const Frame &top() const { return Frames.back(); }
  /// Through pointers and holders to the object's cell.
  CellId target(CellId C) const;
  /// Whether a cell is the storage of a variable of an activation, which no
  /// other cell shares.
  bool isVariable(CellId C) const;
  /// The tensors that a value holds: itself, or in lists and records.
  void tensorsIn(Value V, llvm::SmallVectorImpl<HandleId> &Out,
                 unsigned Depth = 0) const;
  CellId cell(Value V) { return Cells.add(V); }
  Value tensor(Handle H) {
    return Value::of(Value::Tensor, Handles.add(std::move(H)));
  }
  Value object(Object O) {
    return Value::of(Value::Object, Objects.add(std::move(O)));
  }
  /// Replaces a device symbol everywhere.
  void substitute(uint32_t Symbol, Device D);
  /// Which activation makes the call that begins in \p Since, from which states
  /// of that call can differ: its top one; the first of all without a call.
  static size_t callerOf(const State *Since) {
    return Since ? Since->Frames.size() - 1 : 0;
  }
  /// Forgets the numbers in which a state differs that is the same but for
  /// those. `Unknown` makes a number or string of which nothing is known. Both
  /// have come from \p Since; null: nothing is known of that.
  void widen(const State &Other,
             llvm::function_ref<Value(const Value &)> Unknown,
             const State *Since = nullptr);
  bool isPlainList(const Object &O) const;
  /// What this and another path agree on; all else becomes unknown. Both have
  /// come from \p Since; null: nothing is known of that.
  void join(const State &Other, const Fresh &New, const State *Since = nullptr);
  /// Leaves the conditions that two paths share.
  void forgetOthers(const Conditions &With);
};

} // namespace torch_tidy

#endif
