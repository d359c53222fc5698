// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The KV cache in 8 bits (q8), in scalar code: the definition, bit for bit, that kernels and backends are
// compared with. Plugins may include this file.
//
// The vector of one token and KV head, of K after RoPE or of V, has codes q in int8 and one scale d in f16:
//
//   d = f16(max|x| · (1 / 127))
//   q = rne(x · (1 / f32(d))), clamped to ±127; 0 if d is 0
//   the value of a column is f32(d) · q, rounded once
//
// If d is not finite, because of NaN, an infinity or max|x| · (1 / 127) of 65520 or more, then d is NaN and
// all codes are 0: each value of the vector reads as NaN. So the runtime finds such a vector, as it finds the
// infinity that a key or value beyond f16 is in a cache in f16; no vector is stored that is cut off.
//
// Every operation is the one of IEEE 754. Results do not depend on whether the thread flushes subnormal
// numbers: what it flushes rounds to a scale or a code of 0. Thread-safe. Errors: none.
#pragma once

#include "format/ActivationProduct.h"

namespace cria {

/// The scale of a vector that has no finite one, in f16.
inline constexpr uint16_t kKvScaleOfNan = 0x7E00;

/// d of a vector.
inline uint16_t kvScaleOf(std::span<const float> vector) {
  const float largest = std::bit_cast<float>(activation_detail::largestBits(vector));
  const uint16_t scale = halfFromFloat(largest * (1.0f / 127.0f));
  return scale < 0x7C00 ? scale : kKvScaleOfNan;
}

/// q of a column of a vector with scale d.
inline int8_t kvCodeOf(float x, uint16_t scale) {
  const bool hasCodes = scale != 0 && scale != kKvScaleOfNan;
  return hasCodes ? activation_detail::codeOf(x * (1.0f / floatFromHalf(scale))) : int8_t{0};
}

/// The value that a code stands for.
inline float kvValueOf(int8_t code, uint16_t scale) {
  return floatFromHalf(scale) * static_cast<float>(code);
}

} // namespace cria
