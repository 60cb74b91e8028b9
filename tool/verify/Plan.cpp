//===- Plan.cpp -----------------------------------------------------------===//
#include "tool/verify/Plan.h"
#include "tool/verify/CallGraph.h"
#include "tool/verify/Operands.h"
#include "tool/verify/Quoted.h"
#include "tool/verify/TypeMaker.h"
#include "tool/verify/Types.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace clang;
using llvm::ArrayRef;
using llvm::StringRef;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

class Planner {
public:
  Planner(ASTContext &Context, SourceEdits &MainFile, DriverPlan &Out)
      : Context(Context), SM(Context.getSourceManager()), MainFile(MainFile),
        Out(Out) {}

  void run(ArrayRef<Finding> Findings, unsigned FirstId) {
    FlaggedFunctions Flagged;
    llvm::SmallVector<unsigned> All;
    for (unsigned I = 0; I < Findings.size(); ++I) {
      const FunctionDecl *F = namedFunction(Findings[I].Function);
      All.push_back(FirstId + I);
      if (F)
        Flagged[F->isTemplateInstantiation() ? F : F->getCanonicalDecl()]
            .push_back(FirstId + I);
      else
        Out.Undriven[FirstId + I] = "the call is not inside a named function";
    }
    const FunctionDecl *Main = findMain();
    std::string MainBody = Main ? renameMain(Main) : "";
    for (const auto &[F, Ids] : Flagged) {
      if (Main && F->getCanonicalDecl() == Main->getCanonicalDecl()) {
        if (MainBody.empty())
          undriven(Ids, "`main` is written by a macro");
        else
          entry("main", MainBody, All, /*Fallback=*/false);
        MainIsDirect = !MainBody.empty();
        continue;
      }
      direct(F, Ids);
    }
    fallbacks(Flagged, Main);
    if (Main && !MainBody.empty() && !MainIsDirect)
      entry("main", MainBody, All, /*Fallback=*/true);
    Out.Sizes = sizesText();
    for (unsigned I = 0; I < Findings.size(); ++I)
      for (const Operand &O : Findings[I].Operands)
        if (isAtCall(O, Findings[I]) &&
            (O.Fact.Dev.isCPU() || O.Fact.Dev.isCUDA()))
          Out.Expected += "  {" + std::to_string(FirstId + I) + ", " +
                          quoted(O.Role) +
                          (O.IsModuleState ? ", true, " : ", false, ") +
                          (O.Fact.Dev.isCUDA() ? "true},\n" : "false},\n");
  }

private:
  using FlaggedFunctions =
      llvm::MapVector<const FunctionDecl *, llvm::SmallVector<unsigned>>;
  ASTContext &Context;
  SourceManager &SM;
  SourceEdits &MainFile;
  DriverPlan &Out;

  bool MainIsDirect = false;
  /// The entries of flagged functions.
  llvm::DenseMap<const FunctionDecl *, size_t> Direct;

  void undriven(ArrayRef<unsigned> Ids, const std::string &Why) {
    for (unsigned Id : Ids)
      Out.Undriven[Id] = Why;
  }

  void entry(const std::string &Name, const std::string &Body,
             ArrayRef<unsigned> Ids, bool Fallback) {
    Out.Entries.push_back(
        {Name, {Ids.begin(), Ids.end()}, {}, Fallback, Body, ""});
  }

  const FunctionDecl *findMain() {
    for (Decl *D : Context.getTranslationUnitDecl()->noload_decls())
      if (auto *F = dyn_cast<FunctionDecl>(D))
        if (F->isMain() && F->doesThisDeclarationHaveABody())
          return F;
    return nullptr;
  }

  /// Frees the name for the driver, keeps what falling off the end means, and
  /// gives the call. Empty where a macro wrote the name or another file did.
  std::string renameMain(const FunctionDecl *Main) {
    SourceLocation Name = Main->getLocation();
    SourceLocation End = Main->getBody()->getEndLoc();
    if (Name.isMacroID() || End.isMacroID() || !SM.isInMainFile(Name))
      return "";
    unsigned At = SM.getFileOffset(Name);
    MainFile.replace(At, At + 4, "torch_tidy_user_main");
    MainFile.insert(SM.getFileOffset(End), " return 0; ");
    std::string Args;
    if (Main->getNumParams() >= 1)
      Args = "1";
    // `const char *argv[]` is common enough.
    if (Main->getNumParams() >= 2)
      Args += ", const_cast<" +
              TypeMaker(Context).spell(Main->getParamDecl(1)->getType()) +
              ">(Argv)";
    for (unsigned I = 2; I < Main->getNumParams(); ++I)
      Args += ", Argv + 1";
    return "char Name[] = \"program\"; char *Argv[] = {Name, nullptr}; "
           "(void)Argv; ::torch_tidy_user_main(" +
           Args + ");";
  }

  /// "train(net, loader)": types are long, and instantiations' longer.
  std::string displayName(const FunctionDecl *F) {
    std::string Name = F->getQualifiedNameAsString() + "(";
    for (unsigned I = 0; I < F->getNumParams(); ++I)
      Name += (I ? ", " : "") + F->getParamDecl(I)->getNameAsString();
    Name += ")";
    unsigned Same = llvm::count_if(Out.Entries, [&](const auto &E) {
      return StringRef(E.Name).split(" #").first == Name;
    });
    return Same ? Name + " #" + std::to_string(Same + 1) : Name;
  }

  void direct(const FunctionDecl *F, ArrayRef<unsigned> Ids) {
    std::string Why, Body = callOf(F, Why, LoaderData::Own);
    auto Add = [&] {
      if (Body.empty())
        return;
      Direct.try_emplace(F->getCanonicalDecl(), Out.Entries.size());
      entry(displayName(F), Body, Ids, /*Fallback=*/false);
    };
    Add();
    // The program's data set may want files that are not there.
    if (F->isTemplateInstantiation() && takesLoader(F)) {
      std::string Other;
      Body = callOf(F, Other, LoaderData::Random);
      Add();
    }
    if (!Direct.count(F->getCanonicalDecl()))
      undriven(Ids, Why);
  }

  static bool takesLoader(const FunctionDecl *F) {
    return llvm::any_of(F->parameters(), [](const ParmVarDecl *P) {
      return StringRef(P->getType().getAsString()).contains("DataLoader");
    });
  }

  /// Functions that reach a flagged one: first those that need nothing from a
  /// caller.
  void fallbacks(const FlaggedFunctions &Flagged, const FunctionDecl *Main) {
    CallGraph Graph(Context);
    llvm::MapVector<const FunctionDecl *, llvm::SmallVector<unsigned>> Callers;
    for (const auto &[F, Ids] : Flagged)
      for (const FunctionDecl *Caller : Graph.reaching(F->getCanonicalDecl()))
        if (auto Own = Direct.find(Caller); Own != Direct.end())
          llvm::append_range(Out.Entries[Own->second].Behind, Ids);
        else
          llvm::append_range(Callers[Caller], Ids);
    Out.Mnist |= Graph.makes("torch::data::datasets::MNIST");
    for (bool WithParameters : {false, true})
      for (const auto &[F, Ids] : Callers) {
        if ((Main && F == Main->getCanonicalDecl()) ||
            WithParameters != (F->getNumParams() != 0) || F->isTemplated() ||
            F->isTemplateInstantiation() ||
            isa<CXXConstructorDecl, CXXDestructorDecl>(F))
          continue;
        std::string Why;
        std::string Body = callOf(F->getDefinition(), Why, LoaderData::Own);
        if (!Body.empty())
          entry(displayName(F), Body, Ids, /*Fallback=*/true);
      }
  }

  /// Statements that call \p F with arguments made for it, or why not.
  std::string callOf(const FunctionDecl *F, std::string &Why, LoaderData Data) {
    TypeMaker Maker(Context, Data);
    std::string Text = callOf(F, Why, Maker);
    Out.Loader |= !Text.empty() && Maker.needsLoader();
    Out.Mnist |= !Text.empty() && Maker.needsMnist();
    return Text;
  }

  std::string callOf(const FunctionDecl *F, std::string &Why,
                     TypeMaker &Maker) {
    if (F->isTemplated() && !F->isTemplateInstantiation()) {
      Why = "it is a template that nothing instantiates";
      return "";
    }
    const auto *Method = dyn_cast<CXXMethodDecl>(F);
    std::string Callee;
    if (isa<CXXConstructorDecl, CXXDestructorDecl>(F)) {
      // Making an object runs both; a destructor by leaving the scope.
      const auto *C = dyn_cast<CXXConstructorDecl>(F);
      return construct(Maker, Method->getParent(), C, Why);
    }
    if (Method && Method->isInstance()) {
      std::optional<std::string> Object =
          Maker.object(Method->getParent(), "object");
      if (!Object) {
        Why = "its object: " + Maker.why();
        return "";
      }
      Callee = "(" + *Object + ")." +
               (Method->isVirtual() ? "" : qualifier(Method->getParent())) +
               nameFor(F, Maker);
    } else {
      Callee = qualifier(F->getDeclContext(), "::") + nameFor(F, Maker);
    }
    std::string Args;
    if (!arguments(Maker, F, Args, Why))
      return "";
    return Maker.statements() + Callee + "(" + Args + ");";
  }

  std::string construct(TypeMaker &Maker, const CXXRecordDecl *R,
                        const CXXConstructorDecl *C, std::string &Why) {
    QualType T = Context.getCanonicalTagType(R);
    std::string Args;
    if (C && C->getNumParams()) {
      if (!arguments(Maker, C, Args, Why))
        return "";
      return Maker.statements() + "(void)::std::make_shared<" + Maker.spell(T) +
             ">(" + Args + ");";
    }
    if (!Maker.object(R, "object")) {
      Why = Maker.why();
      return "";
    }
    return Maker.statements();
  }

  bool arguments(TypeMaker &Maker, const FunctionDecl *F, std::string &Args,
                 std::string &Why) {
    // Optimizers come last: they take the parameters of the modules.
    llvm::SmallVector<std::string, 8> Texts(F->getNumParams());
    for (bool Optimizers : {false, true})
      for (unsigned I = 0; I < F->getNumParams(); ++I) {
        const ParmVarDecl *P = F->getParamDecl(I);
        QualType T = P->getType().getNonReferenceType();
        if (T->isPointerType())
          T = T->getPointeeType();
        if (derivesFrom(T->getAsCXXRecordDecl(), "torch::optim::Optimizer") !=
            Optimizers)
          continue;
        std::string Name = P->getName().empty()
                               ? "argument " + std::to_string(I + 1)
                               : P->getName().str();
        std::optional<std::string> Text = Maker.make(P->getType(), Name);
        if (!Text) {
          Why = "parameter '" + Name + "': " + Maker.why();
          return false;
        }
        Texts[I] = *Text;
      }
    for (unsigned I = 0; I < Texts.size(); ++I)
      Args += (I ? ", " : "") + Texts[I];
    return true;
  }

  /// "ns::Class::" for what \p DC is; anonymous parts have no name.
  std::string qualifier(const DeclContext *DC, StringRef Prefix = "") const {
    std::string Q;
    for (; DC && !DC->isTranslationUnit(); DC = DC->getParent()) {
      const auto *N = dyn_cast<NamedDecl>(DC);
      if (const auto *NS = dyn_cast<NamespaceDecl>(DC))
        if (NS->isAnonymousNamespace() || NS->isInline())
          continue;
      if (const auto *R = dyn_cast<CXXRecordDecl>(DC))
        return TypeMaker(Context).spell(Context.getCanonicalTagType(R)) +
               "::" + Q;
      if (N && N->getIdentifier())
        Q = N->getName().str() + "::" + Q;
    }
    return (Prefix + Q).str();
  }

  /// The name to call, with template arguments where no parameter tells them.
  std::string nameFor(const FunctionDecl *F, const TypeMaker &Maker) const {
    std::string Name = F->getNameAsString();
    const FunctionTemplateDecl *T = F->getPrimaryTemplate();
    const TemplateArgumentList *Args = F->getTemplateSpecializationArgs();
    if (!T || !Args)
      return Name;
    // A loader's type is replaced, so it must be deduced.
    if (takesLoader(F))
      return Name;
    std::string List;
    for (const TemplateArgument &A : Args->asArray()) {
      if (A.getKind() == TemplateArgument::Type)
        List += (List.empty() ? "" : ", ") + Maker.spell(A.getAsType());
      else if (A.getKind() == TemplateArgument::Integral)
        List +=
            (List.empty() ? "" : ", ") + llvm::toString(A.getAsIntegral(), 10);
      else
        return Name;
    }
    return (F->isCXXClassMember() ? "template " : "") + Name + "<" + List + ">";
  }

  /// Integer literals of the user's file that look like sizes of layers.
  std::string sizesText() {
    class Literals : public RecursiveASTVisitor<Literals> {
    public:
      llvm::SmallSetVector<uint64_t, 16> Values;
      bool VisitIntegerLiteral(IntegerLiteral *L) {
        if (L->getValue().getActiveBits() <= 16 && Values.size() < 16 &&
            L->getValue().getZExtValue() > 1)
          Values.insert(L->getValue().getZExtValue());
        return true;
      }
    } Visitor;
    for (Decl *D : Context.getTranslationUnitDecl()->noload_decls())
      if (SM.isInMainFile(D->getLocation()))
        Visitor.TraverseDecl(D);
    std::string Text;
    for (uint64_t Value : Visitor.Values)
      Text += (Text.empty() ? "" : ", ") + std::to_string(Value);
    return Text;
  }
};

} // namespace

DriverPlan verify::planDriver(ASTContext &Context, ArrayRef<Finding> Findings,
                              unsigned FirstId, SourceEdits &MainFile) {
  DriverPlan Out;
  Planner(Context, MainFile, Out).run(Findings, FirstId);
  return Out;
}
