// Host memory that is taken for device memory, and the other way round.
//
// A pointer from `data_ptr` and an accessor are *memory*: making them is fine
// wherever the tensor is; reading through them on the host is not (measured: a
// crash, no exception).
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

// `from_blob` takes the options' word for where the memory is; CUDA does not.
void Interp::blobOfHost(const CallExpr *E, const Expr *Pointer, Device Where) {
  const Expr *P = Pointer->IgnoreParenCasts();
  bool Host = false;
  if (auto *D = dyn_cast<DeclRefExpr>(P))
    Host = D->getType()->isArrayType();
  if (auto *C = dyn_cast<CXXMemberCallExpr>(P))
    Host =
        C->getMethodDecl() && C->getMethodDecl()->getName() == "data" &&
        Ty.kindOf(C->getImplicitObjectArgument()->getType()) == TypeKind::List;
  if (!Host)
    return;
  Handle Here, There;
  Here.Fact.Dev = Device::cpu();
  There.Fact.Dev = Where;
  Used Memory, Options;
  Memory.Role = "data";
  Memory.Spelling = Ty.text(P);
  Memory.H = S->tensor(Here).Id;
  Options.Role = "options";
  Options.H = S->tensor(There).Id;
  api::Judgement J;
  J.K = api::Judgement::Throws;
  J.Wrong = 0, J.Against = 1;
  J.Message = "The specified pointer resides on host memory and is not "
              "registered with any CUDA device.";
  judged(J, FindingCode::HostAccess, E, {Memory, Options});
}

// `data_ptr<float>()` and `accessor<float, 2>()` throw for other elements.
void Interp::elementAccess(const CallExpr *E, const FunctionDecl *Fn,
                           HandleId H, const Expr *BaseE) {
  const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
  if (!TA || !TA->size() || TA->get(0).getKind() != TemplateArgument::Type)
    return;
  Dtype Asked = llvm::StringSwitch<Dtype>(TA->get(0)
                                              .getAsType()
                                              .getCanonicalType()
                                              .getUnqualifiedType()
                                              .getAsString())
                    .Case("float", Dtype::Float)
                    .Case("double", Dtype::Double)
                    .Case("long", Dtype::Int64)
                    .Case("int", Dtype::Int32)
                    .Case("unsigned char", Dtype::UInt8)
                    .Case("bool", Dtype::Bool)
                    .Default(Dtype::Unknown);
  Dtype Held = S->Handles[H].Fact.Type;
  if (Asked == Dtype::Unknown || Held == Dtype::Unknown ||
      Held == Dtype::Other || !S->Handles[H].Fact.Defined)
    return;
  Used U;
  U.Role = "self";
  U.H = H;
  U.E = BaseE;
  U.Spelling = Ty.text(BaseE);
  api::Judgement J;
  J.K = api::Judgement::Fine;
  if (Asked != Held) {
    J.K = api::Judgement::Throws;
    J.Message = "expected scalar type " + dtypeName(Asked).str() +
                " but found " + dtypeName(Held).str();
  }
  judged(J, FindingCode::DtypeMismatch, E, {U});
}

// An element of device memory is read or written on the host.
void Interp::touch(const Expr *Site, const Value &Memory) {
  if (Memory.K != Value::Memory || Dead)
    return;
  Used U;
  U.Role = "self";
  U.H = Memory.Id;
  U.Spelling = S->Handles[Memory.Id].Name;
  api::Judgement J;
  J.K = api::Judgement::Fine;
  if (S->Handles[Memory.Id].Fact.Dev.isCUDA()) {
    J.K = api::Judgement::Throws;
    J.Message = "Segmentation fault (the host reads device memory)";
  }
  judged(J, FindingCode::HostAccess, Site, {U});
}

// Functions that read what their pointers lead to.
bool Interp::touches(const CallExpr *E, StringRef Name,
                     ArrayRef<const Expr *> Args) {
  if (Name != "memcpy" && Name != "memmove" && Name != "memset" &&
      Name != "memcmp")
    return false;
  for (const Expr *A : Args)
    if (Value V = eval(A); V.K == Value::Memory)
      touch(E, V);
  return true;
}

// The methods of LibTorch's accessors.
Value Interp::accessor(const CallExpr *E, const Value &Memory,
                       ArrayRef<const Expr *> Args) {
  for (const Expr *A : given(Args))
    eval(A);
  const CXXRecordDecl *R = record(E->getType());
  if (Dead || (R && R->getName().contains("Accessor")))
    return Memory;
  auto *Op = dyn_cast<CXXOperatorCallExpr>(E);
  if (Op && Op->getOperator() == OO_Subscript) {
    touch(E, Memory);
    return Value::of(Value::Ref,
                     S->cell(Value::of(Value::Sym, symbol("", false))));
  }
  if (E->getType()->isPointerType())
    return Memory;
  return Value::of(Value::Sym, symbol("", false));
}

} // namespace torch_tidy
