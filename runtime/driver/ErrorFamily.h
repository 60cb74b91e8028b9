//===- ErrorFamily.h - which kind of mistake an error text speaks of ------===//
//
// LibTorch words one mistake in many ways, and the words change between
// versions ("... but got mat1 is on cpu, different from other tensors on
// cuda:0", "... but found at least two devices, cuda:0 and cpu!", "Input type
// (CPUFloatType) and weight type (CUDAFloatType) should be the same"). A family
// is what stays: which property of the operands the text complains of. A text
// about a missing driver, a missing file or a shape belongs to no family.
//
// Standard C++ only: the driver (which knows no clang) and the tool (which
// knows no LibTorch) share this.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_ERRORFAMILY_H
#define TORCH_TIDY_RUNTIME_DRIVER_ERRORFAMILY_H

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <string>

namespace torch_tidy::driver {

enum class Family : unsigned char {
  None,   ///< Something else went wrong.
  Device, ///< Operands on different devices, or on a wrong one.
  Dtype,  ///< Operands of different element types, or of a wrong one.
};

namespace detail {
inline bool mentionsAny(const std::string &Text,
                        std::initializer_list<const char *> Words) {
  return std::any_of(Words.begin(), Words.end(), [&](const char *Word) {
    return Text.find(Word) != std::string::npos;
  });
}
} // namespace detail

/// What a stand-in for a function of another file says when it is called; its
/// name comes before.
inline constexpr const char *DefinedElsewhere =
    "is defined in another file of the program";

/// The first line of an error text, in lower case.
inline std::string firstLine(const std::string &What) {
  std::string Line = What.substr(0, What.find('\n'));
  std::transform(Line.begin(), Line.end(), Line.begin(),
                 [](unsigned char C) { return std::tolower(C); });
  return Line;
}

/// True where the text speaks of the machine and not of the operands: nothing
/// that the program could be given would help.
inline bool blamesMachine(const std::string &What) {
  return detail::mentionsAny(
      firstLine(What),
      {"out of memory", "no kernel image", "nvidia driver", "cuda driver",
       "not compiled with cuda", "not linked with support for cuda",
       "no cuda gpus", "cuda is not available", "can't allocate",
       "invalid device ordinal"});
}

/// The family of an error text; the first line decides.
inline Family familyOf(const std::string &What) {
  std::string Line = firstLine(What);
  if (blamesMachine(What))
    return Family::None;
  if (detail::mentionsAny(Line, {"not implemented for '"}))
    return Family::Dtype;
  // Types that name a backend: a device, unless both sides have the same one.
  if (detail::mentionsAny(Line, {"input type (", "expected object of type",
                                 "does not equal", "1d cpu int64 tensor"})) {
    bool Cuda = Line.find("cuda") != std::string::npos;
    bool Cpu = detail::mentionsAny(Line, {"(cpu", "torch.float", "torch.double",
                                          "torch.half", "torch.long", " cpu"});
    return Cuda && Cpu ? Family::Device : Family::Dtype;
  }
  if (detail::mentionsAny(Line,
                          {"same device",
                           "device type",
                           "different device",
                           "two devices",
                           "wrong device",
                           "is on cpu",
                           "is on cuda",
                           "on cuda",
                           "on cpu",
                           "cuda tensor",
                           "cpu tensor",
                           "cuda device",
                           "cpu device",
                           "device of",
                           "device cuda",
                           "device cpu",
                           "same at::device",
                           "host",
                           "cuda backend",
                           "'cuda",
                           "'cpu",
                           "cpufloattype",
                           "cudafloattype",
                           "expected device",
                           "1d cpu int64 tensor",
                           "device 'cuda",
                           "get_device()",
                           "is_cuda()",
                           "input and parameter",
                           "input and hidden tensors are not at the same"}) &&
      !detail::mentionsAny(Line, {"same dtype", "scalar type"}))
    return Family::Device;
  if (detail::mentionsAny(Line, {"dtype",
                                 "scalar type",
                                 "data type",
                                 "can't be cast",
                                 "floating point",
                                 "floating type",
                                 "floattensor",
                                 "halftensor",
                                 "booltensor",
                                 "longtensor",
                                 "long tensor",
                                 "have type ",
                                 "type int64",
                                 "index type",
                                 "scalartype",
                                 "grad types",
                                 "tensors of type",
                                 "types other than",
                                 "type promoting",
                                 "half precision",
                                 "supported for half",
                                 "must be long",
                                 "must be integral",
                                 "to be integers",
                                 "integral tensor",
                                 "integral inputs",
                                 "both inputs to be",
                                 "did not match double",
                                 "did not match float",
                                 "did not match half",
                                 "did not match bfloat16",
                                 "did not match long",
                                 "did not match int"}))
    return Family::Dtype;
  return Family::None;
}

} // namespace torch_tidy::driver

#endif
