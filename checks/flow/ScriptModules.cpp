// TorchScript modules: attributes, methods, where they are saved and loaded.
//
// What a method computes with is read off its source where the program has it
// (`define`): the attributes that it names. Of a module from a file only
// `forward` is supposed to compute with all that the module holds.
#include "checks/flow/Interp.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;

namespace torch_tidy {

// The text of one method; empty where the source is there and has no such
// method.
std::optional<StringRef> Interp::scriptSource(ObjectId Module,
                                              StringRef Method) {
  CellId C = named(Module, "source", false);
  if (!C || S->Cells[C].K != Value::Str)
    return std::nullopt;
  StringRef Text = textOf(S->Cells[C]);
  for (size_t At = Text.find("def "); At != StringRef::npos;) {
    size_t Next = Text.find("def ", At + 1);
    StringRef Def = Text.slice(At, Next);
    if (Def.drop_front(4).ltrim().take_while(
            [](char X) { return llvm::isAlnum(X) || X == '_'; }) == Method)
      return Def;
    At = Next;
  }
  return StringRef();
}

// The tensors that a method computes with. False where that is not known.
bool Interp::scriptState(CellId Module, StringRef Method,
                         std::vector<std::pair<std::string, HandleId>> &Uses,
                         unsigned Depth) {
  ObjectId Id = S->Cells[S->target(Module)].Id;
  const Object O = S->Objects[Id];
  std::optional<StringRef> Text = scriptSource(Id, Method);
  if (!Text) {
    if (Method == "forward" && !O.State.empty())
      Uses.push_back({"module", O.State[0]});
    return Method == "forward";
  }
  // A method that looks at devices itself knows what it does.
  if (Depth > 4 || Text->contains(".to(") || Text->contains("device") ||
      Text->contains("cuda") || Text->contains("cpu"))
    return false;
  for (StringRef Rest = *Text; !Rest.empty();) {
    Rest = Rest.split("self.").second;
    std::string Name =
        Rest.take_while([](char X) { return llvm::isAlnum(X) || X == '_'; })
            .str();
    if (Name.empty())
      continue;
    const void *Key = childKey(string(Name));
    CellId Found = 0;
    for (auto &[K, C] : O.Fields)
      if (K == Key)
        Found = C;
    const Value V = Found ? S->Cells[S->target(Found)] : Value();
    if (V.K == Value::Tensor) {
      Uses.push_back({Name, V.Id});
    } else if (V.K == Value::Object && S->Objects[V.Id].Jit) {
      if (!scriptState(Found, "forward", Uses, Depth + 1))
        return false;
    } else if (Rest.drop_front(Name.size()).starts_with("(") && !Found) {
      if (!scriptState(Module, Name, Uses, Depth + 1))
        return false;
    }
  }
  return true;
}

// An operand elsewhere throws in the first operator that meets another one.
Value Interp::runScript(const Expr *Site, CellId Module, const Expr *BaseE,
                        StringRef Method, ArrayRef<CellId> Args,
                        ArrayRef<const Expr *> ArgEs) {
  Module = S->target(Module);
  std::vector<std::pair<std::string, HandleId>> State;
  bool Known = scriptState(Module, Method, State);
  std::string Spelling = BaseE ? Ty.text(BaseE) : "";
  const std::string Name = S->Objects[S->Cells[Module].Id].Name;
  if (Spelling.empty() || Spelling.find('(') != std::string::npos)
    Spelling = Name.empty() ? "module" : Name;
  std::vector<Used> Uses;
  for (auto &[Attribute, H] : State) {
    Used U;
    U.Role = "module";
    U.H = H;
    U.IsState = Uses.empty();
    U.Base = BaseE;
    U.Spelling = Uses.empty() ? Spelling : Attribute;
    Uses.push_back(std::move(U));
  }
  size_t Own = Uses.size();
  for (unsigned I = 0; I < Args.size(); ++I)
    for (Used &U : inputsIn(I, Args, ArgEs))
      Uses.push_back(std::move(U));
  auto FactOf = [&](const Used &U) { return S->Handles[U.H].Fact; };
  api::Judgement J;
  for (size_t I = 1; Known && Own && I < Uses.size() && !J.throws(); ++I)
    if (FactOf(Uses[I]).Dev.differsFrom(FactOf(Uses[0]).Dev) &&
        FactOf(Uses[I]).Dim != Rank::Zero &&
        FactOf(Uses[0]).Dim != Rank::Zero) {
      J.K = api::Judgement::Throws;
      J.Wrong = I;
      J.Message = "Expected all tensors to be on the same device";
    }
  Device Where = Own ? FactOf(Uses[0]).Dev : Device::unknown();
  judged(J, FindingCode::DeviceMismatch, Site, Uses);
  // Whatever it returns is where it computes; where nothing tells that, it is
  // where the inputs are, or it would have thrown.
  for (size_t I = Own; I < Uses.size() && Known; ++I)
    if (!Where.isKnown() && FactOf(Uses[I]).Dim != Rank::Zero)
      Where = FactOf(Uses[I]).Dev;
  Object Out;
  Out.Opaque = true;
  Out.Unseen = Known && Where.K != Device::Unknown
                   ? Where
                   : Device::symbol(++DeviceSymbols);
  return S->object(std::move(Out));
}

Value Interp::scriptCall(const CallExpr *E, const CXXMethodDecl *M, CellId Base,
                         const Expr *BaseE, ArrayRef<const Expr *> Args,
                         bool &Known) {
  CellId Obj = S->target(Base);
  const Value Self = S->Cells[Obj];
  StringRef Name = M->getDeclName().isIdentifier() ? M->getName() : StringRef();
  Known = false;
  if (Self.K != Value::Object)
    return {};
  auto Spelled = given(Args);
  // A method that was asked for by its name.
  if (Ty.qualified(M->getParent()) == "torch::jit::Method") {
    CellId Module = named(Self.Id, "module", false);
    CellId Method = named(Self.Id, "method", false);
    if (!Module || (M->getOverloadedOperator() != OO_Call && Name != "run"))
      return {};
    std::vector<CellId> Cells = cellsOf(Spelled);
    Known = true;
    return Dead ? Value()
                : runScript(E, S->target(Module), nullptr,
                            textOf(S->Cells[Method]), Cells, Spelled);
  }
  if (!S->Objects[Self.Id].Jit)
    return {};
  Known = true;
  bool Registers = Name.starts_with("register_") || Name == "setattr";
  if (Registers || Name == "attr" || Name == "hasattr" || Name == "define" ||
      Name == "get_method" || Name == "run_method") {
    std::vector<CellId> Cells = cellsOf(Spelled);
    if (Dead || Cells.empty())
      return {};
    Value Key = load(S->target(Cells[0]));
    if (Name == "define") {
      CellId Source = named(Self.Id, "source", true);
      Value &Text = S->Cells.mut(Source);
      if (Text.K == Value::Str && Key.K == Value::Str)
        Text = string((textOf(Text) + "\n" + textOf(Key)).str());
      else
        Text = Text ? unknownString("") : Key;
      return {};
    }
    if (Key.K != Value::Str) {
      // Some attribute or method.
      if (Name == "setattr")
        displace(Obj, Device::symbol(++DeviceSymbols));
      return fresh(E->getType(), "", E->getBeginLoc(),
                   "an attribute of a TorchScript module");
    }
    if (Name == "run_method")
      return runScript(E, Obj, BaseE, textOf(Key), ArrayRef(Cells).drop_front(),
                       Spelled.drop_front());
    if (Name == "get_method") {
      Object Method;
      Method.Rec = record(E->getType());
      Value V = S->object(std::move(Method));
      S->Cells.mut(named(V.Id, "module", true)) = Value::of(Value::Ptr, Obj);
      S->Cells.mut(named(V.Id, "method", true)) = Key;
      return V;
    }
    const void *Field = childKey(Key);
    CellId Old = 0;
    for (auto &[K, C] : S->Objects[Self.Id].Fields)
      if (K == Field)
        Old = C;
    if (Name == "hasattr")
      return Old ? Value::integer(1)
                 : Value::of(Value::Sym, symbol(Ty.text(E), true));
    if (Name == "attr") {
      if (Old)
        return Value::of(Value::Ref, Old);
      Object Inner;
      Inner.Opaque = true;
      Inner.Unseen = placedAt(Obj).value_or(Device::symbol(++DeviceSymbols));
      return S->object(std::move(Inner));
    }
    // Parameters and buffers move with the module, other attributes do not.
    Value New;
    for (CellId C : ArrayRef(Cells).drop_front())
      if (Value V = load(S->target(C));
          V.K == Value::Tensor || V.K == Value::Object)
        New = V;
    Object O = S->Objects[Self.Id];
    HandleId Was =
        Old && S->Cells[Old].K == Value::Tensor ? S->Cells[Old].Id : 0;
    bool Moves = Name != "register_attribute" &&
                 (!Was || llvm::is_contained(O.State, Was));
    llvm::erase_if(O.Fields, [&](const auto &F) { return F.first == Field; });
    llvm::erase_if(O.State, [&](HandleId H) { return H == Was; });
    CellId Cell = S->cell(New);
    O.Fields.push_back({Field, Cell});
    if (New.K == Value::Tensor && Moves)
      O.State.push_back(New.Id);
    if (New.K == Value::Object && S->Objects[New.Id].K == Object::Module)
      O.Children.push_back(Cell);
    S->Objects.mut(Self.Id) = std::move(O);
    return {};
  }
  if (Name == "save" && !Spelled.empty()) {
    CellId Where = S->target(cellOf(Spelled[0]));
    if (!Dead)
      keep(Where, S->Cells[cloneOf(Obj)]);
    return {};
  }
  if (Name == "clone" || Name == "deepcopy" || Name == "copy") {
    for (const Expr *A : Spelled)
      eval(A);
    return Dead ? Value() : S->Cells[cloneOf(Obj)];
  }
  Known = false;
  return {};
}

// What was saved there, where it was saved from or where it is asked to go.
Value Interp::loadScript(const CallExpr *E, ArrayRef<const Expr *> Args) {
  CellId From = S->target(cellOf(Args[0]));
  if (Dead)
    return {};
  CellId Kept = kept(From);
  Value V = Kept && S->Cells[Kept].K == Value::Object
                ? S->Cells[cloneOf(Kept)]
                : fresh(E->getType(), "", E->getBeginLoc(),
                        "a loaded TorchScript module");
  CellId Module = S->cell(V);
  for (const Expr *A : given(Args).drop_front()) {
    Value D = eval(A);
    if (Dead)
      return {};
    if (D.K == Value::Dev)
      moveModule(Module, D.D, Dtype::Unknown, E, "", A);
    else if (D.K == Value::None &&
             Ty.kindOf(A->getType()) == TypeKind::Optional)
      displace(Module, Device::symbol(++DeviceSymbols));
  }
  return V;
}

} // namespace torch_tidy
