// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria calibrate: measures the importance of the columns of each matrix while the model reads a text
// (format/Importance.h). The text is split into windows of the context length, each of which begins with BOS.
#include "Calibration.h"
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "support/OutputFile.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {
namespace {

struct CalibrateOptions {
  CommonOptions common;
  std::string file, output;
};

Status readWindows(const CalibrateOptions &options, const LoadedModel &opened, std::span<const int32_t> ids,
                   Calibration &calibration) {
  const size_t bos = opened.bosId() >= 0 ? 1 : 0;
  if (opened.model().context() <= bos) {
    return invalidArgument("--context {}: expected at least {} positions for a window",
                           opened.model().context(), 1 + bos);
  }
  const size_t width = opened.model().context() - bos;
  const InterruptScope interrupt;
  Progress progress("calibrating", options.common.quiet);
  for (size_t start = 0; start < ids.size(); start += width) {
    const std::span<const int32_t> part = ids.subspan(start, std::min(width, ids.size() - start));
    std::vector<int32_t> window(bos, opened.bosId());
    window.insert(window.end(), part.begin(), part.end());
    CRIA_RETURN_IF_ERROR(calibration.add(window, interrupt.flag()));
    progress.update(start + part.size(), ids.size());
  }
  return {};
}

StatusOr<int> runCalibrate(const CalibrateOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readTextFile(options.file));
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(opened->requireTokenizer("'cria calibrate'"));
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, opened->tokenizer()->encode(text));
  if (ids.empty()) {
    return invalidArgument("{}: expected at least 1 token, got an empty text", options.file);
  }
  // Minutes before it is needed: whether the file can be made.
  CRIA_RETURN_IF_ERROR(OutputFile::create(options.output, OutputFile::Order::any).status());
  CRIA_ASSIGN_OR_RETURN(const CalibratedModel model, describeModel(opened->model()));
  Calibration calibration(opened->model());
  CRIA_RETURN_IF_ERROR(readWindows(options, *opened, ids, calibration));
  CRIA_RETURN_IF_ERROR(writeImportance(options.output, model, calibration.numTokens(), calibration.means()));
  if (options.common.json) {
    const nlohmann::ordered_json row = {
        {"path", options.output}, {"tokens", calibration.numTokens()}, {"matrices", model.columns.size()}};
    writeJson(row);
  } else {
    logInfo(options.common.quiet, "importance of the columns of {} matrices over {} tokens in {}",
            model.columns.size(), calibration.numTokens(), options.output);
  }
  return kExitSuccess;
}

} // namespace

void addCalibrateCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<CalibrateOptions>();
  CLI::App *command =
      app.add_subcommand("calibrate", "Measure which columns of the weights matter, for --importance");
  addCommonOptions(*command, options->common, "Print {path, tokens, matrices} as JSON");
  command->add_option("file", options->file, "Text file; -: standard input")->required()->type_name("TEXT");
  command->add_option("-o,--output", options->output, "File of importance data to write")
      ->required()
      ->check(notEmpty("the name of a file"));
  command->footer("Example:\n  cria calibrate stories.cria book.txt -o stories.importance");
  command->callback([options, &action] { action = [options] { return runCalibrate(*options); }; });
}

} // namespace cria::cli
