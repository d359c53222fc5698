// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 16-bit floating-point numbers, passed as bits, and the approximate functions of the GPU, on the host.
// Functions that are approximate on the GPU are rounded correctly or nearly so.
#pragma once

#include <cstdint>

namespace cria::gpusim {

/// Rounds once, to nearest, ties to even.
uint16_t doubleToHalf(double value);
uint16_t doubleToBfloat(double value);

/// Return a * b + c, rounded once.
uint32_t fmaHalf(uint32_t a, uint32_t b, uint32_t c);
uint32_t fmaBfloat(uint32_t a, uint32_t b, uint32_t c);

/// Replaces a subnormal number by zero of the same sign.
float flushSubnormal(float value);

/// prmt.b32 in its default mode: selects bytes of b:a by the nibbles of `selector`.
uint32_t permuteBytes(uint32_t a, uint32_t b, uint32_t selector);

float reciprocal(float value);
float reciprocalRoot(float value);

} // namespace cria::gpusim
