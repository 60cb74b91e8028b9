// What a class's constructor settles for all of its methods.
//
// A method that is analysed on its own finds `this` as the constructor left it,
// as far as nothing else in the file can have changed it: a field counts as
// settled when every use of it outside the constructor only reads.
#include "checks/flow/Interp.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace clang;

namespace torch_tidy {

namespace {
// Whether a loop over a field may change what the field holds: by way of this
// variable, or, where there is none, of any.
class Changes : public RecursiveASTVisitor<Changes> {
  const VarDecl *Through;

public:
  explicit Changes(const VarDecl *Through = nullptr) : Through(Through) {}
  bool Moves = false, Assigns = false;
  bool VisitCXXMemberCallExpr(CXXMemberCallExpr *C) {
    const CXXMethodDecl *M = C->getMethodDecl();
    if (M && M->getDeclName().isIdentifier())
      Moves |= llvm::is_contained({"to", "cuda", "cpu", "set_data", "reset"},
                                  M->getName());
    return true;
  }
  bool VisitCXXOperatorCallExpr(CXXOperatorCallExpr *C) {
    if (C->getOperator() != OO_Equal)
      return true;
    auto *To = dyn_cast<DeclRefExpr>(C->getArg(0)->IgnoreParenImpCasts());
    Assigns |= !Through || !To || To->getDecl() == Through ||
               To->getDecl()->getType()->isReferenceType();
    return true;
  }
};

class FieldUses : public RecursiveASTVisitor<FieldUses> {
  llvm::function_ref<TypeKind(QualType)> KindOf;
  llvm::SmallPtrSet<const Expr *, 32> Reads;
  std::vector<std::pair<const MemberExpr *, const FunctionDecl *>> All;
  std::vector<const DeclRefExpr *> Globals;
  std::map<const FunctionDecl *, std::set<const FunctionDecl *>> Callers;
  const FunctionDecl *In = nullptr;
  std::set<const ValueDecl *> Set;

  // Who reads an element reads the list that it is in.
  void read(const Expr *E) {
    while (E) {
      E = E->IgnoreParenImpCasts();
      Reads.insert(E);
      E = listOf(E);
    }
  }
  // What `v[0]`, `v.at(0)`, `v.front()` and `v.back()` are elements of.
  const Expr *listOf(const Expr *E) {
    const Expr *Of = nullptr;
    if (auto *Op = dyn_cast<CXXOperatorCallExpr>(E)) {
      if (Op->getOperator() == OO_Subscript)
        Of = Op->getArg(0);
    } else if (auto *C = dyn_cast<CXXMemberCallExpr>(E)) {
      const CXXMethodDecl *M = C->getMethodDecl();
      if (M && M->getDeclName().isIdentifier() &&
          llvm::is_contained({"at", "front", "back"}, M->getName()))
        Of = C->getImplicitObjectArgument();
    }
    return Of && KindOf(Of->getType()) == TypeKind::List ? Of : nullptr;
  }
  void set(const FieldDecl *F) { Set.insert(F->getCanonicalDecl()); }
  // The fields that a list gives other values than the class does.
  template <class List> void listed(QualType T, List Inits) {
    const CXXRecordDecl *R = T->getAsCXXRecordDecl();
    for (const Expr *Init : Inits)
      if (auto *Inner = dyn_cast_or_null<InitListExpr>(Init))
        listed(Inner->getType(), Inner->inits());
    if (!R || R->isUnion())
      return;
    unsigned I = R->getNumBases();
    for (const FieldDecl *F : R->fields()) {
      if (F->isUnnamedBitField())
        continue;
      if (I < Inits.size() && !isa<CXXDefaultInitExpr>(Inits[I]))
        set(F);
      ++I;
    }
  }

public:
  explicit FieldUses(llvm::function_ref<TypeKind(QualType)> KindOf)
      : KindOf(KindOf) {}
  std::set<const FunctionDecl *> SetsDefault;
  bool shouldVisitTemplateInstantiations() const { return true; }

  bool TraverseDecl(Decl *D) {
    const FunctionDecl *Saved = In;
    auto *F = dyn_cast_or_null<FunctionDecl>(D);
    auto *M = dyn_cast_or_null<CXXMethodDecl>(D);
    // A lambda's body is its function's.
    if (F && !(M && M->getParent()->isLambda()))
      In = F->getCanonicalDecl();
    bool Go = RecursiveASTVisitor::TraverseDecl(D);
    In = Saved;
    return Go;
  }
  bool VisitMemberExpr(MemberExpr *M) {
    if (isa<FieldDecl>(M->getMemberDecl()))
      All.push_back({M, In});
    // `a.b`: reaching into a record only reads what it reaches through.
    if (isa<FieldDecl>(M->getMemberDecl()) && M->isArrow())
      read(M->getBase());
    return true;
  }
  bool VisitDeclRefExpr(DeclRefExpr *D) {
    auto *V = dyn_cast<VarDecl>(D->getDecl());
    if (V && V->isFileVarDecl())
      Globals.push_back(D);
    // `&Options::device` is there to write through.
    if (auto *F = dyn_cast<FieldDecl>(D->getDecl()))
      set(F);
    return true;
  }
  // What is bound by reference can be written under another name.
  bool VisitDecompositionDecl(DecompositionDecl *D) {
    if (D->getType()->isReferenceType() &&
        !D->getType()->getPointeeType().isConstQualified())
      if (const CXXRecordDecl *R =
              D->getType()->getPointeeType()->getAsCXXRecordDecl())
        for (const FieldDecl *F : R->fields())
          set(F);
    return true;
  }
  bool VisitInitListExpr(InitListExpr *L) {
    // The visitor shows what the source spells.
    if (const InitListExpr *Meant =
            L->isSemanticForm() ? L : L->getSemanticForm())
      listed(Meant->getType(), Meant->inits());
    return true;
  }
  bool VisitCXXParenListInitExpr(CXXParenListInitExpr *L) {
    listed(L->getType(), L->getInitExprs());
    return true;
  }
  bool VisitImplicitCastExpr(ImplicitCastExpr *C) {
    if (C->getCastKind() == CK_LValueToRValue &&
        KindOf(C->getType()) != TypeKind::Pointer)
      read(C->getSubExpr());
    return true;
  }
  bool VisitCXXForRangeStmt(CXXForRangeStmt *S) {
    // A module moves under any variable that leads to it; a tensor is
    // replaced through a reference only.
    Changes Body(S->getLoopVariable());
    Body.TraverseStmt(S->getBody());
    QualType T = S->getLoopVariable()->getType();
    bool Writes = KindOf(T) == TypeKind::Tensor
                      ? T->isReferenceType() && Body.Assigns
                      : Body.Moves;
    if (!Writes)
      read(S->getRangeInit());
    return true;
  }
  bool VisitCXXMemberCallExpr(CXXMemberCallExpr *C) {
    const CXXMethodDecl *Fn = C->getMethodDecl();
    if (!Fn)
      return true;
    if (Fn->getDeclName().isIdentifier()) {
      StringRef Name = Fn->getName();
      const Expr *Base = C->getImplicitObjectArgument()->IgnoreParenImpCasts();
      if (auto *Op = dyn_cast<CXXOperatorCallExpr>(Base);
          Op && Op->getNumArgs() == 1)
        Base = Op->getArg(0)->IgnoreParenImpCasts();
      TypeKind K = KindOf(Base->getType());
      bool Module = K == TypeKind::Holder || K == TypeKind::Module ||
                    K == TypeKind::Pointer || K == TypeKind::JitModule;
      bool Moves = Name == "to" || Name == "cuda" || Name == "cpu" ||
                   Name == "load" || Name == "reset" || Name == "swap" ||
                   Name == "apply" || Name == "modules" || Name == "children" ||
                   Name == "ptr" || Name == "get";
      if (Module ? !Moves
                 : (K == TypeKind::Tensor && Name != "set_data") ||
                       (Fn->isConst() && K != TypeKind::Other))
        read(Base);
    }
    callee(Fn);
    arguments(C, Fn, 0);
    return true;
  }
  bool VisitCXXOperatorCallExpr(CXXOperatorCallExpr *C) {
    auto *Fn = C->getDirectCallee();
    if (!Fn)
      return true;
    callee(Fn);
    bool Member = isa<CXXMethodDecl>(Fn);
    if (Member && C->getNumArgs()) {
      TypeKind K = KindOf(C->getArg(0)->getType());
      bool Module = K == TypeKind::Holder || K == TypeKind::Module;
      // What `->` leads to is looked at where it is called.
      if ((Module && C->getOperator() == OO_Call) ||
          (K == TypeKind::Tensor && C->getOperator() != OO_Equal))
        read(C->getArg(0));
    }
    arguments(C, Fn, Member);
    return true;
  }
  bool VisitCallExpr(CallExpr *C) {
    if (isa<CXXMemberCallExpr>(C) || isa<CXXOperatorCallExpr>(C))
      return true;
    if (const FunctionDecl *Fn = C->getDirectCallee()) {
      callee(Fn);
      arguments(C, Fn, 0);
      // What a constructor sets a destructor takes back.
      if (Fn->getDeclName().isIdentifier() &&
          Fn->getName() == "set_default_dtype" && In &&
          !isa<CXXConstructorDecl>(In) && !isa<CXXDestructorDecl>(In))
        SetsDefault.insert(In);
    }
    return true;
  }
  // A copy reads; a copy of a module or pointer shares what it leads to.
  bool VisitCXXConstructExpr(CXXConstructExpr *C) {
    const CXXConstructorDecl *Ctor = C->getConstructor();
    if (Ctor->isMoveConstructor())
      return true;
    for (unsigned I = 0; I < C->getNumArgs(); ++I) {
      QualType Taken = I < Ctor->getNumParams()
                           ? Ctor->getParamDecl(I)->getType()
                           : QualType();
      // A class may keep what it is given to change; options forward theirs.
      if (KindOf(C->getType()) == TypeKind::Other && !Taken.isNull() &&
          Taken->isReferenceType() &&
          !Taken->getPointeeType().isConstQualified())
        continue;
      if (TypeKind K = KindOf(C->getArg(I)->getType());
          K == TypeKind::Tensor || K == TypeKind::Device ||
          K == TypeKind::Dtype || K == TypeKind::Options ||
          K == TypeKind::Number || K == TypeKind::String)
        read(C->getArg(I));
    }
    return true;
  }

  std::set<const ValueDecl *> written() {
    std::set<const ValueDecl *> Out = Set;
    for (const DeclRefExpr *D : Globals)
      if (!Reads.count(D))
        Out.insert(cast<ValueDecl>(D->getDecl()->getCanonicalDecl()));
    for (auto &[M, Fn] : All) {
      auto *F = cast<FieldDecl>(M->getMemberDecl());
      if (!Reads.count(M) && !builds(Fn, F->getParent(), 0))
        Out.insert(F->getCanonicalDecl());
    }
    return Out;
  }

private:
  void callee(const FunctionDecl *Fn) {
    Callers[Fn->getCanonicalDecl()].insert(In);
  }
  void arguments(const CallExpr *C, const FunctionDecl *Fn, unsigned Skip) {
    for (unsigned I = Skip; I < C->getNumArgs(); ++I) {
      unsigned P = I - Skip;
      if (P >= Fn->getNumParams())
        continue;
      QualType T = Fn->getParamDecl(P)->getType();
      TypeKind K = KindOf(C->getArg(I)->getType());
      bool Shares = K == TypeKind::Holder || K == TypeKind::Module ||
                    K == TypeKind::Pointer || K == TypeKind::JitModule;
      if (!Shares && T->isReferenceType() &&
          T->getPointeeType().isConstQualified())
        read(C->getArg(I));
    }
  }
  // A constructor, or a helper that only constructors call.
  bool builds(const FunctionDecl *Fn, const RecordDecl *R, unsigned Depth) {
    auto *M = dyn_cast_or_null<CXXMethodDecl>(Fn);
    if (!M || Depth > 4)
      return false;
    if (isa<CXXConstructorDecl>(M))
      return M->getParent()->getCanonicalDecl() == R->getCanonicalDecl();
    if (isa<CXXDestructorDecl>(M))
      return true;
    auto It = Callers.find(M->getCanonicalDecl());
    if (M->getAccess() == AS_public || It == Callers.end())
      return false;
    for (const FunctionDecl *C : It->second)
      if (C != Fn && !builds(C, R, Depth + 1))
        return false;
    return true;
  }
};
} // namespace

bool Interp::assigns(const Stmt *Body) {
  Changes In;
  In.TraverseStmt(const_cast<Stmt *>(Body));
  return In.Assigns;
}

void Interp::findWritten(llvm::ArrayRef<Decl *> TopLevel) {
  auto KindOf = [this](QualType T) { return Ty.kindOf(T); };
  FieldUses Uses(KindOf); // Which refers to it.
  for (Decl *D : TopLevel)
    Uses.TraverseDecl(D);
  Written = Uses.written();
  SetsDefault = std::move(Uses.SetsDefault);
}

// `this` of a method that nobody is seen to call: what every object of the
// class has in common.
Value Interp::invariant(const CXXRecordDecl *R) {
  const CXXConstructorDecl *Best = nullptr;
  if (!R->hasDefinition() || R->isAggregate() || !Ty.isUserCode(R))
    return {};
  R = R->getDefinition();
  for (const CXXConstructorDecl *C : R->ctors()) {
    if (C->isCopyOrMoveConstructor() || C->isDeleted())
      continue;
    if (Best || !C->hasBody())
      return {};
    Best = C;
  }
  if (!Best || S->Frames.size() >= 4)
    return {};
  Value V = settledObject(Best);
  if (V)
    S->Objects.mut(V.Id).Opaque = true;
  return V;
}

const CXXConstructorDecl *Interp::shortestConstructor(const CXXRecordDecl *R) {
  const CXXConstructorDecl *Best = nullptr;
  for (const CXXConstructorDecl *C : R->ctors())
    if (!C->isCopyOrMoveConstructor() && C->hasBody() &&
        (!Best || C->getNumParams() < Best->getNumParams()))
      Best = C;
  return Best;
}

// Whether a field of any object holds what its initialiser in the class says:
// the class is this file's own, and nothing in the file sets the field. Numbers
// stay open, what depends on one is told under that condition.
bool Interp::standsAsDeclared(const ValueDecl *D) {
  auto *F = dyn_cast<FieldDecl>(D);
  if (!F || !F->hasInClassInitializer() || !F->getInClassInitializer() ||
      Ty.kindOf(F->getType()) == TypeKind::Number || Written.count(F))
    return false;
  auto *R = cast<CXXRecordDecl>(F->getParent());
  return Ctx.getSourceManager().isWrittenInMainFile(R->getLocation()) &&
         llvm::none_of(R->ctors(), [](const CXXConstructorDecl *C) {
           return C->isUserProvided();
         });
}

// What a constructor makes of arguments nothing is known of, as far as it
// stays so.
Value Interp::settledObject(const CXXConstructorDecl *Ctor) {
  Value V = newRecord(Ctor, nullptr, unknownArguments(Ctor));
  if (Dead || V.K != Value::Object)
    return {};
  settle(V.Id);
  return V;
}

std::vector<CellId> Interp::unknownArguments(const FunctionDecl *Fn) {
  std::vector<CellId> Args;
  for (const ParmVarDecl *P : Fn->parameters())
    Args.push_back(S->cell(
        fresh(P->getType(), P->getNameAsString(), SourceLocation(), "")));
  return Args;
}

// Forgets the fields that something else than a constructor may write.
void Interp::settle(ObjectId Id) {
  Object &O = S->Objects.mut(Id);
  llvm::erase_if(O.Fields, [&](const std::pair<const void *, CellId> &F) {
    if (!Written.count(static_cast<const FieldDecl *>(F.first)))
      return false;
    // A module's own parts are what they are; where they are is not asked.
    const Value &V = S->Cells[S->target(F.second)];
    return O.K != Object::Module || V.K != Value::Object ||
           S->Objects[V.Id].K == Object::Record;
  });
}

} // namespace torch_tidy
