//===- Search.h - the next shapes to try, from the error of the last ------===//
//
// LibTorch's shape errors name the sizes that met: "mat1 and mat2 shapes cannot
// be multiplied (2x11 and 784x64)". Every tensor that the driver makes starts
// with sizes that nothing else has, so a size in a message names the tensor and
// the dimension that was wrong, and the other number is what it should be.
//
// Limits: one error, one change; sizes that only exist after a reshape or a
// convolution are found by trying the usual image sizes.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_SEARCH_H
#define TORCH_TIDY_RUNTIME_DRIVER_SEARCH_H

#include "Driver.h"

namespace torch_tidy::driver {

using Choices = std::vector<Choice>;

/// What the first attempt gives the \p Index-th tensor: [2, 11], [2, 13], ...
std::vector<int64_t> initialShape(unsigned Index);

/// Lists of choices worth trying after \p Made ended with \p What, the
/// likeliest first. \p Hints are sizes that the source speaks of. Where the
/// text proposes nothing and \p Guess is set, the usual shapes are proposed.
/// May be empty.
std::vector<Choices> propose(const Choices &Made, const std::string &What,
                             const std::vector<int64_t> &Hints, bool Guess);

} // namespace torch_tidy::driver

#endif
