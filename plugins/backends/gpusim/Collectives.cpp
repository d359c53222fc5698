// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shuffles, votes, matches and reductions. Operand words: the mask; then value, lane or delta, and clamp for
// a shuffle, a predicate for a vote, a value for a match or reduction. Result words: the value; then, for a
// shuffle, whether the source lane is in range.
#include "plugins/backends/gpusim/Collectives.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace cria::gpusim {
namespace {

constexpr uint32_t kMask = 0;
constexpr uint32_t kValue = 1;
constexpr uint32_t kLane = 2;
constexpr uint32_t kClamp = 3;

struct Source {
  uint32_t lane;
  bool inRange;
};

// The pseudo-code of shfl.sync in the PTX ISA.
Source shuffleSource(Collective kind, uint32_t lane, uint32_t b, uint32_t c) {
  constexpr uint32_t kLaneMask = 0x1f;
  const uint32_t segment = c >> 8 & kLaneMask;
  const uint32_t clamp = c & kLaneMask;
  const uint32_t last = (lane & segment) | (clamp & ~segment);
  b &= kLaneMask;
  switch (kind) {
  case Collective::shuffleUp: {
    const int32_t from = static_cast<int32_t>(lane) - static_cast<int32_t>(b);
    const bool inRange = from >= static_cast<int32_t>(last);
    return {inRange ? static_cast<uint32_t>(from) : lane, inRange};
  }
  case Collective::shuffleDown:
    return lane + b <= last ? Source{lane + b, true} : Source{lane, false};
  case Collective::shuffleXor:
    return (lane ^ b) <= last ? Source{lane ^ b, true} : Source{lane, false};
  default: {
    const uint32_t from = (lane & segment) | (b & ~segment);
    return from <= last ? Source{from, true} : Source{lane, false};
  }
  }
}

void shuffle(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, const Thread *first) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    uint32_t *slot = slots[lane];
    if (slot == nullptr) {
      continue;
    }
    const Source source = shuffleSource(site.collective, lane, slot[kLane], slot[kClamp]);
    if ((mask >> source.lane & 1) == 0) {
      machine.report(
          "invalid shuffle", first[lane], site,
          fmt::format("reads lane {}, which does not participate (mask {:#x})", source.lane, mask));
      machine.abandon();
    }
    slot[kResultWord] = slots[source.lane][kValue];
    slot[kResultWord + 1] = source.inRange ? 1 : 0;
  }
}

uint32_t ballot(const Slots &slots) {
  uint32_t lanes = 0;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (slots[lane] != nullptr && slots[lane][kValue] != 0) {
      lanes |= 1u << lane;
    }
  }
  return lanes;
}

uint32_t voteResult(Collective kind, uint32_t lanes, uint32_t mask) {
  switch (kind) {
  case Collective::voteAll:
    return lanes == mask ? 1 : 0;
  case Collective::voteAny:
    return lanes != 0 ? 1 : 0;
  case Collective::voteUniform:
    return lanes == mask || lanes == 0 ? 1 : 0;
  default:
    return lanes;
  }
}

uint32_t combine(Collective kind, uint32_t a, uint32_t b) {
  const auto signedA = static_cast<int32_t>(a);
  const auto signedB = static_cast<int32_t>(b);
  switch (kind) {
  case Collective::reduceAdd:
    return a + b;
  case Collective::reduceAnd:
    return a & b;
  case Collective::reduceOr:
    return a | b;
  case Collective::reduceXor:
    return a ^ b;
  case Collective::reduceMin:
    return static_cast<uint32_t>(std::min(signedA, signedB));
  case Collective::reduceMax:
    return static_cast<uint32_t>(std::max(signedA, signedB));
  case Collective::reduceUMin:
    return std::min(a, b);
  default:
    return std::max(a, b);
  }
}

// redux.sync has the value before the mask. The table of intrinsics swaps them.
uint32_t reduce(Collective kind, const Slots &slots, uint32_t mask) {
  uint32_t result = slots[static_cast<size_t>(std::countr_zero(mask))][kValue];
  for (uint32_t rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
    result = combine(kind, result, slots[static_cast<size_t>(std::countr_zero(rest))][kValue]);
  }
  return result;
}

void matchAny(const Slots &slots) {
  for (uint32_t *slot : slots) {
    uint32_t equal = 0;
    for (uint32_t lane = 0; slot != nullptr && lane < kWarpSize; ++lane) {
      if (slots[lane] != nullptr && slots[lane][kValue] == slot[kValue]) {
        equal |= 1u << lane;
      }
    }
    if (slot != nullptr) {
      slot[kResultWord] = equal;
    }
  }
}

void giveAll(const Slots &slots, uint32_t result) {
  for (uint32_t *slot : slots) {
    if (slot != nullptr) {
      slot[kResultWord] = result;
    }
  }
}

bool isMatrix(Collective kind) {
  return kind == Collective::loadMatrix || kind == Collective::mmaF16 || kind == Collective::mmaBf16;
}

void performMatrix(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, Thread *first) {
  if (mask != UINT32_MAX) {
    machine.report("incomplete warp collective", *first, site, "the warp has fewer than 32 threads");
    machine.abandon();
  }
  if (site.collective == Collective::loadMatrix) {
    loadMatrices(machine, site, slots, first);
  } else {
    multiplyMatrices(site, slots);
  }
}

} // namespace

uint32_t memberMask(const Site &site, const uint32_t *slot) {
  return isMatrix(site.collective) ? UINT32_MAX : slot[kMask];
}

void performCollective(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, Thread *first) {
  switch (site.collective) {
  case Collective::warpSync:
    return;
  case Collective::shuffleUp:
  case Collective::shuffleDown:
  case Collective::shuffleXor:
  case Collective::shuffleIndex:
    return shuffle(machine, site, slots, mask, first);
  case Collective::voteAll:
  case Collective::voteAny:
  case Collective::voteUniform:
  case Collective::voteBallot:
    return giveAll(slots, voteResult(site.collective, ballot(slots), mask));
  case Collective::matchAny:
    return matchAny(slots);
  case Collective::loadMatrix:
  case Collective::mmaF16:
  case Collective::mmaBf16:
    return performMatrix(machine, site, slots, mask, first);
  default:
    return giveAll(slots, reduce(site.collective, slots, mask));
  }
}

} // namespace cria::gpusim
