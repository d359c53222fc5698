// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The computations of the kernels as loops over scalars, and random operands.
#pragma once

#include "format/ActivationProduct.h"
#include "format/WeightLayout.h"
#include "tests/passes/targets/cpu/KernelHarness.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace cria::cpu::test {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class Random {
public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  float uniform() { return std::uniform_real_distribution<float>(-1, 1)(engine_); }
  int64_t below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(engine_); }

private:
  std::mt19937_64 engine_;
};

inline Buffer<float> randomFloats(size_t count, Random &random) {
  Buffer<float> buffer(count);
  for (float &value : buffer) {
    value = random.uniform();
  }
  return buffer;
}

/// Bits of an f16 or bf16 nearest to `value`, and back.
inline uint16_t toHalf(float value, ElementType type) {
  llvm::APFloat number(value);
  bool inexact = false;
  number.convert(type == ElementType::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(),
                 llvm::APFloat::rmNearestTiesToEven, &inexact);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

inline float convertHalf(uint16_t bits, ElementType type) {
  llvm::APFloat number(type == ElementType::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(),
                       llvm::APInt(16, bits));
  bool inexact = false;
  number.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return number.convertToFloat();
}

inline float fromHalf(uint16_t bits, ElementType type) {
  auto tableOf = [](ElementType type) {
    std::vector<float> table(1 << 16);
    for (uint32_t i = 0; i < table.size(); ++i) {
      table[i] = convertHalf(static_cast<uint16_t>(i), type);
    }
    return table;
  };
  static const std::vector<float> f16 = tableOf(ElementType::f16), bf16 = tableOf(ElementType::bf16);
  return (type == ElementType::f16 ? f16 : bf16)[bits];
}

inline int64_t elementBytes(ElementType type) { return int64_t(sizeOf(type)); }

inline float loadElement(const void *data, int64_t at, ElementType type) {
  if (type == ElementType::f32) {
    return static_cast<const float *>(data)[at];
  }
  return fromHalf(static_cast<const uint16_t *>(data)[at], type);
}

inline void storeElement(void *data, int64_t at, float value, ElementType type) {
  if (type == ElementType::f32) {
    static_cast<float *>(data)[at] = value;
  } else {
    static_cast<uint16_t *>(data)[at] = toHalf(value, type);
  }
}

inline PhysicalLayout panels(int64_t rows, int64_t columns) {
  return {PhysicalLayout::Kind::panel16, rows, columns};
}

/// Whether a physical weight row holds values: with SwiGLU, blocks of 16 gate and up rows are padded with
/// zeros.
inline bool isRealRow(const LinearSpec &spec, int64_t row) {
  return spec.activation == llama::Activation::none || row / 32 * 16 + row % 16 < spec.outputs;
}

inline Buffer<std::byte> randomPanels(int64_t rows, int64_t columns, ElementType type, Random &random,
                                      const LinearSpec &spec) {
  PhysicalLayout layout = panels(rows, columns);
  Buffer<std::byte> buffer(layout.numElements() * elementBytes(type), std::byte{0});
  for (int64_t n = 0; n < rows; ++n) {
    for (int64_t k = 0; k < columns; ++k) {
      storeElement(buffer.data(), layout.offsetOf(n, k), isRealRow(spec, n) ? random.uniform() : 0, type);
    }
  }
  return buffer;
}

inline float scalarDot(const float *input, const void *weight, int64_t row, const LinearSpec &spec) {
  PhysicalLayout layout = panels(spec.weightRows(), spec.inputs);
  std::vector<float> x, values;
  for (int64_t k = 0; k < spec.inputs; ++k) {
    x.push_back(spec.hasBfloatInputs() ? roundToBf16(input[k]) : input[k]);
    values.push_back(loadElement(weight, layout.offsetOf(row, k), traitsOf(spec.weight).element));
  }
  return spec.hasBfloatInputs() ? productBf16(x, values) : productF32(x, values);
}

inline std::vector<float> scalarLinear(const LinearSpec &spec, int64_t rows, Buffer<float> &input,
                                       Buffer<std::byte> &weight, Buffer<float> &residual) {
  std::vector<float> output;
  for (int64_t t = 0; t < rows; ++t) {
    const float *x = input.data() + t * spec.inputs;
    for (int64_t n = 0; n < spec.outputs; ++n) {
      float value;
      if (spec.activation == llama::Activation::none) {
        value = scalarDot(x, weight.data(), n, spec);
      } else {
        int64_t gateRow = n / 16 * 32 + n % 16;
        float gate = scalarDot(x, weight.data(), gateRow, spec);
        value = gate / (1 + std::exp(-gate)) * scalarDot(x, weight.data(), gateRow + 16, spec);
      }
      output.push_back(spec.residual ? value + residual[t * spec.outputs + n] : value);
    }
  }
  return output;
}

inline testing::AssertionResult sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  if (a.size() != b.size()) {
    return testing::AssertionFailure() << a.size() << " values against " << b.size();
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (llvm::bit_cast<uint32_t>(a[i]) != llvm::bit_cast<uint32_t>(b[i])) {
      return testing::AssertionFailure() << "value " << i << " is " << a[i] << ", expected " << b[i];
    }
  }
  return testing::AssertionSuccess();
}

/// |a - b| <= tolerance · max(1, |b|) everywhere; NaN is never close.
inline testing::AssertionResult close(const std::vector<float> &a, const std::vector<float> &b,
                                      float tolerance) {
  if (a.size() != b.size()) {
    return testing::AssertionFailure() << a.size() << " values against " << b.size();
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= tolerance * std::max(1.0f, std::fabs(b[i])))) {
      return testing::AssertionFailure() << "value " << i << " is " << a[i] << ", expected " << b[i];
    }
  }
  return testing::AssertionSuccess();
}

} // namespace cria::cpu::test
