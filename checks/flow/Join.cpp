// What two paths agree on.
#include "checks/flow/State.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <optional>

namespace torch_tidy {
namespace {

/// Which thing of the one state stands for which of the other. What was there
/// before the two parted stands for itself.
class Pairs {
  const uint32_t Olds;
  std::vector<uint32_t> There, Back; ///< By the number among the new ones.

public:
  Pairs(uint32_t Olds, uint32_t Here, uint32_t Other)
      : Olds(Olds), There(Here - Olds), Back(Other - Olds) {}
  enum Result { New, Known, Clash };
  bool isOld(uint32_t Id) const { return Id < Olds; }
  Result add(uint32_t A, uint32_t B) {
    if (isOld(A) || isOld(B) || A - Olds >= There.size())
      return A == B ? Known : Clash;
    uint32_t &To = There[A - Olds], &From = Back[B - Olds];
    if (To)
      return To == B ? Known : Clash;
    if (From)
      return Clash;
    To = B;
    From = A;
    return New;
  }
  /// What stands for \p A, 0 where nothing is known to.
  uint32_t of(uint32_t A) const {
    return isOld(A) ? A : A - Olds < There.size() ? There[A - Olds] : 0;
  }
};

/// Walks two states side by side from their variables. Paths that parted some
/// time ago number by themselves what they have made since, so things are told
/// by the way that leads to them. Where one name leads to two things, or two
/// names to one, on one of the paths only, the second name is forgotten. Of
/// what both come from, only what either has changed is looked at.
class Joiner {
  State &To;
  const State &From;
  const Fresh &New;
  const State *Since;
  Pairs Cells, Handles, Objects;
  llvm::SmallVector<std::pair<CellId, CellId>, 64> Work;
  /// What is unknown of the same two values is the same unknown.
  std::map<std::pair<uint64_t, uint64_t>, Device> Places;

  template <class Things> Pairs pairs(Things State::*In) const {
    return {Since ? (Since->*In).size() : 1, (To.*In).size(),
            (From.*In).size()};
  }

  static uint64_t key(const Device &D) {
    return unsigned(D.K) | uint64_t(uint16_t(D.Index)) << 8 |
           uint64_t(D.Sym) << 32;
  }
  Device place(const Device &A, const Device &B) {
    if (A == B)
      return A;
    auto [It, First] = Places.try_emplace({key(A), key(B)});
    if (First)
      It->second = New.Place();
    return It->second;
  }

  Value forgotten(const Value &V) {
    switch (V.K) {
    case Value::Int:
    case Value::Sym:
      return New.Number();
    case Value::Dev: {
      Value D = V;
      D.D = New.Place();
      return D;
    }
    case Value::Tensor:
      return To.tensor({{New.Place()}, nullptr, "", nullptr});
    default:
      return Value();
    }
  }

  /// The tensor that is known of both; 0 where there is none.
  HandleId handle(HandleId A, HandleId B) {
    switch (Handles.add(A, B)) {
    case Pairs::New:
      agree(A, B);
      return A;
    case Pairs::Known:
      return A;
    case Pairs::Clash:
      // One that is new to a path is there in the place of an old one, which
      // other names may lead to.
      if (Handles.isOld(A) == Handles.isOld(B))
        return 0;
      A = To.Handles.add(To.Handles[A]);
      agree(A, B);
      return A;
    }
    return 0;
  }

  void agree(HandleId A, HandleId B) {
    const Handle &X = To.Handles[A], &Y = From.Handles[B];
    if (X.Fact == Y.Fact && X.Fact.Dims == Y.Fact.Dims &&
        X.Changes == Y.Changes && X.Grad == Y.Grad)
      return;
    Handle &H = To.Handles.mut(A);
    H.Fact.Dev = place(H.Fact.Dev, Y.Fact.Dev);
    H.Fact.agreeWith(Y.Fact);
    H.Fact.Defined |= Y.Fact.Defined;
    H.Changes |= Y.Changes;
    H.Grad &= Y.Grad;
  }

  void forget(HandleId H) {
    TensorFact &F = To.Handles.mut(H).Fact;
    F.Dev = New.Place();
    F.Type = Dtype::Unknown;
    F.Dim = Rank::Unknown;
    F.Dims = -1;
  }

  /// What it holds beside what is listed is not known.
  void forgetObject(ObjectId Id) {
    Object &O = To.Objects.mut(Id);
    O.Like = 0;
    O.Opaque = true;
    O.Unseen = New.Place();
  }

  void forgetCell(CellId C) {
    const Value Other = forgotten(To.Cells[C]);
    To.Cells.mut(C) = Other;
  }

  void cells(CellId A, CellId B) {
    switch (Cells.add(A, B)) {
    case Pairs::New:
      Work.push_back({A, B});
      break;
    case Pairs::Known:
      break;
    case Pairs::Clash:
      forgetCell(A);
      break;
    }
  }
  void cells(const std::vector<CellId> &A, const std::vector<CellId> &B) {
    for (size_t I = 0; I < A.size(); ++I)
      if (I < B.size())
        cells(A[I], B[I]);
      else
        forgetCell(A[I]);
  }

  /// What the tensors in a list are like, taken into \p Example; false where
  /// one may be anything.
  static bool showsTensors(const State &In, const Object &List,
                           std::optional<Handle> &Example) {
    std::vector<CellId> Shown = List.Elems;
    if (List.Opaque)
      Shown.push_back(List.Like);
    for (CellId C : Shown) {
      const Value &V = In.Cells[C];
      if (V.K != Value::Tensor)
        return false;
      const Handle &H = In.Handles[V.Id];
      if (!Example)
        Example = H;
      TensorFact &F = Example->Fact;
      if (F.Dev != H.Fact.Dev || !F.Defined || !H.Fact.Defined)
        return false;
      F.agreeWith(H.Fact);
    }
    return true;
  }

  /// Lists of tensors that are as long as a loop has run: all are alike.
  bool ofTensors(ObjectId A, const Object &X, const Object &Y) {
    std::optional<Handle> Example;
    if (X.K != Object::List || !X.Kind2.empty() ||
        !showsTensors(To, X, Example) || !showsTensors(From, Y, Example) ||
        !Example)
      return false;
    const Device Where = Example->Fact.Dev;
    const CellId Like = To.cell(To.tensor(std::move(*Example)));
    Object &O = To.Objects.mut(A);
    O.Elems.clear();
    O.Opaque = true;
    O.Like = Like;
    O.Unseen = Where;
    return true;
  }

  static bool isOneKind(const Object &X, const Object &Y) {
    return X.K == Y.K && X.Rec == Y.Rec && X.Lambda == Y.Lambda &&
           X.Jit == Y.Jit && X.Kind2 == Y.Kind2;
  }

  bool object(ObjectId A, ObjectId B) {
    if (!isOneKind(To.Objects[A], From.Objects[B]))
      return false;
    Pairs::Result R = Objects.add(A, B);
    if (R == Pairs::New)
      contents(A, B);
    return R != Pairs::Clash;
  }

  void contents(ObjectId A, ObjectId B) {
    const Object &X = To.Objects[A], &Y = From.Objects[B];
    if (X.Elems.size() != Y.Elems.size() && ofTensors(A, X, Y))
      return;
    for (const auto &[Key, C] : X.Fields) {
      auto It = llvm::find_if(Y.Fields,
                              [&](const auto &F) { return F.first == Key; });
      if (It != Y.Fields.end())
        cells(C, It->second);
      else
        forgetCell(C);
    }
    cells(X.Elems, Y.Elems);
    cells(X.Children, Y.Children);
    for (size_t I = 0; I < X.State.size(); ++I)
      if (I >= Y.State.size() || handle(X.State[I], Y.State[I]) != X.State[I])
        forget(X.State[I]);
    if (X.Elems.size() == Y.Elems.size() &&
        X.Children.size() == Y.Children.size() &&
        X.State.size() == Y.State.size() && X.Opaque == Y.Opaque &&
        !X.Like == !Y.Like) {
      if (X.Like)
        cells(X.Like, Y.Like);
      if (X.Unseen != Y.Unseen)
        To.Objects.mut(A).Unseen = place(X.Unseen, Y.Unseen);
      return;
    }
    forgetObject(A);
  }

  /// The value in both; a pointer or tensor that stands for two is forgotten.
  Value joined(const Value &V, const Value &W) {
    if (V.K != W.K || V.N != W.N || V.P != W.P || V.T != W.T ||
        V.Neg != W.Neg || V.Back != W.Back || V.HasDev != W.HasDev ||
        V.HasType != W.HasType || V.Grad != W.Grad)
      return forgotten(V);
    switch (V.K) {
    case Value::Dev:
    case Value::Options: {
      Value D = V;
      D.D = place(V.D, W.D);
      return D;
    }
    case Value::Tensor:
    case Value::Memory:
      if (HandleId H = handle(V.Id, W.Id)) {
        Value Both = V;
        Both.Id = H;
        return Both;
      }
      return forgotten(V);
    case Value::Ptr:
    case Value::Ref:
    case Value::Iter:
      if (!V.Id || !W.Id)
        return V.Id == W.Id ? V : Value();
      switch (Cells.add(V.Id, W.Id)) {
      case Pairs::New:
        Work.push_back({V.Id, W.Id});
        return V;
      case Pairs::Known:
        return V;
      case Pairs::Clash:
        return Value();
      }
      return Value();
    case Value::Object:
      return object(V.Id, W.Id) ? V : Value();
    default:
      return V.Id == W.Id ? V : forgotten(V);
    }
  }

  void run() {
    while (!Work.empty()) {
      auto [A, B] = Work.pop_back_val();
      const Value V = To.Cells[A];
      const Value J = joined(V, From.Cells[B]);
      if (J.K != V.K || J.Id != V.Id || J.D != V.D)
        To.Cells.mut(A) = J;
    }
  }

  /// What was there before, and is another on one of the two.
  void changed() {
    auto Each = [&](auto State::*In, auto Join) {
      for (uint32_t Id : (To.*In).apartFrom(From.*In, (Since->*In).size()))
        Join(Id);
    };
    Each(&State::Handles, [&](HandleId H) { agree(H, H); });
    Each(&State::Objects, [&](ObjectId O) {
      if (isOneKind(To.Objects[O], From.Objects[O]))
        contents(O, O);
      else
        forgetObject(O);
    });
    Each(&State::Cells, [&](CellId C) { Work.push_back({C, C}); });
  }

  void variables(Variables &Of, const Variables &With, bool Apart) {
    const Variables Now = Of;
    for (const auto &[D, C] : Now) {
      auto It = With.find(D);
      Pairs::Result R = It != With.end() ? Cells.add(C, It->second)
                        : Apart          ? Pairs::Clash
                                         : Pairs::Known;
      if (R == Pairs::Clash)
        Of[D] = To.cell(Value());
      else if (R == Pairs::New)
        Work.push_back({C, It->second});
    }
  }

  /// The first \p N things of the one state, without those that it shares with
  /// the other.
  template <class Things>
  static std::vector<uint32_t> apart(const Things &Of, const Things &Other,
                                     uint32_t N) {
    std::vector<uint32_t> Ids = Of.apartFrom(Other, N);
    for (uint32_t Id = Other.size(); Id < N; ++Id)
      Ids.push_back(Id);
    return Ids;
  }

  /// What no variable leads to: where the two have the same under one number,
  /// it is the same thing, from before they parted.
  void unnamed(uint32_t NHandles, uint32_t NObjects, uint32_t NCells) {
    for (HandleId H : apart(To.Handles, From.Handles, NHandles))
      if (!Handles.of(H) && !(H < From.Handles.size() &&
                              To.Handles[H].Fact == From.Handles[H].Fact))
        forget(H);
    for (ObjectId O : apart(To.Objects, From.Objects, NObjects)) {
      if (Objects.of(O))
        continue;
      const Object &A = To.Objects[O];
      if (O < From.Objects.size()) {
        const Object &B = From.Objects[O];
        if (A.Elems.size() == B.Elems.size() &&
            A.Children.size() == B.Children.size() &&
            A.State.size() == B.State.size() && A.Opaque == B.Opaque &&
            A.Kind2 == B.Kind2 && A.Like == B.Like)
          continue;
      }
      forgetObject(O);
    }
    for (CellId C : apart(To.Cells, From.Cells, NCells)) {
      if (Cells.of(C))
        continue;
      const Value A = To.Cells[C];
      if (C < From.Cells.size()) {
        const Value &B = From.Cells[C];
        if (A.K == B.K && A.Id == B.Id && A.N == B.N && A.Neg == B.Neg &&
            A.P == B.P && A.D == B.D && A.T == B.T)
          continue;
      }
      forgetCell(C);
    }
  }

public:
  Joiner(State &To, const State &From, const Fresh &New, const State *Since)
      : To(To), From(From), New(New), Since(Since), Cells(pairs(&State::Cells)),
        Handles(pairs(&State::Handles)), Objects(pairs(&State::Objects)) {}

  void join() {
    const uint32_t NHandles = To.Handles.size(), NObjects = To.Objects.size(),
                   NCells = To.Cells.size();
    if (Since)
      changed();
    for (size_t I = State::callerOf(Since);
         I < To.Frames.size() && I < From.Frames.size(); ++I) {
      Frame &F = To.Frames[I];
      const Frame &G = From.Frames[I];
      if (F.This && G.This)
        cells(F.This, G.This);
      variables(F.Vars, G.Vars, /*Apart=*/false);
      F.Result = joined(F.Result, G.Result);
    }
    // A global that one path came across by itself is not known on the other.
    variables(To.Globals, From.Globals, /*Apart=*/true);
    run();
    for (const auto &[H, G] : To.Gradients)
      if (HandleId There = Handles.of(H))
        if (auto It = From.Gradients.find(There); It != From.Gradients.end())
          cells(G.Cell, It->second.Cell);
    run();
    unnamed(NHandles, NObjects, NCells);
    if (To.Default != From.Default)
      To.Default = Dtype::Unknown;
    To.Guarded |= From.Guarded;
    To.Autocast |= From.Autocast;
    To.forgetOthers(From.Known);
  }
};

} // namespace

void State::join(const State &Other, const Fresh &New, const State *Since) {
  Joiner(*this, Other, New, Since).join();
}

void State::forgetOthers(const Conditions &With) {
  Known.eraseIf([&](const auto &Condition) {
    auto It = With.find(Condition.first);
    return It == With.end() || It->second != Condition.second;
  });
}

} // namespace torch_tidy
