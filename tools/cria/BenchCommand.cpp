// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria bench: speed of prefill and decode, as fractions of the peak throughput of the machine or device,
// which is measured next to each sample.
#include "BenchRun.h"
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "OpenModel.h"
#include "ParseList.h"
#include "PeakThroughput.h"
#include "Timing.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <thread>

namespace cria::cli {
namespace {

struct BenchOptions {
  CommonOptions common;
  std::string prompts = "128,512";
  uint32_t generate = 32;
  std::string depths = "0";
  std::string batches = "1";
  uint32_t repetitions = 5;
  TimingOptions timing;
  bool kernels = false;
};

struct BenchPlan {
  std::vector<int32_t> prompts, depths, batches;
};

StatusOr<BenchPlan> planOf(const BenchOptions &options) {
  BenchPlan plan;
  CRIA_ASSIGN_OR_RETURN(plan.prompts, parseNumbers("--prompt", options.prompts, 0));
  CRIA_ASSIGN_OR_RETURN(plan.depths, parseNumbers("--depth", options.depths, 0));
  CRIA_ASSIGN_OR_RETURN(plan.batches, parseNumbers("--batch", options.batches, 1));
  return plan;
}

Status checkFits(const Model &model, const BenchOptions &options, const BenchPlan &plan) {
  const int64_t depth = *std::max_element(plan.depths.begin(), plan.depths.end());
  const int64_t tokens =
      std::max<int64_t>(options.generate, *std::max_element(plan.prompts.begin(), plan.prompts.end()));
  if (depth + tokens > model.context()) {
    return invalidArgument("depth {} and {} tokens do not fit the context of {}; choose a smaller --prompt, "
                           "--generate or --depth",
                           depth, tokens, model.context());
  }
  const auto batch = static_cast<uint32_t>(*std::max_element(plan.batches.begin(), plan.batches.end()));
  if (batch > model.limits().maxSequences) {
    return invalidArgument("--batch {}: the package was compiled for at most {} sequences", batch,
                           model.limits().maxSequences);
  }
  return {};
}

/// Adds a row to `rows` as soon as it is measured.
Status runRows(const BenchOptions &options, const BenchPlan &plan, BenchRun &bench,
               std::vector<BenchRow> &rows) {
  Progress progress("measuring", options.common.quiet);
  for (const int32_t batch : plan.batches) {
    for (const int32_t depth : plan.depths) {
      const auto size = static_cast<uint32_t>(batch);
      const auto filled = static_cast<uint32_t>(depth);
      for (const int32_t prompt : plan.prompts) {
        if (prompt > 0) {
          progress.stage(fmt::format("prefill {}, depth {}, batch {}", prompt, depth, batch));
          CRIA_ASSIGN_OR_RETURN(BenchRow row, bench.prefill(static_cast<uint32_t>(prompt), filled, size));
          rows.push_back(std::move(row));
        }
      }
      if (options.generate > 0) {
        progress.stage(fmt::format("decode {}, depth {}, batch {}", options.generate, depth, batch));
        CRIA_ASSIGN_OR_RETURN(BenchRow row, bench.decode(options.generate, filled, size));
        rows.push_back(std::move(row));
      }
    }
  }
  return rows.empty() ? invalidArgument("nothing to measure: --prompt 0 and --generate 0") : Status();
}

/// Measures and prints the rows.
StatusOr<int> measureRows(const BenchOptions &options, const BenchPlan &plan, const OpenedModel &opened,
                          const InterruptScope &interrupt) {
  const uint32_t threads = options.common.threads != 0 ? options.common.threads
                                                       : std::max(1u, std::thread::hardware_concurrency());
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<PeakThroughput> peak,
                        openPeakThroughput(*opened, options.common.device, threads));
  // Profiling launches kernels one by one, so the gap between steps would not be that of normal runs.
  const bool measuresHostGap = peak->whose() == PeakOf::device && !options.timing.timesKernels();
  BenchRun bench(opened->model(), *peak,
                 {.repetitions = options.repetitions,
                  .measuresHostGap = measuresHostGap,
                  .timesKernels = options.kernels},
                 interrupt.flag());
  std::vector<BenchRow> rows;
  const Status status = runRows(options, plan, bench, rows);
  if (!rows.empty()) { // also after Ctrl-C
    writeData(options.common.json ? benchJson(*opened, threads, rows) : benchTable(*opened, rows));
  }
  CRIA_RETURN_IF_ERROR(status);
  return kExitSuccess;
}

StatusOr<int> runBench(const BenchOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const BenchPlan plan, planOf(options));
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(checkFits(opened->model(), options, plan));
  const InterruptScope interrupt;
  CRIA_ASSIGN_OR_RETURN(Timing timing, Timing::start(options.timing, opened));
  return timing.finish(measureRows(options, plan, opened, interrupt));
}

} // namespace

void addBenchCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App *command =
      app.add_subcommand("bench", "Measure speed against the limits of the machine or device");
  addCommonOptions(*command, options->common, "Print a JSON array of rows with all parameters and samples");
  command->add_option("--prompt", options->prompts, "Prompt lengths in tokens; 0: measure no prefill")
      ->type_name("128,512")
      ->capture_default_str();
  command->add_option("--generate", options->generate, "Tokens to generate; 0: measure no decode")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX))
      ->capture_default_str();
  command->add_option("--depth", options->depths, "Positions that are filled before the measurement")
      ->type_name("0,2048")
      ->capture_default_str();
  command->add_option("--batch", options->batches, "Sequences per step")
      ->type_name("1,4,8")
      ->capture_default_str();
  command->add_option("--repetitions", options->repetitions, "Samples per row")
      ->type_name("N")
      ->transform(wholeNumber(1, 1000))
      ->capture_default_str();
  CLI::Option *kernels = command->add_flag(
      "--kernels", options->kernels,
      "For each row, print the time of each kernel of one step, replayed alone for all layers");
  for (CLI::Option *timing : addTimingOptions(*command, options->timing)) {
    kernels->excludes(timing);
  }
  command->footer("Example:\n  cria bench stories.cria --prompt 128 --generate 32 --threads 2");
  command->callback([options, &action] { action = [options] { return runBench(*options); }; });
}

} // namespace cria::cli
