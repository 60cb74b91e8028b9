//===- Search.cpp ---------------------------------------------------------===//
#include "Search.h"
#include <functional>
#include <regex>

using namespace torch_tidy::driver;

std::vector<int64_t> torch_tidy::driver::initialShape(unsigned Index) {
  static const int64_t Sizes[] = {11, 13, 17, 19, 23, 29, 31, 37, 41, 43};
  return {2, Sizes[Index % 10]};
}

namespace {

using Shape = std::vector<int64_t>;

/// Side lengths of the images that LibTorch programs are about.
const int64_t ImageSides[] = {28, 32, 64, 224, 8, 16, 96, 128, 227, 299, 416};

Shape parseSizes(const std::string &Text) {
  Shape Sizes;
  static const std::regex Number("-?\\d+");
  for (std::sregex_iterator I(Text.begin(), Text.end(), Number), E; I != E; ++I)
    Sizes.push_back(std::stoll(I->str()));
  return Sizes;
}

int64_t product(const Shape &S) {
  int64_t N = 1;
  for (int64_t Size : S)
    N *= Size;
  return N;
}

class Proposer {
public:
  Proposer(const Choices &Made, const std::string &What, const Shape &Hints)
      : Made(Made), What(What), Hints(Hints) {}

  std::vector<Choices> run(bool Guess) {
    fromSizes();
    fromRank();
    fromType();
    fromAutograd();
    if (Out.empty() && Guess)
      fromMenu();
    return std::move(Out);
  }

private:
  const Choices &Made;
  const std::string &What;
  const Shape &Hints;
  std::vector<Choices> Out;
  std::smatch M;

  bool says(const char *Pattern) {
    return std::regex_search(What, M, std::regex(Pattern));
  }
  int64_t number(int Group) { return std::stoll(M[Group].str()); }

  /// Calls \p F on a copy of each tensor; keeps the lists that F changed.
  void eachTensor(const std::function<bool(Choice &)> &F) {
    for (size_t I = 0; I < Made.size(); ++I) {
      if (Made[I].K != Choice::Tensor)
        continue;
      Choices Next = Made;
      if (F(Next[I]))
        Out.push_back(std::move(Next));
    }
  }
  void reshapeAll(const Shape &S) {
    eachTensor([&](Choice &C) {
      if (C.Shape == S)
        return false;
      C.Shape = S;
      return true;
    });
  }
  /// Puts \p To where a tensor has the size \p From; true if any had it.
  bool resize(int64_t From, int64_t To, bool LastOnly = false) {
    size_t Before = Out.size();
    eachTensor([&](Choice &C) {
      for (size_t I = C.Shape.size(); I-- > 0;) {
        if (C.Shape[I] == From && From != To) {
          C.Shape[I] = To;
          return true;
        }
        if (LastOnly)
          break;
      }
      return false;
    });
    return Out.size() != Before;
  }
  /// Integers that were drawn and may be the size that was wrong.
  void renumber(int64_t From, int64_t To) {
    for (size_t I = 0; I < Made.size(); ++I)
      if (Made[I].K == Choice::Integer && Made[I].Number == From) {
        Choices Next = Made;
        Next[I].Number = To;
        Out.push_back(std::move(Next));
      }
  }
  void images(int64_t Channels) {
    for (int64_t Side : ImageSides)
      reshapeAll({2, Channels, Side, Side});
  }

  void fromSizes() {
    if (says("shapes cannot be multiplied \\((\\d+)x(\\d+) and (\\d+)x")) {
      int64_t Got = number(2), Want = number(3);
      if (!resize(Got, Want, /*LastOnly=*/true)) {
        sameNumberOfElements(Got, Want);
        spatial();
      }
      renumber(Want, Got);
    }
    if (says("size mismatch, got input \\(\\d+\\), mat \\((\\d+)x(\\d+)\\), "
             "vec \\((\\d+)\\)") ||
        says("same reduction dim, but got \\[(\\d+), (\\d+)\\] X \\[(\\d+)"))
      resize(number(2), number(3), true);
    if (says("expected input\\[([-\\d, ]+)\\] to have (\\d+) channels"))
      channels(parseSizes(M[1].str()), number(2));
    if (says("running_mean should contain (\\d+) elements not (\\d+)") ||
        says("Expected (?:weight to be a vector of size equal to the number "
             "of channels in input|.*num_channels).* (\\d+).* (\\d+)"))
      resize(number(1), number(2));
    if (says("[Ee]xpected (\\d+),? (?:but )?got:? (\\d+)"))
      resize(number(2), number(1));
    if (says("size of tensor a \\((\\d+)\\) must match the size of tensor b "
             "\\((\\d+)\\)")) {
      int64_t A = number(1), B = number(2);
      resize(A, B);
      resize(B, A);
    }
    if (says("[Ee]xpected size (\\d+) but got size (\\d+)")) {
      int64_t A = number(1), B = number(2);
      resize(B, A);
      resize(A, B);
    }
    if (says("batch_size \\((\\d+)\\) to match target batch_size \\((\\d+)\\)"))
      resize(number(2), number(1));
    if (says("expected input with shape \\[\\*, ([\\d, ]+)\\]")) {
      Shape Tail = parseSizes(M[1].str());
      Shape S{2};
      S.insert(S.end(), Tail.begin(), Tail.end());
      reshapeAll(S);
    }
    if (says("shape '\\[([-\\d, ]+)\\]' is invalid for input of size (\\d+)"))
      viewOf(parseSizes(M[1].str()), number(2));
    if (says("[Kk]ernel size can't be greater|[Oo]utput size is too small|"
             "Kernel size: \\(|smaller than kernel size|too small"))
      spatial();
    if (says("index (\\d+) is out of bounds for dimension (\\d+) with size "
             "(\\d+)"))
      resize(number(3), number(1) + 1);
  }

  /// [N, C, H, W] or [C, H, W], or the same with one or three spatial sizes.
  void channels(const Shape &Got, int64_t Want) {
    eachTensor([&](Choice &C) {
      if (C.Shape.size() < 2 || C.Shape.size() > Got.size() + 1)
        return false;
      size_t At = C.Shape.size() == Got.size() ? 1 : 0;
      if (Got.size() > 1 && C.Shape[At] == Want)
        return false;
      C.Shape[At] = Want;
      return true;
    });
  }

  /// `view({-1, 320})` of something of \p Count elements.
  void viewOf(const Shape &To, int64_t Count) {
    int64_t Unit = 1;
    for (int64_t Size : To)
      if (Size > 0)
        Unit *= Size;
    eachTensor([&](Choice &C) {
      if (product(C.Shape) != Count)
        return false;
      C.Shape = Unit > 1 ? Shape{2, Unit} : C.Shape;
      return Unit > 1;
    });
    spatial();
  }

  /// A flattened [N, C, S, S] whose C * S * S was \p Got and must be \p Want.
  void sameNumberOfElements(int64_t Got, int64_t Want) {
    eachTensor([&](Choice &C) {
      if (C.Shape.size() < 2 || product(C.Shape) / C.Shape[0] != Got)
        return false;
      C.Shape = {C.Shape[0], Want};
      return true;
    });
  }

  /// The other image sizes, for tensors that have spatial dimensions.
  void spatial() {
    for (int64_t Side : ImageSides)
      eachTensor([&](Choice &C) {
        if (C.Shape.size() < 3)
          return false;
        Shape Old = C.Shape;
        for (size_t I = C.Shape.size() == 3 ? 1 : 2; I < C.Shape.size(); ++I)
          C.Shape[I] = Side;
        return C.Shape != Old;
      });
  }

  void fromRank() {
    if (says("Expected (\\d)D \\(unbatched\\) or (\\d)D \\(batched\\)") ||
        says("[Ee]xpected (\\d)D or (\\d)D \\(batch mode\\)") ||
        says("[Ee]xpected (\\d)D or (\\d)D input")) {
      int64_t Low = number(1), Rank = number(2);
      ofRank(Rank);
      ofRank(Low);
    } else if (says("[Ee]xpected (\\d)D input") ||
               says("must be a (\\d)D tensor") ||
               says("expected (?:input to be )?(\\d)-?D") ||
               says("input must have (\\d) dimensions")) {
      ofRank(number(1));
    }
    if (says("Dimension out of range \\(expected to be in range of "
             "\\[-?\\d+, (-?\\d+)\\], but got (-?\\d+)\\)")) {
      int64_t Want = number(2) < 0 ? -number(2) : number(2) + 1;
      ofRank(Want);
      ofRank(Want + 1);
    }
    if (says("0D or 1D target tensor expected|1D target tensor expected")) {
      eachTensor([](Choice &C) {
        C.Shape = {2};
        C.Type = 'l';
        return true;
      });
    }
    if (says("cannot be converted to Scalar|only one element tensors"))
      reshapeAll({});
    if (says("same number of dimensions: got (\\d+) and (\\d+)")) {
      int64_t A = number(1), B = number(2);
      ofRank(A);
      ofRank(B);
    }
  }

  void ofRank(int64_t Rank) {
    switch (Rank) {
    case 1:
      reshapeAll({2});
      for (int64_t Hint : Hints)
        reshapeAll({Hint});
      break;
    case 2:
      eachTensor([](Choice &C) {
        Shape Old = C.Shape;
        C.Shape = {2, Old.empty() ? 11 : Old.back()};
        return Old.size() != 2;
      });
      break;
    case 3:
      eachTensor([](Choice &C) {
        Shape Old = C.Shape;
        C.Shape = {5, 2, Old.empty() ? 11 : Old.back()};
        return Old.size() != 3;
      });
      reshapeAll({2, 3, 32});
      break;
    case 4:
      reshapeAll({2, 3, 32, 32});
      reshapeAll({2, 1, 28, 28});
      break;
    case 5:
      reshapeAll({2, 3, 8, 16, 16});
      break;
    default:
      break;
    }
  }

  void fromType() {
    auto Become = [&](char Type) {
      eachTensor([&](Choice &C) {
        if (C.Type == Type)
          return false;
        C.Type = Type;
        return true;
      });
    };
    if (says("scalar types?:? (?:Long|Int)|but found (?:Float|Double) instead "
             "of Long|expected scalar type Long|to have dtype (?:Long|int64)|"
             "must be (?:long|int64)|used as indices must be long|"
             "Long, Int; but got|integral"))
      Become('l');
    if (says("expected scalar type Float|must be floating point|"
             "expected scalar type Double but found Long|for 'Long'|"
             "floating point or complex"))
      Become('f');
    if (says("expected scalar type Double but found Float"))
      Become('d');
    if (says("expects a boolean|to have dtype Bool|mask.*bool"))
      Become('b');
  }

  void fromAutograd() {
    if (!says("does not require grad"))
      return;
    Choices Next = Made;
    bool Changed = false;
    for (Choice &C : Next)
      if (C.K == Choice::Tensor && !C.Grad && (C.Type == 'f' || C.Type == 'd'))
        C.Grad = Changed = true;
    if (Changed)
      Out.push_back(std::move(Next));
  }

  /// Nothing in the text helps: the usual shapes, then sizes of the source.
  void fromMenu() {
    reshapeAll({2, 3, 32, 32});
    reshapeAll({2, 1, 28, 28});
    reshapeAll({2});
    for (int64_t Hint : Hints)
      reshapeAll({2, Hint});
    for (int64_t Hint : Hints)
      reshapeAll({5, 2, Hint});
    reshapeAll({3, 32, 32});
    reshapeAll({});
    eachTensor([](Choice &C) {
      bool Changed = C.Type != 'l';
      C.Type = 'l';
      return Changed;
    });
    for (size_t I = 0; I < Made.size(); ++I)
      if (Made[I].K == Choice::Integer)
        for (int64_t Number : {1, 3, 8, 32}) {
          Choices Next = Made;
          Next[I].Number = Number;
          Out.push_back(std::move(Next));
        }
  }
};

} // namespace

std::vector<Choices>
torch_tidy::driver::propose(const Choices &Made, const std::string &What,
                            const std::vector<int64_t> &Hints, bool Guess) {
  return Proposer(Made, What, Hints).run(Guess);
}
