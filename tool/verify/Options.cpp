//===- Options.cpp --------------------------------------------------------===//
#include "tool/verify/Options.h"

std::string torch_tidy::verify::VerifyFlags::cacheDir() const {
  std::unique_ptr<torch_tidy::CacheDir> Cache = cache();
  return Cache ? Cache->folder().str() : "";
}
