//===- Missing.cpp --------------------------------------------------------===//
#include "tool/verify/Missing.h"
#include "runtime/driver/ErrorFamily.h"
#include "tool/verify/Files.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;
namespace path = llvm::sys::path;

std::vector<std::string> verify::undefinedSymbols(StringRef Words) {
  std::vector<std::string> Names;
  Regex Undefined("undefined (reference to|symbol:) [`']?([^'\n ]+)");
  SmallVector<StringRef> Lines;
  Words.split(Lines, '\n');
  for (StringRef Line : Lines) {
    SmallVector<StringRef, 3> M;
    if (Undefined.match(Line, &M) && !is_contained(Names, M[2]))
      Names.push_back(M[2].str());
  }
  return Names;
}

/// Undefined names that \p File refers to and never calls.
static StringSet<> variablesOf(StringRef File) {
  StringSet<> Used, Called;
  auto Object = object::ObjectFile::createObjectFile(File);
  if (!Object) {
    consumeError(Object.takeError());
    return Used;
  }
  for (const object::SectionRef &Section : Object->getBinary()->sections())
    for (const object::RelocationRef &R : Section.relocations()) {
      if (R.getSymbol() == Object->getBinary()->symbol_end())
        continue;
      Expected<StringRef> Name = R.getSymbol()->getName();
      if (!Name) {
        consumeError(Name.takeError());
        continue;
      }
      SmallString<32> Kind;
      R.getTypeName(Kind);
      bool IsCall =
          StringRef(Kind).contains("PLT") || StringRef(Kind).contains("CALL");
      (IsCall ? Called : Used).insert(*Name);
    }
  for (const auto &Name : Called)
    Used.erase(Name.getKey());
  return Used;
}

std::string verify::standIns(ArrayRef<std::string> Mangled, StringRef Object) {
  StringSet<> Variables = variablesOf(Object);
  std::string Text;
  raw_string_ostream OS(Text);
  OS << "#include <stdexcept>\n#include <string>\n"
        "[[noreturn]] static void missing(const char *Name) {\n"
        "  throw std::runtime_error(std::string(\"'\") + Name + \"' "
     << driver::DefinedElsewhere
     << "\");\n}\n"
        "extern \"C\" {\n";
  for (size_t I = 0; I < Mangled.size(); ++I) {
    const std::string &Name = Mangled[I];
    std::string Readable = demangle(Name), Own = "missing_" + std::to_string(I);
    std::string Label = "__asm__(\"" + Name + "\");\n";
    ItaniumPartialDemangler D;
    bool IsCpp = !D.partialDemangle(Name.c_str());
    bool IsTable = StringRef(Name).starts_with("_ZTV");
    bool IsVariable = IsCpp ? !D.isFunction() : Variables.count(Name);
    if (IsVariable && !IsTable) {
      OS << "extern char " << Own << "[4096] " << Label << "alignas(64) char "
         << Own << "[4096] = {};\n";
      continue;
    }
    std::string Function = IsTable ? Own + "_function" : Own;
    OS << "void " << Function << "() " << (IsTable ? ";\n" : Label) << "void "
       << Function << "() { missing(\"";
    OS.write_escaped(
        StringRef(Readable).take_until([](char C) { return C == '('; }));
    OS << (IsTable ? "" : "()") << "\"); }\n";
    if (!IsTable)
      continue;
    // Offset to top, type information, functions.
    OS << "typedef void (*" << Own << "_entry)();\nextern " << Own << "_entry "
       << Own << "[64] " << Label << Own << "_entry " << Own
       << "[64] = {nullptr, nullptr";
    for (int N = 2; N < 64; ++N)
      OS << ", " << Function;
    OS << "};\n";
  }
  OS << "}\n";
  return Text;
}

namespace {

/// What the objects of one target have in common: CMake's "<target>.dir", or
/// the folder.
StringRef targetOf(StringRef Object) {
  auto [Before, After] = Object.split(".dir/");
  return After.empty() ? path::parent_path(Object) : Before;
}

bool definesMain(StringRef File) {
  auto Object = object::ObjectFile::createObjectFile(File);
  if (!Object) {
    consumeError(Object.takeError());
    return false;
  }
  for (const object::SymbolRef &S : Object->getBinary()->symbols()) {
    Expected<StringRef> Name = S.getName();
    Expected<uint32_t> Flags = S.getFlags();
    if (Name && Flags && *Name == "main" &&
        !(*Flags & object::SymbolRef::SF_Undefined))
      return true;
    if (!Name)
      consumeError(Name.takeError());
    if (!Flags)
      consumeError(Flags.takeError());
  }
  return false;
}

} // namespace

std::vector<std::string> verify::usableObjects(ArrayRef<std::string> All,
                                               ArrayRef<std::string> Own) {
  StringSet<> Programs, OwnTargets;
  for (const std::string &Object : Own)
    OwnTargets.insert(targetOf(Object));
  std::vector<std::string> Near, Far;
  for (const std::string &Object : All) {
    if (is_contained(Own, Object) || !sys::fs::exists(Object))
      continue;
    if (OwnTargets.count(targetOf(Object))) {
      Near.push_back(Object);
      continue;
    }
    Far.push_back(Object);
    if (definesMain(Object))
      Programs.insert(targetOf(Object));
  }
  for (const std::string &Object : Far)
    if (!Programs.count(targetOf(Object)))
      Near.push_back(Object);
  return Near;
}

std::vector<std::string> verify::archivesOf(ArrayRef<std::string> Objects,
                                            StringRef Dir) {
  std::vector<NewArchiveMember> Members;
  for (const std::string &Object : Objects) {
    auto Member = NewArchiveMember::getFile(Object, /*Deterministic=*/true);
    if (Member)
      Members.push_back(std::move(*Member));
    else
      consumeError(Member.takeError()); // Removed meanwhile.
  }
  if (Members.empty())
    return {};
  std::string Archive = under(Dir, "others.a");
  if (Error E = writeArchive(Archive, Members, SymtabWritingMode::NormalSymtab,
                             object::Archive::K_GNU, /*Deterministic=*/true,
                             /*Thin=*/false)) {
    consumeError(std::move(E));
    return {};
  }
  return {Archive};
}
