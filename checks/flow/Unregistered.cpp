// Members that `Module::to` leaves behind because nothing registered them.
#include "checks/flow/Interp.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

// Whether a tensor, or the state of a module that it stands for, hangs on this
// cell; a view is known by where its tensor was made.
bool Interp::hangsOn(CellId C, HandleId H, unsigned Depth) {
  const Value &V = S->Cells[target(C)];
  if (V.K == Value::Tensor) {
    const Origin *From = S->Handles[H].From;
    return V.Id == H || (From && From->K == Origin::Created &&
                         S->Handles[V.Id].From == From);
  }
  if (V.K != Value::Object || Depth > 6)
    return false;
  const Object &O = S->Objects[V.Id];
  if (O.K != Object::Module && O.K != Object::List)
    return false;
  if (llvm::is_contained(O.State, H))
    return true;
  for (const auto *Cells : {&O.Elems, &O.Children})
    for (CellId X : *Cells)
      if (hangsOn(X, H, Depth + 1))
        return true;
  return false;
}

// The member through which a module of an activation reaches an operand that
// its own moves do not reach.
const FieldDecl *Interp::leftBehind(HandleId H) {
  const Origin *From = S->Handles[H].From;
  if (!H || (From && From->K == Origin::Moved))
    return nullptr;
  for (auto F = S->Frames.rbegin(); F != S->Frames.rend(); ++F) {
    if (!F->This)
      continue;
    const Value &Me = S->Cells[target(F->This)];
    if (Me.K != Value::Object)
      continue;
    const Object &O = S->Objects[Me.Id];
    if (O.K != Object::Module || !O.Move || !O.Rec || !isUserCode(O.Rec) ||
        llvm::is_contained(O.State, H))
      continue;
    for (auto &[Key, Cell] : O.Fields) {
      if (!hangsOn(Cell, H, 0))
        continue;
      bool Registered = false;
      for (CellId Child : O.Children)
        Registered |= hangsOn(Child, H, 0);
      for (HandleId Own : O.State)
        Registered |= S->Handles[Own].From && S->Handles[Own].From == From;
      if (!Registered)
        return static_cast<const FieldDecl *>(Key);
    }
  }
  return nullptr;
}

// `register_module("fc", fc);` as the last statement of the constructor.
std::optional<Fix> Interp::registration(const FieldDecl *Field) {
  auto *R = dyn_cast<CXXRecordDecl>(Field->getParent());
  const FunctionDecl *Def = nullptr;
  unsigned Bodies = 0;
  for (const CXXConstructorDecl *C : R->ctors())
    if (const FunctionDecl *D = nullptr;
        !C->isCopyOrMoveConstructor() && C->hasBody(D) && !D->isDefaulted()) {
      Def = D;
      ++Bodies;
    }
  TypeKind K = kindOf(Field->getType());
  bool Module = K == TypeKind::Holder ||
                (K == TypeKind::Pointer && heldModule(Field->getType()));
  if (Bodies != 1 || (!Module && K != TypeKind::Tensor))
    return std::nullopt;
  auto *Body = dyn_cast_or_null<CompoundStmt>(Def->getBody());
  if (!Body || !Body->getRBracLoc().isFileID())
    return std::nullopt;
  const SourceManager &SM = Ctx.getSourceManager();
  std::string Name = Field->getNameAsString();
  std::string Text =
      Module ? "register_module(\"" + Name + "\", " + Name + ");"
             : Name + " = register_buffer(\"" + Name + "\", " + Name + ");";
  SourceLocation End = Body->getRBracLoc();
  unsigned Column = SM.getSpellingColumnNumber(End);
  if (Body->getLBracLoc().isFileID() &&
      SM.getSpellingLineNumber(Body->getLBracLoc()) ==
          SM.getSpellingLineNumber(End))
    Text = (Body->body_empty() ? " " : "") + Text + " ";
  else
    Text = "  " + Text + "\n" + std::string(Column - 1, ' ');
  return Fix{"register the member", {FixItHint::CreateInsertion(End, Text)}};
}

void Interp::tellLeftBehind(Finding &F, const FieldDecl *Field) {
  std::string Name = Field->getNameAsString();
  F.History.push_back(
      {Field->getLocation(),
       "'" + Name +
           "' is never registered, so moving the module leaves it behind",
       Device::unknown(), Name});
  if (auto Register = registration(Field))
    F.Fixes.insert(F.Fixes.begin(), std::move(*Register));
}

// Supposes that a module has moved to CUDA and gets inputs from there: what
// its forward then finds on the CPU was left behind.
void Interp::supposeMoved(const CXXRecordDecl *R) {
  const CXXConstructorDecl *Ctor = shortestConstructor(R);
  const CXXMethodDecl *Forward = nullptr;
  for (const CXXMethodDecl *M : R->methods())
    if (M->getDeclName().isIdentifier() && M->getName() == "forward" &&
        M->hasBody())
      Forward = M;
  if (!Ctor || !Forward || R->isAbstract() ||
      (Built.count(R) && !Went.count(R)))
    return;
  Supposed = Forward;
  static const Origin Move = [] {
    Origin O;
    O.K = Origin::Moved;
    O.Dev = Device::cuda();
    return O;
  }();
  Effort = {Opts.Budget, Opts.Budget};
  each(entryTo(Forward), [&] {
    Value V = settledObject(Ctor);
    if (!V)
      return;
    CellId This = S->cell(V);
    displace(This, Device::cuda());
    S->Objects.mut(V.Id).Move = &Move;
    std::vector<CellId> Args = unknownArguments(Forward);
    for (CellId A : Args)
      if (const Value &X = S->Cells[A]; X.K == Value::Tensor)
        S->Handles.mut(X.Id).Fact.Dev = Device::cuda();
      else if (X.K == Value::Object)
        S->Objects.mut(X.Id).Unseen = Device::cuda();
    enter(Forward, nullptr, This, Args);
  });
  Supposed = nullptr;
}

void Interp::supposedMismatch(const Used &Wrong, const Used &Against,
                              const api::Judgement &J, const Expr *Site) {
  for (const Used *U : {&Wrong, &Against}) {
    const FieldDecl *Field = leftBehind(U->H);
    // What something moves by hand is not left behind.
    if (!Field || Written.count(Field) || !S->Handles[U->H].Fact.Dev.isCPU() ||
        !LeftTold.insert(Field).second)
      continue;
    Finding F;
    F.Code = FindingCode::UnregisteredMember;
    F.Call = Site;
    F.Function = Supposed;
    F.Loc = Field->getLocation();
    F.Range = Field->getSourceRange();
    std::string Name = Field->getNameAsString();
    F.Message = "'" + Name +
                "' is never registered: when the module moves to CUDA, it "
                "stays on the CPU";
    F.Predicted = J.Message;
    F.History.push_back({Site->getExprLoc(),
                         "'" + Name + "' meets what has moved here",
                         Device::unknown(), Name});
    if (auto Register = registration(Field))
      F.Fixes.push_back(std::move(*Register));
    Result.Findings.push_back(std::move(F));
  }
}

} // namespace torch_tidy
