//===- SearchFolders.h - include folders that made no difference ----------===//
//
// Each target of a project has include folders of its own, and each of them
// would ask for a preamble of its own: 8 s and 90 MB, for the same LibTorch.
// But LibTorch's headers find nothing in most of these folders. What they found
// something in is *used*; a preamble that was made with some folders serves a
// command with others, as long as
//
//   - both have the used ones, in the same order, and
//   - the others have no file or folder with the first part of a name that was
//     looked for: no `torch`, no `vector`, no `bits`.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_SEARCHFOLDERS_H
#define TORCH_TIDY_TOOL_FRONTEND_SEARCHFOLDERS_H

#include "tool/frontend/Dependencies.h"

namespace clang {
class HeaderSearchOptions;
}

namespace torch_tidy {

struct SearchFolder {
  std::string Path;
  unsigned Group = 0; ///< clang's: -iquote, -I, -isystem, ...

  bool operator==(const SearchFolder &O) const {
    return Path == O.Path && Group == O.Group;
  }
};

/// Those of the command in which something was found, in its order.
std::vector<SearchFolder> usedFolders(const clang::HeaderSearchOptions &Options,
                                      const Dependencies &Read);

/// \p Read without what was looked for in folders that are not \p Used.
Dependencies withoutUnused(const clang::HeaderSearchOptions &Options,
                           Dependencies Read,
                           llvm::ArrayRef<SearchFolder> Used);

/// What must not be there for this command to find what \p Read has, which it
/// found in \p Used. Nothing where the command might find something else.
std::optional<Dependencies>
findsTheSame(const clang::HeaderSearchOptions &Options,
             const Dependencies &Read, llvm::ArrayRef<SearchFolder> Used);

} // namespace torch_tidy

#endif
