// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/Formulas.h"

#include "format/RandomWeights.h"
#include "plugins/sdk/cria_opset.hpp"

#include <algorithm>
#include <cmath>

namespace cria::conformance {
namespace {

Matrix zeros(uint64_t rows, uint64_t columns) {
  return {rows, columns, std::vector<double>(rows * columns, 0.0)};
}

template <typename Function> Matrix generate(uint64_t rows, uint64_t columns, Function function) {
  Matrix result = zeros(rows, columns);
  for (uint64_t i = 0; i < rows; ++i) {
    for (uint64_t j = 0; j < columns; ++j) {
      result.at(i, j) = function(i, j);
    }
  }
  return result;
}

double silu(double x) { return x / (1.0 + std::exp(-x)); }

Matrix rmsNorm(const Matrix &x, const View &weight, double epsilon) {
  Matrix result = x;
  for (uint64_t i = 0; i < x.rows; ++i) {
    double squares = 0;
    for (uint64_t k = 0; k < x.columns; ++k) {
      squares += x.at(i, k) * x.at(i, k);
    }
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(x.columns) + epsilon);
    for (uint64_t k = 0; k < x.columns; ++k) {
      result.at(i, k) = x.at(i, k) * scale * weight.at(k);
    }
  }
  return result;
}

Matrix linear(const Matrix &x, const View &weight) {
  return generate(x.rows, weight.rows(), [&](uint64_t i, uint64_t n) {
    double sum = 0;
    for (uint64_t k = 0; k < x.columns; ++k) {
      sum += x.at(i, k) * weight.at(n, k);
    }
    return sum;
  });
}

Matrix rope(const Matrix &x, const OpCall &call) {
  const View &positions = call["positions"];
  const View &table = call["table"];
  const uint64_t headDim = table.columns();
  const uint64_t half = headDim / 2;
  return generate(x.rows, x.columns, [&](uint64_t i, uint64_t j) {
    const uint64_t d = j % headDim;
    const auto position = static_cast<uint64_t>(positions.integer(i));
    const double cosine = table.at(position, d % half);
    const double sine = table.at(position, half + d % half);
    return d < half ? x.at(i, j) * cosine - x.at(i, j + half) * sine
                    : x.at(i, j) * cosine + x.at(i, j - half) * sine;
  });
}

Matrix fusedLinear(const OpCall &call) {
  Matrix x = matrixOf(call["input"]);
  if (const View *norm = call.find("norm_weight")) {
    x = rmsNorm(x, *norm, call.number("epsilon"));
  }
  Matrix y = linear(x, call["weight"]);
  if (call.findAttribute("activation")->text == "swiglu") {
    const auto block = static_cast<uint64_t>(call.integer("swiglu_block"));
    y = generate(y.rows, call["output"].columns(), [&](uint64_t i, uint64_t j) {
      const uint64_t gate = j / block * 2 * block + j % block;
      return silu(y.at(i, gate)) * y.at(i, gate + block);
    });
  }
  if (const View *residual = call.find("residual")) {
    y = generate(y.rows, y.columns, [&](uint64_t i, uint64_t j) { return residual->at(i, j) + y.at(i, j); });
  }
  return y;
}

Matrix gatherRows(const View &source, const View &rows) {
  return generate(rows.rows(), source.columns(), [&](uint64_t i, uint64_t j) {
    return source.at(static_cast<uint64_t>(rows.integer(i)), j);
  });
}

Matrix map(const OpCall &call, double (*function)(double)) {
  const View &input = call["input"];
  return generate(input.rows(), input.columns(),
                  [&](uint64_t i, uint64_t j) { return function(input.at(i, j)); });
}

Matrix combine(const OpCall &call, double (*function)(double, double)) {
  const View &lhs = call["lhs"];
  const View &rhs = call["rhs"];
  return generate(lhs.rows(), lhs.columns(),
                  [&](uint64_t i, uint64_t j) { return function(lhs.at(i, j), rhs.at(i, j)); });
}

/// Computes the attention of one token for one query head.
class HeadAttention {
public:
  HeadAttention(const OpCall &call, uint64_t sequence, uint64_t kvHead)
      : blockTable_(call["block_table"]), cache_(call["cache"]), scale_(call.number("scale")),
        sequence_(sequence), kvHead_(kvHead), headDim_(cache_.shape[4]) {}

  std::vector<double> operator()(const double *query, uint64_t length) const {
    std::vector<double> weights(length);
    for (uint64_t p = 0; p < length; ++p) {
      for (uint64_t d = 0; d < headDim_; ++d) {
        weights[p] += query[d] * element(p, false, d) * scale_;
      }
    }
    const double maximum = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double &weight : weights) {
      weight = std::exp(weight - maximum);
      sum += weight;
    }
    std::vector<double> result(headDim_, 0.0);
    for (uint64_t p = 0; p < length; ++p) {
      for (uint64_t d = 0; d < headDim_; ++d) {
        result[d] += weights[p] / sum * element(p, true, d);
      }
    }
    return result;
  }

private:
  double element(uint64_t position, bool isValue, uint64_t dimension) const {
    const uint64_t pageTokens = cache_.shape[3];
    const auto page = static_cast<uint64_t>(blockTable_.integer(sequence_, position / pageTokens));
    return cache_.array->values[cacheElement(cache_, page * pageTokens + position % pageTokens, isValue,
                                             kvHead_, dimension)];
  }

  const View &blockTable_;
  const View &cache_;
  double scale_;
  uint64_t sequence_;
  uint64_t kvHead_;
  uint64_t headDim_;
};

/// Padding rows remain zero; their values are not compared.
Matrix attention(const OpCall &call, const Matrix &query) {
  const uint64_t headDim = call["cache"].shape[4];
  const uint64_t heads = query.columns / headDim;
  const uint64_t group = heads / call["cache"].shape[2];
  Matrix result = zeros(query.rows, query.columns);
  for (uint64_t row = 0; row < query.rows; ++row) {
    const int64_t sequence = call["sequences"].integer(row);
    for (uint64_t head = 0; head < heads && sequence >= 0; ++head) {
      const HeadAttention attend(call, static_cast<uint64_t>(sequence), head / group);
      const std::vector<double> output = attend(&query.values[row * query.columns + head * headDim],
                                                static_cast<uint64_t>(call["positions"].integer(row)) + 1);
      std::copy(output.begin(), output.end(), &result.at(row, head * headDim));
    }
  }
  return result;
}

struct Formula {
  std::string_view op;
  Matrix (*output)(const OpCall &call);
};

constexpr Formula kFormulas[] = {
    {"embedding", [](const OpCall &call) { return gatherRows(call["table"], call["tokens"]); }},
    {"gather_rows", [](const OpCall &call) { return gatherRows(call["input"], call["rows"]); }},
    {"rms_norm",
     [](const OpCall &call) {
       return rmsNorm(matrixOf(call["input"]), call["weight"], call.number("epsilon"));
     }},
    {"linear", [](const OpCall &call) { return linear(matrixOf(call["input"]), call["weight"]); }},
    {"fused_linear", fusedLinear},
    {"rope", [](const OpCall &call) { return rope(matrixOf(call["input"]), call); }},
    {"attention", [](const OpCall &call) { return attention(call, matrixOf(call["query"])); }},
    {"rope_attention",
     [](const OpCall &call) { return attention(call, rope(matrixOf(call["query"]), call)); }},
    {"silu", [](const OpCall &call) { return map(call, silu); }},
    {"mul", [](const OpCall &call) { return combine(call, [](double a, double b) { return a * b; }); }},
    {"add", [](const OpCall &call) { return combine(call, [](double a, double b) { return a + b; }); }},
};

constexpr const Formula *findFormula(std::string_view op) {
  const auto *formula = std::ranges::find(kFormulas, op, &Formula::op);
  return formula == std::end(kFormulas) ? nullptr : formula;
}
/// By names: with -fsanitize=undefined, GCC 12 does not take comparisons of these pointers for constants.
static_assert(std::ranges::all_of(opset::kOps, [](const opset::Op &op) {
  const bool hasFormula = std::ranges::count(kFormulas, op.name, &Formula::op) != 0;
  return hasFormula == (std::ranges::count(op.operands, "output", &opset::Operand::name) != 0);
}));

} // namespace

Matrix matrixOf(const View &view) {
  return generate(view.rows(), view.columns(), [&](uint64_t i, uint64_t j) { return view.at(i, j); });
}

Matrix expectedOutput(const OpCall &call) {
  const Formula *formula = findFormula(call.op);
  if (formula == nullptr) {
    throw std::invalid_argument("no formula for op " + call.op);
  }
  return formula->output(call);
}

uint64_t cacheElement(const View &cache, uint64_t slot, bool isValue, uint64_t kvHead, uint64_t dimension) {
  const uint64_t pageTokens = cache.shape[3];
  const uint64_t index[] = {slot / pageTokens, isValue ? 1u : 0u, kvHead, slot % pageTokens, dimension};
  uint64_t element = cache.first;
  for (size_t d = 0; d < std::size(index); ++d) {
    element += index[d] * cache.strides[d];
  }
  return element;
}

std::vector<double> expectedWeight(const OpCall &call, const std::vector<double> &before) {
  std::vector<double> result = before;
  const View &weight = call["weight"];
  if (call.op == "fill_ones") {
    for (uint64_t i = 0; i < weight.rows(); ++i) {
      result[weight.index(i)] = 1;
    }
    return result;
  }
  const View &words = call["constants"];
  const auto word = [&](uint64_t i) { return static_cast<uint32_t>(words.integer(i)); };
  const RandomSegment segment{word(0), word(1), word(2), word(3), word(4), 0, {}};
  for (uint32_t row = 0; row < segment.rows; ++row) {
    const uint32_t key = randomRowKey(segment.tensorKey, row);
    for (uint32_t k = 0; k < weight.columns(); ++k) {
      result[weight.index(segment.destinationRow(row), k)] =
          static_cast<double>(randomByte(key, k)) * static_cast<double>(randomScale(weight.columns()));
    }
  }
  return result;
}

std::vector<double> expectedCache(const OpCall &call, const std::vector<double> &before) {
  std::vector<double> result = before;
  const View &cache = call["cache"];
  const uint64_t headDim = cache.shape[4];
  const Matrix key = call.op == "rope_attention" ? rope(matrixOf(call["key"]), call) : matrixOf(call["key"]);
  const Matrix value = matrixOf(call["value"]);
  for (uint64_t row = 0; row < key.rows; ++row) {
    const int64_t slot = call["slots"].integer(row);
    for (uint64_t j = 0; j < key.columns && slot >= 0; ++j) {
      result[cacheElement(cache, static_cast<uint64_t>(slot), false, j / headDim, j % headDim)] =
          key.at(row, j);
      result[cacheElement(cache, static_cast<uint64_t>(slot), true, j / headDim, j % headDim)] =
          value.at(row, j);
    }
  }
  return result;
}

} // namespace cria::conformance
