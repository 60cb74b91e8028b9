// Strings: what a program reads a device from, and compares names with.
//
// A string of known text is `Value::Str`; one that is not known is a symbol
// that says so (`SymbolInfo::Text`), so that two tests of one name agree.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

/// `std::string::npos`: after every position.
static constexpr int64_t NoPosition = INT64_MAX;

Value Interp::string(StringRef Text) {
  Value V;
  V.K = Value::Str;
  V.P = &Names.try_emplace(Text.str(), Text.str()).first->second;
  return V;
}

Value Interp::unknownString(std::string Name) {
  bool Strong = !Name.empty();
  SymbolId Id = symbol(std::move(Name), Strong);
  Symbols[Id].Text = true;
  return Value::of(Value::Sym, Id);
}

bool Interp::isString(const Value &V) {
  return V.K == Value::Str || (V.K == Value::Sym && Symbols[V.Id].Text);
}

// The device that a name says; of one name always the same.
Value Interp::deviceNamed(const Value &V) {
  if (V.K == Value::Str)
    return deviceFromString(textOf(V));
  if (!isString(V))
    return Value::device(Device::symbol(++DeviceSymbols));
  if (StringRef(Symbols[V.Id].Prefix).starts_with("cuda"))
    return Value::device(Device::cuda());
  auto [It, New] = NamedDevices.try_emplace(V.Id, 0);
  if (New)
    It->second = ++DeviceSymbols;
  return Value::device(Device::symbol(It->second));
}

// A name turned out to be this one.
void Interp::learnString(SymbolId Id, const Value &Text) {
  auto It = NamedDevices.find(Id);
  if (It != NamedDevices.end())
    S->substitute(It->second, deviceNamed(Text).D);
}

Value Interp::equalStrings(Value L, Value R, bool Equal, const Expr *E) {
  L = resolve(L), R = resolve(R);
  if (L.K == Value::Str)
    std::swap(L, R);
  if (L.K == Value::Str || (L.K == R.K && L.Id == R.Id && L.K == Value::Sym))
    return Value::integer((L.P == R.P) == Equal);
  if (!isString(L) || R.K != Value::Str)
    return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", E != nullptr));
  int64_t Text = reinterpret_cast<intptr_t>(R.P);
  auto [It, New] = Compares.try_emplace({L.Id, unsigned(BO_EQ), Text}, 0);
  if (New) {
    SymbolInfo Info = Symbols[L.Id];
    It->second = symbol(
        Info.Name.empty() ? "" : Info.Name + " == \"" + textOf(R).str() + "\"",
        Info.Strong);
    SymbolInfo &Same = Symbols[It->second];
    Same.K = SymbolInfo::Compare;
    Same.Op = BO_EQ;
    Same.L = L.Id;
    Same.R = Text;
  }
  Value V = Value::of(Value::Sym, It->second);
  V.Neg = !Equal;
  return resolve(V);
}

Value Interp::stringCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                         ArrayRef<const Expr *> Args, bool &Known) {
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  StringRef Name =
      Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  OverloadedOperatorKind Op = Fn->getOverloadedOperator();
  auto Holds = [&](const Expr *A) {
    return Ty.kindOf(A->getType()) == TypeKind::String;
  };
  bool Member = M && Base && isString(load(S->target(Base)));
  bool Compares = Name == "strcmp" || Name == "strcasecmp";
  bool Operator = Op == OO_EqualEqual || Op == OO_ExclaimEqual || Op == OO_Plus;
  bool Free = !M && ((Operator && llvm::any_of(Args, Holds)) || Compares ||
                     (Name == "to_string" && Args.size() == 1));
  Known = Member || Free;
  if (!Known)
    return {};
  std::vector<Value> V;
  if (Member)
    V.push_back(load(S->target(Base)));
  for (const Expr *A : given(Args))
    V.push_back(eval(A));
  if (Dead)
    return {};
  auto All = [&] {
    return llvm::all_of(V, [](const Value &X) { return X.K == Value::Str; });
  };
  auto Position = [](size_t At) {
    return Value::integer(At == StringRef::npos ? NoPosition : At);
  };
  if (Op == OO_EqualEqual || Op == OO_ExclaimEqual)
    return equalStrings(V[0], V[1], Op == OO_EqualEqual, E);
  if ((Compares || Name == "compare") && V.size() == 2) {
    // Zero where they are equal.
    Value Same = equalStrings(V[0], V[1], false, E);
    if (Same.K == Value::Sym)
      Symbols[Same.Id].Bool = true;
    return Same;
  }
  if (Op == OO_Plus && All())
    return string((textOf(V[0]) + textOf(V[1])).str());
  if (Op == OO_Plus) {
    Value Sum = unknownString("");
    if (V[0].K == Value::Str)
      Symbols[Sum.Id].Prefix = textOf(V[0]).str();
    return Sum;
  }
  if (Op == OO_PlusEqual || Name == "append") {
    S->Cells.mut(S->target(Base)) =
        All() && V.size() == 2 ? string((textOf(V[0]) + textOf(V[1])).str())
                               : unknownString("");
    return Value::of(Value::Ref, S->target(Base));
  }
  if (Op == OO_Equal || Name == "assign") {
    S->Cells.mut(S->target(Base)) =
        V.size() == 2 && isString(V[1]) ? V[1] : unknownString("");
    return Value::of(Value::Ref, S->target(Base));
  }
  if (Name == "to_string")
    return V[0].K == Value::Int && !Args[0]->getType()->isRealFloatingType()
               ? string(std::to_string(V[0].N))
               : unknownString("");
  if (Name == "c_str" || Name == "data" || Name == "str" ||
      (M && isa<CXXConversionDecl>(M) &&
       Ty.kindOf(E->getType()) == TypeKind::String))
    return V[0];
  if (Member && V[0].K == Value::Str) {
    StringRef Text = textOf(V[0]);
    if (Name == "size" || Name == "length")
      return Value::integer(Text.size());
    if (Name == "empty")
      return Value::integer(Text.empty());
    if (V.size() == 2 && V[1].K == Value::Str) {
      StringRef Part = textOf(V[1]);
      if (Name == "find")
        return Position(Text.find(Part));
      if (Name == "rfind")
        return Position(Text.rfind(Part));
      if (Name == "starts_with")
        return Value::integer(Text.starts_with(Part));
      if (Name == "ends_with")
        return Value::integer(Text.ends_with(Part));
    }
    if (Name == "rfind" && V.size() == 3 && V[1].K == Value::Str &&
        V[2].K == Value::Int && V[2].N == 0)
      return Value::integer(Text.starts_with(textOf(V[1])) ? 0 : NoPosition);
    if (Name == "substr" && V.size() >= 2 && V[1].K == Value::Int &&
        V[1].N >= 0 && V[1].N <= int64_t(Text.size()) &&
        (V.size() == 2 || V[2].K == Value::Int))
      return string(Text.substr(V[1].N, V.size() == 2 ? NoPosition : V[2].N));
  }
  if (Ty.kindOf(E->getType()) == TypeKind::String)
    return unknownString("");
  if (Ty.kindOf(E->getType()) == TypeKind::Number)
    return Value::of(Value::Sym, symbol(Ty.text(E), true));
  // Another method may have changed it: `push_back`, `clear`, `resize`.
  if (Member && !M->isConst())
    S->Cells.mut(S->target(Base)) = unknownString("");
  return E->getType()->isVoidType()
             ? Value()
             : fresh(E->getType(), "", E->getBeginLoc(), "a part of a string");
}

} // namespace torch_tidy
