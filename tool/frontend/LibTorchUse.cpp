#include "tool/frontend/LibTorchUse.h"
#include "tool/frontend/Parse.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"

using namespace clang;

namespace torch_tidy {
namespace {

class LookForNamespace : public PreprocessorFrontendAction {
public:
  bool IsFound = false;

protected:
  void ExecuteAction() override {
    Preprocessor &PP = getCompilerInstance().getPreprocessor();
    PP.IgnorePragmas();
    PP.EnterMainSourceFile();
    Token T;
    bool AfterNamespace = false;
    do {
      PP.Lex(T);
      const IdentifierInfo *Name = T.getIdentifierInfo();
      // An attribute may stand before the name.
      if (AfterNamespace)
        IsFound = Name ? Name->isStr("at") || Name->isStr("__attribute__")
                       : T.is(tok::l_square);
      // A module may hold anything.
      IsFound |= T.isAnnotation() || (Name && Name->isStr("import"));
      AfterNamespace = T.is(tok::kw_namespace);
    } while (!IsFound && T.isNot(tok::eof));
  }
  bool hasPCHSupport() const override { return false; }
};

} // namespace

bool mayUseLibTorch(const CompilerInvocation &Invocation,
                    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files) {
  if (!Invocation.getPreprocessorOpts().ImplicitPCHInclude.empty())
    return true;
  CompilerInstance Compiler(std::make_shared<CompilerInvocation>(Invocation));
  IgnoringDiagConsumer Quiet;
  prepare(Compiler, std::move(Files), Quiet);
  LookForNamespace Action;
  // What is wrong is told by the parse that follows then.
  return !Compiler.ExecuteAction(Action) || Action.IsFound ||
         Compiler.getDiagnostics().hasErrorOccurred();
}

} // namespace torch_tidy
