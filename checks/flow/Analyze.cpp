//===- Analyze.cpp - the entry functions of a translation unit ------------===//
//
// Every function the user wrote is an entry: its parameters are symbols, and
// what it calls runs under its facts.
//
//===----------------------------------------------------------------------===//
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "checks/flow/Reach.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/Support/TimeProfiler.h"
#include <chrono>

using namespace clang;

namespace torch_tidy {

Interp::Interp(ASTContext &Ctx, const AnalysisOptions &Opts)
    : Ctx(Ctx), Opts(Opts), Ty(Ctx), Told(Ctx, Ty) {}

// One state, at the beginning of a function that nobody is seen to call.
States Interp::entryTo(const FunctionDecl *Fn) {
  Frame F;
  F.Fn = Fn;
  F.Serial = ++Serial;
  States In(1);
  In[0].Frames.push_back(std::move(F));
  // Before a program begins nobody has set the default type.
  for (const FunctionDecl *Other : SetsDefault)
    if (!Fn->isMain() && Other != Fn->getCanonicalDecl())
      In[0].Default = Dtype::Unknown;
  return In;
}

// `this` of a method that nobody is seen to call.
Value Interp::unknownThis(const CXXMethodDecl *M) {
  Value V;
  const bool OfModule = Ty.derives(M->getParent(), "torch::nn::Module");
  if (!isa<CXXConstructorDecl>(M) && !isa<CXXDestructorDecl>(M)) {
    if (!OfModule)
      V = invariant(M->getParent());
    if (!V && !Dead)
      V = fresh(typeOf(Ctx, M->getParent()), "", SourceLocation(), "");
  }
  if (V.K == Value::Object)
    return V;
  Object O;
  O.Rec = M->getParent();
  O.K = OfModule ? Object::Module : Object::Record;
  O.Opaque = true;
  return S->object(std::move(O));
}

// The states that the body of a root begins in, but for its parameters. What a
// constructor makes of an object is looked at once for all methods.
States Interp::entriesTo(const FunctionDecl *Fn) {
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  States In = entryTo(Fn);
  if (!M || M->isStatic())
    return In;
  auto Make = [&] {
    return each(std::move(In),
                [&] { S->top().This = S->cell(unknownThis(M)); });
  };
  if (isa<CXXConstructorDecl>(M) || isa<CXXDestructorDecl>(M))
    return Make();
  auto [It, New] =
      Entries.try_emplace({M->getParent()->getCanonicalDecl(), In[0].Default});
  if (New) {
    It->second.In = Make();
    It->second.GaveUp = GaveUp;
  }
  GaveUp |= It->second.GaveUp;
  In = It->second.In;
  for (State &Each : In) {
    Each.top().Fn = Fn;
    Each.top().Serial = ++Serial;
  }
  return In;
}

void Interp::runRoot(const FunctionDecl *Fn) {
  llvm::TimeTraceScope Trace("Analyse",
                             [&] { return Fn->getQualifiedNameAsString(); });
  Root = Fn;
  Effort = {Opts.Budget, Opts.Budget};
  GaveUp = false;
  Rounds.clear();
  Catching = 0;
  Thrown = nullptr;
  ++Result.Stats.Functions;
  States In = each(entriesTo(Fn), [&] {
    std::vector<CellId> Args = unknownArguments(Fn);
    for (unsigned I = 0; I < Args.size(); ++I)
      S->top().Vars[Fn->getParamDecl(I)] = Args[I];
    if (auto *Ctor = dyn_cast<CXXConstructorDecl>(Fn))
      initialise(Ctor, nullptr);
  });
  Flow Out = exec(Fn->getBody(), std::move(In));
  // Only a jump into a block is left over.
  GaveUp |= !Out.Goto.empty();
  if (!Fn->isInlined())
    name(Fn, Result.Defined);
  if (GaveUp) {
    ++Result.Stats.GaveUp;
    Result.Stats.GaveUpAt.push_back(Fn->getLocation());
  }
}

AnalysisResult Interp::take(ArrayRef<const CXXRecordDecl *> Modules) {
  Told.settle(Symbols);
  for (const CXXRecordDecl *R : Modules)
    supposeMoved(R);
  Result.Findings = Told.take();
  auto InSourceOrder = [&](const auto &A, const auto &B) {
    return Ctx.getSourceManager().isBeforeInTranslationUnit(A.Loc, B.Loc);
  };
  llvm::stable_sort(Result.Findings, InSourceOrder);
  llvm::stable_sort(Result.Unknowns, InSourceOrder);
  return std::move(Result);
}

namespace {
class Collector : public RecursiveASTVisitor<Collector> {
  Interp &I;

public:
  std::vector<const FunctionDecl *> Roots;
  std::vector<const CXXRecordDecl *> Modules;
  explicit Collector(Interp &I) : I(I) {}
  bool shouldVisitTemplateInstantiations() const { return true; }
  bool VisitCXXRecordDecl(CXXRecordDecl *R) {
    if (R->isThisDeclarationADefinition() && !R->isDependentContext() &&
        !R->isLambda() && I.types().isUserModule(R))
      Modules.push_back(R);
    return true;
  }
  bool VisitFunctionDecl(FunctionDecl *F) {
    if (F->doesThisDeclarationHaveABody() && !F->isDependentContext() &&
        !F->isDefaulted() && I.types().isUserCode(F))
      if (auto *M = dyn_cast<CXXMethodDecl>(F);
          !M || !M->getParent()->isLambda())
        Roots.push_back(F);
    return true;
  }
};

/// Whether a declaration is the main file's or of a header that it includes,
/// and not of a source that stands behind it.
class OwnDecls {
  const SourceManager &SM;
  ArrayRef<std::string> Behind;
  llvm::DenseMap<FileID, bool> Known;

  bool isOwn(FileID File) {
    if (File == SM.getMainFileID() || File.isInvalid())
      return true;
    auto [It, New] = Known.try_emplace(File, true);
    if (!New)
      return It->second;
    OptionalFileEntryRef Entry = SM.getFileEntryRefForID(File);
    const bool Own = !(Entry && llvm::is_contained(Behind, Entry->getName())) &&
                     isOwn(SM.getFileID(SM.getIncludeLoc(File)));
    return Known[File] = Own;
  }

public:
  OwnDecls(const SourceManager &SM, ArrayRef<std::string> Behind)
      : SM(SM), Behind(Behind) {}
  bool operator()(const Decl *D) {
    return Behind.empty() ||
           isOwn(SM.getFileID(SM.getExpansionLoc(D->getLocation())));
  }
};

// Without tensors in sight there is nothing to follow.
bool knowsLibTorch(ASTContext &Ctx) {
  for (NamedDecl *N :
       Ctx.getTranslationUnitDecl()->lookup(&Ctx.Idents.get("at")))
    if (auto *Namespace = dyn_cast<NamespaceDecl>(N))
      return !Namespace->lookup(&Ctx.Idents.get("Tensor")).empty();
  return false;
}
} // namespace

AnalysisResult analyze(ASTContext &Ctx, const AnalysisOptions &Opts) {
  auto Begin = std::chrono::steady_clock::now();
  Interp I(Ctx, Opts);
  Collector C(I);
  // Declarations from a precompiled header stay there: they are the library's.
  if (!knowsLibTorch(Ctx))
    return I.take({});
  std::vector<Decl *> TopLevel;
  for (Decl *D : Ctx.getTranslationUnitDecl()->noload_decls())
    if (I.types().isUserCode(D))
      TopLevel.push_back(D);
  I.findWritten(TopLevel);
  for (Decl *D : TopLevel)
    C.TraverseDecl(D);
  const Reach Reaches(TopLevel);
  I.knowReach(Reaches);
  OwnDecls IsOwn(Ctx.getSourceManager(), Opts.Behind);
  for (const FunctionDecl *F : C.Roots)
    if (Reaches(F) && IsOwn(F))
      I.runRoot(F);
  llvm::erase_if(C.Modules, [&](const Decl *M) { return !IsOwn(M); });
  AnalysisResult R = I.take(C.Modules);
  R.Stats.Seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - Begin)
          .count();
  return R;
}

} // namespace torch_tidy
