// Functions of other sources: what is said of those here, and what is known of
// those that are called.
#include "checks/flow/Interp.h"
#include "clang/AST/Mangle.h"

using namespace clang;

namespace torch_tidy {

std::string Interp::linkerSymbol(const FunctionDecl *Fn) {
  return ASTNameGenerator(Ctx).getName(Fn);
}

// What another source says of a function that has no body here. Without an
// answer it is written down that there was the question.
const FunctionSummary *Interp::summaryOf(const FunctionDecl *Fn) {
  if (!Fn->isExternallyVisible() || Fn->isDependentContext())
    return nullptr;
  // As it is spelled where it is defined.
  std::string Name;
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  if (isa<CXXConstructorDecl>(Fn))
    Name = Method->getParent()->getNameAsString();
  else if (Fn->getDeclName().isIdentifier())
    Name = Fn->getNameAsString();
  else
    return nullptr;
  if (Method)
    Name = Method->getParent()->getNameAsString() + "::" + Name;
  std::string Symbol = linkerSymbol(Fn);
  if (Opts.Elsewhere)
    if (auto It = Opts.Elsewhere->find(Symbol); It != Opts.Elsewhere->end())
      return &It->second;
  Result.Unseen.emplace(std::move(Symbol), std::move(Name));
  return nullptr;
}

// Where each argument is.
std::vector<Device> Interp::argumentPlaces(const FunctionDecl *Fn) {
  std::vector<Device> Places;
  for (const ParmVarDecl *P : Fn->parameters()) {
    const Value V = load(S->top().Vars.lookup(P));
    Places.push_back(V.K == Value::Tensor ? S->Handles[V.Id].Fact.Dev
                     : V.K == Value::Dev  ? V.D
                                          : Device());
  }
  return Places;
}

namespace {
/// What all exits of a function have in common.
class Common {
  FunctionSummary Said;
  bool Any = false, Agree = true;

public:
  void add(Device Place, Dtype Type, ArrayRef<Device> Arguments) {
    int16_t Like = -1;
    for (size_t I = 0; I < Arguments.size() && Like < 0; ++I)
      if (Place.K == Device::Symbol && Arguments[I].sameAs(Place))
        Like = int16_t(I);
    if (!Place.isKnown())
      Place = Device();
    Agree &= !Any || (Said.Place == Place && Said.Like == Like);
    Said.Type = !Any || Said.Type == Type ? Type : Dtype::Unknown;
    Said.Place = Place;
    Said.Like = Like;
    Any = true;
  }
  FunctionSummary result(bool Complete) const {
    FunctionSummary Out;
    if (Complete && Any)
      Out.Type = Said.Type;
    if (Complete && Any && Agree)
      Out.Place = Said.Place, Out.Like = Said.Like;
    return Out;
  }
};
} // namespace

// Whether what it returns may have tensors in it.
bool Interp::returnsTensors(const FunctionDecl *Fn) {
  return llvm::is_contained(
      {TypeKind::Tensor, TypeKind::Pair, TypeKind::List, TypeKind::Optional},
      Ty.kindOf(Fn->getReturnType()));
}

// The result of a function, at its exits.
void Interp::summarise(const FunctionDecl *Fn, const State &Entry,
                       const Flow &Out) {
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  const bool Returns = returnsTensors(Fn);
  const bool OfModule =
      Method && !Method->isStatic() && Ty.isUserModule(Method->getParent());
  if (!Returns && !OfModule)
    return;
  State Scratch = Entry;
  S = &Scratch;
  const std::vector<Device> Arguments = argumentPlaces(Fn);
  std::optional<Device> Own;
  if (OfModule)
    Own = placedAt(S->top().This);
  bool Stays = Own && !GaveUp;
  Common Results;
  for (const States *Part : {&Out.Next, &Out.Return})
    for (const State &Exit : *Part) {
      // After a mistake everything is as if it had been mended.
      if (Exit.Threw)
        continue;
      Scratch = Exit;
      if (Own)
        Stays &= placedAt(S->top().This).value_or(Device()).sameAs(*Own);
      const Value V = S->top().Result;
      SmallVector<HandleId, 4> Tensors;
      S->tensorsIn(V, Tensors);
      for (HandleId H : Tensors)
        if (const TensorFact &Fact = S->Handles[H].Fact; Fact.Defined)
          Results.add(Fact.Dev, Fact.Type, Arguments);
      if (V.K == Value::Object && S->Objects[V.Id].Opaque)
        Results.add(S->Objects[V.Id].Unseen, Dtype::Unknown, Arguments);
      else if (V.K != Value::Object && V.K != Value::Tensor)
        Results.add(Device(), Dtype::Unknown, Arguments);
    }
  S = nullptr;
  FunctionSummary Said = Results.result(Returns && !GaveUp);
  Said.Stays = Stays;
  Result.Defined.emplace(linkerSymbol(Fn), Said);
}

// Where a module is that nobody has moved yet.
void Interp::summariseConstructor(const CXXConstructorDecl *Ctor) {
  States Made = each(entryTo(Ctor), [&] {
    std::vector<CellId> Args = unknownArguments(Ctor);
    for (unsigned I = 0; I < Args.size(); ++I)
      S->top().Vars[Ctor->getParamDecl(I)] = Args[I];
    const Value V = newRecord(Ctor, nullptr, Args);
    if (!Dead)
      S->top().Result = V;
  });
  Common Places;
  for (State &Exit : Made) {
    S = &Exit;
    if (!Exit.Threw)
      Places.add(placedAt(S->cell(S->top().Result)).value_or(Device()),
                 Dtype::Unknown, argumentPlaces(Ctor));
  }
  S = nullptr;
  Result.Defined.emplace(linkerSymbol(Ctor), Places.result(!GaveUp));
}

// Where a function puts what it returns, given these arguments.
std::optional<Device> Interp::resultPlace(const FunctionSummary &Known,
                                          ArrayRef<CellId> Args) {
  if (Known.Place.isKnown())
    return Known.Place;
  if (Known.Like < 0 || size_t(Known.Like) >= Args.size())
    return std::nullopt;
  const Value V = load(Args[Known.Like]);
  if (V.K == Value::Tensor)
    return S->Handles[V.Id].Fact.Dev;
  return V.K == Value::Dev ? std::optional<Device>(V.D) : std::nullopt;
}

// What an unseen function may have done to what it was given by reference.
void Interp::havoc(const CallExpr *E, ArrayRef<const Expr *> Args) {
  const FunctionDecl *Fn = E->getDirectCallee();
  for (unsigned I = 0; I < Args.size(); ++I) {
    const Expr *A = Args[I];
    QualType PT = Fn && I < Fn->getNumParams() ? Fn->getParamDecl(I)->getType()
                                               : A->getType();
    TypeKind K = Ty.kindOf(A->getType());
    bool Module = K == TypeKind::Holder || K == TypeKind::Module ||
                  (K == TypeKind::Pointer && Ty.heldModule(A->getType()));
    bool Writes =
        (PT->isReferenceType() && !PT->getPointeeType().isConstQualified()) ||
        PT->isPointerType();
    if (!A->isGLValue() && !Module)
      continue;
    if (Module) {
      displace(S->target(cellOf(A)), Device::symbol(++DeviceSymbols));
    } else if (Writes && A->isGLValue()) {
      S->Cells.mut(loc(A)) = fresh(A->getType(), Ty.text(A), E->getBeginLoc(),
                                   "written by an unseen function");
    }
  }
}

Value Interp::unseenCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                         const Expr *BaseE, ArrayRef<const Expr *> Args) {
  std::vector<CellId> Cells = cellsOf(given(Args));
  if (Dead)
    return {};
  if (Fn->isNoReturn()) {
    Dead = true;
    return {};
  }
  const FunctionSummary *Known = summaryOf(Fn);
  const std::optional<Device> Place =
      Known ? resultPlace(*Known, Cells) : std::nullopt;
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  const Value Of = Base ? S->Cells[S->target(Base)] : Value();
  const bool OfModule =
      Of.K == Value::Object && S->Objects[Of.Id].K == Object::Module;
  Value V;
  bool Judged = false;
  if (const CXXRecordDecl *R = OfModule ? S->Objects[Of.Id].Rec : nullptr;
      R && Ty.isUserCode(R) && R->hasDefinition() &&
      Fn->getDeclName().isIdentifier() && Fn->getName() == "forward")
    Judged =
        unseenForward(E, S->target(Base), BaseE, Cells, Args, E->getType(), V);
  if (!Judged) {
    havoc(E, Args);
    // `load`, `setup` and the like may move the module that they are called on.
    if (OfModule && Method && !Method->isConst() && !(Known && Known->Stays))
      displace(S->target(Base), Device::symbol(++DeviceSymbols));
    if (!Known)
      unknown(E->getBeginLoc(),
              "'" + Fn->getNameAsString() + "' is defined elsewhere");
    V = fresh(E->getType(), Place ? "" : Fn->getNameAsString() + "()",
              Place ? SourceLocation() : E->getBeginLoc(),
              "returned by an unseen function");
  }
  if (!Known)
    return V;
  if (V.K == Value::Tensor) {
    Handle &H = S->Handles.mut(V.Id);
    H.Fact.Type = Known->Type;
    if (Place) {
      H.Fact.Dev = *Place;
      H.From = origin(Origin::Created, E, *Place, "");
    }
  } else if (V.K == Value::Object && Place) {
    S->Objects.mut(V.Id).Unseen = *Place;
  }
  return V;
}

} // namespace torch_tidy
