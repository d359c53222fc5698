// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The floating-point environment of the kernel ABI: round to nearest, denormals flushed to zero, no traps.
#pragma once

#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cria::cpu {

/// Sets the mode of the calling thread, and restores the previous one at the end of its lifetime.
class KernelFloatMode {
public:
  KernelFloatMode() : saved_(read()) { write(kKernelMode); }
  ~KernelFloatMode() { write(saved_); }
  KernelFloatMode(const KernelFloatMode &) = delete;
  KernelFloatMode &operator=(const KernelFloatMode &) = delete;

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
#error "the cpu backend supports x86-64 and AArch64"
#endif
  Register saved_;
};

} // namespace cria::cpu
