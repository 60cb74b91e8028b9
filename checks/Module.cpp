//===- Module.cpp - registers the checks of the manifest with clang-tidy --===//

#include "checks/TorchCheck.h"
#include "clang-tidy/ClangTidyModule.h"
// Declares nothing and warns in 22, is gone in later releases.
#if CLANG_VERSION_MAJOR < 22
#include "clang-tidy/ClangTidyModuleRegistry.h"
#endif

using namespace clang::tidy;

namespace torch_tidy {
namespace {

class TorchModule : public ClangTidyModule {
public:
  void addCheckFactories(ClangTidyCheckFactories &Factories) override {
    // clang-tidy makes new checks for each translation unit. The first of
    // them starts a new analysis, the others find it through here; when the
    // last goes, so does the analysis.
    auto Current = std::make_shared<std::weak_ptr<SharedAnalysis>>();
    for (const CheckInfo &Info : allChecks())
      Factories.registerCheckFactory(
          Info.name(),
          [&Info, Current](llvm::StringRef Name, ClangTidyContext *Context) {
            std::shared_ptr<SharedAnalysis> Analysis = Current->lock();
            if (!Analysis)
              *Current = Analysis = std::make_shared<SharedAnalysis>();
            return std::make_unique<TorchCheck>(Info, Name, Context,
                                                std::move(Analysis));
          });
  }
};

} // namespace

static ClangTidyModuleRegistry::Add<TorchModule>
    Registration("torch-module", "Checks for code written against LibTorch.");

} // namespace torch_tidy
