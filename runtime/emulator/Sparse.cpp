//===- Sparse.cpp - sparse tensors are made of dense ones -----------------===//
//
// A sparse tensor crosses over part by part: the same indices and values on the
// other side, in a sparse tensor of the same kind.
//
//===----------------------------------------------------------------------===//
#include "Swap.h"
#include <ATen/SparseCsrTensorImpl.h>
#include <ATen/SparseTensorImpl.h>

using namespace torch_tidy::emulator;

namespace {

/// \p Convert moves the parts; \p Keys is the key set on the other side.
template <class Function>
at::Tensor rebuild(const at::Tensor &T, c10::DispatchKeySet Keys,
                   c10::Device Device, Function Convert) {
  if (T.layout() == at::kSparse) {
    auto *From = static_cast<at::SparseTensorImpl *>(T.unsafeGetTensorImpl());
    auto To = c10::make_intrusive<at::SparseTensorImpl>(Keys, From->dtype());
    To->resize_(From->sparse_dim(), From->dense_dim(), From->sizes());
    To->set_indices_and_values_unsafe(Convert(From->indices()),
                                      Convert(From->values()));
    To->set_coalesced(From->coalesced());
    return at::Tensor(std::move(To));
  }
  TORCH_CHECK(T.layout() == at::kSparseCsr || T.layout() == at::kSparseCsc ||
                  T.layout() == at::kSparseBsr || T.layout() == at::kSparseBsc,
              "The emulated CUDA device has no ", T.layout(), " tensors");
  auto *From = static_cast<at::SparseCsrTensorImpl *>(T.unsafeGetTensorImpl());
  auto To = c10::make_intrusive<at::SparseCsrTensorImpl>(
      Keys, Device, T.layout(), From->dtype());
  To->set_member_tensors(Convert(From->compressed_indices()),
                         Convert(From->plain_indices()),
                         Convert(From->values()), From->sizes());
  return at::Tensor(std::move(To));
}

} // namespace

at::Tensor Swap::sparseToHost(const at::Tensor &T) {
  at::Tensor Host =
      rebuild(T,
              c10::DispatchKeySet(T.layout() == at::kSparse
                                      ? c10::DispatchKey::SparseCPU
                                      : c10::DispatchKey::SparseCsrCPU),
              c10::Device(c10::DeviceType::CPU),
              [this](const at::Tensor &Part) { return toHost(Part); });
  Pairs.push_back({T, Host, nullptr});
  return Host;
}

at::Tensor Swap::sparseToDevice(const at::Tensor &T) {
  return rebuild(T,
                 c10::DispatchKeySet(T.layout() == at::kSparse
                                         ? c10::DispatchKey::SparseCUDA
                                         : c10::DispatchKey::SparseCsrCUDA),
                 c10::Device(c10::DeviceType::CUDA, Index),
                 [this](const at::Tensor &Part) { return toDevice(Part); });
}

void Swap::writeBackSparse(const at::Tensor &Cuda, const at::Tensor &Host) {
  if (Cuda.layout() == at::kSparse) {
    auto *From =
        static_cast<at::SparseTensorImpl *>(Host.unsafeGetTensorImpl());
    auto *To = static_cast<at::SparseTensorImpl *>(Cuda.unsafeGetTensorImpl());
    To->raw_resize_(From->sparse_dim(), From->dense_dim(), From->sizes());
    To->set_indices_and_values_unsafe(toDevice(From->indices()),
                                      toDevice(From->values()));
    To->set_coalesced(From->coalesced());
    return;
  }
  auto *From =
      static_cast<at::SparseCsrTensorImpl *>(Host.unsafeGetTensorImpl());
  auto *To = static_cast<at::SparseCsrTensorImpl *>(Cuda.unsafeGetTensorImpl());
  To->set_member_tensors(toDevice(From->compressed_indices()),
                         toDevice(From->plain_indices()),
                         toDevice(From->values()), From->sizes());
}
