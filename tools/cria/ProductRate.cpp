// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each loop has twelve independent chains, which hide the latency of two units and stay in registers. They
// begin with different values, or the compiler merges them.
#include "ProductRate.h"

#include "support/CpuLevel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CRIA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define CRIA_TARGET(features) __attribute__((target(features)))
#else
#define CRIA_CLONES __attribute__((noinline))
#endif

namespace cria::cli {
namespace {

constexpr uint32_t kChains = 12;

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

/// In GCC's generic vectors, compiled for several instruction sets, of which the loader selects one.
template <typename Register>
__attribute__((always_inline)) inline float runChains(uint64_t rounds, float factor) {
  const Register scale = Register{} + factor;
  Register chains[kChains];
  for (uint32_t chain = 0; chain < kChains; ++chain) {
    chains[chain] = scale * static_cast<float>(chain);
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    for (Register &chain : chains) {
      chain = chain * scale + scale;
    }
  }
  Register sum = {};
  for (const Register &chain : chains) {
    sum += chain;
  }
  return sum[0] + sum[sizeof(Register) / sizeof(float) - 1];
}

CRIA_CLONES float multiplyAdd4(uint64_t rounds, float factor) { return runChains<Vector4>(rounds, factor); }
CRIA_CLONES float multiplyAdd8(uint64_t rounds, float factor) { return runChains<Vector8>(rounds, factor); }
CRIA_CLONES float multiplyAdd16(uint64_t rounds, float factor) { return runChains<Vector16>(rounds, factor); }

constexpr uint32_t operationsOf(uint32_t products) { return 2 * kChains * products; }

std::vector<ProductLoop> floatLoops() {
  return {
      {operationsOf(4), multiplyAdd4}, {operationsOf(8), multiplyAdd8}, {operationsOf(16), multiplyAdd16}};
}

#if defined(__x86_64__)
/// vpdpbusd on 64 pairs of bytes. The operands pass through an empty instruction, or the products of
/// constants would be computed once.
CRIA_TARGET("avx512f,avx512bw,avx512vnni") float dotBytes64(uint64_t rounds, float factor) {
  __m512i codes = _mm512_set1_epi8(static_cast<char>(factor * 8)), sums[kChains];
  for (uint32_t chain = 0; chain < kChains; ++chain) {
    sums[chain] = _mm512_set1_epi32(static_cast<int>(chain));
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    asm volatile("" : "+v"(codes));
    for (__m512i &sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, codes, codes);
    }
  }
  __m512i sum = sums[0];
  for (uint32_t chain = 1; chain < kChains; ++chain) {
    sum = _mm512_xor_si512(sum, sums[chain]);
  }
  return static_cast<float>(_mm_cvtsi128_si32(_mm512_castsi512_si128(sum)));
}

/// The same of AVX-VNNI on 32 pairs of bytes.
CRIA_TARGET("avx2,avxvnni") float dotBytesVex(uint64_t rounds, float factor) {
  __m256i codes = _mm256_set1_epi8(static_cast<char>(factor * 8)), sums[kChains];
  for (uint32_t chain = 0; chain < kChains; ++chain) {
    sums[chain] = _mm256_set1_epi32(static_cast<int>(chain));
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    asm volatile("" : "+x"(codes));
    for (__m256i &sum : sums) {
      sum = _mm256_dpbusd_avx_epi32(sum, codes, codes);
    }
  }
  __m256i sum = sums[0];
  for (uint32_t chain = 1; chain < kChains; ++chain) {
    sum = _mm256_xor_si256(sum, sums[chain]);
  }
  return static_cast<float>(_mm256_extract_epi32(sum, 0));
}

/// vpmaddubsw, vpmaddwd and an addition on 32 pairs of bytes.
CRIA_TARGET("avx2") float dotBytes32(uint64_t rounds, float factor) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i codes = _mm256_set1_epi8(static_cast<char>(factor * 8)), sums[kChains];
  for (uint32_t chain = 0; chain < kChains; ++chain) {
    sums[chain] = _mm256_set1_epi32(static_cast<int>(chain));
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    for (__m256i &sum : sums) {
      asm volatile("" : "+x"(codes));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(codes, codes), ones));
    }
  }
  __m256i sum = sums[0];
  for (uint32_t chain = 1; chain < kChains; ++chain) {
    sum = _mm256_xor_si256(sum, sums[chain]);
  }
  return static_cast<float>(_mm256_extract_epi32(sum, 0));
}

/// vdpbf16ps on 32 pairs of numbers.
CRIA_TARGET("avx512f,avx512bf16") float dotBf16(uint64_t rounds, float factor) {
  __m512 sums[kChains];
  __m512bh numbers = _mm512_cvtne2ps_pbh(_mm512_set1_ps(factor), _mm512_set1_ps(factor));
  for (uint32_t chain = 0; chain < kChains; ++chain) {
    sums[chain] = _mm512_set1_ps(static_cast<float>(chain));
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    asm volatile("" : "+v"(numbers));
    for (__m512 &sum : sums) {
      sum = _mm512_dpbf16_ps(sum, numbers, numbers);
    }
  }
  __m512 sum = sums[0];
  for (uint32_t chain = 1; chain < kChains; ++chain) {
    sum = _mm512_add_ps(sum, sums[chain]);
  }
  return _mm512_cvtss_f32(sum);
}

std::vector<ProductLoop> byteLoops() {
  std::vector<ProductLoop> loops;
  if (cpuHas("avx512vnni") && cpuHas("avx512bw")) {
    loops.push_back({operationsOf(64), dotBytes64});
  }
  if (cpuHas("avx2") && cpuHas("avxvnni")) {
    loops.push_back({operationsOf(32), dotBytesVex});
  }
  if (cpuHas("avx2")) {
    loops.push_back({operationsOf(32), dotBytes32});
  }
  return loops;
}

/// Kernels take the faster of the instruction and of fused multiply-adds.
std::vector<ProductLoop> bf16Loops() {
  std::vector<ProductLoop> loops;
  if (cpuHas("avx512bf16")) {
    loops = floatLoops();
    loops.push_back({operationsOf(32), dotBf16});
  }
  return loops;
}
#else
std::vector<ProductLoop> byteLoops() { return {}; }
std::vector<ProductLoop> bf16Loops() { return {}; }
#endif

} // namespace

/// The loops of a class other than f32; none if the processor has no instructions for it.
static std::vector<ProductLoop> ownLoops(ActivationClass activations) {
  switch (activations) {
  case ActivationClass::int8:
    return byteLoops();
  case ActivationClass::bf16:
    return bf16Loops();
  case ActivationClass::f32:
  case ActivationClass::f16:
    return {};
  }
  return {};
}

std::vector<ProductLoop> productLoops(ActivationClass activations) {
  const std::vector<ProductLoop> loops = ownLoops(activations);
  return loops.empty() ? floatLoops() : loops;
}

std::string_view productsOf(ActivationClass activations) {
  return nameOf(ownLoops(activations).empty() ? ActivationClass::f32 : activations);
}

} // namespace cria::cli
