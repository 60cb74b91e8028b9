// What a call of an operator gives.
#include "checks/flow/Ranks.h"
#include "checks/flow/TensorCall.h"

using namespace clang;

namespace torch_tidy {

using api::OperatorInfo;

bool Interp::TensorCall::isFactory() const {
  if (Op == "from_blob" || Op == "tensor" || gives(OperatorInfo::Factory))
    return true;
  return Uses.empty() && Kind == TypeKind::Tensor && Info &&
         Info->FactoryWithoutTensors;
}

// The element type of a new tensor.
Dtype Interp::TensorCall::newType() const {
  if (HasOptions && Options.HasType)
    return Options.T;
  Dtype T =
      Op == "tensor"
          ? DataType
          : api::factoryDtype(Op, Numbers.value_or(Dtype::Unknown), HasOptions);
  // Floating-point numbers give the default type where no other is named.
  return T == Dtype::Float || (Op == "tensor" && T == Dtype::Double) ? S.Default
                                                                     : T;
}

// Whether an argument spells the empty list of sizes: `{}`.
static bool isEmptyList(const Expr *A, Types &Ty) {
  auto *C = dyn_cast<CXXConstructExpr>(A->IgnoreImplicit());
  if (C && C->getNumArgs() == 0)
    return Ty.kindOf(C->getType()) == TypeKind::List;
  const InitListExpr *L = initList(A);
  return L && L->getNumInits() == 0;
}

void Interp::TensorCall::newDims(TensorFact &F,
                                 ArrayRef<const Expr *> Args) const {
  F.Dim = Op == "tensor" && !Nested ? Rank::Zero : Rank::Some;
  if (Op == "arange" || Op == "linspace" || Op == "range" || Op == "randperm")
    setDims(F, 1);
  if (Op == "eye")
    setDims(F, 2);
  for (auto &[Role, V] : Given)
    if (Role == "size" || Role == "sizes")
      if (auto N = lengthOf(S, V))
        setDims(F, N);
  if (!Args.empty() && Op != "tensor" &&
      isEmptyList(Args[Op == "from_blob" && Args.size() > 1 ? 1 : 0], I.Ty))
    setDims(F, 0);
}

Value Interp::TensorCall::newTensor(ArrayRef<const Expr *> Args) {
  Handle H;
  H.Fact.Dev = HasOptions && Options.HasDev ? Options.D : Device::cpu();
  H.Fact.Type = newType();
  newDims(H.Fact, Args);
  if (Op == "from_blob" && !Args.empty() && H.Fact.Dev.isCUDA())
    I.blobOfHost(E, Args[0], H.Fact.Dev);
  H.Changes = Op == "from_blob";
  H.Grad = HasOptions && Options.Grad;
  if (H.Fact.Dev.isCUDA())
    I.needsCuda(E);
  const Expr *Spelled = HasOptions ? Options.Spelled : nullptr;
  H.From = I.origin(Origin::Created, E, H.Fact.Dev, "", nullptr, Spelled);
  Value New = S.tensor(std::move(H));
  if (Uses.empty()) {
    Used Made;
    Made.Role = "options";
    Made.Spelling = Spelled ? I.Ty.text(Spelled) : "";
    Made.H = New.Id;
    judgeGenerator(Made);
  }
  return New;
}

Value Interp::TensorCall::like() {
  Handle H;
  H.Fact = Operands[0].Fact;
  if (Op.starts_with("new_")) {
    H.Fact.Dim = Rank::Some;
    H.Fact.Dims = -1;
    for (auto &[Role, V] : Given)
      if (auto N = Role == "size" ? lengthOf(S, V) : std::nullopt)
        setDims(H.Fact, N);
  }
  if (HasOptions && Options.HasDev)
    H.Fact.Dev = Options.D;
  if (HasOptions && Options.HasType)
    H.Fact.Type = Options.T;
  H.From = I.origin(Origin::Created, E, H.Fact.Dev, "", Before);
  return S.tensor(std::move(H));
}

Value Interp::TensorCall::view() {
  S.Handles.mut(Uses[0].H).Changes = true; // Perhaps, through the view.
  Handle H;
  H.Fact = Operands[0].Fact;
  if (Op == "select" || Op == "squeeze" || Op == "item" || Op == "view" ||
      Op == "reshape" || Op == "diagonal")
    H.Fact.Dim = Rank::Unknown;
  std::optional<int> Dims = dims();
  H.Fact.Dims = -1;
  if (Dims)
    setDims(H.Fact, Dims);
  else if (Op == "squeeze" && Operands[0].Fact.Dims > 1 && !Given.empty())
    H.Fact.Dim = Rank::Some;
  H.From = Before;
  H.Grad = Grad;
  H.Name = S.Handles[Uses[0].H].Name;
  return S.tensor(std::move(H));
}

// `x.index(...)`.
Value Interp::TensorCall::element() {
  Handle H;
  H.Fact = Operands[0].Fact;
  H.Fact.Dims = -1;
  H.Fact.Dim = Rank::Unknown;
  if (auto Dims = indexDims())
    setDims(H.Fact, Dims);
  H.Grad = Grad;
  H.From = Before;
  return S.tensor(std::move(H));
}

// A packed sequence is known by its data.
Value Interp::TensorCall::packed() {
  Handle H;
  H.Fact = Operands[0].Fact;
  H.Fact.Dim = Rank::Some;
  H.From = Before;
  return S.tensor(std::move(H));
}

// The result of this number of an operator that computes.
Value Interp::TensorCall::computed(unsigned Index) {
  Handle R;
  R.Fact = api::resultFact(Op, Operands, Shape, Index);
  if (ByNumber)
    R.Fact.Type = Dtype::Float;
  // Integers and truth values become the default type where they have to.
  if (R.Fact.Type == Dtype::Float && S.Default != Dtype::Float &&
      Shape.Named == Dtype::Unknown &&
      llvm::none_of(Operands, [](const api::CallOperand &O) {
        return O.Fact.Type == Dtype::Float;
      }))
    R.Fact.Type = S.Default;
  if (!R.Fact.Dev.isKnown() && R.Fact.Dev.K == Device::Unknown)
    R.Fact.Dev = !Info             ? Device::symbol(++I.DeviceSymbols)
                 : Where.isKnown() ? Where
                                   : Operands[0].Fact.Dev;
  // The run that goes on is the one in which the mistake is mended.
  if (Thrown)
    R.Fact.Dev = Where;
  R.Fact.Dims = -1;
  if (auto Dims = dims())
    setDims(R.Fact, Dims);
  else if (llvm::any_of(Given, [](const auto &G) {
             return G.first == "keepdim" && G.second.K == Value::Int &&
                    G.second.N;
           }))
    R.Fact.Dim = Operands[0].Fact.Dim;
  // Nothing without a dimension is joined along one.
  else if (Op == "cat" || Op == "concat" || Op == "stack")
    R.Fact.Dim = Rank::Some;
  // Filled from all, made like the first.
  if (Op == "pad_sequence") {
    R.Fact.Dim = Rank::Some;
    R.Fact.Dev = Operands[0].Fact.Dev;
  }
  R.Grad = Grad;
  R.From = Before;
  return S.tensor(std::move(R));
}

Value Interp::TensorCall::several() {
  Object O;
  O.K = Object::List;
  unsigned N = Info ? std::max<unsigned>(Info->Results, 2) : 3;
  for (unsigned Index = 0; Index < N; ++Index)
    O.Elems.push_back(S.cell(computed(Index)));
  if (Op == "pad_packed_sequence") { // (data, lengths)
    TensorFact &Data = S.Handles.mut(S.Cells[O.Elems[0]].Id).Fact;
    Data.Dev = Operands[0].Fact.Dev;
    Data.Dim = Rank::Some;
    Data.Dims = Operands[0].Fact.Dims;
    S.Handles.mut(S.Cells[O.Elems[1]].Id).Fact = {Device::cpu(), Dtype::Int64,
                                                  Rank::Some, 1};
  }
  return S.object(std::move(O));
}

Value Interp::TensorCall::list() {
  Object O;
  O.K = Object::List;
  O.Opaque = true;
  O.Unseen = Where.isKnown() ? Where : Operands[0].Fact.Dev;
  if (Operands[0].Fact.Dim == Rank::Some &&
      (Op != "unbind" || Operands[0].Fact.Dims > 1))
    O.Kind2 = "Ranked";
  // What is split along a dimension keeps it.
  if (Op.contains("split") || Op.contains("chunk")) {
    Handle Part;
    Part.Fact = Operands[0].Fact;
    Part.Fact.Dev = O.Unseen;
    Part.From = Before;
    Part.Grad = Grad;
    O.Like = S.cell(S.tensor(std::move(Part)));
  }
  return S.object(std::move(O));
}

// How many there are is how many dimensions another tensor made so has.
Value Interp::TensorCall::sizes() {
  const int Dims = Operands[0].Fact.Dims;
  if (Dims < 0)
    return {};
  Object O;
  O.K = Object::List;
  for (int Dim = 0; Dim < Dims; ++Dim)
    O.Elems.push_back(S.cell(Value::of(Value::Sym, I.symbol("", true))));
  return S.object(std::move(O));
}

Value Interp::TensorCall::unmodelled() {
  return I.fresh(Type, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
}

} // namespace torch_tidy
