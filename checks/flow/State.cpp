#include "checks/flow/State.h"
#include "llvm/ADT/BitVector.h"

namespace torch_tidy {

CellId State::target(CellId C) const {
  for (unsigned I = 0; I < 8; ++I) {
    const Value &V = Cells[C];
    if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
      C = V.Id;
    else
      break;
  }
  return C;
}

bool State::isVariable(CellId C) const {
  return llvm::any_of(Frames, [&](const Frame &F) {
    return F.Fn && llvm::any_of(F.Fn->decls(), [&](const clang::Decl *D) {
             auto *V = clang::dyn_cast<clang::VarDecl>(D);
             return V && !V->getType()->isReferenceType() &&
                    F.Vars.lookup(V) == C;
           });
  });
}

void State::tensorsIn(Value V, llvm::SmallVectorImpl<HandleId> &Out,
                      unsigned Depth) const {
  if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
    V = Cells[target(V.Id)];
  if (V.K == Value::Tensor)
    Out.push_back(V.Id);
  else if (V.K == Value::Object && Depth < 4 &&
           Objects[V.Id].K != Object::Module)
    for (CellId C : Objects[V.Id].Elems)
      tensorsIn(Cells[C], Out, Depth + 1);
}

void State::substitute(uint32_t Symbol, Device D) {
  auto Hit = [&](const Device &X) {
    return X.K == Device::Symbol && X.Sym == Symbol;
  };
  for (uint32_t I = 1; I < Handles.size(); ++I)
    if (Hit(Handles[I].Fact.Dev))
      Handles.mut(I).Fact.Dev = D;
  for (uint32_t I = 1; I < Cells.size(); ++I)
    if (Hit(Cells[I].D))
      Cells.mut(I).D = D;
  for (uint32_t I = 1; I < Objects.size(); ++I)
    if (Hit(Objects[I].Unseen))
      Objects.mut(I).Unseen = D;
}

// A list of numbers or strings, or one of which nothing is known.
bool State::isPlainList(const Object &O) const {
  if (O.K != Object::List || !O.Kind2.empty())
    return false;
  if (O.Opaque)
    return O.Elems.empty() && !O.Like && !O.Unseen.isKnown();
  for (CellId C : O.Elems)
    if (Value::Kind K = Cells[C].K;
        K != Value::Int && K != Value::Sym && K != Value::Str)
      return false;
  return true;
}

namespace {
bool sameNumber(const Value &A, const Value &B) {
  return A.K == B.K && A.N == B.N && A.Id == B.Id && A.Neg == B.Neg;
}

// Walks two states of one structure side by side, but for what was there before
// they parted and has not changed.
class Widener {
  State &To;
  const State &From;
  const State *Since;
  llvm::function_ref<Value(const Value &)> Unknown;
  llvm::BitVector Cells, Objects; ///< Those that have been come to.
  llvm::SmallVector<std::pair<CellId, CellId>, 64> Work;

  template <class Things>
  bool first(llvm::BitVector &Seen, Things State::*In, uint32_t Id) {
    const uint32_t Olds = Since ? (Since->*In).size() : 0;
    if (Id < Olds)
      return false;
    if (Seen.empty())
      Seen.resize((To.*In).size() - Olds);
    const bool New = !Seen.test(Id - Olds);
    Seen.set(Id - Olds);
    return New;
  }
  void list(const std::vector<CellId> &A, const std::vector<CellId> &B) {
    for (size_t I = 0; I < A.size() && I < B.size(); ++I)
      cell(A[I], B[I]);
  }

public:
  void object(ObjectId A, ObjectId B) {
    if (first(Objects, &State::Objects, A))
      contents(A, B);
  }
  void contents(ObjectId A, ObjectId B) {
    const Object &X = To.Objects[A], &Y = From.Objects[B];
    if (To.isPlainList(X) &&
        (Y.Opaque || X.Opaque || X.Elems.size() != Y.Elems.size())) {
      Object &O = To.Objects.mut(A);
      O.Elems.clear();
      O.Opaque = true;
      return;
    }
    for (size_t I = 0; I < X.Fields.size() && I < Y.Fields.size(); ++I)
      cell(X.Fields[I].second, Y.Fields[I].second);
    list(X.Elems, Y.Elems);
    list(X.Children, Y.Children);
    if (X.Like && Y.Like)
      cell(X.Like, Y.Like);
  }
  Widener(State &To, const State &From, const State *Since,
          llvm::function_ref<Value(const Value &)> Unknown)
      : To(To), From(From), Since(Since), Unknown(Unknown) {}
  void cell(CellId A, CellId B) {
    if (first(Cells, &State::Cells, A))
      Work.push_back({A, B});
  }
  void changed() {
    if (!Since)
      return;
    for (ObjectId O : To.Objects.apartFrom(From.Objects, Since->Objects.size()))
      contents(O, O);
    for (CellId C : To.Cells.apartFrom(From.Cells, Since->Cells.size()))
      Work.push_back({C, C});
  }
  void run() {
    while (!Work.empty()) {
      auto [A, B] = Work.pop_back_val();
      const Value V = To.Cells[A], W = From.Cells[B];
      switch (V.K) {
      case Value::Int:
      case Value::Sym:
        if (!sameNumber(V, W))
          To.Cells.mut(A) = Unknown(V);
        break;
      case Value::Str:
        if (V.P != W.P)
          To.Cells.mut(A) = Unknown(V);
        break;
      case Value::Object:
        if (W.K == V.K)
          object(V.Id, W.Id);
        break;
      case Value::Ptr:
      case Value::Ref:
      case Value::Iter:
        if (W.K == V.K)
          cell(V.Id, W.Id);
        break;
      default:
        break;
      }
    }
  }
};
} // namespace

void State::widen(const State &Other,
                  llvm::function_ref<Value(const Value &)> Unknown,
                  const State *Since) {
  Widener W(*this, Other, Since, Unknown);
  auto Same = [&](const Variables &A, const Variables &B) {
    for (auto &[D, C] : A)
      if (auto It = B.find(D); It != B.end())
        W.cell(C, It->second);
  };
  for (size_t I = callerOf(Since); I < Frames.size() && I < Other.Frames.size();
       ++I) {
    Frame &F = Frames[I];
    const Frame &G = Other.Frames[I];
    W.cell(F.This, G.This);
    Same(F.Vars, G.Vars);
    // A result is in no cell.
    if ((F.Result.K == Value::Int || F.Result.K == Value::Sym) &&
        !sameNumber(F.Result, G.Result))
      F.Result = Unknown(F.Result);
    else if (F.Result.K == Value::Object && G.Result.K == Value::Object)
      W.object(F.Result.Id, G.Result.Id);
  }
  Same(Globals, Other.Globals);
  W.changed();
  W.run();
}

} // namespace torch_tidy
