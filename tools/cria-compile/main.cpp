// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-compile: compiles a checkpoint into a package. `cria compile` starts it.
#include "passes/driver/Compiler.h"
#include "passes/driver/TargetNames.h"
#include "support/File.h"
#include "support/OutputFile.h"
#include "tools/cria-compile/CompileOptions.h"
#include "tools/cria-compile/ConsoleObserver.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/MappingFault.h"
#include "tools/terminal/Terminal.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <filesystem>

using namespace cria;

static std::atomic<bool> cancelled;
static std::atomic<int> cancellingSignal;
static std::atomic<int64_t> cancelledAtMs;

static int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// Stops the compilation, which then removes incomplete output. A second request ends the process at once.
/// The same request may arrive several times: directly, through the process group, and through `cria`.
static void cancel(int signal) {
  constexpr int64_t kOneRequestMs = 100;
  if (!cancelled) {
    cancellingSignal = signal;
    cancelledAtMs = nowMs();
    cancelled = true;
  } else if (nowMs() - cancelledAtMs > kOneRequestMs) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

static std::string versionText() { return "cria-compile " CRIA_VERSION " (LLVM " CRIA_LLVM_VERSION ")"; }

/// An interrupt is not an error: the exit code is 130 after Ctrl-C, 143 after SIGTERM (docs/decisions/0002).
static int report(const Status &status) {
  constexpr int kExitError = 2, kExitSignal = 128;
  if (status.code() == StatusCode::cancelled) {
    cli::logInfo(false, "interrupted");
    return kExitSignal + cancellingSignal;
  }
  cli::logError("{}", status.message());
  return kExitError;
}

static uint64_t bytesIn(const std::string &folder) {
  uint64_t bytes = 0;
  std::error_code failed;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder, failed)) {
    bytes += entry.is_regular_file(failed) ? entry.file_size(failed) : 0;
  }
  return bytes;
}

/// An existing file of the checkpoint is not overwritten.
static Status writeText(const CompileJob &job, const std::string &text) {
  const std::string &path = job.output;
  if (path.empty()) {
    return cli::writeData(text) ? Status() : error(StatusCode::io, "cannot write to standard output");
  }
  std::error_code failed;
  if (!job.checkpoint.empty() && isWithin(path, job.checkpoint) && std::filesystem::exists(path, failed)) {
    return invalidArgument("{}: expected a new file, got one in the checkpoint; choose another name", path);
  }
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(text))));
  return file.finish();
}

static Status writeReport(const std::string &package, const std::vector<std::string> &targets) {
  const nlohmann::ordered_json row = {{"path", package}, {"bytes", bytesIn(package)}, {"targets", targets}};
  return cli::writeJson(row) ? Status() : error(StatusCode::io, "cannot write to standard output");
}

static Status run(const CompileOptions &options) {
  CRIA_ASSIGN_OR_RETURN(CompileJob job, makeJob(options));
  job.cancelled = &cancelled;
  ConsoleObserver observer(options.quiet, options.verbose);
  CRIA_ASSIGN_OR_RETURN(const CompileResult result, compile(job, observer));
  if (job.stage != CompileStage::package) {
    return writeText(job, result.text);
  }
  return options.json ? writeReport(job.output, result.targets) : Status();
}

int main(int argc, char **argv) {
  cli::openStandardStreams();
  cli::endWithClosedPipe();
  cli::reportMappingFaults();
  std::signal(SIGINT, cancel);
  std::signal(SIGTERM, cancel);
  std::signal(SIGXFSZ, SIG_IGN); // a file that reaches its size limit is an error of write()
  CommandLine line = parseCommandLine(argc, argv, targetHelp(), versionText());
  if (!line.options) {
    line.exitCode == 0 ? (void)cli::writeData(line.text) : cli::writeMessage(line.text);
  }
  Status status = line.options ? run(*line.options) : Status();
  if (status.ok() && !cli::finishData()) {
    status =
        error(StatusCode::io, "cannot write to standard output: is the disk full, or the stream closed?");
  }
  return !status.ok() ? report(status) : line.exitCode;
}
