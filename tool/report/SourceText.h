//===- SourceText.h - lines and columns of source files -------------------===//
//
// Clang's diagnostics count bytes from the start of a file; readers want lines
// and columns. Both count from 1 here, columns in Unicode code points.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_SOURCETEXT_H
#define TORCH_TIDY_TOOL_REPORT_SOURCETEXT_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace torch_tidy {

struct Position {
  unsigned Line = 1, Column = 1;
};

class SourceText {
public:
  explicit SourceText(std::string Text);

  Position position(unsigned Offset) const;
  /// With the column in UTF-16 code units, as editors count.
  Position utf16Position(unsigned Offset) const;
  /// The offset at which a line begins.
  unsigned start(unsigned Number) const { return Starts[Number - 1]; }
  /// Without its line end; empty for a line that there is not.
  llvm::StringRef line(unsigned Number) const;
  unsigned lines() const { return Starts.size(); }

private:
  std::string Text;
  std::vector<unsigned> Starts;
};

/// Source files as they are on disk when first asked for; an unreadable one is
/// empty.
class SourceTexts {
public:
  const SourceText &operator[](llvm::StringRef File);
  /// In place of what is on disk.
  void set(llvm::StringRef File, std::string Text);

private:
  llvm::StringMap<SourceText> Texts;
};

} // namespace torch_tidy

#endif
