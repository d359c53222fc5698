// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "StepCost.h"

namespace cria::cli {

double StepCost::weightBytes(std::string_view entryName) const {
  const ProgramEntry *entry = model_.program().findEntry(entryName);
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

double StepCost::kvBytes(double positions) const {
  const KvFormat &kv = model_.program().kv;
  return positions * static_cast<double>(kv.pageBytes) / kv.pageTokens;
}

double StepCost::linearOperations(double tokens, double outputs) const {
  const auto dim = static_cast<double>(config_.dim);
  const auto queries = static_cast<double>(config_.heads * config_.headDim);
  const auto keys = static_cast<double>(config_.kvHeads * config_.headDim);
  const double layer =
      dim * (queries + 2 * keys) + queries * dim + 3 * dim * static_cast<double>(config_.ffnDim);
  return 2 * (tokens * layer * static_cast<double>(config_.layers) +
              outputs * dim * static_cast<double>(config_.vocabSize));
}

double StepCost::attentionOperations(double positions) const {
  return 4 * positions * static_cast<double>(config_.heads * config_.headDim * config_.layers);
}

} // namespace cria::cli
