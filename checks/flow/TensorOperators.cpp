// Operators on tensors: what they demand, what they return.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

void Interp::collectTensors(const Value &V0, SmallVectorImpl<HandleId> &Out,
                            unsigned Depth) {
  Value V = V0;
  if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
    V = S->Cells[S->target(V.Id)];
  if (V.K == Value::Tensor)
    Out.push_back(V.Id);
  else if (V.K == Value::Object && Depth < 4 &&
           S->Objects[V.Id].K != Object::Module)
    for (CellId C : S->Objects[V.Id].Elems)
      collectTensors(S->Cells[C], Out, Depth + 1);
}

static bool isIntegerScalar(const Expr *E) {
  E = E->IgnoreImplicit();
  if (auto *C = dyn_cast<CXXConstructExpr>(E); C && C->getNumArgs())
    E = C->getArg(0)->IgnoreImplicit();
  return E->getType()->isIntegerType() && !E->getType()->isBooleanType();
}

// Whether an equation of `einsum` sums over an index of both operands.
bool Interp::sumsShared(const Value &Equation) {
  if (Equation.K != Value::Str)
    return false;
  auto [In, Out] = textOf(Equation).split("->");
  auto [Left, Right] = In.split(',');
  return textOf(Equation).contains("->") &&
         llvm::any_of(Left, [&, R = Right, O = Out](char C) {
           return isLetter(C) && R.contains(C) && !O.contains(C);
         });
}

Value Interp::tensorOp(const CallExpr *E, const FunctionDecl *Fn, StringRef Op,
                       CellId Base, const Expr *BaseE,
                       ArrayRef<const Expr *> Args) {
  SmallVector<Used, 4> Uses;
  SmallVector<api::CallOperand, 4> Operands;
  SmallVector<std::pair<StringRef, Value>, 4> Given;
  api::CallShape Shape;
  Value Options;
  Used Generator;
  bool HasOptions = false, Integers = false, Nested = false;
  Dtype DataType = Dtype::Unknown;
  auto Add = [&](StringRef Role, HandleId H, const Expr *A) {
    Used U;
    U.Role = Role.str();
    U.H = H;
    U.E = A;
    U.Spelling = A ? Ty.text(A) : "";
    Uses.push_back(std::move(U));
  };
  if (Base) {
    Value V = load(Base);
    if (V.K == Value::Tensor)
      Add("self", V.Id, BaseE);
  }
  for (unsigned I = 0; I < Args.size(); ++I) {
    const Expr *A = Args[I];
    StringRef Role =
        I < Fn->getNumParams() ? Fn->getParamDecl(I)->getName() : "";
    if (isa<CXXMethodDecl>(Fn) && isa<CXXOperatorCallExpr>(E))
      Role = "other";
    else if (!Base && isa<CXXOperatorCallExpr>(E))
      Role = I == 0 ? "self" : "other";
    if (isa<CXXDefaultArgExpr>(A))
      continue;
    // Tensor's own overload of `index_put_` names it otherwise than ATen.
    if (Op == "index_put_" && Role == "rhs")
      Role = "values";
    Value V = eval(A);
    if (Dead)
      return {};
    Given.push_back({Role, V});
    if (Role == "dim" || Role == "dims")
      Shape.HasDim = true;
    if (V.K == Value::Options || (V.K == Value::Dev && Role == "options") ||
        (V.K == Value::Type && Role == "options") ||
        (V.K == Value::Str && Role == "options")) {
      Options = optionsFrom(V);
      if (!Options.Spelled)
        Options.Spelled = A;
      HasOptions = true;
      if (Options.HasType)
        Shape.Named = Options.T;
      continue;
    }
    if (V.K == Value::Dev && Role == "generator") {
      Handle G;
      G.Fact.Dev = V.D;
      Generator.H = S->tensor(std::move(G)).Id;
      Generator.Role = "generator";
      Generator.E = A;
      Generator.Spelling = Ty.text(A);
      continue;
    }
    if (V.K == Value::Type) {
      if (Op == "tensor")
        DataType = V.T, Nested = V.N;
      else
        Shape.Named = V.T;
      continue;
    }
    if (Role == "rounding_mode")
      Shape.HasRounding = true;
    if (Role == "reduction" ||
        (V.K == Value::Object && S->Objects[V.Id].K == Object::Opts &&
         named(V.Id, "reduction", false)))
      Shape.NamesReduction = true;
    if (Role == "other" && isIntegerScalar(A))
      Shape.IntegerScalars = true;
    if (A->getType()->isIntegerType() || (Role != "size" && isIntegerScalar(A)))
      Integers = true;
    SmallVector<HandleId, 4> Hs;
    collectTensors(V, Hs);
    for (HandleId H : Hs)
      Add(Role, H, A);
  }
  if (Dead)
    return {};
  for (Used &U : Uses)
    Operands.push_back({U.Role, S->Handles[U.H].Fact});
  const api::OperatorInfo *Info = api::findOperator(Op);
  Device Where = Device::unknown();
  bool Factory = Info && (Info->Result == api::OperatorInfo::Factory ||
                          Info->Result == api::OperatorInfo::LikeSelf);
  bool Thrown = false;
  if (!Operands.empty() && !(Factory && Operands.size() == 1)) {
    api::Judgement J = api::judgeDevices(Op, Operands);
    judged(J, FindingCode::DeviceMismatch, E, Uses);
    Thrown = J.throws();
    // Where an equation sums over what two operands share, they are multiplied
    // as matrices (aten/src/ATen/native/Linear.cpp, sumproduct_pair).
    SmallVector<api::CallOperand, 2> Factors;
    if (Op == "einsum" && Operands.size() == 2 && sumsShared(Given[0].second))
      Factors = {{"self", Operands[0].Fact}, {"mat2", Operands[1].Fact}};
    if (!Thrown)
      judged(Factors.empty() ? api::judgeDtypes(Op, Operands, Shape)
                             : api::judgeDtypes("bmm", Factors, Shape),
             FindingCode::DtypeMismatch, E, Uses);
  }
  // Each device has generators of its own.
  auto JudgeGenerator = [&](const Used &Filled) {
    bool Cuda = S->Handles[Filled.H].Fact.Dev.isCUDA();
    if (Generator.H)
      demandSame(E, FindingCode::DeviceMismatch, Generator, Filled,
                 std::string("Expected a '") + (Cuda ? "cuda" : "cpu") +
                     "' device type for generator but found '" +
                     (Cuda ? "cpu'" : "cuda'"));
  };
  if (!Uses.empty())
    JudgeGenerator(Uses[0]);
  for (auto &O : Operands)
    if (O.Fact.Dev.isKnown() && (!Where.isKnown() || O.Fact.Dev.isCUDA()))
      Where = O.Fact.Dev;
  QualType RT = E->getType().getNonReferenceType();
  TypeKind RK = Ty.kindOf(RT);
  // A packed sequence is known by its data.
  if (Op.starts_with("pack_") && !Operands.empty()) {
    Handle H;
    H.Fact = Operands[0].Fact;
    H.Fact.Dim = Rank::Some;
    H.From = S->Handles[Uses[0].H].From;
    return S->tensor(std::move(H));
  }
  if (RK == TypeKind::Number || RT->isVoidType() ||
      (Info && Info->Result == api::OperatorInfo::NotTensor &&
       RK != TypeKind::Tensor))
    return RK == TypeKind::Number
               ? Value::of(Value::Sym, symbol(Ty.text(E), true))
               : Value();
  bool Grad = !S->NoGrad && llvm::any_of(Uses, [&](const Used &U) {
    return S->Handles[U.H].Grad;
  });
  Handle H;
  const Origin *Before = Uses.empty() ? nullptr : S->Handles[Uses[0].H].From;
  if (Info &&
      (Info->Result == api::OperatorInfo::InPlace ||
       Info->Result == api::OperatorInfo::Out) &&
      !Uses.empty() && RK == TypeKind::Tensor) {
    S->Handles.mut(Uses[0].H).Changes = true;
    if (Base)
      return Value::of(Value::Ref, Base);
    return Value::of(Value::Tensor, Uses[0].H);
  }
  if (Op == "from_blob" ||
      (Info && Info->Result == api::OperatorInfo::Factory) || Op == "tensor" ||
      (Uses.empty() && RK == TypeKind::Tensor &&
       (!Info || Info->FactoryWithoutTensors))) {
    if (!Info && Op != "from_blob" && Op != "tensor")
      return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
    H.Fact.Dev = HasOptions && Options.HasDev ? Options.D : Device::cpu();
    H.Fact.Type = HasOptions && Options.HasType ? Options.T
                  : Op == "tensor"
                      ? DataType
                      : api::factoryDtype(Op, Integers, HasOptions);
    // Floating-point numbers give the default type where no other is named.
    bool Named = HasOptions && Options.HasType;
    if (!Named && (H.Fact.Type == Dtype::Float ||
                   (Op == "tensor" && DataType == Dtype::Double)))
      H.Fact.Type = S->Default;
    H.Fact.Dim =
        Op == "tensor" ? (Nested ? Rank::Some : Rank::Zero) : Rank::Some;
    if (Op == "arange" || Op == "linspace" || Op == "range" || Op == "randperm")
      setDims(H.Fact, 1);
    if (Op == "eye")
      setDims(H.Fact, 2);
    for (auto &[Role, V] : Given)
      if (Role == "size" || Role == "sizes")
        if (auto N = lengthOf(V))
          setDims(H.Fact, N);
    if (!Args.empty() && Op != "tensor") {
      const Expr *A =
          Args[Op == "from_blob" && Args.size() > 1 ? 1 : 0]->IgnoreImplicit();
      auto *C = dyn_cast<CXXConstructExpr>(A);
      if (C && C->getNumArgs())
        A = C->getArg(0)->IgnoreImplicit();
      if (auto *List = dyn_cast<CXXStdInitializerListExpr>(A))
        A = List->getSubExpr()->IgnoreImplicit();
      auto *L = dyn_cast<InitListExpr>(A);
      if ((L && L->getNumInits() == 0) ||
          (C && C->getNumArgs() == 0 &&
           Ty.kindOf(C->getType()) == TypeKind::List))
        setDims(H.Fact, 0);
    }
    if (Op == "from_blob" && !Args.empty() && H.Fact.Dev.isCUDA())
      blobOfHost(E, Args[0], H.Fact.Dev);
    H.Changes = Op == "from_blob";
    H.Grad = HasOptions && Options.Grad;
    if (H.Fact.Dev.isCUDA())
      needsCuda(E);
    H.From = origin(Origin::Created, E, H.Fact.Dev, "", nullptr,
                    HasOptions ? Options.Spelled : nullptr);
    Used Made;
    Made.Role = "options";
    Made.Spelling =
        HasOptions && Options.Spelled ? Ty.text(Options.Spelled) : "";
    Value New = S->tensor(std::move(H));
    Made.H = New.Id;
    if (Uses.empty())
      JudgeGenerator(Made);
    return New;
  }
  if (Info && Info->Result == api::OperatorInfo::LikeSelf &&
      !Operands.empty()) {
    H.Fact = Operands[0].Fact;
    if (Op.starts_with("new_")) {
      H.Fact.Dim = Rank::Some;
      H.Fact.Dims = -1;
      for (auto &[Role, V] : Given)
        if (auto N = Role == "size" ? lengthOf(V) : std::nullopt)
          setDims(H.Fact, N);
    }
    if (HasOptions && Options.HasDev)
      H.Fact.Dev = Options.D;
    if (HasOptions && Options.HasType)
      H.Fact.Type = Options.T;
    H.From = origin(Origin::Created, E, H.Fact.Dev, "", Before);
    return S->tensor(std::move(H));
  }
  if (Info && Info->Result == api::OperatorInfo::View && !Operands.empty() &&
      !Info->ReturnsList && RK == TypeKind::Tensor) {
    S->Handles.mut(Uses[0].H).Changes = true; // Perhaps, through the view.
    H.Fact = Operands[0].Fact;
    if (Op == "select" || Op == "squeeze" || Op == "item" || Op == "view" ||
        Op == "reshape" || Op == "diagonal")
      H.Fact.Dim = Rank::Unknown;
    std::optional<int> Dims = dimsOf(Op, Operands, Given);
    H.Fact.Dims = -1;
    if (Dims)
      setDims(H.Fact, Dims);
    else if (Op == "squeeze" && Operands[0].Fact.Dims > 1 && !Given.empty())
      H.Fact.Dim = Rank::Some;
    H.From = Before;
    H.Grad = Grad;
    H.Name = S->Handles[Uses[0].H].Name;
    return S->tensor(std::move(H));
  }
  if (Op == "index" && !Operands.empty()) {
    H.Fact = Operands[0].Fact;
    setDims(H.Fact, std::nullopt);
    H.Fact.Dim = Rank::Unknown;
    if (auto Dims = indexedDims(Operands, Given))
      setDims(H.Fact, Dims);
    H.Grad = Grad;
    H.From = Before;
    return S->tensor(std::move(H));
  }
  if (Operands.empty())
    return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
  auto Make = [&](unsigned I) {
    Handle R;
    R.Fact = api::resultFact(Op, Operands, Shape, I);
    // Integers and truth values become the default type where they have to.
    if (R.Fact.Type == Dtype::Float && S->Default != Dtype::Float &&
        Shape.Named == Dtype::Unknown &&
        llvm::none_of(Operands, [](const api::CallOperand &O) {
          return O.Fact.Type == Dtype::Float;
        }))
      R.Fact.Type = S->Default;
    if (!R.Fact.Dev.isKnown() && R.Fact.Dev.K == Device::Unknown)
      R.Fact.Dev = Info ? (Where.isKnown() ? Where : Operands[0].Fact.Dev)
                        : Device::symbol(++DeviceSymbols);
    // The run that goes on is the one in which the mistake is mended.
    if (Thrown)
      R.Fact.Dev = Where;
    R.Fact.Dims = -1;
    if (auto Dims = dimsOf(Op, Operands, Given))
      setDims(R.Fact, Dims);
    else if (llvm::any_of(Given, [](const auto &G) {
               return G.first == "keepdim" && G.second.K == Value::Int &&
                      G.second.N;
             }))
      R.Fact.Dim = Operands[0].Fact.Dim;
    // Filled from all, made like the first.
    if (Op == "pad_sequence") {
      R.Fact.Dim = Rank::Some;
      R.Fact.Dev = Operands[0].Fact.Dev;
    }
    R.Grad = Grad;
    R.From = Before;
    return S->tensor(std::move(R));
  };
  if (RK == TypeKind::Tensor)
    return Make(0);
  Object O;
  O.K = Object::List;
  if (RK == TypeKind::Pair) {
    unsigned N = Info ? std::max<unsigned>(Info->Results, 2) : 3;
    for (unsigned I = 0; I < N; ++I)
      O.Elems.push_back(S->cell(Make(I)));
    if (Op == "pad_packed_sequence") { // (data, lengths)
      const Value Data = S->Cells[O.Elems[0]], Lengths = S->Cells[O.Elems[1]];
      S->Handles.mut(Data.Id).Fact.Dev = Operands[0].Fact.Dev;
      S->Handles.mut(Data.Id).Fact.Dim = Rank::Some;
      S->Handles.mut(Data.Id).Fact.Dims = Operands[0].Fact.Dims;
      S->Handles.mut(Lengths.Id).Fact = {Device::cpu(), Dtype::Int64,
                                         Rank::Some, 1};
    }
    return S->object(std::move(O));
  }
  if (RK == TypeKind::List) {
    O.Opaque = true;
    O.Unseen = Where.isKnown() ? Where : Operands[0].Fact.Dev;
    if (Operands[0].Fact.Dim == Rank::Some &&
        (Op != "unbind" || Operands[0].Fact.Dims > 1))
      O.Kind2 = "Ranked";
    return S->object(std::move(O));
  }
  return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
}

} // namespace torch_tidy
