// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops that process rows independently, as loops that the compiler vectorizes.
#include "Ops.h"

#include <algorithm>
#include <cmath>

static void copyRows(const OpOperand &source, const OpOperand &rows, const OpOperand &output) {
  for (uint64_t i = 0; i < output.shape[0]; ++i) {
    const auto row = static_cast<uint64_t>(rows.integers()[i * rows.strides[0]]);
    std::copy_n(rowOf(source, row), output.shape[1], rowOf(output, i));
  }
}

void runEmbedding(const OpCall &call) { copyRows(call["table"], call["tokens"], call["output"]); }
void runGatherRows(const OpCall &call) { copyRows(call["input"], call["rows"], call["output"]); }

void runRmsNorm(const OpCall &call) {
  const OpOperand &input = call["input"], &output = call["output"];
  const float *weight = call["weight"].floats();
  const uint64_t width = input.shape[1];
  for (uint64_t i = 0; i < input.shape[0]; ++i) {
    const float *x = rowOf(input, i);
    float *y = rowOf(output, i);
    double squares = 0;
    for (uint64_t k = 0; k < width; ++k) {
      squares += static_cast<double>(x[k]) * static_cast<double>(x[k]);
    }
    const auto scale =
        static_cast<float>(1 / std::sqrt(squares / static_cast<double>(width) + call.number("epsilon")));
    for (uint64_t k = 0; k < width; ++k) {
      y[k] = x[k] * scale * weight[k];
    }
  }
}

/// Rotates pairs (i, i + head_dim / 2) of each head by the angle of its position.
void runRope(const OpCall &call) {
  const OpOperand &input = call["input"], &output = call["output"], &table = call["table"];
  const uint64_t headDim = table.shape[1], half = headDim / 2;
  for (uint64_t row = 0; row < input.shape[0]; ++row) {
    const float *angles = rowOf(table, static_cast<uint64_t>(call["positions"].integers()[row]));
    for (uint64_t head = 0; head < input.shape[1]; head += headDim) {
      const float *x = rowOf(input, row) + head;
      float *y = rowOf(output, row) + head;
      for (uint64_t i = 0; i < half; ++i) {
        const float cosine = angles[i], sine = angles[half + i];
        y[i] = x[i] * cosine - x[half + i] * sine;
        y[half + i] = x[half + i] * cosine + x[i] * sine;
      }
    }
  }
}

std::string checkRope(const OpCall &call) {
  const uint64_t headDim = call["table"].shape[1];
  const bool fits = headDim > 0 && headDim % 2 == 0 && call["input"].shape[1] % headDim == 0 &&
                    call.integer("head_dim") == static_cast<int64_t>(headDim);
  return fits ? ""
              : "expected head_dim to be even, to equal the width of operand 'table', and to divide the "
                "width of 'input'";
}

template <typename Function>
static void combine(const OpCall &call, const char *left, const char *right, Function function) {
  const OpOperand &output = call["output"];
  for (uint64_t i = 0; i < output.shape[0]; ++i) {
    const float *a = rowOf(call[left], i), *b = rowOf(call[right], i);
    float *y = rowOf(output, i);
    for (uint64_t j = 0; j < output.shape[1]; ++j) {
      y[j] = function(a[j], b[j]);
    }
  }
}

void runSilu(const OpCall &call) {
  combine(call, "input", "input", [](float x, float) { return x / (1 + std::exp(-x)); });
}
void runMul(const OpCall &call) {
  combine(call, "lhs", "rhs", [](float a, float b) { return a * b; });
}
void runAdd(const OpCall &call) {
  combine(call, "lhs", "rhs", [](float a, float b) { return a + b; });
}
