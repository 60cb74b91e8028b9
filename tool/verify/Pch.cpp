//===- Pch.cpp ------------------------------------------------------------===//
#include "tool/verify/Pch.h"
#include "tool/verify/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/xxhash.h"
#include <csignal>

using namespace llvm;
using namespace torch_tidy::verify;
namespace fs = llvm::sys::fs;

Pch::~Pch() {
  if (!Compiler)
    return;
  ::kill(Compiler->Pid, SIGKILL);
  sys::Wait(*Compiler, std::nullopt);
  fs::remove(Part);
}

bool Pch::wait() {
  std::lock_guard<std::mutex> Guard(Lock);
  if (!Compiler)
    return Good;
  sys::ProcessInfo Done = sys::Wait(*Compiler, std::nullopt);
  Compiler.reset();
  Good = Done.ReturnCode == 0 && !fs::rename(Part, File);
  if (!Good)
    fs::remove(Part);
  return Good;
}

std::shared_ptr<Pch> PchFolder::get(StringRef Key, const std::string &Header,
                                    std::vector<std::string> Args,
                                    const std::string &Log) {
  std::string Name =
      "verify-" + utohexstr(xxh3_64bits(Key), /*LowerCase=*/true);
  std::lock_guard<std::mutex> Guard(Lock);
  if (std::shared_ptr<Pch> Other = Known[Name].lock())
    return Other;
  if (fs::create_directories(Dir))
    return nullptr;
  auto Made = std::make_shared<Pch>(under(Dir, Name + ".pch"));
  Known[Name] = Made;
  if (fs::exists(Made->File))
    return Made;
  prune();
  // Another process may be reading the same text.
  std::string Source = under(Dir, Name + ".h");
  if (readFile(Source) != Header)
    if (Error E = writeFile(Source, Header)) {
      consumeError(std::move(E));
      return nullptr;
    }
  Made->Part =
      Made->File + "." + std::to_string(sys::Process::getProcessId()) + ".part";
  for (const std::string &A :
       {std::string("-x"), std::string("c++-header"), Source,
        std::string("-fpch-instantiate-templates"), std::string("-o"),
        Made->Part})
    Args.push_back(A);
  std::vector<StringRef> Refs(Args.begin(), Args.end());
  std::optional<StringRef> Redirects[] = {StringRef(""), StringRef(Log),
                                          StringRef(Log)};
  sys::ProcessInfo P =
      sys::ExecuteNoWait(Refs[0], Refs, std::nullopt, Redirects);
  if (P.Pid == sys::ProcessInfo::InvalidPid)
    return nullptr;
  Made->Compiler = P;
  return Made;
}

/// One is 130 MB: keeps the three that were made last, and those in use.
void PchFolder::prune() {
  std::vector<std::pair<sys::TimePoint<>, std::string>> Kept;
  std::error_code EC;
  for (fs::directory_iterator I(Dir, EC), E; I != E && !EC; I.increment(EC)) {
    StringRef Name = sys::path::filename(I->path());
    fs::file_status Status;
    if (Name.starts_with("verify-") && Name.ends_with(".pch") &&
        Known[sys::path::stem(Name).str()].expired() &&
        !fs::status(I->path(), Status))
      Kept.push_back({Status.getLastModificationTime(), I->path()});
  }
  llvm::sort(Kept);
  for (size_t I = 0; I + 3 < Kept.size(); ++I) {
    fs::remove(Kept[I].second);
    SmallString<256> Header(Kept[I].second);
    sys::path::replace_extension(Header, "h");
    fs::remove(Header);
  }
}
