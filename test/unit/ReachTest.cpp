// Which functions can come to LibTorch, and so are worth a look of their own.
#include "checks/flow/Reach.h"
#include "clang/AST/ASTContext.h"
#include "clang/ASTMatchers/ASTMatchFinder.h"
#include "clang/Frontend/ASTUnit.h"
#include "clang/Tooling/Tooling.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace clang;
using namespace clang::ast_matchers;
using namespace torch_tidy;
using testing::UnorderedElementsAre;

namespace {

constexpr char Library[] = R"(
namespace at { struct Tensor { Tensor relu() const; }; }
namespace torch { using at::Tensor; Tensor rand(int);
namespace nn { struct Module { void train(); }; } }
namespace std { template <class T> struct vector { T &operator[](int); }; }
)";

// The functions with a body in `Code` that reach LibTorch, by name.
std::vector<std::string> reaching(const std::string &Code) {
  std::unique_ptr<ASTUnit> Unit =
      tooling::buildASTFromCodeWithArgs(Library + Code, {"-std=c++17"});
  ASTContext &Ctx = Unit->getASTContext();
  std::vector<Decl *> TopLevel;
  for (Decl *D : Ctx.getTranslationUnitDecl()->decls())
    if (auto *N = dyn_cast<NamespaceDecl>(D);
        D->getLocation().isValid() &&
        !(N && llvm::is_contained({"at", "torch", "std"}, N->getName())))
      TopLevel.push_back(D);
  Reach Reaches(TopLevel);
  std::vector<std::string> Names;
  for (const auto &Found :
       match(functionDecl(isDefinition(), unless(isImplicit()),
                          unless(isInstantiated()),
                          unless(hasAncestor(cxxRecordDecl(isLambda()))))
                 .bind("f"),
             Ctx))
    if (auto *F = Found.getNodeAs<FunctionDecl>("f"); Reaches(F))
      Names.push_back(F->getNameAsString());
  return Names;
}

} // namespace

TEST(Reach, ATypeOrACallIsEnough) {
  EXPECT_THAT(reaching(R"(
    void parameter(at::Tensor);
    int declared(const at::Tensor *t) { return 0; }
    void calls() { torch::rand(3); }
    void element(std::vector<at::Tensor> &v) { v[0]; }
    int nothing(int x) { return x + 1; }
    std::vector<int> numbers() { return {}; }
  )"),
              UnorderedElementsAre("declared", "calls", "element"));
}

TEST(Reach, SoIsWhatIsCalledFromThere) {
  EXPECT_THAT(reaching(R"(
    void deep() { torch::rand(3); }
    void middle(int n);
    void top() { middle(1); }
    void middle(int n) { if (n) top(); deep(); }
    void aside(int n) { if (n) aside(n - 1); }
  )"),
              UnorderedElementsAre("deep", "top", "middle"));
}

TEST(Reach, AClassIsAllOfItsMembers) {
  EXPECT_THAT(reaching(R"(
    struct Net : torch::nn::Module { int size() { return 1; } };
    struct Holder { Net *net; int count() { return 2; } };
    struct Parser { int next() { return 3; } };
    Holder &holder();
    int uses() { return holder().count(); }
    int parses(Parser &p) { return p.next(); }
  )"),
              UnorderedElementsAre("size", "count", "uses"));
}

TEST(Reach, VariablesAndLambdasLeadOn) {
  EXPECT_THAT(reaching(R"(
    auto hook = [] { torch::rand(1); };
    auto plain = [](int n) { return n; };
    void runs() { hook(); }
    int counts() { static int n; return ++n; }
    template <class F> void apply(F f) { f(1); }
    void generic() { apply([](auto n) { torch::rand(n); }); }
    int local() { struct Inner { int x() { torch::rand(1); return 1; } };
                  return Inner().x(); }
  )"),
              UnorderedElementsAre("runs", "generic", "local", "x"));
}

TEST(Reach, AnInstanceReachesWhatItIsMadeOf) {
  EXPECT_THAT(reaching(R"(
    template <class T> struct Box { T value; T get() { return value; } };
    int number(Box<int> &b) { return b.get(); }
    at::Tensor tensor(Box<at::Tensor> &b) { return b.get(); }
  )"),
              UnorderedElementsAre("tensor"));
}
