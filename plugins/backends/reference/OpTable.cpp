// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Implementations of the ops of opset v1, by name.
#include "OpTable.h"

namespace cria::reference {
namespace {

constexpr OpImplementation kOps[] = {
    {"embedding", runEmbedding},
    {"gather_rows", runGatherRows},
    {"silu", runSilu},
    {"mul", runMul},
    {"add", runAdd},
    {"rms_norm", runRmsNorm},
    {"linear", runLinear},
    {"fused_linear", runFusedLinear, checkFusedLinear},
    {"rope", runRope, checkRope, checkRopeIndices},
    {"kv_append", runKvAppend, checkCacheOp, checkAppendIndices},
    {"attention", runAttention, checkCacheOp, checkAttentionIndices},
    {"rope_attention", runRopeAttention, checkRopeAttention, checkRopeAttentionIndices},
    {"fill_random", runFillRandom, checkFillRandom},
    {"fill_ones", runFillOnes},
};

constexpr bool allOpsAreThere() {
  for (const opset::Op &op : opset::kOps) {
    bool found = false;
    for (const OpImplementation &implementation : kOps) {
      found |= implementation.name == op.name;
    }
    if (!found) {
      return false;
    }
  }
  return std::size(kOps) == std::size(opset::kOps);
}
static_assert(allOpsAreThere());

} // namespace

const OpImplementation *findImplementation(std::string_view name) {
  for (const OpImplementation &op : kOps) {
    if (op.name == name) {
      return &op;
    }
  }
  return nullptr;
}

} // namespace cria::reference
