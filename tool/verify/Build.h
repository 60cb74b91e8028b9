//===- Build.h - a probed file, compiled and linked -----------------------===//
//
// The compiler reads the user's file at its own path: a virtual file system
// overlay puts the probed text in its place (and in that of probed headers), so
// that includes, `__FILE__` and messages are what they always were, and nothing
// of the user's is written to.
//
// A precompiled header of the file's preamble (its leading directives, after
// the probe's header) is built while the file is linted and kept in the cache
// for the next time. It is skipped where a header holds probes itself.
//
// What other files define is taken from their objects, where the user's build
// has made them, or gets a stand-in (Missing.h).
//
// Changed of the user's flags: no optimisation, debug information of lines
// only, no warnings, no access control; what asks for other outputs is dropped.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_BUILD_H
#define TORCH_TIDY_TOOL_VERIFY_BUILD_H

#include "tool/frontend/Prefix.h"
#include "tool/verify/Pch.h"
#include "tool/verify/Toolchain.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>
#include <vector>

namespace torch_tidy::verify {

struct Job {
  std::string File;                 ///< Absolute path of the user's file.
  std::string Directory;            ///< Where the compile command runs.
  std::vector<std::string> Command; ///< The user's, compiler first.
  /// Objects of other files of the project that its build has made.
  std::vector<std::string> Objects = {};
  std::vector<std::string> LinkArgs = {}; ///< `--link-arg`.
};

class Build {
public:
  Build(Job J, LibTorch Torch, Runtime RT, std::string Clang, Backend Where,
        std::string WorkDir, PchFolder &Headers);

  /// Starts to precompile the library headers that the file begins with, unless
  /// the cache has them: files that begin alike share them, whatever headers of
  /// the user's they have. That ends with this object: there may be nothing to
  /// verify.
  void startPreamble(const Prefix &Begin);

  /// Compiles \p Texts (probed text by path; the main file among them) and
  /// links the program. Gives its path, or the compiler's words.
  llvm::Expected<std::string>
  program(const std::map<std::string, std::string> &Texts);

  /// The project's own headers that the file includes, by real path.
  /// Those of \p Behind as well, and these.
  llvm::Expected<std::vector<std::string>>
  headers(llvm::ArrayRef<std::string> Behind);

  /// After program(): mangled names that the program got stand-ins for, since
  /// only another file of the user's defines them.
  llvm::ArrayRef<std::string> missing() const { return Missing; }
  /// C++ of those stand-ins; empty for none.
  llvm::StringRef standInText() const { return StandIns; }

private:
  Job J;
  LibTorch Torch;
  Runtime RT;
  std::string Clang;
  Backend Where;
  std::string WorkDir;
  PchFolder &Headers;
  std::vector<std::string> Flags; ///< The user's flags that matter.
  std::vector<std::string> Missing;
  std::string StandIns;
  std::shared_ptr<Pch> Precompiled; ///< Null for none.

  std::vector<std::string>
  compilerWith(llvm::ArrayRef<std::string> Flags) const;
  llvm::Error compile(const std::string &Overlay, const std::string &Object,
                      bool WithPreamble);
  llvm::Error run(const std::vector<std::string> &Args, llvm::StringRef What);
  llvm::Error link(const std::string &Object, const std::string &Program);
};

} // namespace torch_tidy::verify

#endif
