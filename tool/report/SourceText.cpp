#include "tool/report/SourceText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

namespace torch_tidy {

SourceText::SourceText(std::string Source) : Text(std::move(Source)) {
  Starts.push_back(0);
  for (size_t I = 0; I < Text.size(); ++I)
    if (Text[I] == '\n')
      Starts.push_back(I + 1);
}

Position SourceText::position(unsigned Offset) const {
  Offset = std::min<size_t>(Offset, Text.size());
  auto After = llvm::upper_bound(Starts, Offset);
  unsigned Start = *std::prev(After);
  // Every byte of UTF-8 but the first of a character is 10xxxxxx.
  unsigned Column =
      1 + llvm::count_if(llvm::StringRef(Text).slice(Start, Offset),
                         [](char C) { return (C & 0xC0) != 0x80; });
  return {static_cast<unsigned>(After - Starts.begin()), Column};
}

Position SourceText::utf16Position(unsigned Offset) const {
  Position Result = position(Offset);
  Offset = std::min<size_t>(Offset, Text.size());
  // What takes four bytes of UTF-8 takes two units of UTF-16, all else one.
  Result.Column += llvm::count_if(
      llvm::StringRef(Text).slice(Starts[Result.Line - 1], Offset),
      [](char C) { return (C & 0xF8) == 0xF0; });
  return Result;
}

llvm::StringRef SourceText::line(unsigned Number) const {
  if (Number == 0 || Number > Starts.size())
    return "";
  size_t End = Number == Starts.size() ? Text.size() : Starts[Number];
  return llvm::StringRef(Text).slice(Starts[Number - 1], End).rtrim("\r\n");
}

void SourceTexts::set(llvm::StringRef File, std::string Text) {
  Texts.insert_or_assign(File, SourceText(std::move(Text)));
}

const SourceText &SourceTexts::operator[](llvm::StringRef File) {
  auto Known = Texts.find(File);
  if (Known == Texts.end()) {
    auto Buffer = llvm::MemoryBuffer::getFile(File);
    Known = Texts.try_emplace(File, Buffer ? (*Buffer)->getBuffer().str() : "")
                .first;
  }
  return Known->second;
}

} // namespace torch_tidy
