//===- Analyze.cpp - entry functions, and what of their visits is told ----===//
//
// Every function the user wrote is an entry: its parameters are symbols, and
// what it calls runs under its facts. A mismatch is told when every state that
// came to the call that way shows it, or every one that shares the conditions
// under which the two operands were placed.
//
//===----------------------------------------------------------------------===//
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include <chrono>

using namespace clang;

namespace torch_tidy {

Interp::Interp(ASTContext &Ctx, const AnalysisOptions &Opts)
    : Ctx(Ctx), Opts(Opts) {}

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

void Interp::runRoot(const FunctionDecl *Fn) {
  Root = Fn;
  Effort = {Opts.Budget, Opts.Budget};
  GaveUp = false;
  Rounds.clear();
  Catching = 0;
  Thrown = nullptr;
  ++Result.Stats.Functions;
  States In = each(entryTo(Fn), [&] {
    std::vector<CellId> Args = unknownArguments(Fn);
    for (unsigned I = 0; I < Args.size(); ++I)
      S->top().Vars[Fn->getParamDecl(I)] = Args[I];
    if (auto *M = dyn_cast<CXXMethodDecl>(Fn); M && !M->isStatic()) {
      QualType T = typeOf(Ctx, M->getParent());
      Value V;
      if (!isa<CXXConstructorDecl>(M) && !isa<CXXDestructorDecl>(M)) {
        if (!derives(M->getParent(), "torch::nn::Module"))
          V = invariant(M->getParent());
        if (!V && !Dead)
          V = fresh(T, "", SourceLocation(), "");
      }
      if (V.K != Value::Object) {
        Object O;
        O.Rec = M->getParent();
        O.K = derives(M->getParent(), "torch::nn::Module") ? Object::Module
                                                           : Object::Record;
        O.Opaque = true;
        V = S->object(std::move(O));
      }
      S->top().This = S->cell(V);
      if (auto *Ctor = dyn_cast<CXXConstructorDecl>(M))
        initialise(Ctor, nullptr);
    }
  });
  const State Entry = In.empty() ? State() : In.front();
  const bool One = In.size() == 1;
  Flow Out = exec(Fn->getBody(), std::move(In));
  // Only a jump into a block is left over.
  GaveUp |= !Out.Goto.empty();
  if (Fn->isExternallyVisible() && !Fn->isInlined()) {
    auto *Ctor = dyn_cast<CXXConstructorDecl>(Fn);
    if (!Ctor && One)
      summarise(Fn, Entry, Out);
    else if (Ctor && isModule(Ctor->getParent()))
      summariseConstructor(Ctor);
  }
  if (GaveUp) {
    ++Result.Stats.GaveUp;
    Result.Stats.GaveUpAt.push_back(Fn->getLocation());
  }
}

// A repair is for every run of a call: what mends one breaks another that is
// known to run as it is, or that needs another repair.
std::set<Interp::SiteKey> Interp::unmendable() {
  std::set<SiteKey> Calls;
  std::map<SiteKey, std::string> Repairs;
  for (auto &[Key, V] : Sites) {
    if (V.Runs)
      Calls.insert(Key.first);
    for (const Visits::Bad &B : V.Bads) {
      std::string Text;
      if (!B.F.Fixes.empty())
        for (const FixItHint &Hint : B.F.Fixes[0].Hints)
          Text += Hint.CodeToInsert + "\n";
      if (Repairs.try_emplace(Key.first, Text).first->second != Text)
        Calls.insert(Key.first);
    }
  }
  return Calls;
}

// Whether a mismatch is certain enough to be told: every path that came this
// way shows it, or every one on which the operands were placed so. Those
// conditions are then named.
bool Interp::certain(const Visits &V, Visits::Bad &B) {
  bool Tell = true;
  for (auto &Known : V.Fine) {
    bool Excluded = false;
    for (auto &[Sym, Val] : B.Under) {
      auto It = Known.find(Sym);
      Excluded |= It != Known.end() && It->second != Val;
    }
    // A branch that is not taken leaves its condition on the path only.
    for (auto It = B.Known.begin(); !Excluded && It != B.Known.end(); ++It) {
      auto Other = Known.find(It->first);
      const SymbolInfo &I = Symbols[It->first];
      if (Other != Known.end() && Other->second != It->second && I.Strong &&
          !I.Name.empty()) {
        B.Under.insert(*It);
        Excluded = true;
      }
    }
    Tell &= Excluded;
  }
  if (V.Fine.empty())
    return true;
  std::string When;
  for (auto &[Sym, Val] : B.Under) {
    const SymbolInfo &I = Symbols[Sym];
    if (!I.Strong || I.Name.empty())
      return false;
    When += (When.empty() ? "when '" : " and '") + I.Name + "' is " +
            (Val == 0   ? "false"
             : Val == 1 ? "true"
                        : std::to_string(Val));
  }
  B.F.Condition = When;
  return Tell && !B.Under.empty();
}

// The findings among the visits; returns the dropped moves that are their
// causes.
std::set<const Expr *> Interp::tellMismatches() {
  std::set<const Expr *> Causes;
  std::set<SiteKey> Done, Unmendable = unmendable();
  std::set<std::pair<const FieldDecl *, uint64_t>> LeftIn;
  std::vector<decltype(Sites)::value_type *> InOrder;
  for (auto &Entry : Sites)
    InOrder.push_back(&Entry);
  llvm::sort(InOrder, [](auto *A, auto *B) {
    return A->second.Order < B->second.Order;
  });
  for (auto *Entry : InOrder) {
    auto &[Call, Way] = Entry->first;
    for (Visits::Bad &B : Entry->second.Bads) {
      if (Done.count(Call))
        break;
      if (!certain(Entry->second, B))
        continue;
      if (B.Dropped)
        Causes.insert(B.Dropped);
      // One member left behind is one cause for all of an entry's calls.
      if (B.Left) {
        LeftTold.insert(B.Left);
        if (!LeftIn.insert({B.Left, Way.back()}).second)
          continue;
      }
      if (Unmendable.count(Call))
        B.F.Fixes.clear();
      Done.insert(Call);
      Result.Findings.push_back(std::move(B.F));
      break;
    }
  }
  return Causes;
}

AnalysisResult Interp::take(ArrayRef<const CXXRecordDecl *> Modules) {
  unusedMoves(tellMismatches());
  unguardedCuda();
  for (const CXXRecordDecl *R : Modules)
    supposeMoved(R);
  const SourceManager &SM = Ctx.getSourceManager();
  // One call is told once, however many entries lead to it.
  std::set<std::pair<unsigned, const Expr *>> Once;
  std::vector<Finding> Few;
  for (Finding &F : Result.Findings)
    if (Once.insert({unsigned(F.Code), F.Call}).second)
      Few.push_back(std::move(F));
  Result.Findings = std::move(Few);
  auto InSourceOrder = [&](const auto &A, const auto &B) {
    return SM.isBeforeInTranslationUnit(A.Loc, B.Loc);
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
        !R->isLambda() && I.isModule(R))
      Modules.push_back(R);
    return true;
  }
  bool VisitFunctionDecl(FunctionDecl *F) {
    if (F->doesThisDeclarationHaveABody() && !F->isDependentContext() &&
        !F->isDefaulted() && I.isUserCode(F))
      if (auto *M = dyn_cast<CXXMethodDecl>(F);
          !M || !M->getParent()->isLambda())
        Roots.push_back(F);
    return true;
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
    if (I.isUserCode(D))
      TopLevel.push_back(D);
  I.findWritten(TopLevel);
  for (Decl *D : TopLevel)
    C.TraverseDecl(D);
  for (const FunctionDecl *F : C.Roots)
    I.runRoot(F);
  AnalysisResult R = I.take(C.Modules);
  R.Stats.Seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - Begin)
          .count();
  return R;
}

} // namespace torch_tidy
