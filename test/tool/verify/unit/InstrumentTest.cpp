//===- InstrumentTest.cpp - a probe around every form of a call -----------===//
//
// Each case is one marked call. Its probed text must compile again (against a
// probe that only passes values through), keep what the case asserts at compile
// time about types and categories, keep its lines, and hold the given piece.
//
//===----------------------------------------------------------------------===//
#include "Marks.h"
#include "clang/Frontend/ASTUnit.h"
#include "clang/Tooling/Tooling.h"
#include "tool/verify/Instrument.h"
#include <gtest/gtest.h>

using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

/// On one line, so that the cases' lines keep their numbers.
const char *Prelude = R"(
namespace torch_tidy::probe {
struct Scope { explicit Scope(int); ~Scope(); Scope(const Scope &) = delete; void leave(); };
template <class T> T &&operand(int, const char *, T &&V) { return static_cast<T &&>(V); }
template <class T> T &&result(int, T &&V) { return static_cast<T &&>(V); }
}
namespace at {
struct Tensor {
  Tensor(); Tensor(const Tensor &); Tensor(Tensor &&); ~Tensor();
  Tensor &operator=(const Tensor &);
  Tensor operator+(const Tensor &) const;
  Tensor &operator+=(const Tensor &);
  Tensor sum() const; Tensor &add_(const Tensor &); void backward() const;
  bool equal(const Tensor &) const; long size(long) const;
  Tensor *begin() const; Tensor *end() const;
};
struct Pair { Tensor first, second; };
Pair both(Tensor, Tensor);
}
using at::Tensor;
struct Impl { Tensor forward(Tensor input); Tensor &keep(Tensor input); void train(Tensor input); Tensor fixed(const Tensor &input) const; };
struct Net { Impl *operator->() const; Impl &operator*() const; Tensor operator()(Tensor input); };
struct Guard { Guard(Net &, const Tensor &); Guard(const Guard &) = delete; };
Tensor loss(const Tensor &a, const Tensor &b);
template <class A, class B> struct Same { static const bool value = false; };
template <class A> struct Same<A, A> { static const bool value = true; };
)";

struct Case {
  const char *Name;
  const char *Code;
  const char *Piece; ///< Must be in the probed text.
  Site::FormKind Form = Site::Expression;
};

void PrintTo(const Case &C, std::ostream *OS) { *OS << C.Name; }

bool compiles(const std::string &Code) {
  auto AST = clang::tooling::buildASTFromCodeWithArgs(Code, {"-std=c++17"},
                                                      "probed.cpp");
  return AST && !AST->getDiagnostics().hasErrorOccurred();
}

class Forms : public testing::TestWithParam<Case> {};

TEST_P(Forms, KeepMeaningAndLines) {
  const Case &C = GetParam();
  std::string Code = std::string(Prelude) + C.Code;
  auto AST = clang::tooling::buildASTFromCodeWithArgs(Code, {"-std=c++17"},
                                                      "input.cpp");
  ASSERT_TRUE(AST && !AST->getDiagnostics().hasErrorOccurred());
  AnalysisResult Marked = findMarks(AST->getASTContext());
  ASSERT_FALSE(Marked.Findings.empty()) << "nothing is marked";
  Instrumentation I = instrument(AST->getASTContext(), Marked.Findings);
  for (const Site &S : I.Sites)
    EXPECT_EQ(S.Form, C.Form) << S.Why;
  if (C.Form == Site::None)
    return;
  ASSERT_EQ(I.Files.size(), 1u);
  std::string Text = I.Files.begin()->second.apply(Code);
  EXPECT_NE(Text.find(C.Piece), std::string::npos) << Text.substr(strlen(Prelude));
  EXPECT_TRUE(compiles(Text)) << Text.substr(strlen(Prelude));
  EXPECT_EQ(llvm::StringRef(Text).count('\n'),
            llvm::StringRef(Code).count('\n'));
}

#define SCOPE "(::torch_tidy::probe::Scope(0), "
#define OPERAND(Role, Text)                                                    \
  "::torch_tidy::probe::operand(0, \"" Role "\", " Text ")"
#define RESULT "::torch_tidy::probe::result(0, "

const Case Cases[] = {
    {"prvalue_initialises",
     "void f(Net m, Tensor x) { auto y = m->forward(x); // flag: forward weight=cuda\n"
     "  static_assert(Same<decltype(y), Tensor>::value, \"\"); }",
     SCOPE OPERAND("weight", "m") "->forward(" OPERAND("input", "x") "))"},
    {"prvalue_is_argument",
     "void f(Net m, Tensor x) { loss(m->forward(x), x); } // flag: forward",
     RESULT OPERAND("self", "m") "->forward("},
    {"prvalue_is_object",
     "void f(Net m, Tensor x) { m->forward(x).sum().backward(); } // flag: forward",
     RESULT OPERAND("self", "m") "->forward(" OPERAND("input", "x") "))).sum()"},
    {"reference",
     "void f(Impl &m, Tensor x) { Tensor &y = m.keep(x); // flag: keep\n"
     "  static_assert(Same<decltype((m.keep(x))), Tensor &>::value, \"\"); }",
     RESULT OPERAND("self", "m") ".keep("},
    {"reference_extends_the_temporary",
     "void f(Net m, Tensor x) { const Tensor &y = m->forward(x); auto &&z = y; } // flag: forward",
     "const Tensor &y = " SCOPE OPERAND("self", "m")},
    {"void_statement", "void f(Net m, Tensor x) { m->train(x); } // flag: train",
     "{ " SCOPE OPERAND("self", "m") "->train("},
    {"dropped", "void f(Net m, Tensor x) { m->forward(x); } // flag: forward",
     "{ " SCOPE RESULT},
    {"if_condition",
     "void f(Tensor a, Tensor b) { if (a.equal(b)) {} } // flag: equal",
     "if (" SCOPE},
    {"loop_condition",
     "void f(Tensor a, Tensor b) { while (!a.equal(b)) {} } // flag: equal",
     "while (!" SCOPE},
    {"if_initialiser",
     "void f(Net m, Tensor x) { if (auto y = m->forward(x); y.size(0)) {} } // flag: forward",
     "if (auto y = " SCOPE},
    {"unbraced_branch",
     "void f(Net m, Tensor x, bool b) { if (b) m->forward(x); else m->train(x); } // flag: forward",
     "if (b) " SCOPE},
    {"ternary",
     "Tensor f(Net m, Tensor x, bool b) { return b ? m->forward(x) : x; } // flag: forward",
     "return b ? " SCOPE},
    {"range_for",
     "void f(Net m, Tensor x) { for (auto &t : m->forward(x)) t.sum(); } // flag: forward",
     ": " SCOPE},
    {"braced_list",
     "void f(Net m, Tensor x) { at::Pair p{m->forward(x), x}; } // flag: forward",
     "p{" SCOPE},
    {"direct_initialiser",
     "void f(Net m, Tensor x) { Tensor y(m->forward(x)); } // flag: forward",
     "y(" SCOPE},
    {"structured_binding",
     "void f(Tensor a) { auto [x, y] = at::both(a, a); } // flag: both",
     "= " SCOPE "at::both("},
    {"lambda",
     "void f(Net m, Tensor x) { auto g = [&](Tensor t) { return m->forward(t); }; g(x); } // flag: forward",
     "return " SCOPE},
    {"template_",
     "template <class M> auto f(M m, Tensor x) { return m->forward(x); } // flag: forward\n"
     "void g(Net m, Tensor x) { f(m, x); }",
     "return " SCOPE},
    {"template_void_elsewhere",
     "template <class M> void f(M m, Tensor x) { m(x); } // flag: ()\n"
     "struct V { void operator()(Tensor); };\n"
     "void g(Net m, Tensor x) { f(m, x); f(V(), x); }",
     "::torch_tidy::probe::Scope(0), "},
    {"pack",
     "template <class... T> void f(Net m, T... t) { m->forward(t...); } // flag: forward\n"
     "void g(Net m, Tensor x) { f(m, x); }",
     "\", t)..."},
    {"call_operator",
     "void f(Net m, Tensor x) { auto y = m(x); } // flag: ()",
     SCOPE OPERAND("self", "m") "("},
    {"binary_operator",
     "void f(Tensor a, Tensor b) { auto y = a + b; } // flag: +",
     SCOPE OPERAND("self", "a") " + "},
    {"compound_assignment",
     "void f(Tensor a, Tensor b) { a += b; } // flag: +=",
     OPERAND("self", "a") " += "},
    {"in_place_chain",
     "void f(Tensor a, Tensor b) { a.add_(b).add_(b); } // flag: add_",
     ".add_("},
    {"free_function",
     "void f(Tensor a, Tensor b) { auto y = loss(a, b); } // flag: loss",
     "loss(" OPERAND("a", "a") ", " OPERAND("b", "b") ")"},
    {"temporary_argument",
     "void f(Tensor a, Tensor b) { auto y = loss(a.sum(), b + a); } // flag: loss",
     OPERAND("b", "b + a")},
    {"dereferenced",
     "void f(Net m, Tensor x) { auto y = (*m).forward(x); } // flag: forward",
     "(" OPERAND("self", "*m") ").forward("},
    {"pointer",
     "void f(Impl *m, Tensor x) { auto y = m->fixed(x); } // flag: fixed",
     OPERAND("self", "m") "->fixed("},
    {"implicit_this",
     "struct D : Impl { Tensor go(Tensor x) { return forward(x); } }; // flag: forward",
     OPERAND("self", "*this") ", forward("},
    {"member_initialiser",
     "struct D { Tensor t; D(Net m, Tensor x) : t(m->forward(x)) {} }; // flag: forward",
     "t(" SCOPE},
    {"global_initialiser",
     "Net m; Tensor x; Tensor y = m->forward(x); // flag: forward", "y = " SCOPE},
    {"declared_object",
     "void f(Net m, Tensor x) { Guard g(m, x); } // flag: Guard",
     "torch_tidy_scope_0(0); ", Site::Statement},
    {"new_object",
     "void f(Net m, Tensor x) { auto *g = new Guard(m, x); } // flag: Guard",
     "new Guard("},
    {"macro_body",
     "#define RUN(m, x) m->forward(x)\n#define TWICE(m, x) RUN(m, x); RUN(m, x)\n"
     "void f(Net m, Tensor x) { TWICE(m, x); } // flag: forward",
     "{ ::torch_tidy::probe::Scope torch_tidy_scope_0(0); ", Site::Statement},
    {"macro_is_the_call",
     "#define RUN(m, x) m->forward(x)\n"
     "void f(Net m, Tensor x) { auto y = RUN(m, x); } // flag: forward",
     "RUN(m, x))"},
    {"macro_argument",
     "#define CHECK(...) do { if (!(__VA_ARGS__)) throw 1; } while (0)\n"
     "void f(Tensor a, Tensor b) { CHECK(a.equal(b)); } // flag: equal",
     "CHECK(" SCOPE},
    {"macro_at_file_scope",
     "#define DEFINE(m, x) Tensor made = m->forward(x), other\n"
     "Net m; Tensor x; DEFINE(m, x); // flag: forward", "", Site::None},
};

INSTANTIATE_TEST_SUITE_P(Instrument, Forms, testing::ValuesIn(Cases),
                         [](const auto &Info) {
                           return std::string(Info.param.Name);
                         });

TEST(Instrument, NestedFindingsNest) {
  std::string Code = std::string(Prelude) +
                     "void f(Net m, Tensor x) {\n"
                     "  auto l = loss(m->forward(x), x); // flag: loss\n"
                     "  auto k = m->forward(x); // flag: forward\n"
                     "}\n";
  auto AST = clang::tooling::buildASTFromCodeWithArgs(Code, {"-std=c++17"},
                                                      "input.cpp");
  AnalysisResult Marked = findMarks(AST->getASTContext());
  ASSERT_EQ(Marked.Findings.size(), 2u);
  Instrumentation I =
      instrument(AST->getASTContext(), Marked.Findings, /*FirstId=*/40);
  std::string Text = I.Files.begin()->second.apply(Code);
  EXPECT_TRUE(compiles(Text)) << Text;
  EXPECT_NE(Text.find("Scope(40)"), std::string::npos);
  EXPECT_NE(Text.find("Scope(41)"), std::string::npos);
}

} // namespace
