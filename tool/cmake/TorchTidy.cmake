# torch_tidy_add_lint(<target> [ON_BUILD] [NAME <name>] [OPTIONS <option>...])
#
# Adds a target <target>-lint (or NAME) that lints the C++ and CUDA sources of
# <target> with the flags that they are compiled with. With ON_BUILD each
# source is linted as it is compiled instead, by way of CXX_CLANG_TIDY, and a
# finding fails its compilation. OPTIONS are torch-tidy's.
#
# torch_tidy_enable_verify()
#
# For 'torch-tidy verify --run': puts torch-tidy-launcher in front of the C++
# compiler, before ccache and the like, for every target that is added after
# it. In an ordinary build the launcher only starts the compiler.
#
# TorchTidy_EXECUTABLE is the program; found on the PATH where it is not set.
include_guard()

macro(torch_tidy_enable_verify)
  get_filename_component(TorchTidy_BIN_DIR "${TorchTidy_EXECUTABLE}" DIRECTORY)
  find_program(TorchTidy_LAUNCHER torch-tidy-launcher HINTS "${TorchTidy_BIN_DIR}" REQUIRED)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TorchTidy_LAUNCHER} ${CMAKE_CXX_COMPILER_LAUNCHER})
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endmacro()

function(torch_tidy_add_lint target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ON_BUILD" "NAME" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "torch_tidy_add_lint: unknown argument '${arg_UNPARSED_ARGUMENTS}'; "
      "known are ON_BUILD, NAME and OPTIONS")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "torch_tidy_add_lint: no target '${target}'")
  endif()
  find_program(TorchTidy_EXECUTABLE torch-tidy REQUIRED)

  if(arg_ON_BUILD)
    set_property(TARGET ${target} PROPERTY CXX_CLANG_TIDY
      "${TorchTidy_EXECUTABLE};--quiet;${arg_OPTIONS}")
    return()
  endif()

  if(NOT CMAKE_GENERATOR MATCHES "Ninja|Makefiles")
    message(FATAL_ERROR "torch_tidy_add_lint: '${CMAKE_GENERATOR}' writes no compile_commands.json; "
      "use Ninja or Makefiles, or ON_BUILD")
  endif()
  set_property(TARGET ${target} PROPERTY EXPORT_COMPILE_COMMANDS ON)
  if(NOT arg_NAME)
    set(arg_NAME ${target}-lint)
  endif()
  set(sources "$<FILTER:$<TARGET_PROPERTY:${target},SOURCES>,INCLUDE,\\.(cpp|cc|cxx|C|cu)$>")
  add_custom_target(${arg_NAME}
    COMMAND ${TorchTidy_EXECUTABLE} -p "${CMAKE_BINARY_DIR}" ${arg_OPTIONS} "${sources}"
    WORKING_DIRECTORY "$<TARGET_PROPERTY:${target},SOURCE_DIR>"
    COMMENT "Linting ${target}"
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()
