//===- DocumentLint.h - lints one document as the editor has it -----------===//
//
// Open documents, saved or not, take the place of the files on disk. What comes
// back is in the protocol's terms: diagnostics by file, since a finding through
// one document may stand in a header, and the repairs of each. Nothing is ever
// silent: a document that could not be analysed has a diagnostic that says why.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_LSP_DOCUMENTLINT_H
#define TORCH_TIDY_TOOL_LSP_DOCUMENTLINT_H

#include "tool/lsp/Protocol.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/ADT/StringMap.h"
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace torch_tidy {

/// The open documents at one moment, by absolute path.
struct Snapshot {
  struct Document {
    std::string Text;
    int64_t Version = 0;
    /// Of the edit that made it this; no two texts have the same.
    unsigned Edit = 0;
  };
  std::map<std::string, Document> Open;
};

struct DocumentDiagnostic {
  std::string File; ///< Where it stands.
  LspDiagnostic Shown;
  std::vector<QuickFix> Fixes;
};

struct DocumentFindings {
  std::vector<DocumentDiagnostic> Diagnostics;
  /// The files that were read for it; nothing where that is not known.
  std::optional<std::set<std::string>> Read;
  /// What the user has to be told even where no editor shows diagnostics for
  /// the document; empty for nothing.
  std::string Trouble;

  /// Whether they may depend on a file's content.
  bool didRead(const std::string &File) const {
    return !Read || Read->count(File);
  }
};

class DocumentLinter {
public:
  DocumentLinter(CommonFlags &Flags, TidyConfig Config,
                 std::string ResourceDir);

  /// Whether notes go beside a diagnostic or into its text.
  bool ShowsRelatedInformation = false;

  /// \p File is one of the snapshot. Once \p Cancelled says yes the result is
  /// of no use.
  DocumentFindings lint(const std::string &File, const Snapshot &Documents,
                        const std::function<bool()> &Cancelled);

private:
  CommonFlags &Flags;
  TidyConfig Config;
  std::string ResourceDir;
  /// Of the flags after '--'. A database is read each time: a build may have
  /// written it again.
  std::optional<CompileCommands> Fixed;
  /// Of what does not change from lint to lint; null for none.
  std::unique_ptr<CacheDir> Cache;
};

} // namespace torch_tidy

#endif
