//===- CacheCommand.h - the `torch-tidy cache` sub-command ----------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_CACHECOMMAND_H
#define TORCH_TIDY_TOOL_TORCHTIDY_CACHECOMMAND_H

namespace torch_tidy {

/// `info` says where the cache is and what it holds, `prune` makes it smaller,
/// `clear` empties it; `argv[0]` is the program. Returns the exit code.
int runCache(int argc, const char **argv);

} // namespace torch_tidy

#endif
