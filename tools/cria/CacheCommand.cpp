// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria cache list|clear: packages that were compiled from checkpoints automatically.
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include <array>
#include <chrono>
#include <ctime>
#include <memory>

namespace cria::cli {
namespace {

using Json = nlohmann::ordered_json;

int64_t secondsSinceEpoch(std::filesystem::file_time_type time) {
  const auto clock = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(clock).count();
}

/// "2026-11-29"
std::string dayOf(std::filesystem::file_time_type time) {
  const time_t seconds = secondsSinceEpoch(time);
  std::tm local{};
  std::array<char, 16> text{};
  localtime_r(&seconds, &local);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &local)};
}

StatusOr<int> runList(const OutputOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<CacheEntry> entries, listCache());
  uint64_t total = 0;
  Json rows = Json::array();
  for (const CacheEntry &entry : entries) {
    total += entry.bytes;
    rows.push_back({{"path", entry.path.string()},
                    {"bytes", entry.bytes},
                    {"last_used", secondsSinceEpoch(entry.lastUsed)}});
    if (!options.json) {
      writeData(fmt::format("{:>10}  {}  {}\n", formatBytes(entry.bytes), dayOf(entry.lastUsed),
                            entry.path.string()));
    }
  }
  if (options.json) {
    writeJson(rows, 2);
  }
  CRIA_ASSIGN_OR_RETURN(const std::filesystem::path folder, cacheFolder());
  logInfo(options.quiet, "{}, {} in {}", countOf(entries.size(), "package"), formatBytes(total),
          folder.string());
  return kExitSuccess;
}

StatusOr<int> runClear(const OutputOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const CacheRemoval removal, clearCache());
  if (options.json) {
    writeJson(Json{{"removed_bytes", removal.bytes}});
  }
  logInfo(options.quiet, "removed {}", formatBytes(removal.bytes));
  for (const Status &failure : removal.failures) {
    logError("{}; make the folder writable, without immutable files or mounted file systems in it, then run "
             "'cria cache clear' again",
             failure.message());
  }
  return removal.failures.empty() ? kExitSuccess : kExitError;
}

using CacheAction = StatusOr<int> (*)(const OutputOptions &);

void addCacheAction(CLI::App &cache, Action &action, const std::string &name, const std::string &description,
                    CacheAction run, const std::string &json) {
  auto options = std::make_shared<OutputOptions>();
  CLI::App *command = cache.add_subcommand(name, description);
  addOutputOptions(*command, *options, json);
  command->callback([options, run, &action] { action = [options, run] { return run(*options); }; });
}

} // namespace

void addCacheCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand("cache", "List or remove packages that were compiled automatically");
  command->require_subcommand(1);
  addCacheAction(*command, action, "list",
                 "List the packages with their sizes and the days of their last use", runList,
                 "Print a JSON array of {path, bytes, last_used}");
  addCacheAction(*command, action, "clear", "Remove all of the packages", runClear, "Print a JSON object");
  command->footer("Example:\n  cria cache list");
}

} // namespace cria::cli
