// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria bench: prefill and decode speed, as fractions of what the machine can do, measured beside each sample.
#include "BenchReport.h"
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "MachineLimits.h"
#include "OpenModel.h"
#include "ParseList.h"
#include "runtime/exec/Stepper.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <chrono>
#include <cmath>
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
  bool profile = false;
};

/// Bytes and operations of one step, from the program and the model's shape.
class StepCost {
public:
  explicit StepCost(const Model &model) : model_(model), config_(model.manifest().model) {}

  // Weights an entry reads whole: all but the tables, of which it looks up rows.
  double weightBytes(std::string_view entryName) const {
    const Program &program = model_.program();
    const ProgramEntry *entry = program.findEntry(entryName);
    double bytes = 0;
    for (const ProgramDispatch &dispatch :
         entry == nullptr ? std::vector<ProgramDispatch>() : entry->dispatches) {
      for (const ProgramBinding &binding : dispatch.bindings) {
        const bool isWhole = binding.buffer.space == BufferSpace::weight && binding.name != "table";
        bytes += isWhole ? static_cast<double>(binding.size) : 0;
      }
    }
    return bytes;
  }
  double kvBytes(double positions) const {
    const KvFormat &kv = model_.program().kv;
    return positions * static_cast<double>(kv.pageBytes) / kv.pageTokens;
  }
  // A multiply-add counts two; R rows of logits.
  double linearOperations(double tokens, double outputs) const {
    const auto dim = static_cast<double>(config_.dim);
    const auto queries = static_cast<double>(config_.heads * config_.headDim);
    const auto keys = static_cast<double>(config_.kvHeads * config_.headDim);
    const double layer =
        dim * (queries + 2 * keys) + queries * dim + 3 * dim * static_cast<double>(config_.ffnDim);
    return 2 * (tokens * layer * static_cast<double>(config_.layers) +
                outputs * dim * static_cast<double>(config_.vocabSize));
  }
  // Scores and weighted sums over `positions` attended positions in all.
  double attentionOperations(double positions) const {
    return 4 * positions * static_cast<double>(config_.heads * config_.headDim * config_.layers);
  }

private:
  const Model &model_;
  const ModelConfig &config_;
};

// Token ids that mean nothing, the same in every run.
std::vector<int32_t> makeTokens(uint32_t count, uint32_t vocabSize) {
  std::vector<int32_t> tokens(count);
  for (uint32_t i = 0; i < count; ++i) {
    tokens[i] = static_cast<int32_t>((uint64_t{i} * 7919 + 13) % vocabSize);
  }
  return tokens;
}

/// Runs one row's repetitions.
class Bench {
public:
  Bench(Model &model, MachineLimits &limits, uint32_t repetitions, const CancelFlag *cancel)
      : model_(model), limits_(limits), repetitions_(repetitions), cancel_(cancel), cost_(model),
        stepper_(model) {}

  StatusOr<BenchRow> prefill(uint32_t tokens, uint32_t depth, uint32_t batch) {
    const double attended = batch * (static_cast<double>(tokens) * depth + tokens * (tokens + 1.0) / 2);
    const double steps = std::ceil(static_cast<double>(tokens) * batch / model_.limits().maxTokens);
    BenchRow row{.phase = "prefill", .tokens = tokens, .context = depth, .batch = batch};
    row.bytes = steps * cost_.weightBytes("prefill") + cost_.kvBytes(batch * (tokens + depth));
    row.operations = cost_.linearOperations(static_cast<double>(tokens) * batch, batch) +
                     cost_.attentionOperations(attended);
    const std::vector<int32_t> ids = makeTokens(tokens, model_.vocabSize());
    CRIA_RETURN_IF_ERROR(
        measure(row, [&](std::vector<Session> &sessions) { return prefillTogether(sessions, ids); }));
    return row;
  }

  StatusOr<BenchRow> decode(uint32_t tokens, uint32_t depth, uint32_t batch) {
    const double attended = batch * (static_cast<double>(tokens) * depth + tokens * (tokens + 1.0) / 2);
    BenchRow row{.phase = "decode", .tokens = tokens, .context = depth, .batch = batch};
    row.bytes = tokens * cost_.weightBytes(batch == 1 ? "decode" : "small") + cost_.kvBytes(attended);
    row.operations =
        cost_.linearOperations(static_cast<double>(tokens) * batch, static_cast<double>(tokens) * batch) +
        cost_.attentionOperations(attended);
    const std::vector<int32_t> ids = makeTokens(tokens, model_.vocabSize());
    CRIA_RETURN_IF_ERROR(measure(row, [&](std::vector<Session> &sessions) {
      for (const int32_t &id : ids) {
        CRIA_RETURN_IF_ERROR(decodeStep(sessions, id));
      }
      return Status();
    }));
    return row;
  }

private:
  // As the generator does: each step is filled with what is left of the prompts, in order.
  Status prefillTogether(std::vector<Session> &sessions, std::span<const int32_t> ids) {
    const uint32_t depth = sessions.front().length();
    const auto left = [&](const Session &session) { return ids.subspan(session.length() - depth); };
    while (!left(sessions.back()).empty()) {
      std::vector<StepItem> items;
      size_t room = model_.limits().maxTokens;
      for (Session &session : sessions) {
        const std::span<const int32_t> rest = left(session);
        const size_t count = std::min(rest.size(), room);
        if (count > 0) {
          items.push_back({&session, rest.first(count), count == rest.size() ? 1u : 0u});
          room -= count;
        }
      }
      CRIA_RETURN_IF_ERROR(stepper_.run(Phase::prefill, items, cancel_).status());
    }
    return {};
  }

  static Status ignoreLogits(uint32_t, std::span<const float>) { return {}; }

  Status decodeStep(std::vector<Session> &sessions, const int32_t &id) {
    std::vector<StepItem> items;
    for (Session &session : sessions) {
      items.push_back({&session, {&id, 1}, 1});
    }
    return stepper_.run(Phase::decode, items, cancel_).status();
  }

  // Sessions with `row.context` positions filled, each with KV of its own.
  StatusOr<std::vector<Session>> makeSessions(const BenchRow &row) {
    std::vector<Session> sessions;
    const std::vector<int32_t> ids = makeTokens(row.context, model_.vocabSize());
    for (uint32_t i = 0; i < row.batch; ++i) {
      sessions.emplace_back(model_);
      if (row.context > 0) {
        CRIA_RETURN_IF_ERROR(sessions.back().prefill(ids, ignoreLogits, false, cancel_));
      }
    }
    return sessions;
  }

  // The first run is not counted: it records, and touches all memory once.
  template <typename Work> Status measure(BenchRow &row, const Work &work) {
    CRIA_ASSIGN_OR_RETURN(std::vector<Session> sessions, makeSessions(row));
    double bandwidth = limits_.readBandwidth();
    double compute = limits_.fmaRate();
    for (uint32_t repetition = 0; repetition <= repetitions_; ++repetition) {
      const auto start = std::chrono::steady_clock::now();
      CRIA_RETURN_IF_ERROR(work(sessions));
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const double nextBandwidth = limits_.readBandwidth();
      const double nextCompute = limits_.fmaRate();
      if (repetition > 0) {
        row.samples.push_back({seconds, (bandwidth + nextBandwidth) / 2, (compute + nextCompute) / 2});
      }
      bandwidth = nextBandwidth;
      compute = nextCompute;
      for (Session &session : sessions) {
        session.truncate(row.context);
      }
    }
    return {};
  }

  Model &model_;
  MachineLimits &limits_;
  uint32_t repetitions_;
  const CancelFlag *cancel_;
  StepCost cost_;
  Stepper stepper_;
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

// Adds a row to `rows` as soon as it is measured.
Status runRows(const BenchOptions &options, const BenchPlan &plan, Bench &bench,
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

StatusOr<int> runBench(const BenchOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const BenchPlan plan, planOf(options));
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<OpenedModel> opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(checkFits(*opened->model, options, plan));
  if (options.profile) {
    CRIA_RETURN_IF_ERROR(opened->model->enableProfile(true));
  }
  const uint32_t threads = options.common.threads != 0 ? options.common.threads
                                                       : std::max(1u, std::thread::hardware_concurrency());
  const InterruptScope interrupt;
  MachineLimits limits(threads);
  Bench bench(*opened->model, limits, options.repetitions, interrupt.flag());
  std::vector<BenchRow> rows;
  const Status status = runRows(options, plan, bench, rows);
  if (!rows.empty()) { // Ctrl-C keeps what was measured before
    writeData(options.common.json ? benchJson(*opened, threads, rows) : benchTable(*opened, rows));
  }
  CRIA_RETURN_IF_ERROR(status);
  if (options.profile) {
    talk(false, "{}", profileTable(*opened->model));
  }
  return kExitSuccess;
}

} // namespace

void addBenchCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App *command = app.add_subcommand("bench", "Measure speed against the machine's own limits");
  addCommonOptions(*command, options->common, "An array of rows with every parameter and sample");
  command->add_option("--prompt", options->prompts, "Prompt lengths; 0: none")
      ->type_name("128,512")
      ->capture_default_str();
  command->add_option("--generate", options->generate, "Tokens to generate; 0: none")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX))
      ->capture_default_str();
  command->add_option("--depth", options->depths, "Positions filled before")
      ->type_name("0,2048")
      ->capture_default_str();
  command->add_option("--batch", options->batches, "Sequences at once")
      ->type_name("1,4,8")
      ->capture_default_str();
  command->add_option("--repetitions", options->repetitions, "Samples of each row")
      ->type_name("N")
      ->transform(wholeNumber(1, 1000))
      ->capture_default_str();
  command->add_flag("--profile", options->profile, "Print the time of each kernel on stderr");
  command->footer("Example:\n  cria bench stories.cria --prompt 128 --generate 32 --threads 2");
  command->callback([options, &action] { action = [options] { return runBench(*options); }; });
}

} // namespace cria::cli
