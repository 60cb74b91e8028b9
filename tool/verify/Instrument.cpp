//===- Instrument.cpp -----------------------------------------------------===//
#include "tool/verify/Instrument.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/ParentMap.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

struct FileRange {
  FileID File;
  unsigned Begin, End;
};

/// What wraps an expression without meaning anything in the source.
const Expr *spelled(const Expr *E) {
  return E ? E->IgnoreUnlessSpelledInSource() : nullptr;
}

std::string quoted(StringRef Text) {
  std::string Out = "\"";
  llvm::raw_string_ostream OS(Out);
  OS.write_escaped(Text);
  OS << '"';
  return Out;
}

/// An expression that can be evaluated a second time for its address only:
/// names, members of names, `this`, dereferenced names.
bool isPlainLvalue(const Expr *E) {
  E = E->IgnoreParenImpCasts();
  if (isa<DeclRefExpr>(E) || isa<CXXThisExpr>(E))
    return true;
  if (const auto *M = dyn_cast<MemberExpr>(E))
    return !M->isImplicitAccess() ? isPlainLvalue(M->getBase()) : true;
  if (const auto *U = dyn_cast<UnaryOperator>(E))
    return U->getOpcode() == UO_Deref && isPlainLvalue(U->getSubExpr());
  return false;
}

/// Types that a probe can say something of: classes, and pointers to them.
/// Closures, strings and streams are classes too; the probe ignores them, but
/// wrapping a prvalue of an unmovable class would not compile.
bool worthProbing(QualType T) {
  T = T.getNonReferenceType();
  if (T->isPointerType())
    T = T->getPointeeType();
  const CXXRecordDecl *R = T->getAsCXXRecordDecl();
  return R && !R->isLambda() && R->hasDefinition();
}
bool isMovable(QualType T) {
  const CXXRecordDecl *R = T.getNonReferenceType()->getAsCXXRecordDecl();
  if (!R || !R->hasDefinition())
    return true;
  return R->hasSimpleMoveConstructor() || R->hasSimpleCopyConstructor() ||
         R->hasUserDeclaredMoveConstructor() ||
         R->hasUserDeclaredCopyConstructor() ||
         R->needsImplicitCopyConstructor();
}

class Instrumenter {
public:
  Instrumenter(ASTContext &Context, Instrumentation &Out)
      : Context(Context), SM(Context.getSourceManager()),
        LO(Context.getLangOpts()), Out(Out) {}

  Site probe(const Finding &F, unsigned Id) {
    Site S;
    S.Id = Id;
    if (!F.Call) {
      S.Why = "the finding names no call";
      return S;
    }
    Parents = parentsIn(F.Function);
    const Expr *Call = wrappable(F.Call);
    std::optional<FileRange> R =
        declaresVariable(F.Call) ? std::nullopt : fileRange(Call);
    if (R) {
      Probed = 0;
      std::string Before = "(" + scope(Id) + ", ";
      std::string After = ")";
      probeOperands(F, Id, Before);
      if (recordsResult(Call)) {
        Before += "::torch_tidy::probe::result(" + std::to_string(Id) + ", ";
        After += ")";
      }
      edits(R->File).wrap(R->Begin, R->End, Before, After, Id);
      S.Form = Site::Expression;
      S.Operands = Probed;
    } else if (std::optional<std::string> Why = probeStatement(F, Id)) {
      S.Why = *Why;
    } else {
      S.Form = Site::Statement;
    }
    return S;
  }

private:
  ASTContext &Context;
  SourceManager &SM;
  const LangOptions &LO;
  Instrumentation &Out;
  llvm::DenseMap<const Stmt *, std::unique_ptr<ParentMap>> Cache;
  ParentMap *Parents = nullptr;
  unsigned Probed = 0; ///< Operands of the current call.
  /// Operands that were probed already: two findings may share a call.
  llvm::StringSet<> Done;

  static std::string scope(unsigned Id) {
    return "::torch_tidy::probe::Scope(" + std::to_string(Id) + ")";
  }
  static std::string operand(unsigned Id, StringRef Role) {
    return "::torch_tidy::probe::operand(" + std::to_string(Id) + ", " +
           quoted(Role) + ", ";
  }

  SourceEdits &edits(FileID File) {
    OptionalFileEntryRef Entry = SM.getFileEntryRefForID(File);
    std::string Path =
        Entry ? Entry->getFileEntry().tryGetRealPathName().str() : "";
    if (Path.empty() && Entry)
      Path = Entry->getName().str();
    return Out.Files[Path];
  }

  ParentMap *parentsIn(const FunctionDecl *F) {
    Stmt *Body = F ? F->getBody() : nullptr;
    if (!Body)
      return nullptr;
    std::unique_ptr<ParentMap> &P = Cache[Body];
    if (!P) {
      P = std::make_unique<ParentMap>(Body);
      if (const auto *C = dyn_cast<CXXConstructorDecl>(F))
        for (const CXXCtorInitializer *Init : C->inits())
          if (Init->isWritten())
            P->addStmt(Init->getInit());
    }
    return P.get();
  }

  /// The bytes that spell \p E, where they are contiguous in a file: outside
  /// macros, within one macro argument, or all of one macro's expansion.
  std::optional<FileRange> fileRange(const Expr *E) {
    CharSourceRange R = Lexer::makeFileCharRange(
        CharSourceRange::getTokenRange(E->getSourceRange()), SM, LO);
    if (R.isInvalid() || !SM.getFileEntryRefForID(SM.getFileID(R.getBegin())))
      return std::nullopt;
    auto [File, Begin] = SM.getDecomposedLoc(R.getBegin());
    auto [EndFile, End] = SM.getDecomposedLoc(R.getEnd());
    if (File != EndFile || Begin >= End)
      return std::nullopt;
    return FileRange{File, Begin, End};
  }

  /// The expression to put in parentheses for \p Call: `new T(x)` for the
  /// construction of a T, a functional cast for the constructor it runs.
  const Expr *wrappable(const Expr *Call) {
    if (!Parents || !isa<CXXConstructExpr>(Call))
      return Call;
    const Stmt *P = Parents->getParent(const_cast<Expr *>(Call));
    while (P && (isa<ImplicitCastExpr>(P) || isa<CXXBindTemporaryExpr>(P) ||
                 isa<MaterializeTemporaryExpr>(P)))
      P = Parents->getParent(const_cast<Stmt *>(P));
    if (P && (isa<CXXNewExpr>(P) || isa<CXXFunctionalCastExpr>(P)))
      return cast<Expr>(P);
    return Call;
  }

  /// `Net net(x);`: there is no expression to put in parentheses.
  bool declaresVariable(const Expr *Call) {
    if (!isa<CXXConstructExpr>(Call) || isa<CXXTemporaryObjectExpr>(Call) ||
        wrappable(Call) != Call || !Parents)
      return false;
    const Stmt *P = Call;
    while (P && (P == Call || isa<Expr>(P)) && !isa<CallExpr>(P))
      P = Parents->getParent(const_cast<Stmt *>(P));
    return P && isa<DeclStmt>(P);
  }

  /// True where passing the call's value through a function keeps its meaning:
  /// glvalues always; prvalues where they are an argument, an object or
  /// dropped.
  bool recordsResult(const Expr *Call) {
    // In a template another instantiation may have another category.
    if (Call->getType()->isVoidType() || inInstantiation())
      return false;
    if (Call->isGLValue())
      return !Call->refersToBitField() && !Call->getType()->isFunctionType();
    if (!Parents || !isMovable(Call->getType()))
      return false;
    const Stmt *Child = Call;
    const Stmt *P = Parents->getParent(const_cast<Expr *>(Call));
    while (P && (isa<ImplicitCastExpr>(P) || isa<CXXBindTemporaryExpr>(P) ||
                 isa<MaterializeTemporaryExpr>(P) || isa<ParenExpr>(P) ||
                 isa<ExprWithCleanups>(P))) {
      Child = P;
      P = Parents->getParent(const_cast<Stmt *>(P));
    }
    if (!P)
      return false;
    if (const auto *M = dyn_cast<MemberExpr>(P))
      return isa<CXXMethodDecl>(M->getMemberDecl());
    if (isa<CallExpr>(P))
      return true;
    return isDiscardedIn(Child, P);
  }

  static bool isDiscardedIn(const Stmt *S, const Stmt *Parent) {
    if (isa<CompoundStmt>(Parent) || isa<SwitchCase>(Parent) ||
        isa<LabelStmt>(Parent))
      return true;
    if (const auto *If = dyn_cast<IfStmt>(Parent))
      return S == If->getThen() || S == If->getElse();
    if (const auto *For = dyn_cast<ForStmt>(Parent))
      return S == For->getBody() || S == For->getInc();
    if (const auto *While = dyn_cast<WhileStmt>(Parent))
      return S == While->getBody();
    if (const auto *Do = dyn_cast<DoStmt>(Parent))
      return S == Do->getBody();
    if (const auto *Range = dyn_cast<CXXForRangeStmt>(Parent))
      return S == Range->getBody();
    return false;
  }

  bool Instantiation = false;
  bool inInstantiation() const { return Instantiation; }

public:
  void enterFunction(const FunctionDecl *F) {
    Instantiation = F && F->isTemplateInstantiation();
  }

private:
  /// Probes the object and the arguments of \p F's call in place; what has no
  /// text of its own but a name (an implicit `this`, a name in a macro) goes
  /// into \p Before.
  void probeOperands(const Finding &F, unsigned Id, std::string &Before) {
    llvm::SmallVector<std::pair<const Expr *, std::string>, 6> Operands;
    collect(F.Call, Operands);
    nameOperands(Operands, F);
    for (auto &[E, Role] : Operands)
      probeOperand(E, Role, Id, Before);
  }

  using OperandList =
      llvm::SmallVectorImpl<std::pair<const Expr *, std::string>>;

  /// Gives operands the names that the finding has for them, and adds those
  /// that stand inside an argument: `std::make_tuple(h, c)`.
  static void nameOperands(OperandList &List, const Finding &F) {
    for (const Operand &O : F.Operands) {
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

  static void collect(const Expr *Call, OperandList &List) {
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
  }

  void probeOperand(const Expr *E, StringRef Role, unsigned Id,
                    std::string &Before) {
    if (isa<CXXDefaultArgExpr>(E))
      return;
    E = spelled(E);
    if (const auto *This = dyn_cast<CXXThisExpr>(E);
        This && This->isImplicit()) {
      Before += operand(Id, Role) + "*this), ";
      ++Probed;
      return;
    }
    // `model->forward(x)` on a holder: the holder is what has text.
    if (const auto *Arrow = dyn_cast<CXXOperatorCallExpr>(E))
      if (Arrow->getOperator() == OO_Arrow && Arrow->getNumArgs() == 1)
        return probeOperand(Arrow->getArg(0), Role, Id, Before);
    if (const auto *List = dyn_cast<InitListExpr>(E)) {
      for (const Expr *Init : List->inits())
        probeOperand(Init, Role, Id, Before);
      return;
    }
    if (!worthProbing(E->getType()))
      return;
    if (E->getBeginLoc().isMacroID() || E->getEndLoc().isMacroID()) {
      if (isPlainLvalue(E)) {
        Before += operand(Id, Role) + nameOf(E) + "), ";
        ++Probed;
      }
      return;
    }
    std::optional<FileRange> R = fileRange(E);
    // Braces are no expression: `vstack({x, y})`.
    if (R && SM.getBufferData(R->File)[R->Begin] == '{') {
      if (const InitListExpr *List = bracedList(E))
        for (const Expr *Init : List->inits())
          probeOperand(Init, Role, Id, Before);
      return;
    }
    if (!R || (E->isPRValue() && !isMovable(E->getType())))
      return;
    std::string Key = (llvm::Twine(Id) + ":" + llvm::Twine(R->Begin) + ":" +
                       llvm::Twine(R->End))
                          .str();
    if (!Done.insert(Key).second)
      return;
    ++Probed;
    edits(R->File).wrap(R->Begin, R->End, operand(Id, Role), ")", Id);
  }

  /// The list in braces that \p E is converted from.
  static const InitListExpr *bracedList(const Expr *E) {
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

  std::string nameOf(const Expr *E) {
    std::string Name;
    llvm::raw_string_ostream OS(Name);
    PrintingPolicy Policy(LO);
    Policy.adjustForCPlusPlus();
    E->IgnoreParenImpCasts()->printPretty(OS, nullptr, Policy);
    return Name;
  }

  /// Probes the statement around a call that comes out of a macro's body.
  /// Gives the reason where that cannot be done.
  std::optional<std::string> probeStatement(const Finding &F, unsigned Id) {
    const char *Macro = "the call is written by a macro";
    if (!Parents)
      return std::string(Macro) + " outside any function body";
    const Stmt *S = F.Call;
    const Stmt *P = Parents->getParent(const_cast<Stmt *>(S));
    while (P && !holdsAsStatement(P, S)) {
      S = P;
      P = Parents->getParent(const_cast<Stmt *>(P));
    }
    if (!P)
      return std::string(Macro) + ", and no statement around it is in a file";
    std::optional<FileRange> R = statementRange(S);
    if (!R)
      return std::string(Macro) + ", and its statement spans files";
    std::string Name = "torch_tidy_scope_" + std::to_string(Id);
    std::string Enter =
        "::torch_tidy::probe::Scope " + Name + "(" + std::to_string(Id) + "); ";
    if (!isa<DeclStmt>(S)) {
      for (const auto &[E, Role] : plainOperands(F))
        Enter += "(void)" + operand(Id, Role) + nameOf(E) + "); ";
      edits(R->File).wrap(R->Begin, R->End, "{ " + Enter, " }", Id);
      return std::nullopt;
    }
    if (!isa<CompoundStmt>(P))
      return std::string(Macro) + " in a declaration that stands alone";
    for (const auto &[E, Role] : plainOperands(F))
      Enter += "(void)" + operand(Id, Role) + nameOf(E) + "); ";
    edits(R->File).wrap(R->Begin, R->End, Enter, " " + Name + ".leave();", Id);
    return std::nullopt;
  }

  llvm::SmallVector<std::pair<const Expr *, std::string>, 6>
  plainOperands(const Finding &F) {
    llvm::SmallVector<std::pair<const Expr *, std::string>, 6> All, Plain;
    collect(F.Call, All);
    nameOperands(All, F);
    for (auto &[E, Role] : All) {
      const Expr *Spelled = spelled(E);
      if (const auto *Arrow = dyn_cast<CXXOperatorCallExpr>(Spelled))
        if (Arrow->getOperator() == OO_Arrow && Arrow->getNumArgs() == 1)
          Spelled = spelled(Arrow->getArg(0));
      if (isPlainLvalue(Spelled) && worthProbing(Spelled->getType()))
        Plain.push_back({Spelled, Role});
    }
    return Plain;
  }

  /// True where \p S is a whole statement of \p P and \p P itself is spelled in
  /// a file, so that text can be put around \p S.
  static bool holdsAsStatement(const Stmt *P, const Stmt *S) {
    if (const auto *C = dyn_cast<CompoundStmt>(P))
      return C->getLBracLoc().isFileID();
    return P->getBeginLoc().isFileID() && isDiscardedIn(S, P);
  }

  std::optional<FileRange> statementRange(const Stmt *S) {
    SourceLocation Begin = SM.getExpansionLoc(S->getBeginLoc());
    SourceLocation Last = SM.getExpansionRange(S->getEndLoc()).getEnd();
    SourceLocation End = Lexer::getLocForEndOfToken(Last, 0, SM, LO);
    // An expression statement's semicolon is not part of it.
    std::optional<Token> Next = Lexer::findNextToken(Last, SM, LO);
    if (isa<Expr>(S) || isa<ReturnStmt>(S) || isa<DoStmt>(S)) {
      if (!Next || Next->isNot(tok::semi))
        return std::nullopt;
      End = Next->getEndLoc();
    }
    auto [File, From] = SM.getDecomposedLoc(Begin);
    auto [EndFile, To] = SM.getDecomposedLoc(End);
    if (File != EndFile || From >= To)
      return std::nullopt;
    return FileRange{File, From, To};
  }
};

} // namespace

Instrumentation verify::instrument(ASTContext &Context,
                                   llvm::ArrayRef<Finding> Findings,
                                   unsigned FirstId) {
  Instrumentation Out;
  Instrumenter I(Context, Out);
  for (unsigned N = 0; N < Findings.size(); ++N) {
    I.enterFunction(Findings[N].Function);
    Out.Sites.push_back(I.probe(Findings[N], FirstId + N));
  }
  return Out;
}
