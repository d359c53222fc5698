// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria run: continues one prompt and streams the text, or many prompts of a file in one batch.
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "ManyRequests.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "RunTotals.h"
#include "SamplingOptions.h"
#include "Timing.h"
#include "runtime/exec/Generator.h"
#include "support/Json.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {
namespace {

using Json = nlohmann::ordered_json;

struct RunOptions {
  CommonOptions common;
  SamplingOptions sampling;
  TimingOptions timing;
  std::string prompt;
  std::string promptFile;
  std::string requestFile;
  std::optional<uint32_t> logprobs;
  bool specialTokens = false;
  bool echo = true;
};

Json logprobJson(const LoadedModel &model, int32_t id, float logprob) {
  return {{"id", id}, {"piece", model.tokenizer()->piece(id)}, {"logprob", logprob}};
}

Json tokenJson(const LoadedModel &model, const GeneratedToken &token) {
  Json row = logprobJson(model, token.id, token.logprob);
  row["top"] = Json::array();
  for (const TokenLogprob &other : token.top) {
    row["top"].push_back(logprobJson(model, other.id, other.logprob));
  }
  return row;
}

Json resultJson(const LoadedModel &model, const RunOptions &options, size_t index, const std::string &prompt,
                const GenerateRequest &request, const GenerateResult &result) {
  Json row = {{"index", index},
              {"prompt", prompt},
              {"text", result.text},
              {"finish_reason", finishReasonName(result.reason)},
              {"prompt_tokens", request.prompt.size()},
              {"generated_tokens", result.tokens.size()},
              {"seed", request.seed}};
  if (result.reason == FinishReason::error) {
    row["error"] = result.status.message();
  }
  if (options.logprobs) {
    row["logprobs"] = Json::array();
    for (const GeneratedToken &token : result.tokens) {
      row["logprobs"].push_back(tokenJson(model, token));
    }
  }
  return row;
}

StatusOr<RequestOptions> requestOptionsOf(const RunOptions &options) {
  CRIA_ASSIGN_OR_RETURN(RequestOptions request, requestOptions(options.sampling));
  request.logprobs = options.logprobs;
  request.specials = options.specialTokens ? SpecialTokens::asTokens : SpecialTokens::asText;
  return request;
}

/// A file of a prompt is read as by llama.cpp: without the last line break, which editors add. A byte order
/// mark is no part of it either.
StatusOr<std::string> promptText(const RunOptions &options) {
  if (options.promptFile.empty()) {
    return options.prompt;
  }
  CRIA_ASSIGN_OR_RETURN(std::string text, readTextFile(options.promptFile));
  for (const char *lineBreak : {"\n", "\r"}) {
    const bool isLast = text.ends_with(lineBreak);
    text.resize(text.size() - (isLast ? 1 : 0));
    if (!isLast) {
      break;
    }
  }
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

/// Notes that a prompt contains the name of a special token, if that is encoded as text.
void noteSpecialName(const RunOptions &options, const LoadedModel &model, const std::string &prompt) {
  const std::string name = options.specialTokens ? "" : model.findSpecialName(prompt);
  if (!name.empty()) {
    logInfo(
        options.common.quiet,
        "note: '{}' in the prompt is encoded as text; --special-tokens encodes names of special tokens as "
        "these tokens",
        printable(name));
  }
}

/// Prints tokens with their log-probabilities instead of plain text.
void writeLogprobs(const LoadedModel &model, const GeneratedToken &token) {
  std::string line =
      fmt::format("{}\t{:.4f}\t{}", token.id, token.logprob, model.tokenizer()->piece(token.id));
  for (const TokenLogprob &other : token.top) {
    line += fmt::format("\t{}:{:.4f}", model.tokenizer()->piece(other.id), other.logprob);
  }
  writeData(line + "\n");
}

/// Text is printed while it is generated, unless the output is JSON or a table of tokens.
bool printsText(const RunOptions &options) { return !options.common.json && !options.logprobs; }

/// trace: may be null.
GenerateCallback printWhileGenerating(const RunOptions &options, const LoadedModel &model, StepTrace *trace) {
  return [&options, &model, trace](const GenerateEvent &event) {
    if (trace != nullptr && event.token != nullptr) {
      trace->addHostWorkUntilNow("choose token");
    }
    const HostWork work(trace, "deliver");
    if (printsText(options)) {
      writeData(event.text);
    } else if (!options.common.json && event.token != nullptr) {
      writeLogprobs(model, *event.token);
    }
  };
}

void reportTotals(const RunOptions &options, const OpenedModel &opened, const GenerateRequest &request,
                  const GenerateResult &result) {
  RunTotals totals;
  totals.add(request, result);
  if (!options.sampling.request.seed && request.sampler && request.sampler->usesRandomNumbers()) {
    totals.chosenSeed = request.seed;
  }
  totals.report(opened, options.common.quiet);
}

struct PromptRequest {
  std::string prompt;
  GenerateRequest request;
};

/// Runs a request that was checked. trace: may be null.
StatusOr<int> generateOne(const RunOptions &options, const OpenedModel &opened, const PromptRequest &input,
                          Generator &generator, const CancelFlag *cancel, StepTrace *trace) {
  if (printsText(options) && options.echo) {
    writeData(input.prompt);
  }
  const GenerateResult result =
      generator.generate(input.request, printWhileGenerating(options, *opened, trace), cancel);
  if (options.common.json) {
    writeJson(resultJson(*opened, options, 0, input.prompt, input.request, result));
  } else if (printsText(options)) {
    writeData("\n");
  }
  if (result.reason == FinishReason::error) {
    return result.status;
  }
  reportTotals(options, opened, input.request, result);
  return result.reason == FinishReason::cancelled ? exitCodeOfInterrupt() : kExitSuccess;
}

StatusOr<int> runOne(const RunOptions &options, const OpenedModel &opened) {
  const LoadedModel &model = *opened;
  PromptRequest input;
  CRIA_ASSIGN_OR_RETURN(input.prompt, promptText(options));
  CRIA_ASSIGN_OR_RETURN(const RequestOptions wanted, requestOptionsOf(options));
  const auto tokenizeStart = StepTrace::Clock::now();
  CRIA_ASSIGN_OR_RETURN(input.request,
                        model.makeRequest(TextRequest{.prompt = input.prompt, .options = wanted}));
  const auto tokenizeEnd = StepTrace::Clock::now();
  Generator generator(model.model(), model.tokenizer());
  CRIA_RETURN_IF_ERROR(generator.check(input.request)); // before anything is printed
  noteSpecialName(options, model, input.prompt);
  const InterruptScope interrupt;
  CRIA_ASSIGN_OR_RETURN(Timing timing, Timing::start(options.timing, opened));
  timing.addHostWork("tokenize", tokenizeStart, tokenizeEnd);
  return timing.finish(generateOne(options, opened, input, generator, interrupt.flag(), timing.trace()));
}

StatusOr<int> runMany(const RunOptions &options, const OpenedModel &opened) {
  CRIA_ASSIGN_OR_RETURN(const RequestOptions defaults, requestOptionsOf(options));
  ManyRequests requests(opened, options.common.quiet,
                        [&](const NumberedRequest &row, const GenerateResult &result) {
                          return resultJson(*opened, options, row.index, row.prompt, row.request, result);
                        });
  const auto readStart = StepTrace::Clock::now();
  CRIA_RETURN_IF_ERROR(requests.read(options.requestFile, defaults));
  const auto readEnd = StepTrace::Clock::now();
  const auto special = std::ranges::find_if(requests.rows(), [&](const FileRequest &row) {
    return !opened->findSpecialName(row.request.prompt).empty();
  });
  if (special != requests.rows().end()) {
    noteSpecialName(options, *opened, special->request.prompt);
  }
  InterruptScope interrupt;
  CRIA_ASSIGN_OR_RETURN(Timing timing, Timing::start(options.timing, opened));
  timing.addHostWork("read requests", readStart, readEnd);
  return timing.finish(requests.run(interrupt, timing.trace()));
}

StatusOr<int> runRun(const RunOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(opened->requireTokenizer("'cria run'"));
  return options.requestFile.empty() ? runOne(options, opened) : runMany(options, opened);
}

} // namespace

void addRunCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App *command = app.add_subcommand(
      "run", "Continue a text as it is, without the chat template, which 'cria chat' applies");
  addCommonOptions(*command, options->common, "Print each result as a JSON object on one line");
  CLI::Option_group *input = command->add_option_group("input", "Where the text comes from");
  input->add_option("-p,--prompt", options->prompt, "The text to continue")->type_name("PROMPT");
  input
      ->add_option("-f,--file", options->promptFile,
                   "Read the text from a file, without its last line break; -: standard input")
      ->type_name("FILE")
      ->check(notEmpty("the name of a file"));
  input
      ->add_option(
          "--prompts", options->requestFile,
          R"(Continue many texts: JSON Lines of {"prompt": TEXT}, each with "max_tokens", "seed" or "stop" )"
          "in place of the options; prints JSON Lines")
      ->type_name("FILE.jsonl")
      ->check(notEmpty("the name of a file"));
  input->require_option(1);
  command->add_flag("--special-tokens", options->specialTokens,
                    "Encode names of special tokens in prompts, such as </s>, as these tokens");
  addSamplingOptions(*command, options->sampling);
  command
      ->add_option("--logprobs", options->logprobs,
                   "Print each token with its log-probability, and the N most likely tokens")
      ->type_name("N")
      ->transform(wholeNumber(0, 1000));
  command->add_flag_callback(
      "--no-echo", [options] { options->echo = false; }, "Print only the generated text, not the prompt");
  addTimingOptions(*command, options->timing);
  command->footer(
      "Example:\n  cria run stories.cria -p 'Once upon a time' -n 100 --temperature 0.8 --seed 1");
  command->callback([options, &action] { action = [options] { return runRun(*options); }; });
}

} // namespace cria::cli
