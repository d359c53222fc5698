// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the requests of a run did together, and the line that reports it.
#pragma once

#include "OpenModel.h"
#include "runtime/exec/GenerateTypes.h"

namespace cria::cli {

struct RunTotals {
  size_t results = 0, failed = 0, cancelled = 0;
  size_t promptTokens = 0, generated = 0; // of requests that did not fail
  uint64_t promptNs = 0, totalNs = 0;     // the longest of them
  FinishReason lastReason = FinishReason::none;
  std::optional<uint64_t> chosenSeed; // that nobody has stated, of random choices

  void add(const GenerateRequest &request, const GenerateResult &result);
  /// Reports times and rates on stderr, unless `quiet`.
  void report(const OpenedModel &opened, bool quiet) const;
};

} // namespace cria::cli
