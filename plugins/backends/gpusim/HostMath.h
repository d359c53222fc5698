// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers in 16 bits and the approximate functions of the GPU, on the host. 16-bit values travel as bits.
// What is approximate on the GPU is rounded correctly or nearly so here.
#pragma once

#include <cstdint>

namespace cria::gpusim {

/// Rounds to nearest even, once.
uint16_t doubleToHalf(double value);
uint16_t doubleToBfloat(double value);

/// a * b + c, rounded once.
uint32_t fmaHalf(uint32_t a, uint32_t b, uint32_t c);
uint32_t fmaBfloat(uint32_t a, uint32_t b, uint32_t c);

/// Subnormal numbers become zero of the same sign.
float flushSubnormal(float value);

/// prmt.b32 in its default mode: bytes of b:a chosen by the nibbles of `selector`.
uint32_t permuteBytes(uint32_t a, uint32_t b, uint32_t selector);

float reciprocal(float value);
float reciprocalRoot(float value);

} // namespace cria::gpusim
