//===- TypeMaker.cpp ------------------------------------------------------===//
#include "tool/verify/TypeMaker.h"
#include "tool/verify/Quoted.h"
#include "tool/verify/Types.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/QualTypeNames.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

TypeMaker::TypeMaker(ASTContext &Context, LoaderData Data)
    : Context(Context), Policy(Context.getLangOpts()), Data(Data) {
  Policy.adjustForCPlusPlus();
  Policy.SuppressUnwrittenScope = true;
}

std::string TypeMaker::spell(QualType T) const {
  return TypeName::getFullyQualifiedName(T, Context, Policy,
                                         /*WithGlobalNsPrefix=*/true);
}

std::string TypeMaker::variable(const std::string &Type,
                                const std::string &Init) {
  std::string V = fresh();
  Body += Type + " " + V + Init + "; ";
  return V;
}

TypeMaker::Text TypeMaker::fail(QualType T) {
  if (Why.empty())
    Why = "a value of type '" + T.getAsString(Policy) + "' cannot be made";
  return std::nullopt;
}

static bool canBeCopied(const CXXRecordDecl *R) {
  if (R->defaultedCopyConstructorIsDeleted() ||
      llvm::any_of(R->ctors(), [](const CXXConstructorDecl *C) {
        return C->isCopyConstructor() && C->isDeleted();
      }))
    return false;
  return R->hasSimpleCopyConstructor() || R->hasUserDeclaredCopyConstructor();
}

TypeMaker::Text TypeMaker::make(QualType T, StringRef Name) {
  if (Depth > 6)
    return fail(T);
  ++Depth;
  auto Leave = llvm::make_scope_exit([this] { --Depth; });
  bool Lvalue = T->isLValueReferenceType();
  bool Rvalue = T->isRValueReferenceType();
  T = T.getNonReferenceType().getUnqualifiedType();
  const CXXRecordDecl *R = T->getAsCXXRecordDecl();
  Text V;
  if (R)
    V = object(R, Name);
  else if (T->isPointerType() || T->isConstantArrayType() || T->isScalarType())
    V = makeScalar(T, Name);
  else
    return fail(T);
  // By value, what cannot be copied is moved.
  bool MoveOnly = R && R->hasDefinition() && !Lvalue && !canBeCopied(R);
  if (V && (Rvalue || MoveOnly))
    return "::std::move(" + *V + ")";
  return V;
}

TypeMaker::Text TypeMaker::makeScalar(QualType T, StringRef Name) {
  std::string N = quoted(Name);
  if (const auto *E = T->getAs<EnumType>()) {
    std::string Qualified = nameOf(E->getDecl());
    std::string Type = spell(T);
    if (Qualified == "c10::DeviceType")
      return variable(Type,
                      " = ::torch_tidy::driver::device(A, " + N + ").type()");
    if (Qualified == "c10::ScalarType")
      return variable(Type, " = ::at::kFloat");
    for (const EnumConstantDecl *C : E->getDecl()->enumerators())
      return variable(Type, " = static_cast<" + Type + ">(" +
                                llvm::toString(C->getInitVal(), 10) + ")");
    return fail(T);
  }
  if (T->isBooleanType())
    return variable("bool", " = A.boolean(" + N + ")");
  if (T->isIntegerType())
    return variable(spell(T),
                    " = static_cast<" + spell(T) + ">(A.integer(" + N + "))");
  if (T->isFloatingType())
    return variable(spell(T),
                    " = static_cast<" + spell(T) + ">(A.real(" + N + "))");
  if (!T->isPointerType())
    return fail(T);
  QualType To = T->getPointeeType();
  if (To->isAnyCharacterType()) {
    std::string S = variable("::std::string", " = A.text(" + N + ")");
    return "const_cast<char *>(" + S + ".c_str())";
  }
  if (To->isArithmeticType()) {
    std::string V = fresh();
    Body +=
        "static " + spell(To.getUnqualifiedType()) + " " + V + "[4096] = {}; ";
    return V;
  }
  if (Text V = make(To, Name))
    return "&" + *V;
  return std::nullopt;
}

TypeMaker::Text TypeMaker::object(const CXXRecordDecl *R, StringRef Name) {
  QualType T = Context.getCanonicalTagType(R);
  if (R->isLambda() || !R->getDefinition() ||
      (!R->getIdentifier() && !R->getTypedefNameForAnonDecl()) ||
      R->isLocalClass())
    return fail(T);
  R = R->getDefinition();
  if (Text V = makeKnown(R, T, Name))
    return V;
  if (!Why.empty())
    return std::nullopt;
  if (Text V = makeStandard(R, T, Name))
    return V;
  if (!Why.empty())
    return std::nullopt;
  if (Text V = makePointer(R, T, Name))
    return V;
  if (!Why.empty())
    return std::nullopt;
  if (derivesFrom(R, "torch::optim::Optimizer"))
    return makeOptimizer(R);
  if (derivesFrom(R, "torch::nn::Module"))
    return makeModule(R, Name);
  if (const CXXRecordDecl *Impl = heldModule(R)) {
    Text V = makeModule(Impl, Name);
    return V ? Text(variable(spell(T), "(" + V->substr(1) + ")"))
             : std::nullopt;
  }
  if (R->isAbstract())
    return fail(T);
  Text Args = arguments(R);
  if (!Args)
    return fail(T);
  return variable(spell(T), Args->empty() ? "{}" : "(" + *Args + ")");
}

/// LibTorch's value types.
TypeMaker::Text TypeMaker::makeKnown(const CXXRecordDecl *R, QualType T,
                                     StringRef Name) {
  std::string N = quoted(Name), Q = nameOf(R);
  if (Q == "at::Tensor")
    return variable("::at::Tensor",
                    " = ::torch_tidy::driver::tensor(A, " + N + ")");
  if (Q == "c10::Device")
    return variable("::c10::Device",
                    " = ::torch_tidy::driver::device(A, " + N + ")");
  if (Q == "c10::TensorOptions")
    return variable("::c10::TensorOptions",
                    "(::torch_tidy::driver::device(A, " + N + "))");
  if (Q == "c10::IValue" || Q == "at::TensorBase")
    return variable(spell(T), "(::torch_tidy::driver::tensor(A, " + N + "))");
  if (Q == "c10::ArrayRef") {
    QualType Element = typeArgument(R, 0);
    std::string Type = "::std::vector<" + spell(Element) + ">";
    Text E = make(Element, Name);
    // Two sizes, but one mean: it has to fit any number of channels.
    std::string More = Element->isFloatingType() ? "" : ", " + E.value_or("");
    return E ? Text(variable(Type, "{" + *E + More + "}")) : std::nullopt;
  }
  if (Q == "torch::jit::Module") {
    // The usual shape of one: a parameter, and a forward that uses it.
    std::string V = variable(spell(T), "(\"made\")");
    Body += V + ".register_parameter(\"weight\", ::at::ones({1}), false); " +
            V +
            ".define(\"def forward(self, x):\\n  return x * "
            "self.weight\\n\"); if (A.movedModule(" +
            N + ")) " + V + ".to(::at::Device(::at::kCUDA)); ";
    return V;
  }
  if (Q == "torch::nn::AnyModule")
    return variable(spell(T), "(::torch::nn::LinearImpl(2, 2))");
  if (isLoader(R)) {
    Text V = makeLoader(R, Name);
    return V ? Text("*" + *V) : std::nullopt;
  }
  Mnist |= Q == "torch::data::datasets::MNIST";
  return std::nullopt;
}

TypeMaker::Text TypeMaker::makeStandard(const CXXRecordDecl *R, QualType T,
                                        StringRef Name) {
  if (!R->isInStdNamespace())
    return std::nullopt;
  std::string Q = nameOf(R);
  QualType First = typeArgument(R, 0);
  if (Q == "std::basic_string" || Q == "std::basic_string_view")
    return variable("::std::string", " = A.text(" + quoted(Name) + ")");
  if (Q == "std::basic_ostream" || Q == "std::basic_iostream")
    return std::string("::std::cout");
  auto ListOf = [&](unsigned Size) -> Text {
    std::string V = variable(spell(T), "{}");
    for (unsigned I = 0; I < Size; ++I) {
      Text E = make(First, Name);
      if (!E)
        return std::nullopt;
      Body += V + ".push_back(" + *E + "); ";
    }
    return V;
  };
  if (Q == "std::vector" || Q == "std::deque" || Q == "std::list")
    return ListOf(2);
  if (Q == "std::optional") {
    Text E = make(First, Name);
    return E ? Text(variable(spell(T), "(" + *E + ")")) : std::nullopt;
  }
  if (Q == "std::pair" || Q == "std::tuple") {
    std::string Parts;
    for (QualType Part : typeArguments(R)) {
      Text E = make(Part, Name);
      if (!E)
        return std::nullopt;
      Parts += (Parts.empty() ? "" : ", ") + *E;
    }
    return variable(spell(T), "(" + Parts + ")");
  }
  if (Q == "std::array") {
    std::string V = variable(spell(T), "{}");
    Text E = make(First, Name);
    if (!E)
      return std::nullopt;
    Body += "for (auto &Element : " + V + ") Element = " + *E + "; ";
    return V;
  }
  if (Q == "std::map" || Q == "std::unordered_map") {
    Text Key = make(First, Name);
    Text Value = Key ? make(typeArgument(R, 1), Name) : std::nullopt;
    if (!Value)
      return std::nullopt;
    std::string V = variable(spell(T), "{}");
    Body += V + ".emplace(" + *Key + ", " + *Value + "); ";
    return V;
  }
  if (Q == "std::function") {
    // Callable, and gives a default value: enough for callbacks.
    const auto *F = First->getAs<FunctionProtoType>();
    if (!F)
      return fail(T);
    std::string Result = spell(F->getReturnType());
    Text Value;
    if (!F->getReturnType()->isVoidType() &&
        !(Value = make(F->getReturnType(), Name)))
      return std::nullopt;
    return variable(spell(T), " = [=](auto &&...) -> " + Result + " { " +
                                  (Value ? "return " + *Value + "; " : "") +
                                  "}");
  }
  return std::nullopt;
}

TypeMaker::Text TypeMaker::makePointer(const CXXRecordDecl *R, QualType T,
                                       StringRef Name) {
  std::string Q = nameOf(R);
  if (Q != "std::shared_ptr" && Q != "std::unique_ptr")
    return std::nullopt;
  const CXXRecordDecl *To = typeArgument(R, 0)->getAsCXXRecordDecl();
  if (isLoader(To))
    return makeLoader(To, Name);
  if (!To || !To->getDefinition() || !To->getIdentifier())
    return fail(T);
  To = To->getDefinition();
  if (Q == "std::shared_ptr" && derivesFrom(To, "torch::nn::Module")) {
    Text V = makeModule(To, Name);
    return V ? Text(V->substr(1)) : std::nullopt; // Without its "*".
  }
  Text Args = To->isAbstract() ? std::nullopt : arguments(To);
  if (!Args)
    return fail(T);
  std::string Make =
      Q == "std::shared_ptr" ? "::std::make_shared<" : "::std::make_unique<";
  std::string Type = spell(typeArgument(R, 0));
  return variable("auto", " = " + Make + Type + ">(" + *Args + ")");
}

/// A `unique_ptr` to a loader.
TypeMaker::Text TypeMaker::makeLoader(const CXXRecordDecl *R, StringRef Name) {
  Loader = true;
  if (Data == LoaderData::Random)
    return variable("auto",
                    " = ::torch_tidy::driver::loader(A, " + quoted(Name) + ")");
  QualType T = Context.getCanonicalTagType(R), Set = typeArgument(R, 0);
  if (Set.isNull())
    return fail(T);
  Text V = make(Set, Name);
  return V ? Text(variable("auto", " = ::torch_tidy::driver::loaderOver<" +
                                       spell(T) + ">(::std::move(" + *V + "))"))
           : std::nullopt;
}

TypeMaker::Text TypeMaker::makeOptimizer(const CXXRecordDecl *R) {
  std::string Type = nameOf(R) == "torch::optim::Optimizer"
                         ? "::torch::optim::SGD"
                         : spell(Context.getCanonicalTagType(R));
  std::string Parameters =
      Modules.empty()
          ? "::std::vector<::at::Tensor>{::at::rand({2}).requires_grad_()}"
          : Modules.front() + "->parameters()";
  return variable(Type, "(" + Parameters + ", 0.01)");
}

/// A module on the heap, as `enable_shared_from_this` needs it. The text is
/// "*vN", or "vN" for a holder.
TypeMaker::Text TypeMaker::makeModule(const CXXRecordDecl *R, StringRef Name) {
  QualType T = Context.getCanonicalTagType(R);
  std::string Type = spell(T), Args;
  if (nameOf(R) == "torch::nn::Module") {
    Type = "::torch::nn::LinearImpl";
    Args = "2, 2";
  } else if (nameOf(R) == "torch::nn::SequentialImpl") {
    Args = "::torch::nn::LinearImpl(2, 2)"; // An empty one cannot forward.
  } else if (R->isAbstract()) {
    return fail(T);
  } else if (Text Made = arguments(R)) {
    Args = *Made;
  } else {
    return fail(T);
  }
  std::string V =
      variable("auto", " = ::torch_tidy::driver::placed(A, " + quoted(Name) +
                           ", ::std::make_shared<" + Type + ">(" + Args + "))");
  Modules.push_back(V);
  return "*" + V;
}

TypeMaker::Text TypeMaker::arguments(const CXXRecordDecl *R) {
  // TORCH_MODULE's holders forward whatever the implementation takes.
  if (!R->hasUserDeclaredConstructor() && !R->isAggregate() &&
      R->hasDefaultConstructor())
    return std::string();
  if (R->isAggregate() || R->ctors().empty())
    return std::string();
  llvm::SmallVector<const CXXConstructorDecl *, 4> Ctors;
  for (const CXXConstructorDecl *C : R->ctors())
    if (!C->isDeleted() && !C->isCopyOrMoveConstructor())
      Ctors.push_back(C);
  llvm::stable_sort(Ctors, [](const auto *A, const auto *B) {
    return A->getMinRequiredArguments() < B->getMinRequiredArguments();
  });
  std::string Because;
  for (const CXXConstructorDecl *C : Ctors) {
    std::string SavedBody = Body;
    std::string Args;
    bool Good = true;
    for (unsigned I = 0; Good && I < C->getMinRequiredArguments(); ++I) {
      const ParmVarDecl *P = C->getParamDecl(I);
      Text E = make(P->getType(), P->getName());
      Good = E.has_value();
      if (Good)
        Args += (I ? ", " : "") + *E;
    }
    if (Good)
      return Args;
    Body = SavedBody;
    if (Because.empty())
      Because = Why;
    Why.clear();
  }
  Why = Because;
  return std::nullopt;
}
