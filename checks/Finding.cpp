#include "checks/Finding.h"

namespace torch_tidy {

llvm::StringRef checkName(FindingCode Code) {
  switch (Code) {
  case FindingCode::DeviceMismatch:
    return "torch-device-mismatch";
  case FindingCode::DtypeMismatch:
    return "torch-dtype-mismatch";
  case FindingCode::UnusedMove:
    return "torch-unused-move";
  case FindingCode::UnregisteredMember:
    return "torch-unregistered-member";
  case FindingCode::OptimizerBeforeMove:
    return "torch-optimizer-before-move";
  case FindingCode::HostAccess:
    return "torch-host-access";
  case FindingCode::UnguardedCuda:
    return "torch-unguarded-cuda";
  case FindingCode::TransferInLoop:
    return "torch-transfer-in-loop";
  }
  return "";
}

} // namespace torch_tidy
