// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RunTotals.h"

#include "tools/terminal/Terminal.h"

#include <algorithm>

namespace cria::cli {

static double ratePerSecond(size_t tokens, uint64_t ns) {
  return ns == 0 ? 0.0 : static_cast<double>(tokens) * 1e9 / static_cast<double>(ns);
}

void RunTotals::add(const GenerateRequest &request, const GenerateResult &result) {
  ++results;
  lastReason = result.reason;
  cancelled += result.reason == FinishReason::cancelled ? 1 : 0;
  if (result.reason == FinishReason::error) {
    ++failed; // it did not run to its end
    return;
  }
  promptTokens += request.prompt.size();
  generated += result.tokens.size();
  promptNs = std::max(promptNs, result.promptNs);
  totalNs = std::max(totalNs, result.totalNs);
}

void RunTotals::report(const OpenedModel &opened, bool quiet) const {
  logInfo(
      quiet,
      "{} on {}: opened in {:.2f} s, prompt {} tokens at {:.0f} tok/s, generated {} tokens at {:.1f} tok/s, "
      "ended by {}{}",
      opened->model().targetName(), opened->model().backendName(), opened.openSeconds(), promptTokens,
      ratePerSecond(promptTokens, promptNs), generated, ratePerSecond(generated, totalNs - promptNs),
      results == 1 ? finishReasonName(lastReason) : "several reasons",
      chosenSeed ? fmt::format(", seed {}", *chosenSeed) : "");
}

} // namespace cria::cli
