// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The floating-point environment of the kernel ABI and of the classes of activations: round to nearest,
// denormals flushed to zero as operands and as results, no traps. Plugins may include this file.
#pragma once

#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cria {

/// Sets the mode of the calling thread, and restores the previous one at the end of its lifetime.
class FloatMode {
public:
  FloatMode() : saved_(read()) { write(kKernelMode); }
  ~FloatMode() { write(saved_); }
  FloatMode(const FloatMode &) = delete;
  FloatMode &operator=(const FloatMode &) = delete;

private:
#if defined(__x86_64__)
  using Register = uint32_t;
  // MXCSR: all exceptions masked (bits 7-12), denormals-are-zero (6), flush-to-zero (15).
  static constexpr Register kKernelMode = 0x1F80u | 0x0040u | 0x8000u;
  static Register read() { return _mm_getcsr(); }
  static void write(Register value) { _mm_setcsr(value); }
#elif defined(__aarch64__)
  using Register = uint64_t;
  // FPCR: flush-to-zero for f32 and f64 (24) and for f16 (19).
  static constexpr Register kKernelMode = (uint64_t{1} << 24) | (uint64_t{1} << 19);
  static Register read() {
    Register value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void write(Register value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
#else
#error "expected x86-64 or AArch64"
#endif
  Register saved_;
};

} // namespace cria
