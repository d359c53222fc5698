// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextScore.h"

#include "runtime/exec/Logprobs.h"

#include <algorithm>
#include <cmath>

namespace cria::cli {

void Mean::add(double value) {
  ++count_;
  sum_ += value;
  sumOfSquares_ += value * value;
}

double Mean::error() const {
  const auto n = static_cast<double>(count_);
  return count_ < 2 ? 0 : std::sqrt(std::max(0.0, sumOfSquares_ / n - mean() * mean()) / (n - 1));
}

static double nllOf(int32_t token, std::span<const float> logits) {
  return logSumExp(logits) - logits[static_cast<size_t>(token)];
}

bool TextScore::add(int32_t token, std::span<const float> logits) {
  const double nll = nllOf(token, logits);
  if (std::isfinite(nll)) {
    nll_.add(nll);
  }
  return std::isfinite(nll);
}

bool TextScore::add(int32_t token, std::span<const float> logits, std::span<const float> other) {
  const double nll = nllOf(token, logits), otherNll = nllOf(token, other);
  const double divergence = klDivergence(other, logits);
  if (!std::isfinite(nll) || !std::isfinite(otherNll) || !std::isfinite(divergence)) {
    return false;
  }
  nll_.add(nll);
  otherNll_.add(otherNll);
  difference_.add(nll - otherNll);
  divergence_.add(divergence);
  divergences_.push_back(divergence);
  const auto bestOf = [](std::span<const float> row) { return std::ranges::max_element(row) - row.begin(); };
  sameBest_.add(bestOf(logits) == bestOf(other) ? 1 : 0);
  return true;
}

/// The smallest value that at least `share` of all values do not exceed. `sorted`: in ascending order.
static double percentile(const std::vector<double> &sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

std::vector<double> TextScore::sortedDivergences() const {
  std::vector<double> sorted = divergences_;
  std::ranges::sort(sorted);
  return sorted;
}

/// Perplexity and its error, from likelihoods.
static std::pair<double, double> perplexityOf(const Mean &nll) {
  const double perplexity = std::exp(nll.mean());
  return {perplexity, perplexity * nll.error()};
}

nlohmann::ordered_json TextScore::comparison() const {
  const auto [other, otherError] = perplexityOf(otherNll_);
  const auto [ratio, ratioError] = perplexityOf(difference_);
  const std::vector<double> sorted = sortedDivergences();
  return {{"perplexity", other},
          {"error", otherError},
          {"ratio", ratio},
          {"ratio_error", ratioError},
          {"kl", divergence_.mean()},
          {"kl_error", divergence_.error()},
          {"kl_median", percentile(sorted, 0.5)},
          {"kl_90", percentile(sorted, 0.9)},
          {"kl_99", percentile(sorted, 0.99)},
          {"kl_999", percentile(sorted, 0.999)},
          {"kl_largest", percentile(sorted, 1)},
          {"same_best", sameBest_.mean()},
          {"same_best_error", sameBest_.error()}};
}

nlohmann::ordered_json TextScore::json() const {
  const auto [perplexity, error] = perplexityOf(nll_);
  nlohmann::ordered_json row = {
      {"perplexity", perplexity}, {"error", error}, {"nll", nll_.mean()}, {"scored_tokens", count()}};
  if (divergence_.count() > 0) {
    row["against"] = comparison();
  }
  return row;
}

std::string TextScore::comparisonText() const {
  const auto [other, otherError] = perplexityOf(otherNll_);
  const auto [ratio, ratioError] = perplexityOf(difference_);
  const std::vector<double> sorted = sortedDivergences();
  constexpr double kPercent = 100;
  return fmt::format("perplexity of the other   {:.4f} ± {:.4f}\n"
                     "ratio of perplexities     {:.5f} ± {:.5f}\n"
                     "KL divergence, mean       {:.3e} ± {:.1e}\n"
                     "  median, 90 %, 99 %      {:.3e}  {:.3e}  {:.3e}\n"
                     "  99.9 %, largest         {:.3e}  {:.3e}\n"
                     "same best token           {:.2f} ± {:.2f} %\n",
                     other, otherError, ratio, ratioError, divergence_.mean(), divergence_.error(),
                     percentile(sorted, 0.5), percentile(sorted, 0.9), percentile(sorted, 0.99),
                     percentile(sorted, 0.999), percentile(sorted, 1), kPercent * sameBest_.mean(),
                     kPercent * sameBest_.error());
}

std::string TextScore::text() const {
  const auto [perplexity, error] = perplexityOf(nll_);
  const bool isCompared = divergence_.count() > 0;
  const std::string own = fmt::format("{:.4f} ± {:.4f}\n", perplexity, error);
  return isCompared ? "perplexity                " + own + comparisonText() : own;
}

} // namespace cria::cli
