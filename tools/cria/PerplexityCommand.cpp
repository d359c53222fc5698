// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria perplexity: exp of the mean negative log-likelihood of a text. The text is split into overlapping
// windows of the context length, each of which begins with BOS. Of each window, the tokens of the second half
// that were not scored before are scored: every scored token sees at least half a context and counts once.
// With --against, another model reads the same windows, and the predictions are compared.
#include "Command.h"
#include "CommonOptions.h"
#include "Interrupt.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "TextScore.h"
#include "Timing.h"
#include "runtime/exec/Session.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <optional>

namespace cria::cli {
namespace {

struct PerplexityOptions {
  CommonOptions common;
  TimingOptions timing;
  std::string file;
  std::string against;
  uint32_t stride = 0;
};

/// The positions of a window whose logits are kept until the second model has computed its own.
constexpr size_t kComparedChunk = 128;

/// Scores the tokens of a window from `firstScored` on, as the model predicts them. The models outlive it.
class WindowScorer {
public:
  WindowScorer(Model &model, Model *other, std::span<const int32_t> window, size_t firstScored,
               const CancelFlag *cancel)
      : session_(model), window_(window), firstScored_(firstScored), cancel_(cancel) {
    if (other != nullptr) {
      other_.emplace(*other);
    }
  }

  Status addTo(TextScore &score) {
    const size_t chunk = other_ ? kComparedChunk : window_.size();
    for (size_t start = 0; start < window_.size(); start += chunk) {
      CRIA_RETURN_IF_ERROR(
          addChunk(start, window_.subspan(start, std::min(chunk, window_.size() - start)), score));
    }
    return {};
  }

private:
  /// Row p predicts token p + 1.
  bool isScored(uint32_t position) const {
    return position + 1 >= firstScored_ && position + 1 < window_.size();
  }

  Status addChunk(size_t start, std::span<const int32_t> tokens, TextScore &score) {
    std::vector<float> kept; // of the other model, from position `start` on
    if (other_) {
      const auto keep = [&](uint32_t, std::span<const float> logits) {
        kept.insert(kept.end(), logits.begin(), logits.end());
        return Status();
      };
      CRIA_RETURN_IF_ERROR(other_->prefill(tokens, keep, /*all=*/true, cancel_));
    }
    const auto add = [&](uint32_t position, std::span<const float> logits) {
      if (!isScored(position)) {
        return Status();
      }
      const int32_t next = window_[position + 1];
      const std::span<const float> other =
          other_ ? std::span(kept).subspan((position - start) * logits.size(), logits.size())
                 : std::span<const float>();
      const bool isNumber = other_ ? score.add(next, logits, other) : score.add(next, logits);
      return isNumber ? Status()
                      : session_.explain(
                            error(StatusCode::internal, "the likelihood of token {} is not a number", next),
                            logits);
    };
    return session_.prefill(tokens, add, /*all=*/true, cancel_);
  }

  Session session_;
  std::optional<Session> other_;
  std::span<const int32_t> window_;
  size_t firstScored_;
  const CancelFlag *cancel_;
};

/// other: null for none.
StatusOr<TextScore> scoreText(const PerplexityOptions &options, const LoadedModel &opened,
                              const LoadedModel *other, std::span<const int32_t> ids,
                              const InterruptScope &interrupt) {
  const size_t bos = opened.bosId() >= 0 ? 1 : 0;
  const uint32_t context = other != nullptr ? std::min(opened.model().context(), other->model().context())
                                            : opened.model().context();
  const size_t width = context - bos;
  if (width < 2) {
    return invalidArgument("--context {}: expected at least {} positions for a window", context, 2 + bos);
  }
  const size_t stride = options.stride != 0 ? options.stride : width / 2;
  Progress progress("scoring tokens", options.common.quiet);
  TextScore score;
  size_t scoredEnd = 0; // of ids
  for (size_t start = 0; start + width <= ids.size() || start == 0; start += stride) {
    const std::span<const int32_t> part = ids.subspan(start, std::min(width, ids.size() - start));
    std::vector<int32_t> window(bos, opened.bosId());
    window.insert(window.end(), part.begin(), part.end());
    const size_t secondHalf = part.size() - part.size() / 2;
    const size_t first = std::max(secondHalf, scoredEnd > start ? scoredEnd - start : 0);
    WindowScorer scorer(opened.model(), other != nullptr ? &other->model() : nullptr, window, bos + first,
                        interrupt.flag());
    CRIA_RETURN_IF_ERROR(scorer.addTo(score));
    scoredEnd = start + part.size();
    progress.update(scoredEnd, ids.size());
  }
  return score;
}

/// Opens the model to compare with, which must read the text as the same tokens.
StatusOr<OpenedModel> openOther(const PerplexityOptions &options, const LoadedModel &opened,
                                const std::string &text, const std::vector<int32_t> &ids) {
  CommonOptions common = options.common;
  common.model = options.against;
  CRIA_ASSIGN_OR_RETURN(OpenedModel other, openModel(common));
  CRIA_RETURN_IF_ERROR(other->requireTokenizer("'cria perplexity'"));
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> otherIds, other->tokenizer()->encode(text));
  if (other->model().vocabSize() != opened.model().vocabSize() || other->bosId() != opened.bosId() ||
      otherIds != ids) {
    return invalidArgument("--against {}: expected a model with the vocabulary of {}, since tokens are "
                           "compared; {} tokens of {} against {} of {}",
                           options.against, options.common.model, otherIds.size(), other->model().vocabSize(),
                           ids.size(), opened.model().vocabSize());
  }
  return other;
}

/// other: null for none.
StatusOr<int> scoreAndPrint(const PerplexityOptions &options, const LoadedModel &opened,
                            const LoadedModel *other, std::span<const int32_t> ids,
                            const InterruptScope &interrupt) {
  CRIA_ASSIGN_OR_RETURN(const TextScore score, scoreText(options, opened, other, ids, interrupt));
  if (options.common.json) {
    nlohmann::ordered_json row = score.json();
    row["tokens"] = ids.size();
    writeJson(row);
  } else {
    writeData(score.text());
    logInfo(options.common.quiet, "{} of {} tokens scored, mean negative log-likelihood {:.5f}",
            score.count(), ids.size(), score.meanNll());
  }
  return kExitSuccess;
}

StatusOr<int> runPerplexity(const PerplexityOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readTextFile(options.file));
  CRIA_ASSIGN_OR_RETURN(const OpenedModel opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(opened->requireTokenizer("'cria perplexity'"));
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, opened->tokenizer()->encode(text));
  if (ids.size() < 2) {
    return invalidArgument("{}: expected at least 2 tokens, got {}", options.file, ids.size());
  }
  OpenedModel other;
  if (!options.against.empty()) {
    CRIA_ASSIGN_OR_RETURN(other, openOther(options, *opened, text, ids));
  }
  const InterruptScope interrupt;
  CRIA_ASSIGN_OR_RETURN(Timing timing, Timing::start(options.timing, opened));
  return timing.finish(scoreAndPrint(options, *opened, other.loaded.get(), ids, interrupt));
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
  command
      ->add_option("--against", options->against,
                   "Package or checkpoint with the same vocabulary: compare the predictions with its own")
      ->type_name("MODEL");
  addTimingOptions(*command, options->timing);
  command->footer("Example:\n  cria perplexity model.q4.cria book.txt --against model.f16.cria");
  command->callback([options, &action] { action = [options] { return runPerplexity(*options); }; });
}

} // namespace cria::cli
