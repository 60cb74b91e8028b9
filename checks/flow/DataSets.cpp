// Data sets, their transforms, and the batches that a loader makes of them.
//
// A loader knows its data set and a mapped data set the one below and its
// transform. A batch is made where it is asked for: the program's own `get` and
// transforms run under the program's facts, once for all examples of a batch.
#include "checks/flow/Interp.h"
#include "checks/flow/Ranks.h"

using namespace clang;

namespace torch_tidy {

// A method of a class or of its bases; the call operator where it has no name.
static const CXXMethodDecl *methodOf(const CXXRecordDecl *R, StringRef Name) {
  if (!R || !R->hasDefinition())
    return nullptr;
  for (const CXXMethodDecl *M : R->getDefinition()->methods())
    if (Name.empty() ? M->getOverloadedOperator() == OO_Call
                     : M->getDeclName().isIdentifier() && M->getName() == Name)
      return M;
  for (const CXXBaseSpecifier &B : R->getDefinition()->bases())
    if (auto *M = methodOf(B.getType()->getAsCXXRecordDecl(), Name))
      return M;
  return nullptr;
}

static const FieldDecl *dataOf(const CXXRecordDecl *R) {
  if (R && R->hasDefinition())
    for (const FieldDecl *F : R->getDefinition()->fields())
      if (F->getName() == "data")
        return F->getCanonicalDecl();
  return nullptr;
}

// An example of its data and target.
Value Interp::newExample(const CXXRecordDecl *R, ArrayRef<Value> Parts) {
  Object O;
  O.Rec = R;
  O.Opaque = true;
  for (const FieldDecl *Field : R->fields()) {
    const unsigned At = Field->getFieldIndex();
    // What is not given is an undefined tensor.
    Value V = At < Parts.size() ? copyOf(Parts[At])
                                : defaultValue(Field->getType(), nullptr);
    O.Fields.push_back({Field->getCanonicalDecl(), S->cell(V)});
  }
  return S->object(std::move(O));
}

// Examples and transforms of LibTorch.
Value Interp::newDataPart(const CXXConstructExpr *E, bool &Known) {
  const CXXRecordDecl *R = E->getConstructor()->getParent();
  StringRef Name = Ty.qualified(R);
  auto Args = given({E->getArgs(), E->getNumArgs()});
  Known = Name.consume_front("torch::data::") &&
          (Name == "Example" ||
           (!Args.empty() && (Name == "datasets::TensorDataset" ||
                              Name == "transforms::Lambda" ||
                              Name == "transforms::BatchLambda" ||
                              Name == "transforms::TensorLambda")));
  if (!Known)
    return {};
  if (Name == "Example") {
    const bool Copies = E->getConstructor()->isCopyOrMoveConstructor();
    if (Copies && !Args.empty())
      return copyOf(eval(Args[0]));
    std::vector<Value> Parts;
    for (const Expr *A : Args)
      Parts.push_back(eval(A));
    return Dead ? Value() : newExample(R, Parts);
  }
  Value Given = eval(Args[0]);
  if (Dead)
    return {};
  Object O;
  O.Rec = R;
  O.Opaque = true;
  Value V = S->object(std::move(O));
  bool Set = Name == "datasets::TensorDataset";
  S->Cells.mut(named(V.Id, Set ? "tensor" : "function", true)) = Given;
  return V;
}

Value Interp::dataCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                       ArrayRef<const Expr *> Args, bool &Known) {
  StringRef Name =
      Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  CellId Of = Base ? S->target(Base) : 0;
  const Value Self = Of ? S->Cells[Of] : Value();
  bool Loads = Name == "make_data_loader" && !Args.empty();
  bool Maps = Name == "map" && Self.K == Value::Object && Args.size() == 1;
  Known = true;
  if (Loads || Maps) {
    std::vector<Value> Vs;
    for (const Expr *A : given(Args))
      Vs.push_back(eval(A));
    if (Dead)
      return {};
    Value Set = copyOf(Loads ? Vs[0] : Self);
    Value V = fresh(E->getType(), "", SourceLocation(), "");
    const Value &To = V.K == Value::Ptr ? S->Cells[S->target(V.Id)] : V;
    if (To.K != Value::Object || Set.K != Value::Object)
      return V;
    ObjectId Id = To.Id;
    S->Cells.mut(named(Id, "dataset", true)) = Set;
    if (Maps)
      S->Cells.mut(named(Id, "transform", true)) = Vs[0];
    return V;
  }
  if (Name == "apply_batch" && Self.K == Value::Object && Args.size() == 1) {
    const Value Batch = eval(Args[0]);
    Value Made = Dead ? Value() : transformed(Self, Batch, E);
    Known = Dead || Made;
    return Made;
  }
  if (Name == "get_batch" && Self.K == Value::Object) {
    for (const Expr *A : given(Args))
      eval(A);
    Value Batch = Dead ? Value() : batchOf(Of, E);
    Known = Dead || Batch;
    return Batch;
  }
  // No round of a loop over a loader is like another's position.
  if ((Name == "begin" || Name == "end") && Self.K == Value::Object &&
      named(Self.Id, "dataset", false)) {
    Value I = Value::of(Value::Iter, Of);
    I.Neg = true;
    return I;
  }
  Known = false;
  return {};
}

// Whether a class may place what it makes: it holds a device, or is given one.
static bool knowsDevice(const CXXRecordDecl *R, Types &Ty) {
  auto Says = [&](const ValueDecl *D) {
    TypeKind K = Ty.kindOf(D->getType().getNonReferenceType());
    return K == TypeKind::Device || K == TypeKind::Options;
  };
  return llvm::any_of(R->fields(), Says) ||
         llvm::any_of(R->ctors(), [&](const CXXConstructorDecl *C) {
           return llvm::any_of(C->parameters(), Says);
         });
}

// The examples that a data set gives for some indices, or what its collation
// makes of them; nothing where that is not known.
Value Interp::batchOf(CellId DataSet, const Expr *Site) {
  CellId C = S->target(DataSet);
  const Value V = S->Cells[C];
  if (V.K != Value::Object || !Site)
    return {};
  if (CellId Inner = named(V.Id, "dataset", false)) {
    Value Batch = batchOf(Inner, Site);
    CellId T = named(V.Id, "transform", false);
    return Dead || !Batch || !T ? Batch : transformed(S->Cells[T], Batch, Site);
  }
  const CXXRecordDecl *R = S->Objects[V.Id].Rec;
  Value Example;
  if (CellId Tensor = named(V.Id, "tensor", false)) {
    // Row by row.
    Value T = load(Tensor);
    if (T.K != Value::Tensor)
      return {};
    Handle H = S->Handles[T.Id];
    setDims(H.Fact, H.Fact.Dims > 0 ? std::optional<int>(H.Fact.Dims - 1)
                                    : std::nullopt);
    const CXXMethodDecl *Get = methodOf(R, "get");
    Object O;
    O.Rec = Get ? record(Get->getReturnType()) : nullptr;
    if (const FieldDecl *Data = dataOf(O.Rec))
      O.Fields.push_back({Data, S->cell(S->tensor(std::move(H)))});
    Example = S->object(std::move(O));
  } else if (!R || !Ty.isUserCode(R)) {
    return {};
  } else if (const CXXMethodDecl *M = methodOf(R, "get_batch");
             M && Ty.isUserCode(M)) {
    return enter(M, Site, C, unknownArguments(M));
  } else if (const CXXMethodDecl *M = methodOf(R, "get");
             M && Ty.isUserCode(M)) {
    Example = enter(M, Site, C, unknownArguments(M));
    // What it reads elsewhere is where files are read.
    const CXXRecordDecl *Of = record(M->getReturnType());
    if (!Dead && !M->hasBody() && Example.K == Value::Object && Of &&
        Of->hasDefinition() && !knowsDevice(R->getDefinition(), Ty)) {
      S->Objects.mut(Example.Id).Unseen = Device::cpu();
      for (const FieldDecl *F : Of->getDefinition()->fields())
        field(S->cell(Example), F);
    }
  }
  if (Dead || Example.K != Value::Object)
    return {};
  Object List;
  List.K = Object::List;
  List.Opaque = true;
  List.Like = S->cell(Example);
  return S->object(std::move(List));
}

// What a transform makes of a batch.
Value Interp::transformed(const Value &Transform, const Value &Batch,
                          const Expr *Site) {
  const CXXRecordDecl *R =
      Transform.K == Value::Object ? S->Objects[Transform.Id].Rec : nullptr;
  if (!R || Batch.K != Value::Object)
    return {};
  const StringRef Name = Ty.qualified(R);
  CellId This = S->cell(Transform);
  CellId Function = named(Transform.Id, "function", false);
  if (Name == "torch::data::transforms::BatchLambda" && Function)
    return callClosure(S->Cells[Function], Site, {S->cell(Batch)}, Ctx.VoidTy);
  if (const CXXMethodDecl *M = methodOf(R, "apply_batch");
      M && Ty.isUserCode(M))
    return enter(M, Site, This, {S->cell(Batch)});
  if (Name == "torch::data::transforms::Normalize")
    return Batch;
  // What all examples have in common goes through.
  const Object List = S->Objects[Batch.Id];
  // Of no examples none is made: it throws, and not for a device.
  if (Name == "torch::data::transforms::Stack" && List.K == Object::List &&
      !List.Opaque && List.Elems.empty()) {
    Dead = true;
    return {};
  }
  Value Example = alike(examplesOf(List));
  if (List.K != Object::List || Example.K != Value::Object)
    return {};
  Example = copyOf(Example);
  auto All = [&](const Value &New) {
    Object O;
    O.K = Object::List;
    O.Opaque = true;
    O.Like = S->cell(New);
    return Dead || !New ? Value() : S->object(std::move(O));
  };
  if (Name == "torch::data::transforms::Stack") {
    for (auto &[Key, Cell] : S->Objects[Example.Id].Fields) {
      const Value &T = S->Cells[Cell];
      if (T.K != Value::Tensor)
        continue;
      Handle H = S->Handles[T.Id];
      // What nobody has moved is where files are read.
      if (!H.Fact.Dev.isKnown() && !(H.From && H.From->K == Origin::Moved))
        H.Fact.Dev = Device::cpu();
      H.Fact.Defined = true;
      H.Fact.Dim = Rank::Some;
      if (H.Fact.Dims >= 0)
        ++H.Fact.Dims;
      H.Name = static_cast<const FieldDecl *>(Key)->getName().str();
      H.From = origin(Origin::Created, Site, H.Fact.Dev, "");
      S->Cells.mut(Cell) = S->tensor(std::move(H));
    }
    return Example;
  }
  if (Name == "torch::data::transforms::Lambda" && Function)
    return All(
        callClosure(S->Cells[Function], Site, {S->cell(Example)}, Ctx.VoidTy));
  if (const CXXMethodDecl *M = methodOf(R, "apply"); M && Ty.isUserCode(M))
    return All(enter(M, Site, This, {S->cell(Example)}));
  // Of the data alone.
  const FieldDecl *Data = dataOf(S->Objects[Example.Id].Rec);
  const CXXMethodDecl *Call = methodOf(R, "");
  bool Lambda = Name == "torch::data::transforms::TensorLambda" && Function;
  if (!Data || (!Lambda && !(Call && Ty.isUserCode(Call))))
    return {};
  CellId C = field(S->cell(Example), Data);
  Value New = Lambda ? callClosure(S->Cells[Function], Site, {C}, Ctx.VoidTy)
                     : enter(Call, Site, This, {C});
  if (Dead)
    return {};
  S->Cells.mut(C) = New.K == Value::Ref ? load(New.Id) : New;
  return All(Example);
}

} // namespace torch_tidy
