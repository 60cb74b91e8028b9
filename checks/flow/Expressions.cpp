// Expressions: values and locations on one state.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

unsigned Interp::choose(unsigned N) {
  if (N <= 1)
    return 0;
  if (Cursor == Trail.size())
    Trail.push_back({0, N, nullptr});
  return Trail[Cursor++].Taken;
}

SymbolId Interp::symbol(std::string Name, bool Strong) {
  Symbols.emplace_back();
  Symbols.back().Name = std::move(Name);
  Symbols.back().Strong = Strong;
  return Symbols.size() - 1;
}

Value Interp::resolve(Value V) {
  if (V.K == Value::Sym) {
    auto It = S->Known.find(V.Id);
    if (It != S->Known.end() && Symbols[V.Id].Text) {
      V.K = Value::Str;
      V.P = reinterpret_cast<const void *>(It->second);
    } else if (It != S->Known.end()) {
      return Value::integer(V.Neg ? !It->second : It->second);
    }
  }
  return V;
}

Value Interp::load(CellId C) { return resolve(S->Cells[C]); }

Value Interp::eval(const Expr *E) {
  if (Dead || !visit())
    return {};
  if (E->isGLValue()) {
    CellId C = loc(E);
    return Dead ? Value() : load(C);
  }
  Value V = evalR(E);
  return V.K == Value::Ref ? load(V.Id) : resolve(V);
}

// Of an enumeration with two enumerators, the first one where a value is
// compared with the second.
static std::optional<int64_t> otherOfTwo(const BinaryOperator *B, int64_t N) {
  auto *E = B ? B->getLHS()->IgnoreParenImpCasts()->getType()->getAs<EnumType>()
              : nullptr;
  if (!E || !E->getDecl()->getDefinition())
    return std::nullopt;
  auto Range = E->getDecl()->getDefinition()->enumerators();
  std::vector<int64_t> Values;
  for (const EnumConstantDecl *C : Range)
    Values.push_back(C->getInitVal().getExtValue());
  if (Values.size() != 2 || Values[1] != N)
    return std::nullopt;
  return Values[0];
}

Value Interp::compare(BinaryOperatorKind Op, Value L, Value R, const Expr *E) {
  L = resolve(L), R = resolve(R);
  if (L.K == Value::Dev && R.K == Value::Dev && (Op == BO_EQ || Op == BO_NE)) {
    bool Ne = Op == BO_NE;
    if (L.D.isKnown() && R.D.isKnown()) {
      bool Same = L.D.K == R.D.K && (!L.D.isCUDA() || L.D.Index == R.D.Index);
      return Value::integer(Same != Ne);
    }
    if (L.D.isKnown())
      std::swap(L, R);
    if (L.D.K == Device::Symbol && R.D.isKnown()) {
      auto [It, New] = Compares.try_emplace({0, L.D.Sym, 0}, 0);
      if (New) {
        It->second = symbol(E ? Ty.text(E) : "", E != nullptr);
        Symbols[It->second].K = SymbolInfo::IsCuda;
        Symbols[It->second].DeviceSym = L.D.Sym;
      }
      Value V = Value::of(Value::Sym, It->second);
      V.Neg = (R.D.isCPU()) != Ne;
      return V;
    }
    return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", E != nullptr));
  }
  if (L.K == Value::Type && R.K == Value::Type && L.T != Dtype::Unknown &&
      R.T != Dtype::Unknown && (Op == BO_EQ || Op == BO_NE))
    return Value::integer((L.T == R.T) == (Op == BO_EQ));
  if (L.K == Value::Ptr && R.K == Value::Ptr && (Op == BO_EQ || Op == BO_NE)) {
    bool Null = L.Id == 0 || R.Id == 0;
    // A cell that stands for some element is not one place.
    if (L.Id == R.Id ? S->Some.find(L.Id) == S->Some.end()
                     : Null || (S->isVariable(L.Id) && S->isVariable(R.Id)))
      return Value::integer((L.Id == R.Id) == (Op == BO_EQ));
    // Only one of the two is possible, so no report may rest on it.
    return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", false));
  }
  if (L.K == Value::Int && R.K == Value::Int) {
    bool B = false;
    switch (Op) {
    case BO_EQ:
      B = L.N == R.N;
      break;
    case BO_NE:
      B = L.N != R.N;
      break;
    case BO_LT:
      B = L.N < R.N;
      break;
    case BO_GT:
      B = L.N > R.N;
      break;
    case BO_LE:
      B = L.N <= R.N;
      break;
    case BO_GE:
      B = L.N >= R.N;
      break;
    default:
      break;
    }
    return Value::integer(B);
  }
  if ((Op == BO_EQ || Op == BO_NE) && isString(L) && isString(R))
    return equalStrings(L, R, Op == BO_EQ, E);
  // `flag == false` is `!flag`.
  auto *Spelled = dyn_cast_or_null<BinaryOperator>(E);
  if (L.K == Value::Sym && R.K == Value::Int && (R.N == 0 || R.N == 1) &&
      (Op == BO_EQ || Op == BO_NE) &&
      (Symbols[L.Id].Bool || (Spelled && Spelled->getLHS()
                                             ->IgnoreParenImpCasts()
                                             ->getType()
                                             ->isBooleanType()))) {
    L.Neg ^= (R.N == 0) == (Op == BO_EQ);
    return L;
  }
  if (L.K == Value::Sym && R.K == Value::Int && !L.Neg) {
    // The number of devices is at least one in the world that is analysed.
    if (Symbols[L.Id].Name == "device_count()") {
      if ((Op == BO_GT && R.N <= 0) || (Op == BO_GE && R.N <= 1) ||
          (Op == BO_NE && R.N == 0))
        return Value::integer(1);
      if ((Op == BO_EQ && R.N == 0) || (Op == BO_LT && R.N <= 1) ||
          (Op == BO_LE && R.N <= 0))
        return Value::integer(0);
    }
    // One symbol for a comparison and its opposite; of integers `n >= 1` is
    // `n > 0`.
    auto *B = dyn_cast_or_null<BinaryOperator>(E);
    if (std::optional<int64_t> First = otherOfTwo(B, R.N);
        First && (Op == BO_EQ || Op == BO_NE)) {
      R.N = *First;
      Op = Op == BO_EQ ? BO_NE : BO_EQ;
    }
    bool Whole =
        B && B->getLHS()->IgnoreParenImpCasts()->getType()->isIntegerType();
    bool Ne = Op == BO_NE || Op == BO_LE || (Whole && Op == BO_LT);
    if (Op == BO_NE)
      Op = BO_EQ;
    else if (Op == BO_LE)
      Op = BO_GT;
    else if (Whole && (Op == BO_GE || Op == BO_LT))
      Op = BO_GT, --R.N;
    auto [It, New] = Compares.try_emplace({L.Id, unsigned(Op), R.N}, 0);
    if (New) {
      std::string Name = E ? Ty.text(E) : "";
      if (Ne && E)
        Name = Symbols[L.Id].Name + (Op == BO_EQ ? " == " : " > ") +
               std::to_string(R.N);
      It->second = symbol(Name, E && Symbols[L.Id].Strong);
      Symbols[It->second].K = SymbolInfo::Compare;
      Symbols[It->second].Op = Op;
      Symbols[It->second].L = L.Id;
      Symbols[It->second].R = R.N;
    }
    Value V = Value::of(Value::Sym, It->second);
    V.Neg = Ne;
    return resolve(V);
  }
  return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", E != nullptr));
}

} // namespace torch_tidy
