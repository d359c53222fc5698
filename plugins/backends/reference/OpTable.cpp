// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Implementations of the ops of the opset, by name.
#include "OpTable.h"

#include "support/FloatMode.h"

namespace cria::reference {
namespace {

using plugin::OpImplementation;

/// Converts a call of the SDK to operands as tensors. All ops run in the mode of kernels.
template <void (*run)(const OpCall &)> void runAs(const plugin::OpCall &call) {
  const FloatMode mode;
  run(OpCall(call));
}
template <std::string (*check)(const OpCall &)> std::string checkAs(const plugin::OpCall &call) {
  return check(OpCall(call));
}

constexpr std::string_view kClasses[] = {"int8", "bf16"};

constexpr OpImplementation kOps[] = {
    {"embedding", runAs<runEmbedding>, checkAs<checkEmbedding>},
    {"gather_rows", runAs<runGatherRows>},
    {"silu", runAs<runSilu>},
    {"mul", runAs<runMul>},
    {"add", runAs<runAdd>},
    {"rms_norm", runAs<runRmsNorm>},
    {"linear", runAs<runLinear>, checkAs<checkLinear>, nullptr, kClasses},
    {"fused_linear", runAs<runFusedLinear>, checkAs<checkFusedLinear>, nullptr, kClasses},
    {"rope", runAs<runRope>, checkAs<checkRope>, checkAs<checkRopeIndices>},
    {"kv_append", runAs<runKvAppend>, checkAs<checkCacheOp>, checkAs<checkAppendIndices>},
    {"attention", runAs<runAttention>, checkAs<checkCacheOp>, checkAs<checkAttentionIndices>},
    {"rope_attention", runAs<runRopeAttention>, checkAs<checkRopeAttention>,
     checkAs<checkRopeAttentionIndices>},
    {"fill_random", runAs<runFillRandom>, checkAs<checkFillRandom>, checkAs<checkRandomColumns>},
    {"fill_ones", runAs<runFillOnes>},
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

std::span<const OpImplementation> allOps() { return kOps; }

} // namespace cria::reference
