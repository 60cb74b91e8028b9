// A judgement of a call on one path: what comes of it, and what is remembered.
#include "checks/flow/CallReport.h"
#include "checks/flow/Interp.h"
#include "checks/flow/LeftBehind.h"
#include "llvm/Support/xxhash.h"

using namespace clang;

namespace torch_tidy {

void Interp::unknown(SourceLocation Loc, std::string Why) {
  if (Loc.isValid() && UnknownsTold.insert({Loc, Why}).second)
    Result.Unknowns.push_back({Loc, std::move(Why)});
}

// The way to a call: the rounds of the loops and the calls that lead there.
Way Interp::wayTo(const Expr *Site) const {
  SmallVector<uint64_t, 16> Steps(Rounds.begin(), Rounds.end());
  for (const Frame &F : llvm::drop_begin(S->Frames))
    Steps.push_back(reinterpret_cast<uintptr_t>(F.Site));
  Steps.push_back(reinterpret_cast<uintptr_t>(Site));
  Steps.push_back(reinterpret_cast<uintptr_t>(Root));
  return {llvm::xxh3_64bits(
              ArrayRef(reinterpret_cast<const uint8_t *>(Steps.data()),
                       Steps.size_in_bytes())),
          Root};
}

// Nothing throws: whichever activation a mismatch would be reported in has a
// visit that is fine.
void Interp::passed(const api::Judgement &J, FindingCode Code,
                    const Expr *Site) {
  const Way By = wayTo(Site);
  for (unsigned L = 1; L <= S->Frames.size(); ++L) {
    const Expr *Call = siteAt(*S, L, Site);
    if (!Call)
      continue;
    Visits &V = Told.visits(Code, Call, By);
    if (S->Threw)
      continue;
    V.Fine.push_back(S->Known);
    V.Runs |= J.K == api::Judgement::Fine;
  }
}

// Mended in the state, so that one cause is told once: what stayed behind on
// the CPU has moved. A module takes along all that it belongs to.
void Interp::mend(const Blame &B, FindingCode Code, ArrayRef<Used> Ops) {
  S->Handles.mut(B.Wrong->H).Fact.Type = Dtype::Unknown;
  for (const Used *U : {B.Wrong, B.Against}) {
    if (!U->IsState || Code != FindingCode::DeviceMismatch ||
        !S->Handles[U->H].Fact.Dev.isCPU())
      continue;
    for (const Frame &Fr : std::vector<Frame>(S->Frames))
      if (Fr.This)
        if (const Value &Me = S->Cells[S->target(Fr.This)];
            Me.K == Value::Object && S->Objects[Me.Id].K == Object::Module &&
            hangsOn(*S, Fr.This, U->H))
          displace(Fr.This, Device::cuda());
    S->Handles.mut(U->H).Fact.Dev = Device::cuda();
    return;
  }
  for (const Used &U : Ops)
    if (&U == B.Wrong || (!U.IsState && U.H &&
                          S->Handles[U.H].Fact.Dev.differsFrom(
                              S->Handles[B.Against->H].Fact.Dev)))
      S->Handles.mut(U.H).Fact.Dev = Device::symbol(++DeviceSymbols);
}

void Interp::judged(const api::Judgement &J, FindingCode Code, const Expr *Site,
                    ArrayRef<Used> Ops) {
  if (Code == FindingCode::DtypeMismatch && S->Autocast)
    return;
  Blame B = blame(*S, J, Code, Ops);
  if (Supposed) {
    if (B && Code == FindingCode::DeviceMismatch)
      supposedMismatch(*B.Wrong, *B.Against, J, Site);
    if (B)
      mend(B, Code, Ops);
    return;
  }
  if (!B)
    return passed(J, Code, Site);
  CallReport Report(Ctx, Ty, *S, {Code, Site, Ops, B});
  Visits &V = Told.visits(Code, Report.call(), wayTo(Site));
  if (!Catching && S->ThrewAt.mut().insert({Site, S->top().Serial}).second)
    V.Bads.push_back(Report.describe(J.Message));
  S->Threw = true;
  mend(B, Code, Ops);
  if (Catching)
    Dead = true;
}

// A demand that no table of operators holds.
api::Judgement Interp::demandSame(const CallExpr *E, FindingCode Code,
                                  const Used &Wrong, const Used &Against,
                                  StringRef Message) {
  api::Judgement J;
  J.K = api::Judgement::Fine;
  if (S->Handles[Wrong.H].Fact.Dev.differsFrom(
          S->Handles[Against.H].Fact.Dev)) {
    J.K = api::Judgement::Throws;
    J.Wrong = 0, J.Against = 1;
    J.Message = Message.str();
  }
  judged(J, Code, E, {Wrong, Against});
  return J;
}

} // namespace torch_tidy
