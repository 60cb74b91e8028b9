//===- Swap.cpp -----------------------------------------------------------===//
#include "Swap.h"
#include "Device.h"
#include "Memory.h"
#include <ATen/core/List.h>

using namespace torch_tidy::emulator;
using c10::BackendComponent;
using c10::DispatchKey;
using c10::DispatchKeySet;
using c10::IValue;

/// The same functionality (conjugate bit, autograd, sparse, ...) on the other
/// backend.
DispatchKeySet Swap::keys(DispatchKeySet From, bool ToHost) const {
  constexpr DispatchKeySet OnHost(DispatchKey::AutocastCPU);
  constexpr DispatchKeySet OnDevice(DispatchKey::AutocastCUDA);
  DispatchKeySet Autocast = ToHost ? OnDevice : OnHost;
  bool HasAutocast = From.has_any(Autocast);
  From = From.remove_backend(ToHost ? BackendComponent::CUDABit
                                    : BackendComponent::CPUBit) |
         DispatchKeySet(ToHost ? BackendComponent::CPUBit
                               : BackendComponent::CUDABit);
  return HasAutocast ? (From - Autocast) | (ToHost ? OnHost : OnDevice) : From;
}

at::Tensor Swap::toHost(const at::Tensor &T) {
  if (!T.defined() || !T.is_cuda())
    return T;
  for (const Pair &P : Pairs)
    if (P.Cuda.is_same(T))
      return P.Host;
  if (T.layout() != at::kStrided)
    return sparseToHost(T);
  c10::TensorImpl *From = T.unsafeGetTensorImpl();
  c10::Storage Storage(hostStorage(T.storage()));
  c10::StorageImpl *Before = Storage.unsafeGetStorageImpl();
  auto To = c10::make_intrusive<c10::TensorImpl>(
      c10::TensorImpl::VIEW, std::move(Storage),
      keys(From->key_set(), /*ToHost=*/true), From->dtype());
  To->set_storage_offset(From->storage_offset());
  To->set_sizes_and_strides(From->sizes(), From->strides());
  if (From->is_wrapped_number())
    To->set_wrapped_number(true);
  at::Tensor Host(std::move(To));
  Pairs.push_back({T, Host, Before});
  return Host;
}

c10::Storage Swap::storageToDevice(const c10::Storage &Host) {
  c10::StorageImpl *Impl = Host.unsafeGetStorageImpl();
  for (const Pair &P : Pairs)
    if (P.Storage == Impl)
      return P.Cuda.storage();
  for (const auto &[Of, Cuda] : Storages)
    if (Of == Impl)
      return Cuda;
  c10::Storage Cuda = deviceStorage(
      c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(Impl), Index);
  Storages.emplace_back(Impl, Cuda);
  return Cuda;
}

at::Tensor Swap::toDevice(const at::Tensor &T) {
  if (!T.defined() || !T.is_cpu())
    return T;
  for (const Pair &P : Pairs)
    if (P.Host.is_same(T))
      return P.Cuda;
  if (T.layout() != at::kStrided)
    return sparseToDevice(T);
  c10::TensorImpl *From = T.unsafeGetTensorImpl();
  bool IsView = false;
  for (const Pair &P : Pairs)
    IsView |= P.Storage == T.storage().unsafeGetStorageImpl();
  c10::Storage Storage = storageToDevice(T.storage());
  c10::intrusive_ptr<c10::TensorImpl> To;
  if (IsView) {
    To = c10::make_intrusive<c10::TensorImpl>(
        c10::TensorImpl::VIEW, std::move(Storage),
        keys(From->key_set(), /*ToHost=*/false), From->dtype());
  } else {
    To = c10::make_intrusive<c10::TensorImpl>(
        std::move(Storage), DispatchKeySet(DispatchKey::CUDA), From->dtype());
    if (T.is_conj())
      To->_set_conj(true);
    if (T.is_neg())
      To->_set_neg(true);
  }
  To->set_storage_offset(From->storage_offset());
  To->set_sizes_and_strides(From->sizes(), From->strides());
  if (From->is_wrapped_number())
    To->set_wrapped_number(true);
  compat::copyNames(*From, *To);
  return at::Tensor(std::move(To));
}

void Swap::putOnHost(IValue &V) {
  if (V.isTensor()) {
    if (V.toTensor().is_cuda())
      V = toHost(V.toTensor());
  } else if (V.isTensorList()) {
    c10::List<at::Tensor> Out;
    for (const at::Tensor &T : V.toTensorVector())
      Out.push_back(toHost(T));
    V = std::move(Out);
  } else if (V.isList() &&
             V.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
    compat::OptionalTensorList Out;
    for (const IValue &Element : V.toListRef()) {
      if (Element.isNone())
        Out.push_back(compat::Optional<at::Tensor>());
      else
        Out.push_back(toHost(Element.toTensor()));
    }
    V = std::move(Out);
  } else if (V.isDevice()) {
    if (V.toDevice().is_cuda())
      V = c10::Device(c10::DeviceType::CPU);
  } else if (V.isStorage()) {
    c10::Storage Cuda = V.toStorage();
    if (Cuda.device_type() != c10::DeviceType::CUDA)
      return;
    c10::Storage Host(hostStorage(Cuda));
    Storages.emplace_back(Host.unsafeGetStorageImpl(), std::move(Cuda));
    V = std::move(Host);
  } else if (V.isGenerator()) {
    at::Generator Generator = V.toGenerator();
    if (Generator.defined() &&
        Generator.device().type() == c10::DeviceType::CUDA)
      V = hostGenerator(Generator);
  }
}

void Swap::putOnDevice(IValue &V) {
  if (V.isTensor()) {
    if (V.toTensor().is_cpu())
      V = toDevice(V.toTensor());
  } else if (V.isTensorList()) {
    c10::List<at::Tensor> Out;
    for (const at::Tensor &T : V.toTensorVector())
      Out.push_back(toDevice(T));
    V = std::move(Out);
  }
}

void Swap::writeBack() {
  // By index: a sparse tensor's parts may add pairs.
  for (size_t I = 0; I < Pairs.size(); ++I) {
    const Pair P = Pairs[I];
    c10::TensorImpl *To = P.Cuda.unsafeGetTensorImpl();
    c10::TensorImpl *From = P.Host.unsafeGetTensorImpl();
    if (P.Cuda.layout() != at::kStrided) {
      writeBackSparse(P.Cuda, P.Host);
      continue;
    }
    if (P.Host.storage().unsafeGetStorageImpl() != P.Storage)
      To->set_storage_keep_dtype(storageToDevice(P.Host.storage()));
    followResize(P.Cuda.storage());
    if (To->sizes() != From->sizes() || To->strides() != From->strides())
      To->set_sizes_and_strides(From->sizes(), From->strides());
    if (To->storage_offset() != From->storage_offset())
      To->set_storage_offset(From->storage_offset());
  }
}
