// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix and mma.sync, with the fragment layouts of the PTX ISA. There, "group" is lane / 4 and "pair" is
// lane % 4.
#include "plugins/backends/gpusim/BankConflicts.h"
#include "plugins/backends/gpusim/Collectives.h"
#include "support/Half.h"

#include <cstring>

namespace cria::gpusim {
namespace {

constexpr uint32_t kRows = 8; // of an 8x8 matrix of 16-bit elements
constexpr uint32_t kRowBytes = 16;

/// One 8x8 matrix, by row and column.
using Matrix = std::array<std::array<uint16_t, 8>, kRows>;

uintptr_t addressOf(const uint32_t *slot) {
  uint64_t address = 0;
  std::memcpy(&address, slot, sizeof(address));
  return address;
}

/// Row r of matrix m is read from the address of lane 8 m + r.
Matrix readMatrix(Machine &machine, const Site &site, const Slots &slots, uint32_t m, Thread *first) {
  Matrix matrix;
  std::array<uint32_t, kRows> offsets;
  for (uint32_t r = 0; r < kRows; ++r) {
    const uint32_t lane = m * kRows + r;
    const uintptr_t address = addressOf(slots[lane]);
    ++machine.counters().sharedAccesses;
    machine.checkShared(first[lane], address, kRowBytes, Access::read, kRowBytes, site);
    std::memcpy(matrix[r].data(), reinterpret_cast<const void *>(address), kRowBytes);
    offsets[r] = static_cast<uint32_t>(address - reinterpret_cast<uintptr_t>(machine.sharedMemory().data()));
  }
  machine.counters().sharedBankConflicts += countBankConflicts(offsets.data(), kRows, kRowBytes);
  return matrix;
}

/// The pair of elements that a lane receives, the first in the low half.
uint32_t fragment(const Matrix &matrix, uint32_t lane, bool transposed) {
  const uint32_t group = lane / 4;
  const uint32_t first = lane % 4 * 2;
  const uint32_t low = transposed ? matrix[first][group] : matrix[group][first];
  const uint32_t high = transposed ? matrix[first + 1][group] : matrix[group][first + 1];
  return high << 16 | low;
}

constexpr uint32_t kM = 16;
constexpr uint32_t kN = 8;
constexpr uint32_t kMaxK = 16;
constexpr uint32_t kOutputs = 4;

struct Operands {
  float a[kM][kMaxK];
  float b[kMaxK][kN];
  float c[kM][kN];
};

using Convert = float (*)(uint16_t);

/// Words: a (k / 4 of them), b (k / 8), c (4, f32).
template <Convert convert> Operands gather(const Slots &slots, uint32_t k) {
  Operands all;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const uint32_t *word = slots[lane];
    const uint32_t group = lane / 4;
    const uint32_t pair = lane % 4 * 2;
    for (uint32_t i = 0; i < k / 4; ++i, ++word) { // rows group and group + 8, then the next 8 columns
      float *a = &all.a[group + i % 2 * 8][pair + i / 2 * 8];
      a[0] = convert(static_cast<uint16_t>(*word));
      a[1] = convert(static_cast<uint16_t>(*word >> 16));
    }
    for (uint32_t i = 0; i < k / 8; ++i, ++word) {
      all.b[pair + i * 8][group] = convert(static_cast<uint16_t>(*word));
      all.b[pair + i * 8 + 1][group] = convert(static_cast<uint16_t>(*word >> 16));
    }
    for (uint32_t i = 0; i < kOutputs; ++i, ++word) {
      std::memcpy(&all.c[group + i / 2 * 8][pair + i % 2], word, sizeof(float));
    }
  }
  return all;
}

/// Each output is accumulated in f32, starting with c, in ascending order of k. Products are exact, sums are
/// rounded. The order and rounding of the hardware are not documented.
void accumulate(Operands &all, uint32_t k) {
  for (uint32_t m = 0; m < kM; ++m) {
    for (uint32_t step = 0; step < k; ++step) {
      for (uint32_t n = 0; n < kN; ++n) {
        all.c[m][n] += all.a[m][step] * all.b[step][n];
      }
    }
  }
}

void scatter(const Slots &slots, const Operands &all) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    for (uint32_t i = 0; i < kOutputs; ++i) {
      const float &value = all.c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
      std::memcpy(slots[lane] + kResultWord + i, &value, sizeof(float));
    }
  }
}

} // namespace

void loadMatrices(Machine &machine, const Site &site, const Slots &slots, Thread *first) {
  const uint32_t count = site.argument & ~kTransposed;
  for (uint32_t m = 0; m < count; ++m) {
    const Matrix matrix = readMatrix(machine, site, slots, m, first);
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      slots[lane][kResultWord + m] = fragment(matrix, lane, (site.argument & kTransposed) != 0);
    }
  }
}

void multiplyMatrices(const Site &site, const Slots &slots) {
  const uint32_t k = site.argument;
  Operands all = site.collective == Collective::mmaF16 ? gather<floatFromHalf>(slots, k)
                                                       : gather<floatFromBfloat16>(slots, k);
  accumulate(all, k);
  scatter(slots, all);
}

} // namespace cria::gpusim
