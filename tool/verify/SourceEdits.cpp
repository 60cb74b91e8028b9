//===- SourceEdits.cpp ----------------------------------------------------===//
#include "tool/verify/SourceEdits.h"
#include <algorithm>
#include <tuple>

using namespace torch_tidy::verify;

void SourceEdits::wrap(unsigned Begin, unsigned End, std::string Before,
                       std::string After, std::optional<unsigned> Tag) {
  Edits.push_back({Begin, End, std::move(Before), std::move(After),
                   /*Replaces=*/false, Tag});
}

void SourceEdits::insert(unsigned Offset, std::string Text) {
  Edits.push_back({Offset, Offset, std::move(Text), ""});
}

void SourceEdits::replace(unsigned Begin, unsigned End, std::string Text) {
  Edits.push_back({Begin, End, std::move(Text), "", /*Replaces=*/true});
}

namespace {
/// One piece of text at one offset. At an offset the ranges that end come
/// first, innermost first, then those that begin, outermost first.
struct Piece {
  unsigned Offset;
  bool Opens;
  long Depth; ///< Sort key within the above; smaller goes first.
  long Order; ///< Breaks ties of equal ranges.
  llvm::StringRef Text;
  unsigned SkipTo; ///< For a replacement, where the source goes on.

  auto key() const { return std::make_tuple(Offset, Opens, Depth, Order); }
};
} // namespace

std::string SourceEdits::apply(llvm::StringRef Source,
                               const std::set<unsigned> &Without) const {
  auto Swallowed = [&](unsigned Offset) {
    return std::any_of(Edits.begin(), Edits.end(), [&](const Edit &E) {
      return E.Replaces && E.Begin < Offset && Offset < E.End;
    });
  };
  std::vector<Piece> Pieces;
  for (size_t I = 0; I < Edits.size(); ++I) {
    const Edit &E = Edits[I];
    if (E.End > Source.size() || E.Begin > E.End ||
        (E.Tag && Without.count(*E.Tag)))
      continue;
    // A wrap whose one end was replaced away would be unbalanced.
    if (!E.Replaces && (Swallowed(E.Begin) || Swallowed(E.End)))
      continue;
    long Order = static_cast<long>(I);
    // A replacement comes after everything that opens where it begins.
    long Depth = E.Replaces ? 1 : -static_cast<long>(E.End);
    Pieces.push_back(
        {E.Begin, true, Depth, Order, E.Before, E.Replaces ? E.End : E.Begin});
    if (!E.After.empty())
      Pieces.push_back(
          {E.End, false, -static_cast<long>(E.Begin), -Order, E.After, E.End});
  }
  std::sort(Pieces.begin(), Pieces.end(),
            [](const Piece &A, const Piece &B) { return A.key() < B.key(); });
  std::string Result;
  unsigned At = 0;
  for (const Piece &P : Pieces) {
    if (P.Offset > At) {
      Result += Source.slice(At, P.Offset);
      At = P.Offset;
    }
    Result += P.Text;
    At = std::max(At, P.SkipTo);
  }
  Result += Source.drop_front(std::min<size_t>(At, Source.size()));
  return Result;
}
