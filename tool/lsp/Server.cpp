#include "tool/lsp/Server.h"

using namespace std::chrono_literals;
namespace json = llvm::json;
namespace lsp = llvm::lsp;

namespace torch_tidy {

/// How long nobody types before a changed document is linted.
static constexpr auto Pause = 300ms;

Server::Server(DocumentLinter GivenLinter, lsp::JSONTransport &Transport)
    : Linter(std::move(GivenLinter)), Transport(Transport), Handler(Transport) {
  Publish = Handler.outgoingNotification<PublishDiagnostics>(
      "textDocument/publishDiagnostics");
  ShowMessage = Handler.outgoingNotification<lsp::ShowMessageParams>(
      "window/showMessage");
  Handler.method("initialize", this, &Server::onInitialize);
  Handler.method("shutdown", this, &Server::onShutdown);
  Handler.notification("textDocument/didOpen", this, &Server::onOpen);
  Handler.notification("textDocument/didChange", this, &Server::onChange);
  Handler.notification("textDocument/didSave", this, &Server::onSave);
  Handler.notification("textDocument/didClose", this, &Server::onClose);
  Handler.method("textDocument/codeAction", this, &Server::onCodeAction);
  Worker = std::thread([this] { work(); });
}

Server::~Server() {
  {
    std::lock_guard<std::mutex> Lock(Mutex);
    Stopping = true;
    Cancelled = true;
  }
  Wake.notify_all();
  Worker.join();
}

int Server::run() {
  // Where the editor is gone there is nobody to tell.
  llvm::consumeError(Transport.run(Handler));
  return ShutDown ? ExitClean : ExitCannotRun;
}

void Server::onInitialize(const InitializeRequest &Request,
                          lsp::Callback<json::Value> Reply) {
  {
    std::lock_guard<std::mutex> Lock(Mutex);
    Linter.ShowsRelatedInformation = Request.ShowsRelatedInformation;
  }
  Reply(json::Object{
      {"capabilities",
       json::Object{
           {"textDocumentSync",
            json::Object{
                {"openClose", true},
                {"change", static_cast<int>(lsp::TextDocumentSyncKind::Full)},
                {"save", true}}},
           {"codeActionProvider",
            json::Object{{"codeActionKinds",
                          json::Array{lsp::CodeAction::kQuickFix}}}}}},
      {"serverInfo",
       json::Object{{"name", "torch-tidy"}, {"version", TORCH_TIDY_VERSION}}}});
}

void Server::onShutdown(const lsp::NoParams &,
                        lsp::Callback<std::nullptr_t> Reply) {
  ShutDown = true;
  Reply(nullptr);
}

void Server::onOpen(const lsp::DidOpenTextDocumentParams &Params) {
  const lsp::TextDocumentItem &Item = Params.textDocument;
  std::lock_guard<std::mutex> Lock(Mutex);
  edit(Item.uri.file().str(), Item.text, Item.version, 0s);
}

void Server::onChange(const lsp::DidChangeTextDocumentParams &Params) {
  const std::string File = Params.textDocument.uri.file().str();
  std::lock_guard<std::mutex> Lock(Mutex);
  // Each change is a whole text.
  if (!Documents.count(File) || Params.contentChanges.empty())
    return;
  edit(File, Params.contentChanges.back().text, Params.textDocument.version,
       Pause);
  makeReadersDue(File, 2 * Pause);
}

void Server::onSave(const lsp::NoParams &) {
  // Any of the others may include what was saved.
  std::lock_guard<std::mutex> Lock(Mutex);
  for (auto &[File, Document] : Documents)
    makeDue(File, 0s);
}

void Server::onClose(const lsp::DidCloseTextDocumentParams &Params) {
  const std::string File = Params.textDocument.uri.file().str();
  std::lock_guard<std::mutex> Lock(Mutex);
  auto It = Documents.find(File);
  if (It == Documents.end())
    return;
  if (Running == File)
    Cancelled = true;
  setFound(File, {});
  Documents.erase(It);
  // What was not saved is gone.
  makeReadersDue(File, Pause);
}

static bool overlap(const lsp::Range &A, const lsp::Range &B) {
  return A.start <= B.end && B.start <= A.end;
}

void Server::onCodeAction(const lsp::CodeActionParams &Params,
                          lsp::Callback<json::Value> Reply) {
  json::Array Actions;
  const auto &Only = Params.context.only;
  // A kind asks for those below it as well; the empty one, for all.
  bool Wanted = Only.empty() || llvm::any_of(Only, [](llvm::StringRef Kind) {
                  return Kind.empty() || Kind == lsp::CodeAction::kQuickFix;
                });
  std::lock_guard<std::mutex> Lock(Mutex);
  for (const auto &[File, Document] : Documents) {
    // An edit is for the text that it was made for.
    if (!Wanted || !isCurrent(Document))
      continue;
    for (const DocumentDiagnostic &D : Document.Found.Diagnostics)
      if (D.File == Params.textDocument.uri.file() &&
          overlap(D.Shown.range, Params.range))
        for (const QuickFix &Fix : D.Fixes)
          if (json::Value Action = toJSON(Fix, D.Shown);
              !llvm::is_contained(Actions, Action))
            Actions.push_back(std::move(Action));
  }
  Reply(std::move(Actions));
}

void Server::edit(const std::string &File, std::string Text, int64_t Version,
                  Clock::duration Delay) {
  Document &D = Documents[File];
  D.Text = std::move(Text);
  D.Version = Version;
  D.Edit = ++Edits;
  makeDue(File, Delay);
}

void Server::makeDue(const std::string &File, Clock::duration Delay) {
  Documents[File].Due = Clock::now() + Delay;
  if (Running == File)
    Cancelled = true;
  Wake.notify_all();
}

void Server::makeReadersDue(const std::string &File, Clock::duration Delay) {
  for (const auto &[Reader, Document] : Documents)
    if (Reader != File && Document.Found.didRead(File))
      makeDue(Reader, Delay);
}

bool Server::isCurrent(const Document &D) const {
  return !D.FoundIn.empty() && llvm::all_of(D.FoundIn, [&](const auto &Of) {
    auto Open = Documents.find(Of.first);
    return Open == Documents.end() || Open->second.Edit == Of.second;
  });
}

void Server::work() {
  std::unique_lock<std::mutex> Lock(Mutex);
  while (!Stopping) {
    auto First = Documents.end();
    for (auto It = Documents.begin(); It != Documents.end(); ++It)
      if (It->second.Due &&
          (First == Documents.end() || *It->second.Due < *First->second.Due))
        First = It;
    if (First == Documents.end())
      Wake.wait(Lock);
    else if (*First->second.Due > Clock::now())
      Wake.wait_until(Lock, Clock::time_point(*First->second.Due));
    else
      lint(std::string(First->first), Lock);
  }
}

void Server::lint(const std::string &File, std::unique_lock<std::mutex> &Lock) {
  Documents[File].Due.reset();
  Snapshot Now;
  for (const auto &[Name, Document] : Documents)
    Now.Open[Name] = Document;
  Running = File;
  Cancelled = false;
  Lock.unlock();
  DocumentFindings Found =
      Linter.lint(File, Now, [this] { return Cancelled.load(); });
  Lock.lock();
  Running.clear();
  auto It = Documents.find(File);
  if (Cancelled || It == Documents.end())
    return;
  if (!Found.Trouble.empty() && Shown.insert(Found.Trouble).second)
    ShowMessage({lsp::MessageType::Warning, "torch-tidy: " + Found.Trouble});
  It->second.FoundIn.clear();
  for (const auto &[Name, Open] : Now.Open)
    if (Found.didRead(Name))
      It->second.FoundIn[Name] = Open.Edit;
  setFound(File, std::move(Found));
}

void Server::setFound(const std::string &Of, DocumentFindings Found) {
  Document &D = Documents[Of];
  // Also where nothing is found and nothing was: the editor waits for it.
  std::set<std::string> Files = {Of};
  for (const DocumentDiagnostic &Before : D.Found.Diagnostics)
    Files.insert(Before.File);
  for (const DocumentDiagnostic &Now : Found.Diagnostics)
    Files.insert(Now.File);
  D.Found = std::move(Found);
  for (const std::string &File : Files)
    publish(File);
}

void Server::publish(const std::string &File) {
  auto URI = lsp::URIForFile::fromFile(File);
  if (!URI)
    return llvm::consumeError(URI.takeError());
  PublishDiagnostics All{*URI, std::nullopt, {}};
  if (auto Open = Documents.find(File); Open != Documents.end())
    All.Version = Open->second.Version;
  for (const auto &[Through, Document] : Documents)
    for (const DocumentDiagnostic &D : Document.Found.Diagnostics)
      if (D.File == File && !llvm::is_contained(All.Diagnostics, D.Shown))
        All.Diagnostics.push_back(D.Shown);
  Publish(All);
}

} // namespace torch_tidy
