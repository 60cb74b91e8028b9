//===- Files.cpp ----------------------------------------------------------===//
#include "tool/verify/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
namespace path = llvm::sys::path;
namespace fs = llvm::sys::fs;

std::string torch_tidy::verify::under(StringRef Dir, const Twine &Tail) {
  SmallString<256> P(Dir);
  path::append(P, Tail);
  path::remove_dots(P, /*remove_dot_dot=*/true);
  return std::string(P);
}

std::string torch_tidy::verify::readFile(const std::string &File) {
  auto Buffer = MemoryBuffer::getFile(File);
  return Buffer ? (*Buffer)->getBuffer().str() : "";
}

static Error put(const std::string &File, StringRef Text, fs::OpenFlags Flags) {
  std::error_code EC;
  raw_fd_ostream OS(File, EC, Flags);
  if (!EC) {
    OS << Text;
    OS.flush();
    EC = OS.error();
    OS.clear_error();
  }
  return EC ? createStringError(EC, "cannot write '%s'", File.c_str())
            : Error::success();
}
Error torch_tidy::verify::writeFile(const std::string &File, StringRef Text) {
  return put(File, Text, fs::OF_None);
}
Error torch_tidy::verify::appendFile(const std::string &File, StringRef Text) {
  return put(File, Text, fs::OF_Append);
}

Expected<std::string> torch_tidy::verify::writeOverlay(
    StringRef Dir, const std::map<std::string, std::string> &Texts,
    StringRef MainFile) {
  json::Array Roots;
  auto Place = [&](StringRef Name, StringRef At) {
    Roots.push_back(json::Object{{"type", "file"},
                                 {"name", Name.str()},
                                 {"external-contents", At.str()}});
  };
  unsigned Number = 0;
  for (const auto &[File, Text] : Texts) {
    bool IsMain = fs::equivalent(File, MainFile);
    std::string At =
        under(Dir, IsMain ? "main.cpp" : "header" + Twine(Number++));
    if (Error E = writeFile(At, Text))
      return std::move(E);
    Place(File, At);
    SmallString<256> Real;
    if (!fs::real_path(File, Real) && Real != File)
      Place(Real, At);
    if (IsMain && File != MainFile)
      Place(MainFile, At);
  }
  std::string Overlay = under(Dir, "overlay.json"), Yaml;
  raw_string_ostream(Yaml) << json::Value(
      json::Object{{"version", 0},
                   {"use-external-names", false},
                   {"case-sensitive", true},
                   {"roots", std::move(Roots)}});
  if (Error E = writeFile(Overlay, Yaml))
    return std::move(E);
  return Overlay;
}
