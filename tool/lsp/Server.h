//===- Server.h - the documents of one editor, and their diagnostics ------===//
//
// Messages come in on one thread, one other lints. A document that changes is
// due a little later, and later again while typing goes on; when it is due, its
// newest text is linted, and a lint of an older text is broken off. So at most
// one lint per open document ever waits, and none is published that is not of
// the text that the editor shows. The documents that include it follow.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_LSP_SERVER_H
#define TORCH_TIDY_TOOL_LSP_SERVER_H

#include "tool/lsp/DocumentLint.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/LSP/Transport.h"
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace torch_tidy {

class Server {
public:
  Server(DocumentLinter Linter, llvm::lsp::JSONTransport &Transport);
  /// Breaks off what runs.
  ~Server();

  /// Serves until the editor says `exit` or is gone; returns the exit code.
  int run();

private:
  using Clock = std::chrono::steady_clock;

  struct Document : Snapshot::Document {
    /// When to lint it; none where it has been.
    std::optional<Clock::time_point> Due;
    DocumentFindings Found;
    /// The edits of the documents that `Found` is of: those that were open and
    /// read for it.
    std::map<std::string, unsigned> FoundIn;
  };

  void onInitialize(const InitializeRequest &Request,
                    llvm::lsp::Callback<llvm::json::Value> Reply);
  void onShutdown(const llvm::lsp::NoParams &,
                  llvm::lsp::Callback<std::nullptr_t> Reply);
  void onOpen(const llvm::lsp::DidOpenTextDocumentParams &Params);
  void onChange(const llvm::lsp::DidChangeTextDocumentParams &Params);
  void onSave(const llvm::lsp::NoParams &);
  void onClose(const llvm::lsp::DidCloseTextDocumentParams &Params);
  void onCodeAction(const llvm::lsp::CodeActionParams &Params,
                    llvm::lsp::Callback<llvm::json::Value> Reply);

  // The rest is called with `Mutex` held.
  void edit(const std::string &File, std::string Text, int64_t Version,
            Clock::duration Delay);
  void makeDue(const std::string &File, Clock::duration Delay);
  /// The same for the other documents that were linted with this one's text.
  void makeReadersDue(const std::string &File, Clock::duration Delay);
  /// The lint thread: returns when the server stops.
  void work();
  void lint(const std::string &File, std::unique_lock<std::mutex> &Lock);
  /// Replaces what a document had found, and tells the editor.
  void setFound(const std::string &Of, DocumentFindings Found);
  void publish(const std::string &File);
  /// False where a file has changed since a document's findings were made.
  bool isCurrent(const Document &D) const;

  DocumentLinter Linter;
  llvm::lsp::JSONTransport &Transport;
  llvm::lsp::MessageHandler Handler;
  llvm::lsp::OutgoingNotification<PublishDiagnostics> Publish;
  llvm::lsp::OutgoingNotification<llvm::lsp::ShowMessageParams> ShowMessage;

  std::mutex Mutex;
  std::condition_variable Wake;
  std::map<std::string, Document> Documents;
  unsigned Edits = 0;
  std::string Running; ///< The document that is being linted.
  std::atomic<bool> Cancelled = false;
  llvm::StringSet<> Shown; ///< Messages that need not come twice.
  bool Stopping = false, ShutDown = false;
  std::thread Worker; ///< Last: it uses the rest.
};

} // namespace torch_tidy

#endif
