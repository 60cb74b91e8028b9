//===- Prefix.h - the library headers that a file begins with -------------===//
//
// A precompiled header stands for the first tokens that a parse would see.
// Which these are is found without a parse: the leading directives of the main
// file are read, and where one includes a header of the user's own (it often is
// what includes <torch/torch.h>), those of that header, and so on, until the
// first condition other than an include guard.
//
// So a prefix holds library headers only, with the macros that were defined for
// them to see, and what the user wrote is always parsed. It can stand in front
// because nothing before or between its headers matters to them. Where there is
// code among that, the headers may matter to the code: if they define a macro
// that it names, or if the file does not compile behind them, it is parsed as
// it is.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_PREFIX_H
#define TORCH_TIDY_TOOL_FRONTEND_PREFIX_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <string>
#include <vector>

namespace clang {
class CompilerInvocation;
}

namespace torch_tidy {

struct ParseJob;

struct PrefixInclude {
  enum Kind {
    Standard, ///< Of the C or C++ library, or POSIX: in any order.
    Torch,    ///< LibTorch's.
    Other,    ///< Of another library.
    Define,   ///< No header: a macro of the user's.
  };
  /// `<torch/torch.h>`, `"torch/torch.h"`; `NAME value` of a macro.
  std::string Spelling;
  Kind What = Other;
  std::string Path; ///< Of the file that it names, as clang writes it.
  /// How many of `Prefix::Names` and `Prefix::Code` stood before it.
  size_t NamesBefore = 0, CodeBefore = 0;
  bool IsAfterUndef = false; ///< A macro is undefined in front of it.
};

struct Prefix {
  std::vector<PrefixInclude> Includes;
  /// Macros that the user's directives among them undefine or ask for.
  /// A library that defines one of these cannot come first.
  std::vector<std::string> Names;
  /// The identifiers of the user's code between the directives.
  std::vector<std::string> Code;
};

/// Of the file that is compiled so. \p Files sees the disk, from the command's
/// folder.
Prefix findPrefix(const clang::CompilerInvocation &Invocation,
                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files);

/// Of the file of \p Job; empty where its command is wrong.
Prefix findPrefix(const ParseJob &Job);

/// What a precompiled header of \p Includes is made of.
std::string textOf(llvm::ArrayRef<PrefixInclude> Includes);

} // namespace torch_tidy

#endif
