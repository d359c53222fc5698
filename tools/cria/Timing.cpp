// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Timing.h"

#include "ProfileReport.h"
#include "tools/terminal/JsonOutput.h"

namespace cria::cli {
namespace {

/// A name such as `-` would be a file; the standard output has the results.
CLI::Validator timingFile() {
  return CLI::Validator(
      [](std::string &name) -> std::string {
        if (name.empty() || name == "-") {
          return fmt::format("expected the name of a file, got '{}'; standard output has the results", name);
        }
        return {};
      },
      "");
}

Status writeText(const std::string &path, std::string_view text) {
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(text))));
  return file.finish();
}

} // namespace

std::vector<CLI::Option *> addTimingOptions(CLI::App &command, TimingOptions &options) {
  return {command.add_flag("--profile", options.profile, "Print the time of each kernel on stderr"),
          command.add_option("--profile-json", options.profileFile, "Write the time of each kernel as JSON")
              ->type_name("FILE")
              ->check(timingFile()),
          command
              .add_option("--trace", options.traceFile,
                          "Write a timeline of steps and kernels, which ui.perfetto.dev opens")
              ->type_name("FILE")
              ->check(timingFile())};
}

StatusOr<Timing> Timing::start(const TimingOptions &options, const OpenedModel &opened) {
  if (!options.traceFile.empty() && options.traceFile == options.profileFile) {
    return invalidArgument("--trace and --profile-json: expected two files, got '{}' for both",
                           options.traceFile);
  }
  Timing timing(options, *opened);
  Model &model = opened->model();
  if (options.timesKernels()) {
    CRIA_RETURN_IF_ERROR(model.enableProfile(true));
  }
  if (!options.traceFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(timing.trace_, StepTrace::create(options.traceFile, model, opened.openStart));
    timing.trace_->addHostWork("open model", opened.openStart, opened.openEnd);
    model.observeSteps(timing.trace_->observer());
  }
  return timing;
}

Timing::~Timing() {
  if (trace_ != nullptr) {
    opened_->model().observeSteps({});
  }
}

void Timing::addHostWork(std::string_view name, StepTrace::Clock::time_point start,
                         StepTrace::Clock::time_point end) {
  if (trace_ != nullptr) {
    trace_->addHostWork(name, start, end);
  }
}

StatusOr<int> Timing::finish(StatusOr<int> result) {
  const Status written = write();
  return result.ok() && !written.ok() ? written : std::move(result);
}

/// The table, which cannot fail, comes first.
Status Timing::write() const {
  const std::vector<ProfileRow> rows = opened_->model().profile();
  if (options_->profile) {
    logInfo(/*quiet=*/false, "{}", profileTable(rows));
  }
  if (!options_->profileFile.empty()) {
    CRIA_RETURN_IF_ERROR(writeText(options_->profileFile, profileJson(*opened_, rows)));
  }
  return trace_ != nullptr ? trace_->finish() : Status();
}

} // namespace cria::cli
