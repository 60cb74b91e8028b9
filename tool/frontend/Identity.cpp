//===- Identity.cpp - which build of the tool this is ---------------------===//

#include "tool/frontend/Preamble.h"
#include "clang/Basic/Version.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#ifdef __linux__
#include <link.h>
#endif

namespace torch_tidy {

#ifdef __linux__
/// The linker's build id of one loaded file; empty where it has none.
static std::string buildId(const dl_phdr_info &Object) {
  for (unsigned I = 0; I < Object.dlpi_phnum; ++I) {
    const ElfW(Phdr) &Header = Object.dlpi_phdr[I];
    if (Header.p_type != PT_NOTE)
      continue;
    const size_t Align = Header.p_align == 8 ? 8 : 4;
    const char *At =
        reinterpret_cast<const char *>(Object.dlpi_addr + Header.p_vaddr);
    const char *End = At + Header.p_memsz;
    while (At + sizeof(ElfW(Nhdr)) <= End) {
      const auto *Note = reinterpret_cast<const ElfW(Nhdr) *>(At);
      const char *Name = At + sizeof(*Note);
      const char *Text = Name + llvm::alignTo(Note->n_namesz, Align);
      if (Note->n_type == NT_GNU_BUILD_ID)
        return llvm::toHex(llvm::StringRef(Text, Note->n_descsz));
      At = Text + llvm::alignTo(Note->n_descsz, Align);
    }
  }
  return "";
}

namespace {
struct BuildIds {
  std::string Own, Libraries;
};
} // namespace

/// Of this program, of clang and of LLVM.
static int addBuildId(dl_phdr_info *Object, size_t, void *To) {
  auto &Ids = *static_cast<BuildIds *>(To);
  llvm::StringRef Name = Object->dlpi_name;
  if (Name.empty() && Ids.Own.empty())
    Ids.Own = buildId(*Object);
  else if (Name.contains("libclang-cpp") || Name.contains("libLLVM"))
    Ids.Libraries += " " + buildId(*Object);
  return 0;
}
#endif

static std::string makeIdentity() {
  std::string Result = clang::getClangFullVersion();
#ifdef __linux__
  BuildIds Ids;
  ::dl_iterate_phdr(addBuildId, &Ids);
  Result += Ids.Libraries;
  if (!Ids.Own.empty())
    return Result + " " + Ids.Own;
#endif
  // Where the linker gave no build id, the program's file stands for itself.
  static int Anchor;
  ByteWriter Out;
  if (auto Stamp = stampOf(llvm::sys::fs::getMainExecutable(nullptr, &Anchor)))
    Stamp->write(Out);
  return Result + " " + llvm::toHex(Out.Bytes);
}

const std::string &toolIdentity() {
  static const std::string Identity = makeIdentity();
  return Identity;
}

} // namespace torch_tidy
