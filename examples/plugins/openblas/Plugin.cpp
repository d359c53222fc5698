// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// openblas: a backend that computes matrix products with OpenBLAS. Weights and cache are f32. Of the fused
// ops it supports a linear with a residual, which is beta = 1 in BLAS.
//
//   cria compile MODEL -o OUT.cria --target ops --for openblas --weights f32 --kv f32
//   cria run OUT.cria --backend openblas -p PROMPT
#include "Ops.h"

#include <cria_ops_backend.hpp>

#include <cblas.h>

using cria::plugin::Refusal;

/// output = input · weightᵀ + beta · output; shapes: output [T, N], input [T, K], weight [N, K].
static void multiply(const OpCall &call, float beta) {
  const OpOperand &input = call["input"], &weight = call["weight"], &output = call["output"];
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(input.shape[0]),
              static_cast<int>(weight.shape[0]), static_cast<int>(input.shape[1]), 1, input.floats(),
              static_cast<int>(input.strides[0]), weight.floats(), static_cast<int>(weight.strides[0]), beta,
              output.floats(), static_cast<int>(output.strides[0]));
}

static void runLinear(const OpCall &call) { multiply(call, 0); }

static void runFusedLinear(const OpCall &call) {
  const OpOperand *residual = call.find("residual");
  const OpOperand &output = call["output"];
  for (uint64_t row = 0; residual != nullptr && row < output.shape[0]; ++row) {
    std::copy_n(rowOf(*residual, row), output.shape[1], rowOf(output, row));
  }
  multiply(call, residual != nullptr ? 1 : 0);
}

/// Refuses a type that ops.json does not list.
static void requireF32(const OpCall &call, const char *name) {
  if (call[name].type != CRIA_TYPE_F32) {
    throw Refusal(CRIA_STATUS_UNSUPPORTED,
                  std::string("operand '") + name + "': this backend supports f32 only");
  }
}

static std::string checkLinear(const OpCall &call) {
  requireF32(call, "weight");
  return call["weight"].strides[1] == 1 && call["input"].strides[1] == 1 && call["output"].strides[1] == 1
             ? ""
             : "expected rows with contiguous elements";
}

static std::string checkFusedLinear(const OpCall &call) {
  if (call.text("activation") != "none" || call.find("norm_weight") != nullptr) {
    throw Refusal(CRIA_STATUS_UNSUPPORTED, "this backend supports no part of fused_linear but 'residual'");
  }
  return call["weight"].shape[0] == call["output"].shape[1]
             ? checkLinear(call)
             : "operand 'weight': expected one row for each column of operand 'output'";
}

static std::string checkEmbedding(const OpCall &call) {
  requireF32(call, "table");
  return "";
}

static constexpr cria::plugin::OpImplementation kOps[] = {
    {"embedding", runEmbedding, checkEmbedding},
    {"gather_rows", runGatherRows},
    {"rms_norm", runRmsNorm},
    {"linear", runLinear, checkLinear},
    {"fused_linear", runFusedLinear, checkFusedLinear},
    {"rope", runRope, checkRope},
    {"kv_append", runKvAppend, checkCache},
    {"attention", runAttention, checkCache},
    {"silu", runSilu},
    {"mul", runMul},
    {"add", runAdd},
};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerOpsBackend(host, out, message, CRIA_PLUGIN_VERSION,
                                        "Matrix products by OpenBLAS",
                                        {.name = CRIA_PLUGIN_NAME,
                                         .device = "host memory",
                                         .deviceDescription = openblas_get_config(),
                                         .ops = kOps});
}
