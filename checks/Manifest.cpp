#include "checks/Manifest.h"

namespace torch_tidy {

static constexpr CheckInfo Checks[] = {
    {FindingCode::DeviceMismatch, true,
     "a forward call or operator whose operands are on different devices"},
    {FindingCode::DtypeMismatch, true,
     "a forward call or operator whose operands hold different element types"},
    {FindingCode::UnusedMove, true,
     "a tensor's 'to', 'cuda' or 'cpu' whose result is dropped"},
    {FindingCode::UnregisteredMember, true,
     "a member that forward uses and 'to' leaves behind, never registered"},
    {FindingCode::OptimizerBeforeMove, true,
     "an optimizer that has stepped before its parameters move"},
    {FindingCode::HostAccess, true,
     "device memory that the host reads, or host memory passed as device memory"},
    {FindingCode::UnguardedCuda, false,
     "a call that needs a GPU where nobody has asked whether there is one"},
    {FindingCode::TransferInLoop, false,
     "a tensor that each round of a loop copies to CUDA, the same each time"},
};

llvm::ArrayRef<CheckInfo> allChecks() { return Checks; }

std::string defaultChecks() {
  std::string Globs;
  for (const CheckInfo &Check : Checks) {
    if (!Check.OnByDefault)
      continue;
    if (!Globs.empty())
      Globs += ',';
    Globs += Check.name();
  }
  return Globs;
}

} // namespace torch_tidy
