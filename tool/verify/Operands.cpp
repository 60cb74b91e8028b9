//===- Operands.cpp -------------------------------------------------------===//
#include "tool/verify/Operands.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

static const Expr *spelled(const Expr *E) {
  return E ? E->IgnoreUnlessSpelledInSource() : nullptr;
}

const Expr *verify::writtenOperand(const Expr *E) {
  E = spelled(E);
  while (const auto *Arrow = dyn_cast_or_null<CXXOperatorCallExpr>(E)) {
    if (Arrow->getOperator() != OO_Arrow || Arrow->getNumArgs() != 1)
      break;
    E = spelled(Arrow->getArg(0));
  }
  return E;
}

bool verify::isPlainLvalue(const Expr *E) {
  E = E->IgnoreParenImpCasts();
  if (isa<DeclRefExpr>(E) || isa<CXXThisExpr>(E))
    return true;
  if (const auto *M = dyn_cast<MemberExpr>(E))
    return !M->isImplicitAccess() ? isPlainLvalue(M->getBase()) : true;
  if (const auto *U = dyn_cast<UnaryOperator>(E))
    return U->getOpcode() == UO_Deref && isPlainLvalue(U->getSubExpr());
  return false;
}

bool verify::worthProbing(QualType T) {
  T = T.getNonReferenceType();
  if (T->isPointerType())
    T = T->getPointeeType();
  const CXXRecordDecl *R = T->getAsCXXRecordDecl();
  return R && !R->isLambda() && R->hasDefinition();
}

bool verify::isMovable(QualType T) {
  const CXXRecordDecl *R = T.getNonReferenceType()->getAsCXXRecordDecl();
  if (!R || !R->hasDefinition())
    return true;
  return R->hasSimpleMoveConstructor() || R->hasSimpleCopyConstructor() ||
         R->hasUserDeclaredMoveConstructor() ||
         R->hasUserDeclaredCopyConstructor() ||
         R->needsImplicitCopyConstructor();
}

/// Object and arguments, by the callee's names for them.
static OperandList operandsByPosition(const Expr *Call) {
  OperandList List;
  auto AddArgs = [&](ArrayRef<const Expr *> Args, const FunctionDecl *Callee,
                     unsigned Skip) {
    for (unsigned I = Skip; I < Args.size(); ++I) {
      std::string Role = "argument " + std::to_string(I - Skip + 1);
      if (Callee && I - Skip < Callee->getNumParams() &&
          !Callee->getParamDecl(I - Skip)->getName().empty())
        Role = Callee->getParamDecl(I - Skip)->getName().str();
      List.push_back({Args[I], Role});
    }
  };
  if (const auto *M = dyn_cast<CXXMemberCallExpr>(Call)) {
    if (const Expr *Object = M->getImplicitObjectArgument())
      List.push_back({Object, "self"});
    AddArgs({M->getArgs(), M->getNumArgs()}, M->getDirectCallee(), 0);
  } else if (const auto *O = dyn_cast<CXXOperatorCallExpr>(Call)) {
    const FunctionDecl *Callee = O->getDirectCallee();
    bool Member = isa_and_nonnull<CXXMethodDecl>(Callee);
    if (Member && O->getNumArgs())
      List.push_back({O->getArg(0), "self"});
    AddArgs({O->getArgs(), O->getNumArgs()}, Callee, Member ? 1 : 0);
  } else if (const auto *C = dyn_cast<CallExpr>(Call)) {
    AddArgs({C->getArgs(), C->getNumArgs()}, C->getDirectCallee(), 0);
  } else if (const auto *C = dyn_cast<CXXConstructExpr>(Call)) {
    AddArgs({C->getArgs(), C->getNumArgs()}, C->getConstructor(), 0);
  }
  return List;
}

/// Is \p Name one of the names in \p Text? "net.fc" has two.
static bool hasName(StringRef Text, StringRef Name) {
  auto IsName = [](char C) { return llvm::isAlnum(C) || C == '_'; };
  for (size_t At = Text.find(Name); At != StringRef::npos;
       At = Text.find(Name, At + 1)) {
    StringRef After = Text.substr(At + Name.size());
    if ((!At || !IsName(Text[At - 1])) &&
        (After.empty() || !IsName(After.front())))
      return true;
  }
  return false;
}

bool verify::isAtCall(const Operand &O, const Finding &F) {
  if (O.E || O.Spelling.empty() || !F.Call)
    return true;
  if (!O.IsModuleState)
    return false;
  // The module that is called, or one inside it that goes by another name?
  OperandList List = operandsByPosition(F.Call);
  if (List.empty() || List.front().second != "self")
    return true;
  const Expr *Self = writtenOperand(List.front().first);
  if (isa<CXXThisExpr>(Self) || !llvm::all_of(O.Spelling, [](char C) {
        return llvm::isAlnum(C) || C == '_';
      }))
    return true;
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  LangOptions LO;
  LO.CPlusPlus = true;
  Self->printPretty(OS, nullptr, PrintingPolicy(LO));
  return hasName(Text, O.Spelling);
}

/// Gives operands the names that the finding has for them, and adds those
/// that stand inside an argument: `std::make_tuple(h, c)`.
static void nameOperands(OperandList &List, const Finding &F) {
  for (const Operand &O : F.Operands) {
    if (!isAtCall(O, F))
      continue;
    const Expr *Wanted = spelled(O.E);
    auto Same = llvm::find_if(List, [&](const auto &Entry) {
      return O.E ? spelled(Entry.first) == Wanted
                 : O.IsModuleState && Entry.second == "self";
    });
    if (Same != List.end())
      Same->second = O.Role;
    else if (O.E)
      List.push_back({O.E, O.Role});
  }
}

OperandList verify::operandsOf(const Finding &F) {
  OperandList List = operandsByPosition(F.Call);
  nameOperands(List, F);
  return List;
}

const InitListExpr *verify::bracedList(const Expr *E) {
  while (E && !isa<InitListExpr>(E)) {
    if (const auto *Standard = dyn_cast<CXXStdInitializerListExpr>(E))
      E = Standard->getSubExpr();
    else if (const auto *C = dyn_cast<CXXConstructExpr>(E))
      E = C->getNumArgs() ? C->getArg(0) : nullptr;
    else if (const Expr *Inner = E->IgnoreImplicit(); Inner != E)
      E = Inner;
    else
      return nullptr;
  }
  return dyn_cast_or_null<InitListExpr>(E);
}
