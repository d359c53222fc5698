// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lanes of a warp do together, performed for all of them at once. Operands lie in each lane's slot from
// word 0, results go to words kResultWord and up; layouts are those of the PTX ISA.
#include "Machine.h"

#include <cmath>
#include <cstring>

namespace cria::gpusim {

float fromHalf(uint16_t bits) {
  const uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude =
      exponent == 0    ? std::ldexp(static_cast<float>(fraction), -24)
      : exponent == 31 ? (fraction != 0 ? NAN : INFINITY)
                       : std::ldexp(static_cast<float>(fraction + 1024), static_cast<int>(exponent) - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float fromBfloat(uint16_t bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

// To nearest even; a NaN stays one.
uint16_t toBfloat(float value) {
  uint32_t word = 0;
  std::memcpy(&word, &value, sizeof(word));
  if (std::isnan(value)) {
    return static_cast<uint16_t>(word >> 16 | 64);
  }
  return static_cast<uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

template <typename Body> void Machine::forLanes(uint32_t warp, uint32_t mask, Body body) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if ((mask >> lane & 1) != 0) {
      body(threads_[warp * kWarpSize + lane], lane);
    }
  }
}

void Machine::synchronisedWarp(uint32_t warp) {
  counters_.sharedBankConflicts += options_.countBankConflicts ? conflicts_.take(warp) : 0;
  shared_.synchroniseWarp(warp);
}

void Machine::finishCollective(uint32_t warp, const Thread &first) {
  const Collective kind = first.site->collective;
  if (kind == Collective::WarpSync || !options_.strictWarpOrder) {
    synchronisedWarp(warp);
  }
  switch (kind) {
  case Collective::WarpSync:
    break;
  case Collective::ShuffleUp:
  case Collective::ShuffleDown:
  case Collective::ShuffleXor:
  case Collective::ShuffleIndex:
    performShuffle(warp, first);
    break;
  case Collective::VoteAll:
  case Collective::VoteAny:
  case Collective::VoteBallot:
    performVote(warp, first);
    break;
  case Collective::LoadMatrix:
    loadMatrices(warp, first);
    break;
  case Collective::MmaF16:
  case Collective::MmaBf16:
    multiplyMatrices(warp, first);
    break;
  }
  ++counters_.collectives;
  const uint32_t mask = first.mask;
  forLanes(warp, mask, [](Thread &thread, uint32_t) { thread.state = Thread::State::Ready; });
}

// Words: value, b, c. c holds the clamp (bits 0-4) and the segment mask (bits 8-12).
void Machine::performShuffle(uint32_t warp, const Thread &first) {
  const Collective kind = first.site->collective;
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t lane) {
    const uint32_t b = thread.slot[1] & 31, c = thread.slot[2] & 31, segment = thread.slot[2] >> 8 & 31;
    const uint32_t maxLane = (lane & segment) | (c & ~segment), minLane = lane & segment;
    int32_t source = 0;
    bool inside = false;
    switch (kind) {
    case Collective::ShuffleUp:
      source = static_cast<int32_t>(lane) - static_cast<int32_t>(b);
      inside = source >= static_cast<int32_t>(maxLane);
      break;
    case Collective::ShuffleDown:
      source = static_cast<int32_t>(lane + b);
      inside = source <= static_cast<int32_t>(maxLane);
      break;
    case Collective::ShuffleXor:
      source = static_cast<int32_t>(lane ^ b);
      inside = source <= static_cast<int32_t>(maxLane);
      break;
    default:
      source = static_cast<int32_t>(minLane | (b & ~segment));
      inside = source <= static_cast<int32_t>(maxLane);
      break;
    }
    const uint32_t from = inside ? static_cast<uint32_t>(source) : lane;
    thread.slot[kResultWord] = threads_[warp * kWarpSize + from].slot[0];
  });
}

void Machine::performVote(uint32_t warp, const Thread &first) {
  uint32_t ballot = 0;
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t lane) { ballot |= (thread.slot[0] & 1) << lane; });
  const uint32_t result = first.site->collective == Collective::VoteBallot ? ballot
                          : first.site->collective == Collective::VoteAny  ? uint32_t{ballot != 0}
                                                                           : uint32_t{ballot == first.mask};
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t) { thread.slot[kResultWord] = result; });
}

// Lane 8·m + r names row r of matrix m. Lane l gets elements 2·(l % 4) and the next of row l / 4; transposed,
// of column l / 4.
void Machine::loadMatrices(uint32_t warp, const Thread &first) {
  constexpr uint32_t kRows = 8, kRowBytes = 16;
  const uint32_t matrices = first.site->argument & ~kTransposed;
  const bool transposed = (first.site->argument & kTransposed) != 0;
  const Site &site = *first.site;
  uint16_t elements[4][kRows][kRows] = {};
  for (uint32_t i = 0; i < matrices * kRows && finding_.empty(); ++i) {
    Thread &thread = threads_[warp * kWarpSize + i];
    uint64_t address = 0;
    std::memcpy(&address, thread.slot, sizeof(address));
    checkMemory(thread, site, address, kRowBytes, Access::Read, kRowBytes, -1);
    if (finding_.empty()) {
      std::memcpy(elements[i / kRows][i % kRows], reinterpret_cast<const void *>(address), kRowBytes);
    }
  }
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t lane) {
    for (uint32_t m = 0; m < matrices; ++m) {
      const uint32_t row = lane / 4, column = lane % 4 * 2;
      const uint32_t low = transposed ? elements[m][column][row] : elements[m][row][column];
      const uint32_t high = transposed ? elements[m][column + 1][row] : elements[m][row][column + 1];
      thread.slot[kResultWord + m] = low | high << 16;
    }
  });
}

// m16n8k16: words 0-3 are a, 4-5 b, 6-9 c. Products are exact in f32; they are added in ascending k.
void Machine::multiplyMatrices(uint32_t warp, const Thread &first) {
  constexpr uint32_t kM = 16, kN = 8, kK = 16;
  const auto decode = first.site->collective == Collective::MmaF16 ? fromHalf : fromBfloat;
  float a[kM][kK], b[kK][kN], c[kM][kN];
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t lane) {
    const uint32_t group = lane / 4, pair = lane % 4 * 2;
    for (uint32_t half = 0; half < 2; ++half) {
      const auto element = [&](uint32_t word) {
        return decode(static_cast<uint16_t>(thread.slot[word] >> (16 * half)));
      };
      for (uint32_t i = 0; i < 4; ++i) {
        a[group + i % 2 * 8][pair + half + i / 2 * 8] = element(i);
        std::memcpy(&c[group + i / 2 * 8][pair + i % 2], &thread.slot[6 + i], sizeof(float));
      }
      b[pair + half][group] = element(4);
      b[pair + half + 8][group] = element(5);
    }
  });
  for (uint32_t i = 0; i < kM; ++i) {
    for (uint32_t j = 0; j < kN; ++j) {
      for (uint32_t k = 0; k < kK; ++k) {
        c[i][j] += a[i][k] * b[k][j];
      }
    }
  }
  forLanes(warp, first.mask, [&](Thread &thread, uint32_t lane) {
    for (uint32_t i = 0; i < 4; ++i) {
      std::memcpy(&thread.slot[kResultWord + i], &c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2],
                  sizeof(float));
    }
  });
}

} // namespace cria::gpusim
