//===- Interp.h - abstract interpretation of one entry function -----------===//
//
// Statements map sets of states to sets of states. A full expression is
// evaluated on one state at a time; where it can go two ways (a condition, a
// callee with several exits) it takes one, and is evaluated again for each
// other one (`choose`). Callees whose body is visible run under the caller's
// facts; LibTorch and the standard library are modelled, never entered.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_INTERP_H
#define TORCH_TIDY_CHECKS_FLOW_INTERP_H

#include "checks/api/Operators.h"
#include "checks/flow/Judged.h"
#include "checks/flow/Paths.h"
#include "checks/flow/Reports.h"
#include "checks/flow/Signature.h"
#include "checks/flow/Types.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include <deque>
#include <optional>
#include <set>

namespace torch_tidy {

class Reach;

/// The arguments that the source spells; defaults come last.
inline llvm::ArrayRef<const clang::Expr *>
given(llvm::ArrayRef<const clang::Expr *> Args) {
  return Args.take_while([](const clang::Expr *A) {
    return !clang::isa<clang::CXXDefaultArgExpr>(A);
  });
}

/// The elements that are followed one by one; longer containers are not.
constexpr size_t MaxElements = 24;

/// The position in a container that a value says, where it is known.
inline std::optional<int64_t> indexOf(const Value &V) {
  return V.K == Value::Int ? std::optional<int64_t>(V.N) : std::nullopt;
}

class Interp {
public:
  Interp(clang::ASTContext &Ctx, const AnalysisOptions &Opts);
  void runRoot(const clang::FunctionDecl *Fn);
  void knowReach(const Reach &R) { Reaching = &R; }
  AnalysisResult take(llvm::ArrayRef<const clang::CXXRecordDecl *> Modules);
  Types &types() { return Ty; }
  /// Whether something is assigned to in there.
  static bool assigns(const clang::Stmt *Body);
  void supposeMoved(const clang::CXXRecordDecl *R);
  void findWritten(llvm::ArrayRef<clang::Decl *> TopLevel);

private:
  // Invariants.cpp.
  Value invariant(const clang::CXXRecordDecl *R);
  std::vector<CellId> unknownArguments(const clang::FunctionDecl *Fn);
  void settle(ObjectId Id);
  bool standsAsDeclared(const clang::ValueDecl *D);
  Value settledObject(const clang::CXXConstructorDecl *Ctor);
  static const clang::CXXConstructorDecl *
  shortestConstructor(const clang::CXXRecordDecl *R);
  States entryTo(const clang::FunctionDecl *Fn);
  States entriesTo(const clang::FunctionDecl *Fn);
  Value unknownThis(const clang::CXXMethodDecl *M);

  // Statements (Statements.cpp, Loops.cpp, Paths.cpp).
  Flow exec(const clang::Stmt *S, States In);
  Flow execBlock(const clang::CompoundStmt *S, States In);
  bool destroyed(const clang::VarDecl *V);
  void destroy(llvm::ArrayRef<const clang::VarDecl *> Locals, States &At);
  Flow execIf(const clang::IfStmt *S, States In);
  Flow execLoop(const clang::Stmt *Loop, const clang::Stmt *Cond,
                const clang::Stmt *Inc, const clang::Stmt *Body, States In,
                bool BodyFirst, const clang::VarDecl *CondVar);
  /// As many rounds follow on one another where more say no more: of a
  /// container whose size is not known, and later in a loop.
  static constexpr unsigned FewRounds = 3;
  /// A round to look at when the first ones are done: where the counter is.
  struct LaterRound {
    const clang::VarDecl *Counter;
    int64_t Start;
  };
  const std::vector<LaterRound> &laterRounds(const clang::Stmt *Loop);
  static void goOnAt(const LaterRound &Round, State &In);
  States goOnAt(const LaterRound &Round, const clang::Stmt *Cond, States In);
  /// Paths that are kept apart by numbers alone after a loop or a call.
  static constexpr unsigned ExactExits = 4;
  States runRound(const clang::Stmt *Body, States In, Flow &Out);
  void leaveLoop(Flow &Out, States Rest);
  static std::optional<Handle>
  elementsSoFar(State &At, const clang::CXXForRangeStmt *Loop, unsigned Round);
  Flow execRange(const clang::CXXForRangeStmt *S, States In);
  Flow execSwitch(const clang::SwitchStmt *S, States In);
  void declare(const clang::VarDecl *D);
  void nameAfter(CellId C, const clang::NamedDecl *D);
  void bindings(const clang::DecompositionDecl *D, CellId Whole);
  /// Evaluates `Body` on each state, once for each way it can go.
  template <class Fn> States each(States In, Fn Body);
  void merge(States &S, unsigned Exact = ~0u, bool Differ = false);
  Base from(const State &Start) const {
    return {&Start, uint32_t(Symbols.size() - 1), DeviceSymbols};
  }
  void leaveScope(llvm::ArrayRef<const clang::VarDecl *> Locals, States &At);
  bool branch(const Value &V, const clang::Expr *E);
  bool visit();

  // Expressions (Expressions.cpp, Rvalues.cpp, Locations.cpp, Construct.cpp,
  // Objects.cpp).
  Value eval(const clang::Expr *E);
  Value evalR(const clang::Expr *E);
  class Rvalues;
  Value enumerator(const clang::EnumConstantDecl *C);
  Value asType(const Value &V, clang::QualType T);
  CellId loc(const clang::Expr *E);
  class Locations;
  /// The cell an expression names, or a new one that holds its value.
  CellId cellOf(const clang::Expr *E) {
    return E->isGLValue() ? loc(E) : S->cell(eval(E));
  }
  std::vector<CellId> cellsOf(llvm::ArrayRef<const clang::Expr *> Es) {
    std::vector<CellId> Cells;
    for (const clang::Expr *E : Es)
      Cells.push_back(cellOf(E));
    return Cells;
  }
  Value load(CellId C);
  Value resolve(Value V);
  Value compare(clang::BinaryOperatorKind Op, Value L, Value R,
                const clang::Expr *E);
  Value construct(const clang::CXXConstructExpr *E);
  class Construction;
  Value packagedTask(clang::QualType T, const Value &Task);
  Value newOptimizer(const clang::CXXRecordDecl *R, llvm::ArrayRef<Value> Args);
  Value copyOf(const Value &V);
  Value copied(const Value &V, const clang::Expr *E);
  CellId field(CellId Base, const clang::ValueDecl *D);
  CellId named(ObjectId O, llvm::StringRef Name, bool Create);
  Value fresh(clang::QualType T, llvm::StringRef Name,
              clang::SourceLocation Loc, const std::string &Why);
  Value defaultValue(clang::QualType T, const clang::Expr *E);
  Value initialValue(clang::QualType T);
  CellId elementOf(CellId Container, std::optional<int64_t> Index,
                   clang::QualType T, const clang::Expr *E);

  /// A callable: a function, a lambda, the result of `std::bind`.
  bool isCallable(const Value &V) {
    return V.K == Value::Fn ||
           (V.K == Value::Object &&
            (S->Objects[V.Id].K == Object::Closure ||
             !operatorOf(S->Objects[V.Id].Rec).empty())) ||
           callOperator(V, nullptr);
  }
  const clang::CXXMethodDecl *callOperator(const Value &V,
                                           const llvm::ArrayRef<CellId> *Args);
  /// The operator on tensors that a function object of a library stands for:
  /// "add" for `std::plus`; empty for none.
  static llvm::StringRef operatorOf(const clang::CXXRecordDecl *R);
  Value pairOf(const Value &First, const Value &Second);

  // Strings.cpp.
  Value string(llvm::StringRef Text);
  Value unknownString(std::string Name);
  bool isString(const Value &V);
  /// The text of a `Value::Str`.
  static llvm::StringRef textOf(const Value &V) {
    return *static_cast<const std::string *>(V.P);
  }
  Value deviceNamed(const Value &V);
  void learnString(SymbolId Id, const Value &Text);
  Value equalStrings(Value L, Value R, bool Equal, const clang::Expr *E);
  Value stringCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                   CellId Base, llvm::ArrayRef<const clang::Expr *> Args,
                   bool &Known);

  // Calls (Calls.cpp, Activations.cpp, StdLibrary.cpp).
  Value call(const clang::CallExpr *E);
  Value indirectCall(const clang::CallExpr *E,
                     llvm::ArrayRef<const clang::Expr *> Args);
  Value operatorCall(const clang::CXXOperatorCallExpr *E,
                     const clang::FunctionDecl *Fn, CellId Base,
                     const clang::Expr *BaseE,
                     llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  Value dereferenced(const clang::CXXOperatorCallExpr *E, CellId Base,
                     const clang::Expr *BaseE);
  bool isHandleType(clang::QualType T);
  bool assignThrough(const clang::CXXRecordDecl *Tuple, const Value &To,
                     const Value &From);
  Value assignHandle(const clang::CXXOperatorCallExpr *E, CellId Base,
                     const clang::Expr *BaseE, const clang::Expr *A);
  Value libraryCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                    CellId Base, const clang::Expr *BaseE,
                    llvm::ArrayRef<const clang::Expr *> Args);
  const clang::FunctionDecl *overrider(const clang::CallExpr *E,
                                       const clang::FunctionDecl *Fn,
                                       CellId Base);
  Value enter(const clang::FunctionDecl *Fn, const clang::Expr *Site,
              CellId This, llvm::ArrayRef<CellId> Args,
              llvm::ArrayRef<std::pair<const void *, CellId>> Captured = {});
  void implicitConstruct(const clang::CXXRecordDecl *R, const clang::Expr *Site,
                         CellId This);
  void initialise(const clang::CXXConstructorDecl *Ctor,
                  const clang::Expr *Site);
  CellId initialised(const clang::FieldDecl *F, const clang::Expr *Site,
                     CellId This);
  Value made(clang::QualType T, llvm::ArrayRef<CellId> Args,
             const clang::Expr *E);
  Value newRecord(const clang::CXXRecordDecl *R,
                  const clang::CXXConstructorDecl *Ctor,
                  const clang::Expr *Site, llvm::ArrayRef<CellId> Args);
  Value newRecord(const clang::CXXConstructorDecl *Ctor,
                  const clang::Expr *Site, llvm::ArrayRef<CellId> Args);
  Value passedOver(const clang::FunctionDecl *Fn, const clang::Expr *Site,
                   CellId This, llvm::ArrayRef<CellId> Args,
                   llvm::StringRef Why);
  Value callClosure(const Value &V, const clang::Expr *Site,
                    llvm::ArrayRef<CellId> Args, clang::QualType T);
  // Threads.cpp.
  bool isPromise(const Value &V);
  void runThread(const Thread &T, const clang::Expr *Site);
  void startThread(llvm::ArrayRef<CellId> Cells, const clang::Expr *Site);
  Value promiseCall(const clang::CallExpr *E, const clang::CXXMethodDecl *M,
                    CellId Promise, llvm::ArrayRef<const clang::Expr *> Args);
  Value promised(const Value &Promise, const clang::CallExpr *E);
  // Containers.cpp, Maps.cpp, Algorithms.cpp, Orders.cpp.
  Value containerCall(const clang::CallExpr *E, const clang::CXXMethodDecl *M,
                      CellId Base, llvm::ArrayRef<const clang::Expr *> Args,
                      bool &Known);
  Value mapCall(const clang::CallExpr *E, llvm::StringRef Name, CellId Map,
                llvm::ArrayRef<const clang::Expr *> Args, bool Sorted,
                bool &Known);
  std::optional<bool> sameKey(const Value &A, const Value &B);
  CellId entryOf(CellId Map, Value Key, clang::QualType T, bool Create,
                 bool &Maybe);
  Value iterator(const clang::CXXOperatorCallExpr *E, CellId Base, bool &Known);
  Value endOf(CellId Container);
  CellId pointedAt(const Value &Iter, clang::QualType T, const clang::Expr *E);
  std::vector<CellId> range(const Value &First, const Value &Last,
                            clang::QualType T, const clang::Expr *E);
  void put(CellId Container, const Value &V);
  void shiftIterators(CellId Container, int64_t From, int64_t By);
  void eraseAt(CellId Container, size_t First, size_t Last);
  size_t placeLast(CellId Map, bool Sorted);
  std::optional<bool> lessThan(const Value &L, const Value &R,
                               const clang::Expr *E);
  std::optional<bool> before(const Value &Less, CellId L, CellId R,
                             const clang::Expr *E);
  std::optional<size_t> greatest(const clang::CXXRecordDecl *Queue,
                                 llvm::ArrayRef<CellId> Cells,
                                 const clang::Expr *E);
  Value ordered(const clang::CallExpr *E, llvm::StringRef Name,
                llvm::ArrayRef<Value> V, llvm::ArrayRef<CellId> Cells,
                bool &Known);
  void forget(ObjectId Container);
  void blur(ObjectId Container);
  // TakeOut.cpp.
  Value takeOut(const clang::CallExpr *E, const clang::CXXMethodDecl *M,
                llvm::StringRef Name, CellId Container,
                llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  std::optional<int64_t> positionIn(CellId Container, const Value &Iter);
  // Alike.cpp.
  Value alike(llvm::ArrayRef<CellId> Cells, unsigned Depth = 0);
  std::vector<CellId> examplesOf(const Object &Container);
  bool mayReplace(ObjectId Container, const Value &V);
  void partOf(CellId C, ObjectId Container);
  std::optional<Device> commonDevice(const Object &Container);
  void assign(CellId C, const Value &V);
  void exchange(CellId A, CellId B) {
    Value Old = S->Cells[A];
    assign(A, S->Cells[B]);
    assign(B, Old);
  }
  clang::QualType heldType(const clang::CXXRecordDecl *R);
  Value combined(llvm::StringRef Op, const Value &L, const clang::Expr *Left,
                 const Value &R, const clang::Expr *Right,
                 const clang::Expr *Site);
  Value algorithm(const clang::CallExpr *E, llvm::StringRef Name,
                  llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  Value invoke(const clang::CallExpr *E, llvm::StringRef Name,
               llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  std::optional<bool> holds(const Value &V, clang::QualType T);
  Value stdCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                CellId Base, llvm::ArrayRef<const clang::Expr *> Args,
                bool &Known);
  void mayChange(CellId Given, clang::QualType T, llvm::StringRef Name = "",
                 clang::SourceLocation At = {}, const std::string &Why = "");

  // LibTorch (Torch.cpp, Functions.cpp, TensorCall.cpp, Modules.cpp,
  // Members.cpp, Forward.cpp, HostAccess.cpp).
  Value isOn(Device D, bool Cuda, const clang::Expr *E);
  Value torchCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                  CellId Base, const clang::Expr *BaseE,
                  llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  /// The operator that C++ spells so: "add"; empty for none.
  static llvm::StringRef operatorName(clang::OverloadedOperatorKind K,
                                      bool Unary);
  Value freeCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                 llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  class TensorCall;
  Value tensorOp(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                 llvm::StringRef Name, CellId Base, const clang::Expr *BaseE,
                 llvm::ArrayRef<const clang::Expr *> Args);
  Value moduleCall(const clang::CallExpr *E, llvm::StringRef Name, CellId Obj,
                   const clang::Expr *BaseE,
                   llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  void addChildren(Object &O, const Value &A);
  void nameChild(ObjectId Module, const Value &Key, CellId Child);
  const void *childKey(const Value &Key);
  bool isA(CellId Obj, const clang::CXXRecordDecl *R);
  CellId cloneOf(CellId Obj);
  std::vector<CellId> modulesFrom(std::vector<CellId> Roots, bool Deep);
  Value stateList(CellId Obj, bool Named);
  Value moduleQuery(const clang::CallExpr *E, llvm::StringRef Name, CellId Obj,
                    llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  Value forward(const clang::Expr *Site, CellId Obj, const clang::Expr *BaseE,
                llvm::ArrayRef<CellId> Args,
                llvm::ArrayRef<const clang::Expr *> ArgEs, clang::QualType T);
  Value newModule(llvm::StringRef Kind, llvm::ArrayRef<Value> Args,
                  const clang::Expr *E, const clang::CXXRecordDecl *Rec);
  void stepOptimizer(const clang::CallExpr *E, ObjectId Id,
                     const clang::Expr *BaseE);
  void blobOfHost(const clang::CallExpr *E, const clang::Expr *Pointer,
                  Device Where);
  void elementAccess(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                     HandleId H, const clang::Expr *BaseE);
  void touch(const clang::Expr *Site, const Value &Memory);
  bool touches(const clang::CallExpr *E, llvm::StringRef Name,
               llvm::ArrayRef<const clang::Expr *> Args);
  Value accessor(const clang::CallExpr *E, const Value &Memory,
                 llvm::ArrayRef<const clang::Expr *> Args);
  // Moves.cpp.
  Value moveTensor(const clang::CallExpr *E, llvm::StringRef Name, CellId Base,
                   const clang::Expr *BaseE,
                   llvm::ArrayRef<const clang::Expr *> Args);
  void moveModule(CellId Obj, std::optional<Device> D, Dtype T,
                  const clang::Expr *E, llvm::StringRef Subject,
                  const clang::Expr *Spelled);
  void displace(CellId Obj, Device D);
  void moveTree(CellId Obj, std::optional<Device> D, Dtype T,
                const clang::Expr *E, llvm::StringRef Subject,
                const clang::Expr *Spelled, std::set<ObjectId> &Seen);
  const Origin *origin(Origin::Kind K, const clang::Expr *E, Device D,
                       llvm::StringRef Subject, const Origin *Before = nullptr,
                       const clang::Expr *Spelled = nullptr);
  // ScriptModules.cpp.
  Value scriptCall(const clang::CallExpr *E, const clang::CXXMethodDecl *M,
                   CellId Base, const clang::Expr *BaseE,
                   llvm::ArrayRef<const clang::Expr *> Args, bool &Known);
  std::optional<llvm::StringRef> scriptSource(ObjectId Module,
                                              llvm::StringRef Method);
  bool scriptState(CellId Module, llvm::StringRef Method,
                   std::vector<std::pair<std::string, HandleId>> &Uses,
                   unsigned Depth = 0);
  Value runScript(const clang::Expr *Site, CellId Module,
                  const clang::Expr *BaseE, llvm::StringRef Method,
                  llvm::ArrayRef<CellId> Args,
                  llvm::ArrayRef<const clang::Expr *> ArgEs);
  Value loadScript(const clang::CallExpr *E,
                   llvm::ArrayRef<const clang::Expr *> Args);
  // DataSets.cpp.
  Value dataCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                 CellId Base, llvm::ArrayRef<const clang::Expr *> Args,
                 bool &Known);
  Value newExample(const clang::CXXRecordDecl *R, llvm::ArrayRef<Value> Parts);
  Value newDataPart(const clang::CXXConstructExpr *E, bool &Known);
  Value batchOf(CellId DataSet, const clang::Expr *Site);
  Value transformed(const Value &Transform, const Value &Batch,
                    const clang::Expr *Site);
  // Serialize.cpp.
  void keep(CellId Where, const Value &What);
  CellId kept(CellId From);
  Value bytesCall(llvm::StringRef Name, CellId Bytes, bool &Known);
  Value saveTensors(llvm::ArrayRef<const clang::Expr *> Args);
  Value loadTensors(const clang::CallExpr *E,
                    llvm::ArrayRef<const clang::Expr *> Args);
  // Backward.cpp.
  CellId gradientOf(HandleId H);
  void judgeAssigned(const clang::CallExpr *E,
                     llvm::ArrayRef<HandleId> Parameters);
  const clang::CXXRecordDecl *appliedFunction(const clang::FunctionDecl *Fn);
  Value applyFunction(const clang::CallExpr *E, const clang::CXXRecordDecl *R,
                      llvm::ArrayRef<CellId> Args);
  Value contextCall(const clang::CallExpr *E, llvm::StringRef Name,
                    CellId Context, llvm::ArrayRef<const clang::Expr *> Args,
                    bool &Known);
  void runBackward(const clang::CallExpr *E);
  void judgeGradients(const clang::CallExpr *E, const Value &Outputs,
                      const clang::Expr *OutputE, const Value &Gradients,
                      const clang::Expr *GradientE);
  Value optionsFrom(Value V);
  Value deviceFromString(llvm::StringRef S);
  std::optional<TensorFact> stateOf(CellId Obj, HandleId *H = nullptr);
  std::vector<Used> inputsIn(unsigned Index, llvm::ArrayRef<CellId> Args,
                             llvm::ArrayRef<const clang::Expr *> ArgEs);
  bool unseenForward(const clang::Expr *Site, CellId Obj,
                     const clang::Expr *BaseE, llvm::ArrayRef<CellId> Args,
                     llvm::ArrayRef<const clang::Expr *> ArgEs,
                     clang::QualType T, Value &Result);
  std::optional<Device> placedAt(CellId Obj);

  // Unseen.cpp.
  void name(const clang::FunctionDecl *Fn,
            std::map<std::string, std::string> &In);
  Value unseenCall(const clang::CallExpr *E, const clang::FunctionDecl *Fn,
                   CellId Base, const clang::Expr *BaseE,
                   llvm::ArrayRef<const clang::Expr *> Args);

  // What is judged (Judge.cpp, Advice.cpp, Supposed.cpp).
  /// Takes a judgement of a call on this path: remembers the visit, and what
  /// is told of it should it prove to be a mistake.
  void judged(const api::Judgement &J, FindingCode Code,
              const clang::Expr *Site, llvm::ArrayRef<Used> Operands);
  Way wayTo(const clang::Expr *Site) const;
  void passed(const api::Judgement &J, FindingCode Code,
              const clang::Expr *Site);
  void mend(const Blame &B, FindingCode Code, llvm::ArrayRef<Used> Ops);
  api::Judgement demandSame(const clang::CallExpr *E, FindingCode Code,
                            const Used &Wrong, const Used &Against,
                            llvm::StringRef Message);
  void needsCuda(const clang::Expr *E);
  void transferred(const clang::Expr *E, HandleId H);
  void supposedMismatch(const Used &Wrong, const Used &Against,
                        const api::Judgement &J, const clang::Expr *Site);
  void unknown(clang::SourceLocation Loc, std::string Why);
  unsigned choose(unsigned N);
  SymbolId symbol(std::string Name, bool Strong);

  clang::ASTContext &Ctx;
  const AnalysisOptions &Opts;
  AnalysisResult Result;
  Types Ty;
  Reports Told;
  std::deque<SymbolInfo> Symbols{1};
  uint32_t DeviceSymbols = 0;
  std::deque<Origin> Origins;
  std::map<std::string, std::string> Names; ///< Interned texts and names.
  std::map<std::pair<ObjectId, HandleId>, SymbolId> ParameterNames;
  std::map<SymbolId, uint32_t> NamedDevices; ///< By the symbol of the name.
  Signatures Signature;
  std::vector<Choice> Trail;
  size_t Cursor = 0;
  State *S = nullptr; ///< The state under evaluation.
  /// What all states under evaluation have come from: the one in which a call
  /// was made or a statement began; nothing where there were several.
  Base Since;
  bool Dead = false; ///< The path under evaluation has ended.
  Budget Effort;
  /// What the function that cannot come to LibTorch may still cost; such a one
  /// is a parser more often than not. And those that cost more.
  std::optional<uint64_t> Allowance;
  llvm::DenseSet<const clang::FunctionDecl *> Costly;
  const Reach *Reaching = nullptr;
  uint64_t Serial = 0;
  bool GaveUp = false;
  /// Where a `throw` leaves its states for the handler around; may be null.
  States *Thrown = nullptr;
  unsigned Catching = 0;        ///< Handlers around that go on after a throw.
  std::vector<unsigned> Rounds; ///< Iterations of the loops around.
  std::map<std::tuple<SymbolId, unsigned, int64_t>, SymbolId> Compares;
  /// As laterRounds() has found them, which loops hold on to.
  std::map<const clang::Stmt *, std::vector<LaterRound>> RoundsLater;
  std::set<std::pair<clang::SourceLocation, std::string>> UnknownsTold;
  /// Fields and variables that are not only read.
  std::set<const clang::ValueDecl *> Written;
  /// Functions that set the default element type and do not take it back.
  std::set<const clang::FunctionDecl *> SetsDefault;
  /// Module classes that are made here, and those that are moved to CUDA.
  std::set<const clang::CXXRecordDecl *> Built, Went;
  /// Where the methods of a class begin, by the default type.
  struct Entry {
    States In;
    bool GaveUp = false;
  };
  std::map<std::pair<const clang::CXXRecordDecl *, Dtype>, Entry> Entries;
  const clang::CXXMethodDecl *Supposed = nullptr; ///< See supposeMoved().
  const clang::FunctionDecl *Root = nullptr;
};

template <class Fn> States Interp::each(States In, Fn Body) {
  States Out;
  const Base Around = Since;
  for (State &Start : In) {
    Since = from(Start);
    auto SavedTrail = std::move(Trail);
    size_t SavedCursor = Cursor;
    State *SavedS = S;
    Trail.clear();
    unsigned Ways = 0;
    do {
      State Now = Start;
      S = &Now;
      Dead = false;
      Cursor = 0;
      Body();
      if (!Dead)
        Out.push_back(std::move(Now));
      while (!Trail.empty() && Trail.back().Taken + 1 >= Trail.back().Count)
        Trail.pop_back();
      if (!Trail.empty())
        ++Trail.back().Taken;
      if (++Ways >= 16 * Opts.Paths && !Trail.empty()) {
        GaveUp = true;
        Trail.clear();
      }
    } while (!Trail.empty());
    Dead = false;
    Trail = std::move(SavedTrail);
    Cursor = SavedCursor;
    S = SavedS;
    if (In.size() == 1)
      merge(Out);
  }
  Since = Around;
  // States that were told apart before are where none has forked.
  if (In.size() > 1 && Out.size() > In.size())
    merge(Out);
  return Out;
}

} // namespace torch_tidy

#endif
