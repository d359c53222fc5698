// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria perplexity: exp of the mean negative log-likelihood of a text. The text is split into overlapping
// windows of the context length, each of which begins with BOS. Of each window, the tokens of the second half
// that were not scored before are scored: every scored token sees at least half a context and counts once.
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "runtime/exec/Logprobs.h"
#include "runtime/exec/Session.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <cmath>

namespace cria::cli {
namespace {

struct PerplexityOptions {
  CommonOptions common;
  std::string file;
  uint32_t stride = 0;
};

/// Negative log-likelihoods, in nats, of the scored tokens.
struct Score {
  uint64_t count = 0;
  double sum = 0;
  double sumOfSquares = 0;

  void add(double nll) {
    ++count;
    sum += nll;
    sumOfSquares += nll * nll;
  }
  double mean() const { return sum / static_cast<double>(count); }
  /// Standard error of the mean.
  double meanError() const {
    const auto n = static_cast<double>(count);
    return count < 2 ? 0 : std::sqrt(std::max(0.0, sumOfSquares / n - mean() * mean()) / (n - 1));
  }
};

/// Row p predicts token p + 1; rows from `firstScored` on are scored.
Status scoreWindow(Model &model, std::span<const int32_t> window, size_t firstScored,
                   const CancelFlag *cancel, Score &score) {
  Session session(model);
  return session.prefill(
      window,
      [&](uint32_t position, std::span<const float> logits) {
        if (position + 1 >= firstScored && position + 1 < window.size()) {
          const double nll = logSumExp(logits) - logits[static_cast<size_t>(window[position + 1])];
          if (!std::isfinite(nll)) {
            return session.explain(error(StatusCode::internal, "the likelihood of token {} is not a number",
                                         window[position + 1]),
                                   logits);
          }
          score.add(nll);
        }
        return Status();
      },
      /*all=*/true, cancel);
}

StatusOr<Score> scoreText(const PerplexityOptions &options, const LoadedModel &opened,
                          std::span<const int32_t> ids) {
  const size_t bos = opened.bosId() >= 0 ? 1 : 0;
  const size_t width = opened.model().context() - bos;
  if (width < 2) {
    return invalidArgument("--context {}: expected at least {} positions for a window",
                           opened.model().context(), 2 + bos);
  }
  const size_t stride = options.stride != 0 ? options.stride : width / 2;
  const InterruptScope interrupt;
  Progress progress("scoring tokens", options.common.quiet);
  Score score;
  size_t scoredEnd = 0; // of ids
  for (size_t start = 0; start + width <= ids.size() || start == 0; start += stride) {
    const std::span<const int32_t> part = ids.subspan(start, std::min(width, ids.size() - start));
    std::vector<int32_t> window(bos, opened.bosId());
    window.insert(window.end(), part.begin(), part.end());
    const size_t secondHalf = part.size() - part.size() / 2;
    const size_t first = std::max(secondHalf, scoredEnd > start ? scoredEnd - start : 0);
    CRIA_RETURN_IF_ERROR(scoreWindow(opened.model(), window, bos + first, interrupt.flag(), score));
    scoredEnd = start + part.size();
    progress.update(scoredEnd, ids.size());
  }
  return score;
}

StatusOr<int> runPerplexity(const PerplexityOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readTextFile(options.file));
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(opened->requireTokenizer("'cria perplexity'"));
  const Tokenizer *tokenizer = opened->tokenizer();
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, tokenizer->encode(text));
  if (ids.size() < 2) {
    return invalidArgument("{}: expected at least 2 tokens, got {}", options.file, ids.size());
  }
  CRIA_ASSIGN_OR_RETURN(const Score score, scoreText(options, *opened, ids));
  const double perplexity = std::exp(score.mean());
  const double deviation = perplexity * score.meanError();
  if (options.common.json) {
    const nlohmann::ordered_json row = {{"perplexity", perplexity},
                                        {"error", deviation},
                                        {"nll", score.mean()},
                                        {"scored_tokens", score.count},
                                        {"tokens", ids.size()}};
    writeJson(row);
  } else {
    writeData(fmt::format("{:.4f} ± {:.4f}\n", perplexity, deviation));
    logInfo(options.common.quiet, "{} of {} tokens scored, mean negative log-likelihood {:.5f}", score.count,
            ids.size(), score.mean());
  }
  return kExitSuccess;
}

} // namespace

void addPerplexityCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<PerplexityOptions>();
  CLI::App *command = app.add_subcommand("perplexity", "Measure how well the model predicts a text");
  addCommonOptions(*command, options->common, "Print a JSON object");
  command->add_option("file", options->file, "Text file; -: standard input")->required()->type_name("FILE");
  command
      ->add_option("--stride", options->stride,
                   "Tokens between the starts of windows; default: half a window")
      ->type_name("N")
      ->transform(wholeNumber(1, UINT32_MAX));
  command->footer("Example:\n  cria perplexity stories.cria book.txt --context 256");
  command->callback([options, &action] { action = [options] { return runPerplexity(*options); }; });
}

} // namespace cria::cli
