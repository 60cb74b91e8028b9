// What modules are asked for: children, parameters, copies of themselves.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The field under which a child with this name is found.
const void *Interp::childKey(const Value &Key) {
  std::string Name = ("[" + textOf(Key) + "]").str();
  return &Names.try_emplace(Name, Name).first->second;
}

namespace {
// Copies what is reachable, sharing inside the copy what was shared before.
class Cloner {
  State &S;
  std::deque<Origin> &Origins;
  std::map<const Origin *, const Origin *> Moves;
  std::map<CellId, CellId> Cells;
  std::map<HandleId, HandleId> Handles;
  std::map<ObjectId, ObjectId> Objects;

public:
  Cloner(State &S, std::deque<Origin> &Origins) : S(S), Origins(Origins) {}
  /// A move of the original is how the copy came to be where it is, but the
  /// variable that it names is not the copy.
  const Origin *origin(const Origin *O) {
    if (!O || O->K != Origin::Moved)
      return O;
    auto [It, New] = Moves.try_emplace(O, nullptr);
    if (New) {
      Origins.push_back(*O);
      Origins.back().Subject.clear();
      It->second = &Origins.back();
    }
    return It->second;
  }
  HandleId handle(HandleId H) {
    auto [It, New] = Handles.try_emplace(H, 0);
    if (New) {
      Handle Copy = S.Handles[H];
      Copy.From = origin(Copy.From);
      It->second = S.tensor(std::move(Copy)).Id;
    }
    return It->second;
  }
  ObjectId object(ObjectId Id) {
    if (auto It = Objects.find(Id); It != Objects.end())
      return It->second;
    ObjectId New = S.object(S.Objects[Id]).Id;
    Objects[Id] = New;
    Object O = S.Objects[Id];
    for (auto &F : O.Fields)
      F.second = cell(F.second);
    for (CellId &C : O.Elems)
      C = cell(C);
    for (CellId &C : O.Children)
      C = cell(C);
    for (HandleId &H : O.State)
      H = handle(H);
    O.Like = O.Like ? cell(O.Like) : 0;
    O.Move = origin(O.Move);
    S.Objects.mut(New) = std::move(O);
    return New;
  }
  CellId cell(CellId C) {
    if (auto It = Cells.find(C); It != Cells.end())
      return It->second;
    CellId New = S.cell(S.Cells[C]);
    Cells[C] = New;
    Value V = S.Cells[C];
    if (V.K == Value::Tensor)
      V.Id = handle(V.Id);
    else if (V.K == Value::Object)
      V.Id = object(V.Id);
    else if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
      V.Id = cell(V.Id);
    S.Cells.mut(New) = V;
    return New;
  }
};
} // namespace

CellId Interp::cloneOf(CellId Obj) { return Cloner(*S, Origins).cell(Obj); }

// The cells of modules, each once; with all that they have registered.
std::vector<CellId> Interp::modulesFrom(std::vector<CellId> Work, bool Deep) {
  std::vector<CellId> Modules;
  std::set<ObjectId> Seen;
  for (size_t I = 0; I < Work.size(); ++I) {
    CellId C = S->target(Work[I]);
    const Value &V = S->Cells[C];
    if (V.K != Value::Object || !Seen.insert(V.Id).second)
      continue;
    Modules.push_back(C);
    const auto &Children = S->Objects[V.Id].Children;
    if (Deep)
      Work.insert(Work.end(), Children.begin(), Children.end());
  }
  return Modules;
}

// The parameters or buffers of a module and of all that it has registered.
Value Interp::stateList(CellId Obj, bool Named) {
  Object L;
  L.K = Object::List;
  std::vector<CellId> Work{Obj};
  std::set<ObjectId> Seen;
  ObjectId Id = S->Cells[S->target(Obj)].Id;
  while (!Work.empty()) {
    CellId C = S->target(Work.back());
    Work.pop_back();
    const Value &V = S->Cells[C];
    if (V.K != Value::Object || !Seen.insert(V.Id).second)
      continue;
    const Object O = S->Objects[V.Id];
    for (HandleId H : O.State) {
      Value T = Value::of(Value::Tensor, H);
      if (Named) {
        // Names are not followed, but those of one module differ.
        auto [It, New] = ParameterNames.try_emplace({Id, H}, 0);
        if (New) {
          It->second = unknownString("").Id;
          Symbols[It->second].NameIn = Id;
        }
        T = pairOf(Value::of(Value::Sym, It->second), T);
      }
      L.Elems.push_back(S->cell(T));
    }
    if (O.Opaque) {
      L.Opaque = true;
      L.Unseen = O.Unseen;
    }
    Work.insert(Work.end(), O.Children.begin(), O.Children.end());
  }
  return S->object(std::move(L));
}

// Whether an object may be a T, for `as<T>()` and dynamic casts; what is not
// known is taken for one.
bool Interp::isA(CellId Obj, const CXXRecordDecl *R) {
  const Value &V = S->Cells[S->target(Obj)];
  if (!R || V.K != Value::Object)
    return true;
  const Object &O = S->Objects[V.Id];
  // One that came as its base may be more than that.
  if (O.Rec && Ty.isUserCode(O.Rec))
    return Ty.derives(O.Rec, Ty.qualified(R)) ||
           Ty.derives(R, Ty.qualified(O.Rec));
  StringRef Name = R->getName();
  Name.consume_back("Impl");
  return O.Kind2.empty() || Name == O.Kind2 || Name == "Module" ||
         Name == "Cloneable";
}

Value Interp::moduleQuery(const CallExpr *E, StringRef Name, CellId Obj,
                          ArrayRef<const Expr *> Args, bool &Known) {
  ObjectId Id = S->Cells[Obj].Id;
  Known = true;
  if (Name == "[]" || Name == "at" || Name == "ptr" || Name == "as" ||
      Name == "get") {
    Value I = Args.empty() ? Value() : eval(Args[0]);
    if (Dead)
      return {};
    auto Found = [&](CellId C) {
      return E->isGLValue() ? Value::of(Value::Ref, C)
                            : Value::of(Value::Ptr, C);
    };
    if (Name == "ptr" && Args.empty())
      return Value::of(Value::Ptr, Obj);
    if (Name == "as" && E->getType()->isPointerType() &&
        !isA(Obj, E->getType()->getPointeeCXXRecordDecl()))
      return Value::of(Value::Ptr, 0);
    if (Name == "as" || (Name == "get" && Args.empty()))
      return Found(Obj);
    const Object &O = S->Objects[Id];
    if (I.K == Value::Int && I.N >= 0 && size_t(I.N) < O.Elems.size())
      return Found(O.Elems[I.N]);
    if (I.K == Value::Str) {
      const void *Key = childKey(I);
      for (auto &[K, C] : O.Fields)
        if (K == Key)
          return Found(C);
    }
    std::optional<Device> Where = placedAt(Obj);
    Value V = fresh(E->getType(), "", E->getBeginLoc(),
                    "an element of a module list");
    CellId C = S->target(S->cell(V));
    if (Where && S->Cells[C].K == Value::Object)
      S->Objects.mut(S->Cells[C].Id).Unseen = *Where;
    return V;
  }
  if ((Name == "begin" || Name == "end") && Args.empty()) {
    // The parts as a list that `begin` and `end` share.
    CellId Parts = named(Id, "parts", true);
    const auto Elems = S->Objects[Id].Elems;
    if (S->Cells[Parts].K != Value::Object ||
        S->Objects[S->Cells[Parts].Id].Elems.size() != Elems.size()) {
      Object L;
      L.K = Object::List;
      L.Opaque = S->Objects[Id].Opaque;
      for (CellId C : Elems)
        L.Elems.push_back(S->cell(Value::of(Value::Ptr, C)));
      Value List = S->object(std::move(L));
      S->Cells.mut(Parts) = List;
    }
    return Name == "end" ? endOf(Parts) : Value::of(Value::Iter, Parts);
  }
  if (Name == "parameters" || Name == "buffers")
    return stateList(Obj, false);
  if (Name == "named_parameters" || Name == "named_buffers")
    return stateList(Obj, true);
  bool Named = Name == "named_children" || Name == "named_modules";
  bool Tree = Name == "modules" || Name == "named_modules" || Name == "apply";
  if (Named || Tree || Name == "children") {
    // `apply` calls its function on every module of the tree.
    Value F = Name == "apply" && Args.size() ? eval(Args[0]) : Value();
    if (Dead)
      return {};
    const auto Modules =
        Tree ? modulesFrom({Obj}, /*Deep=*/true)
             : modulesFrom(S->Objects[Id].Children, /*Deep=*/false);
    Object L;
    L.K = Object::List;
    for (CellId C : Modules) {
      if (Name == "apply") {
        callClosure(F, E, {C}, Ctx.VoidTy);
        if (Dead)
          return {};
        continue;
      }
      Value Part = Value::of(Value::Ptr, C);
      L.Opaque |= S->Objects[S->Cells[C].Id].Opaque;
      L.Elems.push_back(S->cell(Named ? pairOf({}, Part) : Part));
    }
    if (Name == "apply")
      return {};
    return S->object(std::move(L));
  }
  if (Name == "clone") {
    Value D = Args.empty() || isa<CXXDefaultArgExpr>(Args[0]) ? Value()
                                                              : eval(Args[0]);
    if (Dead)
      return {};
    CellId New = cloneOf(Obj);
    if (D.K == Value::Dev)
      moveModule(New, D.D, Dtype::Unknown, E, "", Args[0]);
    else if (!given(Args).empty() && !(D.K == Value::Ptr && !D.Id))
      displace(New, Device::symbol(++DeviceSymbols));
    return Value::of(Value::Ptr, New);
  }
  Known = false;
  return {};
}

} // namespace torch_tidy
