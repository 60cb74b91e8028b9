#include "checks/flow/LeftBehind.h"
#include "clang/AST/Stmt.h"
#include "clang/Basic/SourceManager.h"

using namespace clang;

namespace torch_tidy {

bool hangsOn(const State &S, CellId C, HandleId H, unsigned Depth) {
  const Value &V = S.Cells[S.target(C)];
  if (V.K == Value::Tensor) {
    const Origin *From = S.Handles[H].From;
    return V.Id == H ||
           (From && From->K == Origin::Created && S.Handles[V.Id].From == From);
  }
  if (V.K != Value::Object || Depth > 6)
    return false;
  const Object &O = S.Objects[V.Id];
  if (O.K != Object::Module && O.K != Object::List)
    return false;
  if (llvm::is_contained(O.State, H))
    return true;
  for (const auto *Cells : {&O.Elems, &O.Children})
    for (CellId X : *Cells)
      if (hangsOn(S, X, H, Depth + 1))
        return true;
  return false;
}

const FieldDecl *leftBehind(const State &S, Types &Ty, HandleId H) {
  const Origin *From = S.Handles[H].From;
  if (!H || (From && From->K == Origin::Moved))
    return nullptr;
  for (auto F = S.Frames.rbegin(); F != S.Frames.rend(); ++F) {
    if (!F->This)
      continue;
    const Value &Me = S.Cells[S.target(F->This)];
    if (Me.K != Value::Object)
      continue;
    const Object &O = S.Objects[Me.Id];
    if (O.K != Object::Module || !O.Move || !O.Rec || !Ty.isUserCode(O.Rec) ||
        llvm::is_contained(O.State, H))
      continue;
    for (auto &[Key, Cell] : O.Fields) {
      if (!hangsOn(S, Cell, H))
        continue;
      bool Registered = false;
      for (CellId Child : O.Children)
        Registered |= hangsOn(S, Child, H);
      for (HandleId Own : O.State)
        Registered |= S.Handles[Own].From && S.Handles[Own].From == From;
      if (!Registered)
        return static_cast<const FieldDecl *>(Key);
    }
  }
  return nullptr;
}

namespace {

/// The statement that registers a member, with this between a loop and what it
/// repeats; none where the member is nothing that can be registered.
std::optional<std::string> registering(Types &Ty, const FieldDecl *Field,
                                       StringRef Break) {
  std::string Name = Field->getNameAsString();
  auto Call = [&](QualType T, std::string Called,
                  const std::string &What) -> std::optional<std::string> {
    TypeKind K = Ty.kindOf(T);
    if (K == TypeKind::Tensor)
      return What + " = register_buffer(" + Called + ", " + What + ");";
    // What one object owns alone cannot be registered as well.
    if (K == TypeKind::Holder ||
        (Ty.qualified(record(T)) == "std::shared_ptr" && Ty.heldModule(T)))
      return "register_module(" + Called + ", " + What + ");";
    return std::nullopt;
  };
  auto *Vector = dyn_cast_or_null<ClassTemplateSpecializationDecl>(
      record(Field->getType()));
  if (!Vector || Ty.qualified(Vector) != "std::vector")
    return Call(Field->getType(), "\"" + Name + "\"", Name);
  const std::string I = Name == "i" ? "j" : "i";
  auto Each = Call(Vector->getTemplateArgs()[0].getAsType(),
                   "\"" + Name + "\" + std::to_string(" + I + ")",
                   Name + "[" + I + "]");
  if (Each)
    *Each = "for (size_t " + I + " = 0; " + I + " < " + Name + ".size(); ++" +
            I + ")" + Break.str() + *Each;
  return Each;
}

} // namespace

std::optional<Fix> registration(const ASTContext &Ctx, Types &Ty,
                                const FieldDecl *Field) {
  auto *R = dyn_cast<CXXRecordDecl>(Field->getParent());
  const FunctionDecl *Def = nullptr;
  unsigned Bodies = 0;
  for (const CXXConstructorDecl *C : R->ctors())
    if (const FunctionDecl *D = nullptr;
        !C->isCopyOrMoveConstructor() && C->hasBody(D) && !D->isDefaulted()) {
      Def = D;
      ++Bodies;
    }
  if (Bodies != 1)
    return std::nullopt;
  auto *Body = dyn_cast_or_null<CompoundStmt>(Def->getBody());
  if (!Body || !Body->getRBracLoc().isFileID())
    return std::nullopt;
  const SourceManager &SM = Ctx.getSourceManager();
  SourceLocation End = Body->getRBracLoc();
  bool OneLine = Body->getLBracLoc().isFileID() &&
                 SM.getSpellingLineNumber(Body->getLBracLoc()) ==
                     SM.getSpellingLineNumber(End);
  const std::string Line =
      "\n" + std::string(SM.getSpellingColumnNumber(End) - 1, ' ');
  auto Text = registering(Ty, Field, OneLine ? " " : Line + "    ");
  if (!Text)
    return std::nullopt;
  if (OneLine)
    *Text = (Body->body_empty() ? " " : "") + *Text + " ";
  else
    *Text = "  " + *Text + Line;
  return Fix{"register the member", {FixItHint::CreateInsertion(End, *Text)}};
}

} // namespace torch_tidy
