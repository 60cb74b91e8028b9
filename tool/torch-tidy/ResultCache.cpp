#include "tool/torch-tidy/ResultCache.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Process.h"
#include <type_traits>

using namespace clang::tidy;
using namespace clang::tooling;

namespace torch_tidy {
namespace {

constexpr unsigned FormatVersion = 2;

// One list of fields for both directions. `F(X)` writes X or reads it.

template <class IO> void fields(IO &F, Place &P) {
  F(P.File);
  F(P.Offset);
  F(P.Length);
}

template <class IO> void fields(IO &F, StepDetails &S) {
  F(S.At);
  F(S.Text);
  F(S.Device);
  F(S.Subject);
}

template <class IO> void fields(IO &F, OperandDetails &O) {
  F(O.Role);
  F(O.Spelling);
  F(O.Device);
  F(O.Dtype);
  F(O.IsModuleState);
  F(O.Wrong);
}

template <class IO> void fields(IO &F, FixDetails &X) {
  F(X.Title);
  F(X.Edits);
}

template <class IO> void fields(IO &F, FindingDetails &D) {
  F(D.Check);
  F(D.Message);
  F(D.At);
  F(D.Function);
  F(D.Condition);
  F(D.Predicted);
  F(D.History);
  F(D.Operands);
  F(D.Fixes);
}

template <class IO> void fields(IO &F, FileByteRange &R) {
  F(R.FilePath);
  F(R.FileOffset);
  F(R.Length);
}

template <class IO> void fields(IO &F, DiagnosticMessage &M) {
  F(M.Message);
  F(M.FilePath);
  F(M.FileOffset);
  F(M.Fix);
  F(M.Ranges);
}

template <class IO> void fields(IO &F, ClangTidyError &E) {
  F(E.DiagnosticName);
  F(E.Message);
  F(E.Notes);
  F(E.DiagLevel);
  F(E.BuildDirectory);
  F(E.IsWarningAsError);
  F(E.EnabledDiagnosticAliases);
}

template <class IO> void fields(IO &F, ClangTidyStats &S) {
  F(S.ErrorsDisplayed);
  F(S.ErrorsIgnoredCheckFilter);
  F(S.ErrorsIgnoredNOLINT);
  F(S.ErrorsIgnoredNonUserCode);
  F(S.ErrorsIgnoredLineFilter);
}

template <class IO> void fields(IO &F, LintResult &R) {
  F(R.Errors);
  F(R.Details);
  F(R.Suppressed);
  F(R.Stats.Functions);
  F(R.Stats.GaveUp);
  F(R.Stats.Visits);
  F(R.Unknowns);
  F(R.GaveUp);
  F(R.Defined);
  F(R.Unseen);
  F(R.Failed);
}

template <class T>
constexpr bool IsNumber = std::is_integral_v<T> || std::is_enum_v<T>;

class Saver {
public:
  explicit Saver(ByteWriter &Out) : Out(Out) {}

  template <class T> void operator()(T &Value) {
    if constexpr (IsNumber<T>)
      Out.number(uint64_t(Value));
    else
      fields(*this, Value);
  }
  void operator()(std::string &Value) { Out.text(Value); }
  void operator()(Replacement &R) { write(R); }
  template <class T> void operator()(std::vector<T> &List) { each(List); }
  template <class T, unsigned N>
  void operator()(llvm::SmallVector<T, N> &List) {
    each(List);
  }
  template <class T> void operator()(std::map<std::string, T> &Map) {
    Out.number(Map.size());
    for (auto &[Key, Value] : Map) {
      Out.text(Key);
      (*this)(Value);
    }
  }
  void operator()(llvm::StringMap<Replacements> &Fix) {
    std::vector<llvm::StringRef> Paths(Fix.keys().begin(), Fix.keys().end());
    llvm::sort(Paths);
    Out.list(Paths, [&](llvm::StringRef Path) {
      Out.text(Path);
      Out.list(Fix[Path], [&](const Replacement &R) { write(R); });
    });
  }

private:
  ByteWriter &Out;

  void write(const Replacement &R) {
    Out.text(R.getFilePath());
    Out.number(R.getOffset());
    Out.number(R.getLength());
    Out.text(R.getReplacementText());
  }
  template <class List> void each(List &Items) {
    Out.number(Items.size());
    for (auto &Item : Items)
      (*this)(Item);
  }
};

class Loader {
public:
  explicit Loader(ByteReader &In) : In(In) {}

  template <class T> void operator()(T &Value) {
    if constexpr (IsNumber<T>)
      Value = T(In.number());
    else
      fields(*this, Value);
  }
  void operator()(std::string &Value) { Value = In.text().str(); }
  void operator()(Replacement &R) {
    llvm::StringRef Path = In.text();
    unsigned Offset = In.number(), Length = In.number();
    R = Replacement(Path, Offset, Length, In.text());
  }
  template <class T> void operator()(std::vector<T> &List) { each<T>(List); }
  template <class T, unsigned N>
  void operator()(llvm::SmallVector<T, N> &List) {
    each<T>(List);
  }
  template <class T> void operator()(std::map<std::string, T> &Map) {
    In.list([&] {
      std::string Key = In.text().str();
      (*this)(Map[Key]);
    });
  }
  void operator()(llvm::StringMap<Replacements> &Fix) {
    In.list([&] {
      Replacements &Edits = Fix[In.text()];
      In.list([&] {
        Replacement R;
        (*this)(R);
        // They did not overlap when they were written.
        llvm::consumeError(Edits.add(R));
      });
    });
  }

private:
  ByteReader &In;

  template <class T> static T blank() {
    if constexpr (std::is_same_v<T, ClangTidyError>)
      return ClangTidyError("", ClangTidyError::Warning, "", false);
    else
      return T();
  }
  template <class T, class List> void each(List &Items) {
    In.list([&] {
      Items.push_back(blank<T>());
      (*this)(Items.back());
    });
  }
};

} // namespace

ResultCache::ResultCache(CacheDir &Cache, FileStates &Files, Preambles &Library,
                         const TidyConfig &Config, llvm::StringRef ResourceDir)
    : Cache(Cache), Files(Files), Library(Library) {
  ByteWriter Out;
  Out.number(FormatVersion);
  Out.text(toolIdentity());
  Out.text(ResourceDir);
  // What clang's driver reads of its surroundings.
  for (const char *Name :
       {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "SDKROOT",
        "GCC_EXEC_PREFIX", "COMPILER_PATH", "CUDA_PATH", "CCC_OVERRIDE_OPTIONS",
        "SOURCE_DATE_EPOCH", "PATH"})
    Out.text(llvm::sys::Process::GetEnv(Name).value_or(""));
  Out.number(Config.StaleNolint);
  Out.list(Config.Global.LineFilter, [&](const FileFilter &Filter) {
    Out.text(Filter.Name);
    Out.list(Filter.LineRanges, [&](const FileFilter::LineRange &Range) {
      Out.number(Range.first);
      Out.number(Range.second);
    });
  });
  Common = std::move(Out.Bytes);
}

std::string ResultCache::name(const LintJob &Job) const {
  ByteWriter Out;
  Out.text(Common);
  Out.text(Job.File);
  Out.text(Job.Options);
  Out.list(Job.Commands, [&](const CompileCommand &Command) {
    Out.text(Command.Directory);
    Out.text(Command.Filename);
    Out.list(Command.CommandLine,
             [&](const std::string &Argument) { Out.text(Argument); });
  });
  auto Text = [&](const std::string &Each) { Out.text(Each); };
  Out.list(Job.Behind, Text);
  Out.list(Job.Told, Text);
  std::string Key = ContentHash::of(Out.Bytes).str();
  return "results/" + Key.substr(0, 2) + "/result-" + Key;
}

namespace {
/// The preambles that a result was made with, and what else was read.
struct Basis {
  std::vector<std::pair<std::string, ContentHash>> Preambles;
  Dependencies Read;

  void write(ByteWriter &Out) const {
    Out.list(Preambles, [&](const auto &P) {
      Out.text(P.first);
      Out.hash(P.second);
    });
    Read.write(Out);
  }
  static Basis read(ByteReader &In) {
    Basis Result;
    In.list([&] {
      std::string Key = In.text().str();
      Result.Preambles.emplace_back(std::move(Key), In.hash());
    });
    Result.Read = Dependencies::read(In);
    return Result;
  }
};
} // namespace

std::optional<LintResult> ResultCache::find(const LintJob &Job) {
  const std::string Name = name(Job);
  std::unique_ptr<llvm::MemoryBuffer> Buffer = Cache.read(Name);
  if (!Buffer)
    return std::nullopt;
  ByteReader In(Buffer->getBuffer());
  Basis On = Basis::read(In);
  LintResult Result;
  Loader Load(In);
  fields(Load, Result);
  bool Restamped = false;
  if (!In.ok() || !On.Read.hold(Files, Restamped) ||
      !llvm::all_of(On.Preambles, [&](const auto &P) {
        return Library.holds(P.first, P.second);
      }))
    return std::nullopt;
  if (Restamped) {
    ByteWriter Out;
    On.write(Out);
    Saver Save(Out);
    fields(Save, Result);
    Cache.write(Name, Out.Bytes);
  }
  return Result;
}

void ResultCache::store(const LintJob &Job, const LintResult &Result) {
  // That others do not parse behind it is worth knowing: the user is not told.
  if ((Result.Failed && Job.Behind.empty()) || Result.Crashed)
    return;
  Basis On;
  for (const ParseRecord &Parse : Result.Parses) {
    if (!Parse.Read)
      return;
    llvm::append_range(On.Read.All, Parse.Read->All);
    if (Parse.Began)
      On.Preambles.push_back({Parse.Began->Key, Parse.Began->Id});
  }
  ByteWriter Out;
  On.write(Out);
  LintResult Copy(Result);
  Saver Save(Out);
  fields(Save, Copy);
  Cache.write(name(Job), Out.Bytes);
}

} // namespace torch_tidy
