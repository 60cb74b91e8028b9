//===- SourceEdits.h - insertions into one file, properly nested ----------===//
//
// Probes are put around expressions that may contain other probed expressions
// and may begin or end at the same character. clang's Rewriter and
// tooling::Replacements treat two insertions at one offset as a matter of
// order of arrival; here the nesting of the ranges decides. Nothing inserted
// may hold a newline, so that every line keeps its number.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_SOURCEEDITS_H
#define TORCH_TIDY_TOOL_VERIFY_SOURCEEDITS_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace torch_tidy::verify {

class SourceEdits {
public:
  /// Puts \p Before and \p After around the bytes [Begin, End). Of two equal
  /// ranges the one that was added first is the outer one.
  /// \p Tag is what the edit can be left out by.
  void wrap(unsigned Begin, unsigned End, std::string Before, std::string After,
            std::optional<unsigned> Tag = std::nullopt);
  /// Inserts at \p Offset, inside every range that begins there.
  void insert(unsigned Offset, std::string Text);
  /// Replaces the bytes [Begin, End). Edits strictly inside are dropped.
  void replace(unsigned Begin, unsigned End, std::string Text);

  bool empty() const { return Edits.empty(); }
  /// Takes in what others do to the same file.
  void append(const SourceEdits &Other) {
    Edits.insert(Edits.end(), Other.Edits.begin(), Other.Edits.end());
  }

  /// \p Source with all edits made but those tagged with one of \p Without.
  /// Offsets past its end are ignored.
  std::string apply(llvm::StringRef Source,
                    const std::set<unsigned> &Without = {}) const;

private:
  struct Edit {
    unsigned Begin, End;
    std::string Before, After;
    bool Replaces = false;
    std::optional<unsigned> Tag = std::nullopt;
  };
  std::vector<Edit> Edits;
};

} // namespace torch_tidy::verify

#endif
