// What the types of LibTorch and the standard library mean to the analysis.
#include "checks/flow/Types.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

const CXXRecordDecl *record(QualType T) {
  if (T.isNull())
    return nullptr;
  return T.getNonReferenceType()->getAsCXXRecordDecl();
}

StringRef Types::qualified(const NamedDecl *D) {
  auto [It, New] = Qualified.try_emplace(D);
  if (!New || !D)
    return It->second;
  std::string Out = D->getNameAsString();
  for (const DeclContext *C = D->getDeclContext(); C; C = C->getParent()) {
    if (auto *N = dyn_cast<NamespaceDecl>(C)) {
      if (!N->isInline() && !N->isAnonymousNamespace())
        Out = N->getName().str() + "::" + Out;
    } else if (auto *R = dyn_cast<CXXRecordDecl>(C)) {
      Out = R->getName().str() + "::" + Out;
    }
  }
  return It->second = Names.save(Out);
}

bool Types::derives(const CXXRecordDecl *R, StringRef Base) {
  if (!R || !R->hasDefinition())
    return false;
  if (qualified(R) == Base)
    return true;
  for (const CXXBaseSpecifier &B : R->bases())
    if (derives(B.getType()->getAsCXXRecordDecl(), Base))
      return true;
  return false;
}

const CXXRecordDecl *Types::heldModule(QualType T) {
  T = T.getNonReferenceType();
  if (T->isPointerType())
    T = T->getPointeeType();
  const CXXRecordDecl *R = record(T);
  if (!R)
    return nullptr;
  if (derives(R, "torch::nn::Module"))
    return R->hasDefinition() ? R->getDefinition() : R;
  if (auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(R)) {
    StringRef N = R->getName();
    if ((N == "ModuleHolder" || N == "shared_ptr" || N == "unique_ptr") &&
        Spec->getTemplateArgs().size() >= 1 &&
        Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
      return heldModule(Spec->getTemplateArgs()[0].getAsType());
  }
  if (R->hasDefinition())
    for (const CXXBaseSpecifier &B : R->bases())
      if (const CXXRecordDecl *BR = B.getType()->getAsCXXRecordDecl())
        if (BR->getName() == "ModuleHolder")
          return heldModule(B.getType());
  return nullptr;
}

TypeKind Types::kindOf(QualType T) {
  T = T.getNonReferenceType().getCanonicalType().getUnqualifiedType();
  auto [It, New] = Kinds.try_emplace(T.getTypePtr(), TypeKind::Other);
  if (!New)
    return It->second;
  TypeKind Result = findKind(T);
  return Kinds[T.getTypePtr()] = Result;
}

TypeKind Types::findKind(QualType T) {
  if (T->isPointerType())
    return TypeKind::Pointer;
  if (T->isArrayType())
    return TypeKind::List;
  if (const EnumType *E = T->getAs<EnumType>()) {
    StringRef N = E->getDecl()->getName();
    if (N == "DeviceType")
      return TypeKind::Device;
    if (N == "ScalarType")
      return TypeKind::Dtype;
    return TypeKind::Number;
  }
  if (T->isArithmeticType())
    return TypeKind::Number;
  const CXXRecordDecl *R = record(T);
  if (!R)
    return TypeKind::Other;
  const StringRef Q = qualified(R);
  static const std::pair<const char *, TypeKind> Table[] = {
      {"at::Tensor", TypeKind::Tensor},
      {"at::TensorBase", TypeKind::Tensor},
      {"c10::Device", TypeKind::Device},
      {"at::Generator", TypeKind::Device},
      {"caffe2::TypeMeta", TypeKind::Dtype},
      {"c10::TensorOptions", TypeKind::Options},
      {"std::shared_ptr", TypeKind::Pointer},
      {"std::unique_ptr", TypeKind::Pointer},
      {"std::reference_wrapper", TypeKind::Pointer},
      {"std::vector", TypeKind::List},
      {"std::array", TypeKind::List},
      {"std::deque", TypeKind::List},
      {"std::list", TypeKind::List},
      {"std::initializer_list", TypeKind::List},
      {"c10::ArrayRef", TypeKind::List},
      {"c10::HeaderOnlyArrayRef", TypeKind::List},
      {"c10::IListRef", TypeKind::List},
      {"std::queue", TypeKind::List},
      {"std::stack", TypeKind::List},
      {"std::priority_queue", TypeKind::List},
      {"std::map", TypeKind::Map},
      {"std::unordered_map", TypeKind::Map},
      {"torch::OrderedDict", TypeKind::Map},
      {"std::variant", TypeKind::Optional},
      {"std::any", TypeKind::Optional},
      {"std::future", TypeKind::Optional},
      {"std::shared_future", TypeKind::Optional},
      {"std::tuple", TypeKind::Pair},
      {"std::pair", TypeKind::Pair},
      {"std::optional", TypeKind::Optional},
      {"c10::optional", TypeKind::Optional},
      {"c10::IValue", TypeKind::IValue},
      {"std::string", TypeKind::String},
      {"std::basic_string", TypeKind::String},
      {"std::basic_string_view", TypeKind::String},
      {"torch::jit::Module", TypeKind::JitModule},
  };
  for (auto &[Name, Kind] : Table)
    if (Q == Name)
      return Kind;
  if (Q.starts_with("torch::data::"))
    return Q.contains("DataLoader") ? TypeKind::Loader : TypeKind::Other;
  if (derives(R, "torch::optim::Optimizer"))
    return TypeKind::Optimizer;
  if (derives(R, "torch::nn::Module"))
    return TypeKind::Module;
  if (heldModule(T))
    return TypeKind::Holder;
  if (derives(R, "at::TensorBase"))
    return TypeKind::Tensor;
  return TypeKind::Other;
}

bool Types::isUserCode(const Decl *D) {
  auto [It, New] = UserDecls.try_emplace(D, false);
  if (New)
    It->second = isUserCode(D->getLocation());
  return It->second;
}

bool Types::isUserCode(SourceLocation At) {
  const SourceManager &SM = Ctx.getSourceManager();
  SourceLocation L = SM.getExpansionLoc(At);
  if (L.isInvalid())
    return false;
  FileID F = SM.getFileID(L);
  auto [It, New] = UserFiles.try_emplace(F, false);
  if (!New)
    return It->second;
  StringRef Path = SM.getFilename(L);
  bool User = F == SM.getMainFileID();
  if (!User && !SM.isInSystemHeader(L)) {
    User = true;
    for (StringRef Dir : {"/torch/", "/ATen/", "/c10/", "/caffe2/", "/opencv"})
      if (Path.contains(Dir) && Path.contains("include/"))
        User = false;
  }
  return UserFiles[F] = User;
}

const std::string &Types::text(const Expr *E) {
  auto [It, New] = Texts.try_emplace(E);
  if (New && E)
    It->second = spelled(E);
  return It->second;
}

std::string Types::spelled(const Expr *E) const {
  const SourceManager &SM = Ctx.getSourceManager();
  CharSourceRange R = Lexer::makeFileCharRange(
      CharSourceRange::getTokenRange(E->getSourceRange()), SM,
      Ctx.getLangOpts());
  StringRef T =
      R.isValid() ? Lexer::getSourceText(R, SM, Ctx.getLangOpts()) : "";
  std::string Out;
  for (char C : T)
    if (!isspace(static_cast<unsigned char>(C)))
      Out += C;
    else if (!Out.empty() && Out.back() != ' ')
      Out += ' ';
  // The `->` of a smart pointer belongs to the member that follows it.
  for (StringRef Tail : {"->", "."})
    if (StringRef(Out).ends_with(Tail))
      Out.resize(Out.size() - Tail.size());
  if (Out.size() > 60)
    Out = Out.substr(0, 57) + "...";
  return Out;
}

static Dtype dtypeOfType(QualType T) {
  T = T.getCanonicalType().getUnqualifiedType();
  if (auto *B = T->getAs<BuiltinType>())
    switch (B->getKind()) {
    case BuiltinType::Float:
      return Dtype::Float;
    case BuiltinType::Double:
      return Dtype::Double;
    case BuiltinType::Bool:
      return Dtype::Bool;
    default:
      if (B->isInteger())
        return Dtype::Int64;
    }
  return Dtype::Unknown;
}

const InitListExpr *initList(const Expr *A) {
  while (true) {
    A = A->IgnoreImplicit();
    if (auto *C = dyn_cast<CXXConstructExpr>(A); C && C->getNumArgs())
      A = C->getArg(0);
    else if (auto *L = dyn_cast<CXXStdInitializerListExpr>(A))
      A = L->getSubExpr();
    else
      return dyn_cast<InitListExpr>(A);
  }
}

Dtype elementType(const Expr *E) {
  E = E->IgnoreImplicit();
  // A container says it, whatever its elements were written as.
  if (auto *Spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(
          E->getType()->getAsCXXRecordDecl()))
    if (Spec->getTemplateArgs().size() &&
        Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
      if (Dtype T = dtypeOfType(Spec->getTemplateArgs()[0].getAsType());
          T != Dtype::Unknown)
        return T;
  if (auto *L = dyn_cast<InitListExpr>(E))
    return L->getNumInits() ? elementType(L->getInit(0)) : Dtype::Unknown;
  if (auto *C = dyn_cast<CXXConstructExpr>(E); C && C->getNumArgs())
    return elementType(C->getArg(0));
  if (auto *C = dyn_cast<CXXStdInitializerListExpr>(E))
    return elementType(C->getSubExpr());
  return dtypeOfType(E->getType());
}

} // namespace torch_tidy
