//===- Marks.cpp ----------------------------------------------------------===//
#include "Marks.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;
using namespace torch_tidy;

namespace {

class Marks : public RecursiveASTVisitor<Marks> {
public:
  Marks(ASTContext &Context, AnalysisResult &Out)
      : SM(Context.getSourceManager()), Out(Out) {}

  bool shouldVisitTemplateInstantiations() const { return true; }
  bool TraverseFunctionDecl(FunctionDecl *F) {
    return in(F, [&] { return RecursiveASTVisitor::TraverseFunctionDecl(F); });
  }
  bool TraverseCXXMethodDecl(CXXMethodDecl *F) {
    return in(F, [&] { return RecursiveASTVisitor::TraverseCXXMethodDecl(F); });
  }
  bool TraverseCXXConstructorDecl(CXXConstructorDecl *F) {
    return in(
        F, [&] { return RecursiveASTVisitor::TraverseCXXConstructorDecl(F); });
  }

  bool VisitCallExpr(CallExpr *E) {
    const FunctionDecl *Callee = E->getDirectCallee();
    if (Callee && Callee->getDeclName().isIdentifier())
      consider(E, Callee->getName(), Callee);
    else if (const auto *O = dyn_cast<CXXOperatorCallExpr>(E))
      consider(E, getOperatorSpelling(O->getOperator()), Callee);
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr *E) {
    if (!E->isElidable() && !E->getConstructor()->isCopyOrMoveConstructor())
      consider(E, E->getConstructor()->getParent()->getName(),
               E->getConstructor());
    return true;
  }

private:
  SourceManager &SM;
  AnalysisResult &Out;
  const FunctionDecl *Current = nullptr;

  template <class Walk> bool in(FunctionDecl *F, Walk W) {
    if (F->isDependentContext())
      return true; // Its instantiations have the types.
    const FunctionDecl *Saved = Current;
    Current = F;
    bool Result = W();
    Current = Saved;
    return Result;
  }

  static Device deviceOf(StringRef Name) {
    if (Name == "cpu")
      return Device::cpu();
    return Name.starts_with("cuda") ? Device::cuda() : Device::unknown();
  }
  static Dtype dtypeOf(StringRef Name) {
    for (Dtype T : {Dtype::Int64, Dtype::Half, Dtype::Float, Dtype::Double})
      if (dtypeName(T) == Name)
        return T;
    return Dtype::Unknown;
  }

  void consider(const Expr *E, StringRef Name, const FunctionDecl *Callee) {
    SourceLocation Loc = SM.getExpansionLoc(E->getBeginLoc());
    if (!SM.isWrittenInMainFile(Loc) && SM.isInSystemHeader(Loc))
      return;
    StringRef Rest =
        SM.getBufferData(SM.getFileID(Loc)).substr(SM.getFileOffset(Loc));
    StringRef Line = Rest.take_until([](char C) { return C == '\n'; });
    auto [Code, Mark] = Line.split("// flag: ");
    SmallVector<StringRef> Words;
    Mark.trim().split(Words, ' ', -1, false);
    if (Words.empty() || Words[0] != Name)
      return;
    Finding F;
    F.Loc = E->getExprLoc();
    F.Call = E;
    F.Function = Current;
    F.Message = "'" + Name.str() + "' was marked";
    for (StringRef Word : llvm::drop_begin(Words)) {
      auto [Role, Place] = Word.split('=');
      if (Role == "code") {
        F.Code = codeOf(Place);
        continue;
      }
      if (Role == "when") {
        F.Condition = "when " + Place.str();
        continue;
      }
      auto [Dev, Type] = Place.split(':');
      Operand O;
      O.Role = Role.str();
      O.IsModuleState = Role == "weight";
      O.Fact.Dev = deviceOf(Dev);
      O.Fact.Type = dtypeOf(Type);
      F.Operands.push_back(O);
    }
    (void)Callee;
    Out.Findings.push_back(std::move(F));
  }

  static FindingCode codeOf(StringRef Name) {
    return llvm::StringSwitch<FindingCode>(Name)
        .Case("dtype", FindingCode::DtypeMismatch)
        .Case("unused", FindingCode::UnusedMove)
        .Case("host", FindingCode::HostAccess)
        .Case("loop", FindingCode::TransferInLoop)
        .Default(FindingCode::DeviceMismatch);
  }
};

} // namespace

AnalysisResult torch_tidy::findMarks(ASTContext &Context) {
  AnalysisResult Result;
  Marks M(Context, Result);
  for (Decl *D : Context.getTranslationUnitDecl()->noload_decls())
    if (D->getLocation().isValid() &&
        !Context.getSourceManager().isInSystemHeader(D->getLocation()))
      M.TraverseDecl(D);
  return Result;
}
