//===- Plan.cpp -----------------------------------------------------------===//
#include "tool/verify/Plan.h"
#include "tool/verify/TypeMaker.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;
using namespace torch_tidy;
using namespace torch_tidy::verify;

const FunctionDecl *verify::namedFunction(const FunctionDecl *F) {
  while (F) {
    const auto *M = dyn_cast<CXXMethodDecl>(F);
    if (!M)
      return F;
    const CXXRecordDecl *R = M->getParent();
    const DeclContext *Outer = R->getDeclContext();
    if (!R->isLambda() && !R->isLocalClass())
      return F;
    while (Outer && !isa<FunctionDecl>(Outer))
      Outer = Outer->getParent();
    F = Outer ? cast<FunctionDecl>(Outer) : nullptr;
  }
  return nullptr;
}

namespace {

/// Functions with a body that the user wrote, and whom each calls.
class CallGraph : public RecursiveASTVisitor<CallGraph> {
public:
  llvm::MapVector<const FunctionDecl *,
                  llvm::SmallPtrSet<const FunctionDecl *, 4>>
      Callees;

  explicit CallGraph(ASTContext &Context) : SM(Context.getSourceManager()) {
    for (Decl *D : Context.getTranslationUnitDecl()->noload_decls())
      if (!SM.isInSystemHeader(D->getLocation()) && D->getLocation().isValid())
        TraverseDecl(D);
  }
  bool shouldVisitTemplateInstantiations() const { return true; }

  bool TraverseDecl(Decl *D) {
    auto *F = dyn_cast_or_null<FunctionDecl>(D);
    if (!F || !F->doesThisDeclarationHaveABody())
      return RecursiveASTVisitor::TraverseDecl(D);
    const FunctionDecl *Saved = Current;
    // A closure's calls are those of the function it is written in.
    if (const FunctionDecl *Named = namedFunction(F)) {
      Current = Named->getCanonicalDecl();
      Callees[Current];
    }
    bool Result = RecursiveASTVisitor::TraverseDecl(D);
    Current = Saved;
    return Result;
  }
  bool VisitCallExpr(CallExpr *E) {
    add(E->getDirectCallee());
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr *E) {
    add(E->getConstructor());
    return true;
  }

  /// Does some function make a \p Class (by its qualified name)?
  bool makes(StringRef Class) const {
    return llvm::any_of(Callees, [&](const auto &Entry) {
      return llvm::any_of(Entry.second, [&](const FunctionDecl *F) {
        const auto *C = dyn_cast<CXXConstructorDecl>(F);
        return C && C->getParent()->getQualifiedNameAsString() == Class;
      });
    });
  }

  /// Functions from which a function in \p Targets can be reached.
  llvm::SmallVector<const FunctionDecl *>
  reaching(const llvm::SmallPtrSetImpl<const FunctionDecl *> &Targets) const {
    llvm::SmallPtrSet<const FunctionDecl *, 16> Reach(Targets.begin(),
                                                      Targets.end());
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (const auto &[F, Called] : Callees)
        if (!Reach.count(F) &&
            llvm::any_of(Called, [&](auto *C) { return Reach.count(C); }))
          Changed = Reach.insert(F).second;
    }
    llvm::SmallVector<const FunctionDecl *> List;
    for (const auto &[F, Called] : Callees)
      if (Reach.count(F) && !Targets.count(F))
        List.push_back(F);
    return List;
  }

private:
  SourceManager &SM;
  const FunctionDecl *Current = nullptr;

  void add(const FunctionDecl *Callee) {
    if (Callee && Current)
      Callees[Current].insert(Callee->getCanonicalDecl());
  }
};

std::string quoted(StringRef Text) {
  std::string Out = "\"";
  llvm::raw_string_ostream OS(Out);
  OS.write_escaped(Text);
  OS << '"';
  return Out;
}

class Planner {
public:
  Planner(ASTContext &Context, SourceEdits &MainFile, DriverPlan &Out)
      : Context(Context), SM(Context.getSourceManager()), MainFile(MainFile),
        Out(Out) {}

  void run(ArrayRef<Finding> Findings, unsigned FirstId) {
    llvm::MapVector<const FunctionDecl *, llvm::SmallVector<unsigned>> Flagged;
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
    llvm::SmallPtrSet<const FunctionDecl *, 8> Targets;
    for (const auto &[F, Ids] : Flagged) {
      Targets.insert(F->getCanonicalDecl());
      if (Main && F->getCanonicalDecl() == Main->getCanonicalDecl()) {
        if (MainBody.empty())
          undriven(Ids, "`main` is written by a macro");
        else
          entry("main", MainBody, Ids, /*Fallback=*/false);
        MainIsDirect = !MainBody.empty();
        continue;
      }
      direct(F, Ids);
    }
    fallbacks(Targets, All, Main);
    if (Main && !MainBody.empty() && !MainIsDirect)
      entry("main", MainBody, All, /*Fallback=*/true);
    Out.Sizes = sizesText();
    for (unsigned I = 0; I < Findings.size(); ++I)
      for (const Operand &O : Findings[I].Operands)
        if (O.Fact.Dev.isCPU() || O.Fact.Dev.isCUDA())
          Out.Expected += "  {" + std::to_string(FirstId + I) + ", " +
                          quoted(O.Role) +
                          (O.IsModuleState ? ", true, " : ", false, ") +
                          (O.Fact.Dev.isCUDA() ? "true},\n" : "false},\n");
  }

private:
  ASTContext &Context;
  SourceManager &SM;
  SourceEdits &MainFile;
  DriverPlan &Out;

  bool MainIsDirect = false;

  void undriven(ArrayRef<unsigned> Ids, const std::string &Why) {
    for (unsigned Id : Ids)
      Out.Undriven[Id] = Why;
  }

  void entry(const std::string &Name, const std::string &Body,
             ArrayRef<unsigned> Ids, bool Fallback) {
    Out.Entries.push_back({Name, {Ids.begin(), Ids.end()}, Fallback, Body, ""});
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
    if (Main->getNumParams() >= 2)
      Args += ", Argv";
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
    std::string Why;
    std::string Body = callOf(F, Why);
    if (Body.empty())
      undriven(Ids, Why);
    else
      entry(displayName(F), Body, Ids, /*Fallback=*/false);
  }

  /// Functions that reach a flagged one and need nothing from a caller.
  void fallbacks(const llvm::SmallPtrSetImpl<const FunctionDecl *> &Targets,
                 ArrayRef<unsigned> All, const FunctionDecl *Main) {
    CallGraph Graph(Context);
    Out.Mnist = Graph.makes("torch::data::datasets::MNIST");
    for (const FunctionDecl *F : Graph.reaching(Targets)) {
      if ((Main && F == Main->getCanonicalDecl()) || F->getNumParams() ||
          F->isTemplated() || F->isTemplateInstantiation() ||
          isa<CXXConstructorDecl, CXXDestructorDecl>(F))
        continue;
      std::string Why;
      std::string Body = callOf(F->getDefinition(), Why);
      if (!Body.empty())
        entry(displayName(F), Body, All, /*Fallback=*/true);
    }
  }

  /// Statements that call \p F with arguments made for it, or why not.
  std::string callOf(const FunctionDecl *F, std::string &Why) {
    if (F->isTemplated() && !F->isTemplateInstantiation()) {
      Why = "it is a template that nothing instantiates";
      return "";
    }
    TypeMaker Maker(Context);
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
    Out.Loader |= Maker.needsLoader();
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
    for (const ParmVarDecl *P : F->parameters())
      if (StringRef(P->getType().getAsString()).contains("DataLoader"))
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

/// The file name that the appended text goes by in the compiler's messages.
static constexpr llvm::StringLiteral DriverName = "<torch-tidy driver>";

unsigned DriverPlan::size() const {
  return llvm::count_if(Entries,
                        [](const Entry &E) { return E.Dropped.empty(); });
}

std::string DriverPlan::text() const {
  if (!size())
    return "";
  // One line for each entry, so that a line of a message names one.
  std::string Functions, Table;
  for (size_t I = 0; I < Entries.size(); ++I) {
    const Entry &E = Entries[I];
    if (!E.Dropped.empty())
      continue;
    std::string Name = "entry_" + std::to_string(I);
    Functions +=
        ("#line " + Twine(I + 1) + " \"" + DriverName + "\"\nstatic void " +
         Name + "(::torch_tidy::driver::Args &A) { (void)A; " + E.Body + " }\n")
            .str();
    Table += "  {" + quoted(E.Name) + ", torch_tidy_entries::" + Name + ", {";
    for (size_t N = 0; N < E.Ids.size(); ++N)
      Table += (N ? ", " : "") + std::to_string(E.Ids[N]);
    Table += std::string("}, ") + (E.Fallback ? "true" : "false") +
             ", torch_tidy_entries::sizes},\n";
  }
  // The user's macros must not reach into what follows.
  std::string Text = "\n";
  for (const char *Word :
       {"A", "Argc", "Argv", "Args", "Batch", "Count", "Data", "Example",
        "Mode", "Name", "Target", "entry", "object", "run", "sizes"})
    Text += std::string("#undef ") + Word + "\n";
  if (Loader)
    Text += "#include \"driver/MakeLoader.h\"\n";
  if (Mnist)
    Text += "#include \"driver/MakeMnist.h\"\n";
  Text += "#include <iostream>\n#include <memory>\n"
          "namespace torch_tidy_entries {\n"
          "static const std::vector<int64_t> sizes{" +
          Sizes + "};\n" + Functions + "}\n";
  Text += "int main(int Argc, char **Argv) {\n  return "
          "::torch_tidy::driver::run(Argc, Argv, {\n" +
          Table + "  }, {\n" + Expected + "  });\n}\n";
  return Text;
}

bool DriverPlan::dropFailing(StringRef Words) {
  bool Any = false;
  SmallVector<StringRef> Lines;
  Words.split(Lines, '\n');
  for (StringRef Line : Lines) {
    // "<torch-tidy driver>:3:57: error: ..." or a note that leads there.
    size_t At = Line.find(DriverName);
    if (At == StringRef::npos)
      continue;
    unsigned Number;
    StringRef Rest = Line.substr(At + DriverName.size() + 1);
    if (Rest.consumeInteger(10, Number) || !Number || Number > Entries.size() ||
        !Entries[Number - 1].Dropped.empty())
      continue;
    StringRef Why = Rest.split(": ").second;
    Entries[Number - 1].Dropped = "its call does not compile: " + Why.str();
    Any = true;
  }
  return Any;
}

DriverPlan verify::planDriver(ASTContext &Context, ArrayRef<Finding> Findings,
                              unsigned FirstId, SourceEdits &MainFile) {
  DriverPlan Out;
  Planner(Context, MainFile, Out).run(Findings, FirstId);
  return Out;
}
