// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OpenModel.h"

#include "CacheLimits.h"
#include "CacheLock.h"
#include "CheckpointIdentity.h"
#include "CompileCache.h"
#include "frontends/UnsupportedWeights.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <chrono>

namespace cria::cli {
namespace {

ModelOptions modelOptions(const CommonOptions &options, Progress &progress) {
  return {.backend = options.backend,
          .target = options.target,
          .device = options.device,
          .numThreads = options.threads,
          .context = options.context,
          .kvMemoryBytes = options.kvMemoryBytes,
          .allowNativeCode = options.allowNativeCode,
          .ignoreMemory = options.ignoreMemory,
          .progress = [&progress](uint64_t done, uint64_t total) { progress.update(done, total); }};
}

/// Reports the targets whose code was rejected, and, with --verbose, what runs the model in the end.
void reportChoice(const Model &model, const CommonOptions &options) {
  for (const std::string &rejected : model.rejectedTargets()) {
    logInfo(options.quiet, "note: {}", rejected);
  }
  for (const std::string &note : model.notes()) {
    logInfo(options.quiet, "note: {}", note);
  }
  if (options.verbose) {
    for (const std::string &remark : model.targetRemarks()) {
      logInfo(options.quiet, "{}", remark);
    }
    logInfo(options.quiet, "{} with target {} on {}", model.backendName(), model.targetName(),
            model.deviceName());
  }
}

} // namespace

static StatusOr<std::shared_ptr<const Package>> openFolder(const std::string &folder,
                                                           const CommonOptions &options) {
  Progress progress("verifying", options.quiet);
  return Package::open(folder,
                       {.verifyWeights = options.verify,
                        .progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); }});
}

using PackagePointer = std::shared_ptr<const Package>;

/// Null if the cache has no such package, or has a damaged one.
static PackagePointer openCached(const std::string &cached, const CommonOptions &options) {
  if (!isPackage(cached)) {
    return nullptr;
  }
  StatusOr<PackagePointer> package = openFolder(cached, options);
  if (!package.ok()) {
    logInfo(options.quiet, "note: {}", package.status().message());
    return nullptr;
  }
  noteUse(cached);
  return *package;
}

static Status removeBeyondLimits(const CacheLimits &limits, const std::string &keep,
                                 const CommonOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const CacheRemoval removal, limitCache(limits, keep));
  if (removal.entries > 0) {
    logInfo(options.quiet,
            "removed {} from the cache ({}), to keep it below {} and without packages that were "
            "not used for {} days; CRIA_CACHE_SIZE and CRIA_CACHE_DAYS change these limits",
            countOf(removal.entries, "package"), formatBytes(removal.bytes), formatBytes(limits.bytes),
            limits.age / std::chrono::days(1));
  }
  return {};
}

/// The target that the options name; `ops` if they exclude native code.
static std::string targetToCompile(const CommonOptions &options) {
  return !options.target.empty() ? options.target : options.allowNativeCode ? hostTarget() : "ops";
}

/// Compiles a checkpoint into `cached`, unless another process does.
static StatusOr<PackagePointer> compileCached(const CachedCheckpoint &checkpoint, const std::string &state,
                                              const std::string &cached, const CommonOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const CacheLock lock, CacheLock::acquire(cached, [&] {
                          logInfo(options.quiet,
                                  "waiting for another process that compiles the checkpoint '{}'",
                                  options.model);
                        }));
  if (lock.waited()) {
    if (PackagePointer package = openCached(cached, options)) {
      return package;
    }
  }
  logInfo(options.quiet, "compiling the checkpoint '{}' once, into {}", options.model, cached);
  CRIA_RETURN_IF_ERROR(compileIntoCache(checkpoint, state, cached, options.quiet));
  return openFolder(cached, options);
}

static StatusOr<PackagePointer> openCheckpoint(const CommonOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const CacheLimits limits, CacheLimits::ofEnvironment());
  std::error_code problem;
  const CachedCheckpoint checkpoint = {.folder = std::filesystem::canonical(options.model, problem).string(),
                                       .target = targetToCompile(options)};
  if (problem) {
    return error(StatusCode::io, "{}: cannot resolve the path: {}", options.model, problem.message());
  }
  CRIA_ASSIGN_OR_RETURN(const std::string state, stateOfCheckpoint(checkpoint.folder)); // before the key
  CRIA_ASSIGN_OR_RETURN(const std::string cached, cachedPackage(checkpoint));
  if (PackagePointer package = openCached(cached, options)) {
    return package;
  }
  CRIA_RETURN_IF_ERROR(createCacheFolder());
  CRIA_ASSIGN_OR_RETURN(PackagePointer package, compileCached(checkpoint, state, cached, options));
  CRIA_RETURN_IF_ERROR(removeBeyondLimits(limits, cached, options));
  return package;
}

StatusOr<PackagePointer> openPackage(const CommonOptions &options) {
  if (isCheckpoint(options.model)) {
    return openCheckpoint(options);
  }
  CRIA_RETURN_IF_ERROR(isPackage(options.model) ? Status() : refuseOtherModel(options.model));
  return openFolder(options.model, options);
}

StatusOr<OpenedModel> openModel(const CommonOptions &options) {
  const auto start = std::chrono::steady_clock::now();
  CRIA_ASSIGN_OR_RETURN(std::shared_ptr<const Package> package, openPackage(options));
  Progress progress("loading weights", options.quiet);
  OpenedModel opened;
  CRIA_ASSIGN_OR_RETURN(opened.loaded,
                        LoadedModel::open(std::move(package), modelOptions(options, progress),
                                          PluginSearch::standard(
                                              {options.pluginFolders.begin(), options.pluginFolders.end()})));
  reportChoice(opened->model(), options);
  opened.openStart = start;
  opened.openEnd = std::chrono::steady_clock::now();
  return opened;
}

} // namespace cria::cli
