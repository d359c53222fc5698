// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria cache list|clear: packages that were compiled on the fly.
#include "Command.h"
#include "CompileCache.h"
#include "Terminal.h"

namespace cria::cli {
namespace {

StatusOr<int> runList() {
  CRIA_ASSIGN_OR_RETURN(const std::vector<CacheEntry> entries, listCache());
  uint64_t total = 0;
  for (const CacheEntry &entry : entries) {
    writeData(fmt::format("{:>10}  {}\n", formatBytes(entry.bytes), entry.path.string()));
    total += entry.bytes;
  }
  CRIA_ASSIGN_OR_RETURN(const std::filesystem::path folder, cacheFolder());
  talk(false, "{} packages, {} in {}", entries.size(), formatBytes(total), folder.string());
  return kExitSuccess;
}

StatusOr<int> runClear() {
  CRIA_ASSIGN_OR_RETURN(const uint64_t bytes, clearCache());
  talk(false, "removed {}", formatBytes(bytes));
  return kExitSuccess;
}

} // namespace

void addCacheCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand("cache", "Packages compiled on the fly");
  command->require_subcommand(1);
  command->add_subcommand("list", "List them with their sizes")->callback([&action] { action = runList; });
  command->add_subcommand("clear", "Remove them all")->callback([&action] { action = runClear; });
}

} // namespace cria::cli
