// What a call of an operator is given, and whether it can be computed.
#include "checks/flow/TensorCall.h"
#include "checks/Compat.h"

using namespace clang;

namespace torch_tidy {

using api::OperatorInfo;

Value Interp::tensorOp(const CallExpr *E, const FunctionDecl *Fn, StringRef Op,
                       CellId Base, const Expr *BaseE,
                       ArrayRef<const Expr *> Args) {
  return TensorCall(*this, E, Fn, Op, Base, BaseE).run(Args);
}

// Whether the numbers that a call is given count for what its result holds.
static bool promotes(StringRef Op) {
  return llvm::is_contained(
      {"add", "sub", "rsub", "mul", "pow", "remainder", "fmod"}, Op);
}

Value Interp::TensorCall::run(ArrayRef<const Expr *> Args) {
  readArguments(Args);
  if (I.Dead)
    return {};
  for (Used &U : Uses) {
    Operands.push_back({U.Role, S.Handles[U.H].Fact});
    Grad |= !S.NoGrad && S.Handles[U.H].Grad;
  }
  judge();
  ByNumber = Operands.size() == 1 && promotes(Op) && Numbers == Dtype::Float &&
             isIntegral(Operands[0].Fact.Type);
  for (auto &O : Operands)
    if (O.Fact.Dev.isKnown() && (!Where.isKnown() || O.Fact.Dev.isCUDA()))
      Where = O.Fact.Dev;
  if (!Uses.empty())
    Before = S.Handles[Uses[0].H].From;
  if (Op.starts_with("pack_") && !Operands.empty())
    return packed();
  if (Kind == TypeKind::Number)
    return Value::of(Value::Sym, I.symbol(I.Ty.text(E), true));
  if (Op == "sizes" && Operands.size() == 1)
    return sizes();
  if (Type->isVoidType() ||
      (gives(OperatorInfo::NotTensor) && Kind != TypeKind::Tensor))
    return {};
  if ((gives(OperatorInfo::InPlace) || gives(OperatorInfo::Out)) &&
      !Uses.empty() && Kind == TypeKind::Tensor) {
    S.Handles.mut(Uses[0].H).Changes = true;
    return Base ? Value::of(Value::Ref, Base)
                : Value::of(Value::Tensor, Uses[0].H);
  }
  if (isFactory())
    return newTensor(Args);
  if (Operands.empty())
    return unmodelled();
  if (gives(OperatorInfo::LikeSelf))
    return like();
  if (gives(OperatorInfo::View) && !Info->ReturnsList &&
      Kind == TypeKind::Tensor)
    return view();
  if (Op == "index")
    return element();
  switch (Kind) {
  case TypeKind::Tensor:
    return computed(0);
  case TypeKind::Pair:
    return several();
  case TypeKind::List:
    return list();
  default:
    return unmodelled();
  }
}

void Interp::TensorCall::use(StringRef Role, HandleId H, const Expr *A) {
  Used U;
  U.Role = Role.str();
  U.H = H;
  U.E = A;
  U.Spelling = A ? I.Ty.text(A) : "";
  Uses.push_back(std::move(U));
}

StringRef Interp::TensorCall::roleOf(unsigned Index) const {
  if (isa<CXXOperatorCallExpr>(E)) {
    if (isa<CXXMethodDecl>(Fn))
      return "other";
    if (!Base)
      return Index == 0 ? "self" : "other";
  }
  return Index < Fn->getNumParams() ? Fn->getParamDecl(Index)->getName() : "";
}

// Of a `Scalar` the number that it is made of; Unknown for one made elsewhere.
static Dtype scalarType(const Expr *E) {
  E = E->IgnoreImplicit();
  if (auto *C = dyn_cast<CXXConstructExpr>(E); C && C->getNumArgs())
    E = C->getArg(0)->IgnoreImplicit();
  QualType T = E->getType();
  return T->isBooleanType()        ? Dtype::Bool
         : T->isIntegerType()      ? Dtype::Int64
         : T->isRealFloatingType() ? Dtype::Float
                                   : Dtype::Unknown;
}

static bool isIntegerScalar(const Expr *E) {
  return scalarType(E) == Dtype::Int64;
}

// One floating-point number among others makes them all that.
static Dtype together(Dtype A, Dtype B) {
  if (A == Dtype::Float || B == Dtype::Float)
    return Dtype::Float;
  if (A == Dtype::Unknown || B == Dtype::Unknown)
    return Dtype::Unknown;
  return A == B ? A : Dtype::Int64;
}

// What is no operand: options, a generator, an element type.
bool Interp::TensorCall::readOption(const Value &V, StringRef Role,
                                    const Expr *A) {
  if (V.K == Value::Options ||
      (Role == "options" &&
       (V.K == Value::Dev || V.K == Value::Type || V.K == Value::Str))) {
    Options = I.optionsFrom(V);
    if (!Options.Spelled)
      Options.Spelled = A;
    HasOptions = true;
    if (Options.HasType)
      Shape.Named = Options.T;
    return true;
  }
  if (V.K == Value::Dev && Role == "generator") {
    Handle G;
    G.Fact.Dev = V.D;
    Generator.H = S.tensor(std::move(G)).Id;
    Generator.Role = "generator";
    Generator.E = A;
    Generator.Spelling = I.Ty.text(A);
    return true;
  }
  if (V.K != Value::Type)
    return false;
  if (Op == "tensor")
    DataType = V.T, Nested = V.N;
  else
    Shape.Named = V.T;
  return true;
}

// What the rules ask about the form of a call.
void Interp::TensorCall::readShape(const Value &V, StringRef Role,
                                   const Expr *A) {
  if (Role == "rounding_mode")
    Shape.HasRounding = true;
  if (Role == "reduction" ||
      (V.K == Value::Object && S.Objects[V.Id].K == Object::Opts &&
       I.named(V.Id, "reduction", false)))
    Shape.NamesReduction = true;
  if (Role == "other" && isIntegerScalar(A))
    Shape.IntegerScalars = true;
  if (auto *R = record(A->getType()); R && I.Ty.qualified(R) == "c10::Scalar")
    Numbers = Numbers ? together(*Numbers, scalarType(A)) : scalarType(A);
}

void Interp::TensorCall::readArguments(ArrayRef<const Expr *> Args) {
  if (Base) {
    Value V = I.load(Base);
    if (V.K == Value::Tensor)
      use("self", V.Id, BaseE);
  }
  for (unsigned At = 0; At < Args.size(); ++At) {
    const Expr *A = Args[At];
    if (isa<CXXDefaultArgExpr>(A))
      continue;
    StringRef Role = roleOf(At);
    Value V = I.eval(A);
    // To put none together throws, and not for a device: a program that goes on
    // has some.
    const Object *Together =
        V.K == Value::Object &&
                (Role == "tensors" || Role == "sequences" || Role == "matrices")
            ? &S.Objects[V.Id]
            : nullptr;
    if (Together && Together->K == Object::List && !Together->Opaque &&
        Together->Elems.empty())
      I.Dead = true;
    if (I.Dead)
      return;
    Given.push_back({Role, V});
    if (Role == "dim" || Role == "dims")
      Shape.HasDim = true;
    if (readOption(V, Role, A))
      continue;
    readShape(V, Role, A);
    SmallVector<HandleId, 4> Hs;
    S.tensorsIn(V, Hs);
    if (Together && Together->Opaque && Together->Like)
      S.tensorsIn(S.Cells[Together->Like], Hs);
    // An element is called as it is spelled in there, or by its position in
    // what has a name.
    const bool Listed = Together && !Together->Opaque && Hs.size() > 1 &&
                        Hs.size() == Together->Elems.size();
    const InitListExpr *Spelled = Listed ? initList(A) : nullptr;
    for (unsigned N = 0; N < Hs.size(); ++N) {
      use(Role, Hs[N],
          Spelled && N < Spelled->getNumInits() ? Spelled->getInit(N) : A);
      if (Listed && !Spelled && !Uses.back().Spelling.empty())
        Uses.back().Spelling += "[" + std::to_string(N) + "]";
    }
  }
}

// Whether an equation of `einsum` sums over an index of both operands.
bool Interp::TensorCall::sumsShared(const Value &Equation) const {
  if (Equation.K != Value::Str)
    return false;
  auto [In, Out] = textOf(Equation).split("->");
  auto [Left, Right] = In.split(',');
  return textOf(Equation).contains("->") &&
         llvm::any_of(Left, [&, R = Right, O = Out](char C) {
           return isLetter(C) && R.contains(C) && !O.contains(C);
         });
}

void Interp::TensorCall::judge() {
  bool MakesNew = gives(OperatorInfo::Factory) || gives(OperatorInfo::LikeSelf);
  if (!Operands.empty() && !(MakesNew && Operands.size() == 1)) {
    api::Judgement J = api::judgeDevices(Op, Operands);
    I.judged(J, FindingCode::DeviceMismatch, E, Uses);
    Thrown = J.throws();
    // Where an equation sums over what two operands share, they are multiplied
    // as matrices (aten/src/ATen/native/Linear.cpp, sumproduct_pair).
    SmallVector<api::CallOperand, 2> Factors;
    if (Op == "einsum" && Operands.size() == 2 && sumsShared(Given[0].second))
      Factors = {{"self", Operands[0].Fact}, {"mat2", Operands[1].Fact}};
    if (!Thrown)
      I.judged(Factors.empty() ? api::judgeDtypes(Op, Operands, Shape)
                               : api::judgeDtypes("bmm", Factors, Shape),
               FindingCode::DtypeMismatch, E, Uses);
  }
  if (!Uses.empty())
    judgeGenerator(Uses[0]);
}

// Each device has generators of its own.
void Interp::TensorCall::judgeGenerator(const Used &Filled) {
  if (!Generator.H)
    return;
  bool Cuda = S.Handles[Filled.H].Fact.Dev.isCUDA();
  I.demandSame(E, FindingCode::DeviceMismatch, Generator, Filled,
               std::string("Expected a '") + (Cuda ? "cuda" : "cpu") +
                   "' device type for generator but found '" +
                   (Cuda ? "cpu'" : "cuda'"));
}

} // namespace torch_tidy
