# Finds the folders of a LibTorch without loading its package, which costs
# seconds and wants a CUDA toolkit where it was built with one.
#
# Looks in Torch_DIR and CMAKE_PREFIX_PATH (CMake variables or environment),
# where an entry may be LibTorch's own folder or its share/cmake, and in the
# system's folders (Debian's libtorch-dev). Sets
#   LibTorchFiles_INCLUDE_DIRS  what <torch/torch.h> needs
#   LibTorchFiles_LIBRARY_DIR   where libtorch_cpu is

set(_hints)
foreach(_dir IN LISTS Torch_DIR CMAKE_PREFIX_PATH)
  list(APPEND _hints ${_dir} ${_dir}/../.. ${_dir}/../../..)
endforeach()
foreach(_dir "$ENV{Torch_DIR}" $ENV{CMAKE_PREFIX_PATH})
  string(REPLACE ":" ";" _dir "${_dir}")
  foreach(_one IN LISTS _dir)
    list(APPEND _hints ${_one} ${_one}/../.. ${_one}/../../..)
  endforeach()
endforeach()

find_path(LibTorchFiles_INCLUDE torch/csrc/api/include/torch/torch.h
  HINTS ${_hints} PATH_SUFFIXES include)
find_library(LibTorchFiles_LIBRARY torch_cpu HINTS ${_hints} PATH_SUFFIXES lib)
mark_as_advanced(LibTorchFiles_INCLUDE LibTorchFiles_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorchFiles
  REQUIRED_VARS LibTorchFiles_INCLUDE LibTorchFiles_LIBRARY)
if(LibTorchFiles_FOUND)
  file(REAL_PATH ${LibTorchFiles_INCLUDE} _include)
  set(LibTorchFiles_INCLUDE_DIRS ${_include} ${_include}/torch/csrc/api/include)
  get_filename_component(LibTorchFiles_LIBRARY_DIR ${LibTorchFiles_LIBRARY} DIRECTORY)
endif()
