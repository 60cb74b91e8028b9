#include "tool/torch-tidy/OtherSources.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <set>

using clang::tidy::ClangTidyError;

namespace torch_tidy {

/// How many sources are read behind one; how many may call it, and are asked.
constexpr size_t MostBehind = 12, MostAsked = 16;

OtherSources::OtherSources(llvm::ArrayRef<LintJob> Jobs,
                           CompileCommands &Commands, const CommonFlags &Flags,
                           const TidyConfig &Config, LintAlone Lint)
    : Jobs(Jobs), Files(Commands.allSources()), Commands(Commands),
      Flags(Flags), Provider(Config.provider()), Lint(std::move(Lint)) {
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

/// The headers that a text includes in quotes, by the ends of their names:
/// "#net.h"; with \p Angled those in angle brackets as well.
static llvm::StringSet<> includesIn(llvm::StringRef Text, bool Angled) {
  llvm::StringSet<> Names;
  for (llvm::StringRef Line : llvm::split(Text, '\n')) {
    Line = Line.ltrim();
    if (!Line.consume_front("#"))
      continue;
    Line = Line.ltrim();
    if (!Line.consume_front("include"))
      continue;
    Line = Line.ltrim();
    if (!Line.consume_front("\"") && !(Angled && Line.consume_front("<")))
      continue;
    Line = Line.take_front(Line.find_first_of("\">"));
    Names.insert(("#" + llvm::sys::path::filename(Line)).str());
  }
  return Names;
}

/// The identifiers that a parenthesis follows, and where a class or namespace
/// is named in front of one, that as well: "f", "C::f".
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
    if (auto Buffer = llvm::MemoryBuffer::getFile(File)) {
      for (const auto &Name : callsIn((*Buffer)->getBuffer()))
        Mentions[Name.getKey()].push_back(&File);
      for (const auto &Name : includesIn((*Buffer)->getBuffer(), true))
        Mentions[Name.getKey()].push_back(&File);
    }
}

/// What a file says by itself; once in a run, and kept to its end.
const OtherSources::Linted &OtherSources::alone(const std::string &File) {
  std::promise<Linted> Mine;
  std::unique_lock<std::mutex> Guard(Lock);
  auto [It, New] = Known.try_emplace(File);
  if (New)
    It->second = Mine.get_future().share();
  const std::shared_future<Linted> Result = It->second;
  if (!New) {
    Guard.unlock();
    return Result.get();
  }
  Linted Made;
  const LintJob *Asked =
      llvm::find_if(Jobs, [&](const LintJob &Job) { return Job.File == File; });
  if (Asked != Jobs.end()) {
    Made.Of = *Asked;
  } else if (auto Job = makeJob(Commands, Flags, *Provider, File)) {
    Made.Of = std::move(*Job);
  } else {
    llvm::consumeError(Job.takeError());
    Made.Result.Failed = true;
  }
  Guard.unlock();
  if (!Made.Result.Failed)
    Made.Result = Lint(Made.Of);
  Mine.set_value(std::move(Made));
  return Result.get();
}

static std::string textOf(const std::string &File) {
  auto Buffer = llvm::MemoryBuffer::getFile(File);
  return Buffer ? (*Buffer)->getBuffer().str() : "";
}

/// How many folders the way from one file to another goes up and down.
static size_t distance(llvm::StringRef A, llvm::StringRef B) {
  namespace path = llvm::sys::path;
  auto I = path::begin(A), J = path::begin(B);
  for (; I != path::end(A) && J != path::end(B) && *I == *J; ++I)
    ++J;
  return std::distance(I, path::end(A)) + std::distance(J, path::end(B));
}

static void sortByDistance(std::vector<std::string> &Files,
                           llvm::StringRef From) {
  llvm::sort(Files, [&](const std::string &A, const std::string &B) {
    const size_t ToA = distance(A, From), ToB = distance(B, From);
    return ToA != ToB ? ToA < ToB : A < B;
  });
}

/// The other files that have the name, the nearest first.
std::vector<std::string> OtherSources::mentioning(const std::string &Name,
                                                  const std::string &Near) {
  std::call_once(Read, [this] { readAll(); });
  std::vector<std::string> Result;
  auto Found = Mentions.find(Name);
  if (Found == Mentions.end())
    return Result;
  for (const std::string *File : Found->second)
    if (*File != Near)
      Result.push_back(*File);
  sortByDistance(Result, Near);
  return Result;
}

/// The flags that say which of a source's lines are compiled, and as what.
static std::set<std::string> dialect(const LintJob &Job) {
  std::set<std::string> Result;
  llvm::ArrayRef<std::string> Args = Job.Commands.front().CommandLine;
  for (size_t I = 0; I < Args.size(); ++I) {
    llvm::StringRef Arg = Args[I];
    if ((Arg == "-D" || Arg == "-U") && I + 1 < Args.size())
      Result.insert(Args[I] + Args[I + 1]);
    else if (Arg.starts_with("-D") || Arg.starts_with("-U"))
      // CMake gives each shared library one such.
      if (!Arg.split('=').first.ends_with("_EXPORTS"))
        Result.insert(Arg.str());
    if (Arg.starts_with("-std="))
      Result.insert(Arg.str());
  }
  return Result;
}

/// The source that defines a symbol for this job; empty for none.
std::string OtherSources::definerOf(const std::string &Symbol,
                                    const std::string &Name,
                                    const LintJob &For) {
  std::string Found;
  for (const std::string &File : mentioning(Name, For.File)) {
    if (!Found.empty() && distance(File, For.File) > distance(Found, For.File))
      break;
    const Linted &Theirs = alone(File);
    if (!Theirs.Result.Defined.count(Symbol))
      continue;
    if (!Found.empty() && textOf(Found) != textOf(File))
      return "";
    if (Found.empty() && dialect(Theirs.Of) == dialect(For))
      Found = File;
  }
  return Found;
}

/// The sources that define what a job calls, and what those call.
std::vector<std::string> OtherSources::behind(const LintJob &Job,
                                              const LintResult &Alone) {
  std::vector<std::string> Result;
  std::map<std::string, std::string> Unseen = Alone.Unseen;
  std::set<std::string> Asked;
  for (size_t Next = 0; Result.size() < MostBehind; ++Next) {
    for (const auto &[Symbol, Name] : Unseen) {
      if (!Asked.insert(Symbol).second || Alone.Defined.count(Symbol))
        continue;
      std::string Definer = definerOf(Symbol, Name, Job);
      if (!Definer.empty() && !llvm::is_contained(Result, Definer))
        Result.push_back(Definer);
    }
    if (Next >= Result.size())
      break;
    Unseen = alone(Result[Next]).Result.Unseen;
  }
  if (Result.size() > MostBehind)
    Result.resize(MostBehind);
  return Result;
}

/// Sources that the run leaves out and that call what a job defines: functions
/// by their names, methods where the header of their class is included.
std::vector<std::string> OtherSources::callersOf(const LintJob &Job,
                                                 const LintResult &Alone) {
  if (Files.size() == Jobs.size())
    return {};
  llvm::StringSet<> Names;
  bool Methods = false;
  for (const auto &[Symbol, Name] : Alone.Defined) {
    Methods |= llvm::StringRef(Name).contains("::");
    Names.insert(Name);
  }
  if (Methods)
    for (const auto &Header : includesIn(textOf(Job.File), false))
      Names.insert(Header.getKey());
  std::vector<std::string> Asked;
  for (const auto &Name : Names)
    llvm::append_range(Asked, mentioning(Name.getKey().str(), Job.File));
  sortByDistance(Asked, Job.File);
  Asked.erase(llvm::unique(Asked), Asked.end());
  llvm::erase_if(Asked, [&](const std::string &File) {
    return llvm::any_of(Jobs, [&](const LintJob &J) { return J.File == File; });
  });
  if (Asked.size() > MostAsked)
    Asked.resize(MostAsked);
  llvm::erase_if(Asked, [&](const std::string &File) {
    const Linted &Theirs = alone(File);
    return llvm::none_of(Alone.Defined, [&](const auto &Function) {
      return Theirs.Result.Unseen.count(Function.first);
    });
  });
  return Asked;
}

/// Takes out those that do not parse; the last where the errors do not say.
/// Returns why, for --explain-unknown.
static std::vector<std::string> dropFailing(std::vector<std::string> &Behind,
                                            const LintJob &Job,
                                            const LintResult &Failed) {
  std::map<std::string, std::string> Wrong;
  for (const ClangTidyError &Error : Failed.Errors)
    if (!isFinding(Error) && llvm::is_contained(Behind, Error.Message.FilePath))
      Wrong.try_emplace(Error.Message.FilePath, Error.Message.Message);
  if (Wrong.empty())
    Wrong.try_emplace(Behind.back(), Failed.Errors.empty()
                                         ? "it has errors there"
                                         : Failed.Errors[0].Message.Message);
  std::vector<std::string> Reasons;
  for (const auto &[Source, Why] : Wrong) {
    llvm::erase(Behind, Source);
    Reasons.push_back(Job.File + ": the functions of '" + Source +
                      "' are not followed: it does not parse behind this (" +
                      Why + ")");
  }
  return Reasons;
}

OtherSources::Linted OtherSources::withOthers(const LintJob &Job) {
  Linted Best = alone(Job.File);
  if (Best.Result.Unseen.empty() || Files.size() < 2)
    return Best;
  LintJob Whole = Best.Of;
  Whole.Behind = behind(Job, Best.Result);
  for (const std::string &Source : Whole.Behind)
    for (const ClangTidyError &Error : alone(Source).Result.Errors)
      if (Error.Message.FilePath == Source)
        Whole.Told.insert(placeOf(Error));
  std::vector<std::string> Left;
  while (!Whole.Behind.empty()) {
    LintResult Result = Lint(Whole);
    if (Result.Crashed)
      break;
    if (Result.Failed) {
      llvm::append_range(Left, dropFailing(Whole.Behind, Job, Result));
      continue;
    }
    llvm::append_range(Result.Unknowns, Left);
    return {std::move(Whole), std::move(Result)};
  }
  llvm::append_range(Best.Result.Unknowns, Left);
  return Best;
}

/// Those callers, each linted with what it calls behind it.
std::vector<OtherSources::Linted>
OtherSources::callersWithOthers(const LintJob &Job) {
  std::vector<Linted> Result;
  for (const std::string &File : callersOf(Job, alone(Job.File).Result))
    Result.push_back(withOthers(alone(File).Of));
  return Result;
}

std::vector<LintJob> OtherSources::callers(const LintJob &Job) {
  std::vector<LintJob> Result;
  for (Linted &Caller : callersWithOthers(Job))
    Result.push_back(std::move(Caller.Of));
  return Result;
}

LintResult OtherSources::lint(const LintJob &Job) {
  LintResult Result = withOthers(Job).Result;
  for (Linted &Caller : callersWithOthers(Job)) {
    LintResult &Theirs = Caller.Result;
    for (ClangTidyError &Error : Theirs.Errors)
      if (Error.Message.FilePath == Job.File &&
          llvm::none_of(Result.Errors, [&](const ClangTidyError &E) {
            return placeOf(E) == placeOf(Error);
          }))
        Result.Errors.push_back(std::move(Error));
    llvm::move(Theirs.Details, std::back_inserter(Result.Details));
  }
  llvm::sort(Result.Errors,
             [](const ClangTidyError &A, const ClangTidyError &B) {
               return std::tie(A.Message.FilePath, A.Message.FileOffset,
                               A.DiagnosticName, A.Message.Message) <
                      std::tie(B.Message.FilePath, B.Message.FileOffset,
                               B.DiagnosticName, B.Message.Message);
             });
  return Result;
}

} // namespace torch_tidy
