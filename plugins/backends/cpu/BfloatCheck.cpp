// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "BfloatCheck.h"

#include "format/ActivationProduct.h"
#include "support/FloatMode.h"

#include <bit>
#include <chrono>
#include <random>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cria::cpu {
namespace {

constexpr int kBfloatRounds = 2000;

/// A bf16 of either sign, with an exponent in [-span, span).
uint32_t randomBfloat(std::mt19937 &random, int span) {
  const int exponent = int(random() % uint32_t(2 * span)) - span;
  return uint32_t(random() & 0x807Fu) | uint32_t(exponent + 127) << 7;
}

uint32_t randomPair(std::mt19937 &random, int span) {
  return randomBfloat(random, span) | randomBfloat(random, span) << 16;
}

/// Magnitudes near each other, where sums round and cancel, and far apart, where products vanish.
BfloatPairs randomPairs(std::mt19937 &random, int span) {
  BfloatPairs pairs = {};
  for (size_t lane = 0; lane < pairs.sums.size(); ++lane) {
    pairs.left[lane] = randomPair(random, span);
    pairs.right[lane] = randomPair(random, span);
    pairs.sums[lane] =
        std::bit_cast<float>(randomBfloat(random, span) << 16 | uint32_t(random() & 0xFFFFu)); // any f32
  }
  return pairs;
}

float half(uint32_t pair, int index) {
  return std::bit_cast<float>(index == 0 ? pair << 16 : pair & 0xFFFF0000u);
}

/// A step of productBf16(): the second column first.
float defined(const BfloatPairs &pairs, size_t lane) {
  const uint32_t left = pairs.left[lane], right = pairs.right[lane];
  const float sum = std::fma(half(left, 1), half(right, 1), pairs.sums[lane]);
  return std::fma(half(left, 0), half(right, 0), sum);
}

bool isAsDefined(DotBfloat dot, const BfloatPairs &pairs) {
  const std::array<float, 16> sums = dot(pairs);
  for (size_t lane = 0; lane < sums.size(); ++lane) {
    if (std::bit_cast<uint32_t>(sums[lane]) != std::bit_cast<uint32_t>(defined(pairs, lane))) {
      return false;
    }
  }
  return true;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) std::array<float, 16> dotOfProcessor(const BfloatPairs &pairs) {
  const __m512bh left = (__m512bh)_mm512_loadu_si512(pairs.left.data()),
                 right = (__m512bh)_mm512_loadu_si512(pairs.right.data());
  std::array<float, 16> sums;
  _mm512_storeu_ps(sums.data(), _mm512_dpbf16_ps(_mm512_loadu_ps(pairs.sums.data()), left, right));
  return sums;
}

constexpr int kChains = 12, kTimedRounds = 100, kTrials = 30;

// The operands pass through empty instructions, so that no round is left out.

__attribute__((target("avx512f,avx512bf16"))) void dotInChains(const BfloatPairs &pairs) {
  __m512 sums[kChains] = {};
  const __m512bh factors = (__m512bh)_mm512_loadu_si512(pairs.left.data());
  for (int round = 0; round < kTimedRounds; ++round) {
#pragma GCC unroll 12
    for (__m512 &sum : sums) {
      sum = _mm512_dpbf16_ps(sum, factors, factors);
      asm volatile("" : "+v"(sum));
    }
  }
}

__attribute__((target("avx512f"))) void multiplyInChains(const BfloatPairs &pairs) {
  __m512 sums[kChains] = {};
  const __m512 factors = _mm512_loadu_ps(pairs.sums.data());
  for (int round = 0; round < 2 * kTimedRounds; ++round) {
#pragma GCC unroll 12
    for (__m512 &sum : sums) {
      sum = _mm512_fmadd_ps(factors, factors, sum);
      asm volatile("" : "+v"(sum));
    }
  }
}

/// The shortest of several times.
std::chrono::steady_clock::duration timeOf(void (*work)(const BfloatPairs &)) {
  using Clock = std::chrono::steady_clock;
  const BfloatPairs zeros = {};
  Clock::duration shortest = Clock::duration::max();
  for (int trial = 0; trial < kTrials; ++trial) {
    const Clock::time_point start = Clock::now();
    work(zeros);
    shortest = std::min(shortest, Clock::now() - start);
  }
  return shortest;
}
#endif

} // namespace

std::string bfloatProblem(DotBfloat dot) {
  const FloatMode mode;
  std::mt19937 random(1);
  for (int round = 0; round < kBfloatRounds; ++round) {
    for (const int span : {4, 60, 126}) {
      if (!isAsDefined(dot, randomPairs(random, span))) {
        return "vdpbf16ps of this processor rounds otherwise than two fused multiply-adds";
      }
    }
  }
  return "";
}

std::string bfloatProblem() {
#if defined(__x86_64__)
  static const std::string kProblem = bfloatProblem(dotOfProcessor);
  return kProblem;
#else
  return "";
#endif
}

bool isBfloatFast() {
#if defined(__x86_64__)
  static const bool kIsFast = timeOf(dotInChains) < timeOf(multiplyInChains);
  return kIsFast;
#else
  return false;
#endif
}

} // namespace cria::cpu
