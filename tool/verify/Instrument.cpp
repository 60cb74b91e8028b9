//===- Instrument.cpp -----------------------------------------------------===//
#include "tool/verify/Instrument.h"
#include "tool/verify/Operands.h"
#include "tool/verify/Quoted.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/ParentMap.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringSet.h"
#include <optional>

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

struct FileRange {
  FileID File;
  unsigned Begin, End;
};

class Instrumenter {
public:
  Instrumenter(ASTContext &Context, Instrumentation &Out)
      : SM(Context.getSourceManager()), LO(Context.getLangOpts()), Out(Out) {}

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
    for (const auto &[E, Role] : operandsOf(F))
      probeOperand(E, Role, Id, Before);
  }

  void probeOperand(const Expr *E, StringRef Role, unsigned Id,
                    std::string &Before) {
    if (isa<CXXDefaultArgExpr>(E))
      return;
    E = writtenOperand(E);
    if (const auto *This = dyn_cast<CXXThisExpr>(E);
        This && This->isImplicit()) {
      Before += operand(Id, Role) + "*this), ";
      ++Probed;
      return;
    }
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
    for (const auto &[E, Role] : operandsOf(F))
      if (const Expr *O = writtenOperand(E);
          isPlainLvalue(O) && worthProbing(O->getType()))
        Enter += "(void)" + operand(Id, Role) + nameOf(O) + "); ";
    if (!isa<DeclStmt>(S))
      edits(R->File).wrap(R->Begin, R->End, "{ " + Enter, " }", Id);
    else if (isa<CompoundStmt>(P))
      edits(R->File).wrap(R->Begin, R->End, Enter, " " + Name + ".leave();",
                          Id);
    else
      return std::string(Macro) + " in a declaration that stands alone";
    return std::nullopt;
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
