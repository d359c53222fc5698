// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria logits: one row of logits per token, to compare with other implementations.
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "OpenModel.h"
#include "ParseList.h"
#include "format/Safetensors.h"
#include "runtime/exec/Generator.h"
#include "runtime/exec/Logprobs.h"
#include "runtime/exec/Session.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {
namespace {

struct LogitsOptions {
  CommonOptions common;
  std::string tokens;
  std::string output;
  bool decode = false;
};

using RowCallback = LogitsCallback;

/// --decode: runs the first token through prefill, the others one at a time as generated tokens.
Status evaluateOneByOne(Session &session, std::span<const int32_t> ids, const RowCallback &row,
                        const CancelFlag *cancel) {
  CRIA_RETURN_IF_ERROR(session.prefill(ids.first(1), row, /*all=*/true, cancel));
  for (size_t i = 1; i < ids.size(); ++i) {
    CRIA_ASSIGN_OR_RETURN(const std::span<const float> logits, session.decode(ids[i], cancel));
    CRIA_RETURN_IF_ERROR(row(static_cast<uint32_t>(i), logits));
  }
  return {};
}

Status evaluate(const LogitsOptions &options, Session &session, std::span<const int32_t> ids,
                const RowCallback &row, const CancelFlag *cancel) {
  return options.decode ? evaluateOneByOne(session, ids, row, cancel)
                        : session.prefill(ids, row, /*all=*/true, cancel);
}

Status writeFile(const LogitsOptions &options, Model &model, std::span<const int32_t> ids,
                 const CancelFlag *cancel) {
  const auto rows = static_cast<int64_t>(ids.size());
  const int64_t vocab = model.vocabSize();
  CRIA_ASSIGN_OR_RETURN(
      const std::unique_ptr<SafetensorsWriter> writer,
      SafetensorsWriter::create(options.output, {{"tokens", ElementType::i32, {rows}},
                                                 {"logits", ElementType::f32, {rows, vocab}}}));
  CRIA_RETURN_IF_ERROR(writer->write(0, 0, std::as_bytes(ids)));
  Session session(model);
  const RowCallback writeRow = [&](uint32_t position, std::span<const float> logits) {
    return writer->write(1, position * logits.size_bytes(), std::as_bytes(logits));
  };
  CRIA_RETURN_IF_ERROR(evaluate(options, session, ids, writeRow, cancel));
  return writer->finish();
}

/// Without -o: prints the most likely next token after each token.
Status printRows(const LogitsOptions &options, const LoadedModel &opened, std::span<const int32_t> ids,
                 const CancelFlag *cancel) {
  Session session(opened.model());
  auto json = nlohmann::ordered_json::array();
  const RowCallback printRow = [&](uint32_t position, std::span<const float> logits) {
    const StatusOr<int32_t> chosen = chooseGreedy(logits);
    if (!chosen.ok()) {
      return session.explain(chosen.status(), logits);
    }
    const int32_t best = *chosen;
    if (options.common.json) {
      json.push_back(
          {{"position", position}, {"token", ids[position]}, {"argmax", best}, {"logit", logits[best]}});
    } else {
      writeData(fmt::format("{}\t{}\t{}\t{}\n", position, ids[position], best, logits[best]));
    }
    return Status();
  };
  CRIA_RETURN_IF_ERROR(evaluate(options, session, ids, printRow, cancel));
  if (options.common.json) {
    writeJson(json);
  }
  return {};
}

StatusOr<int> runLogits(const LogitsOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, parseNumbers("--tokens", options.tokens, 0));
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  const Generator generator(opened->model(), nullptr);
  CRIA_RETURN_IF_ERROR(generator.check({.prompt = ids}));
  const InterruptScope interrupt; // before the file is created, which an interrupt removes
  CRIA_RETURN_IF_ERROR(options.output.empty() ? printRows(options, *opened, ids, interrupt.flag())
                                              : writeFile(options, opened->model(), ids, interrupt.flag()));
  if (!options.output.empty()) {
    logInfo(options.common.quiet, "wrote {} rows of {} logits to {}", ids.size(), opened->model().vocabSize(),
            options.output);
  }
  return kExitSuccess;
}

} // namespace

void addLogitsCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<LogitsOptions>();
  CLI::App *command = app.add_subcommand("logits", "Compute the logits after each token");
  addCommonOptions(*command, options->common,
                   "Without -o: print a JSON array of {position, token, argmax, logit}");
  command->add_option("--tokens", options->tokens, "Token ids, BOS included")
      ->required()
      ->type_name("1,15043,3186");
  command
      ->add_option("-o,--output", options->output,
                   "Safetensors file to write: tokens i32 [T], logits f32 [T, vocabulary]")
      ->type_name("FILE");
  command->add_flag("--decode", options->decode,
                    "Run one token per step, as generation does, instead of all as a prompt");
  command->footer("Example:\n  cria logits stories.cria --tokens 1,300,301 -o logits.safetensors");
  command->callback([options, &action] { action = [options] { return runLogits(*options); }; });
}

} // namespace cria::cli
