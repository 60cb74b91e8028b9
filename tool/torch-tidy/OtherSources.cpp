#include "tool/torch-tidy/OtherSources.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

namespace torch_tidy {

OtherSources::OtherSources(llvm::ArrayRef<LintJob> Jobs,
                           CompileCommands &Commands, const CommonFlags &Flags,
                           const TidyConfig &Config, LintAlone Lint)
    : Files(Commands.allSources()), Commands(Commands), Flags(Flags),
      Provider(Config.provider()), Lint(std::move(Lint)) {
  for (const LintJob &Job : Jobs)
    if (!llvm::is_contained(Files, Job.File))
      Files.push_back(Job.File);
}

/// Takes the identifier off the end.
static llvm::StringRef lastName(llvm::StringRef &Text) {
  Text = Text.rtrim();
  llvm::StringRef Rest = Text.rtrim("abcdefghijklmnopqrstuvwxyz_0123456789"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  llvm::StringRef Name = Text.drop_front(Rest.size());
  Text = Rest;
  return Name;
}

/// The identifiers that a parenthesis follows, and where a class or namespace is
/// named in front of one, that as well: "f", "C::f".
static llvm::StringSet<> callsIn(llvm::StringRef Text) {
  llvm::StringSet<> Names;
  for (size_t At = Text.find('('); At != llvm::StringRef::npos;
       At = Text.find('(', At + 1)) {
    llvm::StringRef Before = Text.take_front(At);
    llvm::StringRef Name = lastName(Before);
    if (Name.empty())
      continue;
    Names.insert(Name);
    Before = Before.rtrim();
    if (Before.consume_back("::"))
      Names.insert((lastName(Before) + "::" + Name).str());
  }
  return Names;
}

void OtherSources::readAll() {
  for (const std::string &File : Files)
    if (auto Buffer = llvm::MemoryBuffer::getFile(File))
      for (const auto &Name : callsIn((*Buffer)->getBuffer()))
        Mentions[Name.getKey()].push_back(&File);
}

Summaries OtherSources::definedIn(const std::string &File) {
  std::promise<Summaries> Mine;
  std::unique_lock<std::mutex> Guard(Lock);
  auto [It, New] = Known.try_emplace(File);
  if (!New) {
    std::shared_future<Summaries> Theirs = It->second;
    Guard.unlock();
    return Theirs.get();
  }
  It->second = Mine.get_future().share();
  llvm::Expected<LintJob> Job = makeJob(Commands, Flags, *Provider, File);
  Guard.unlock();
  Summaries Defined;
  if (Job)
    Defined = Lint(*Job).Defined;
  else
    llvm::consumeError(Job.takeError());
  Mine.set_value(Defined);
  return Defined;
}

LintJob OtherSources::informed(const LintJob &Job, const LintResult &Alone) {
  LintJob Result = Job;
  if (Alone.Unseen.empty())
    return Result;
  std::call_once(Read, [this] { readAll(); });
  for (const auto &[Symbol, Name] : Alone.Unseen) {
    std::optional<FunctionSummary> Said;
    bool Agree = true;
    auto Mentioned = Mentions.find(Name);
    if (Mentioned == Mentions.end())
      continue;
    for (const std::string *File : Mentioned->second) {
      if (*File == Job.File)
        continue;
      const Summaries Theirs = definedIn(*File);
      auto It = Theirs.find(Symbol);
      if (It == Theirs.end())
        continue;
      Agree &= !Said || *Said == It->second;
      Said = It->second;
    }
    if (Agree && Said && !(*Said == FunctionSummary()))
      Result.Elsewhere.emplace(Symbol, *Said);
  }
  return Result;
}

} // namespace torch_tidy
