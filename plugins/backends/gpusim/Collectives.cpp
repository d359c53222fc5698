// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shuffles, votes, matches and reductions. Operand words: the mask; then value, lane or delta, and clamp for
// a shuffle, a predicate for a vote, a value for a match or reduction. Result words: the value; then, for a
// shuffle, whether the source lane is in range.
#include "plugins/backends/gpusim/Collectives.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <functional>

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

/// The operands of a lane, in the names of the pseudo-code of shfl.sync in the PTX ISA. `last` is its
/// maxLane.
struct ShuffleOperands {
  uint32_t lane, b, segment, last;
};

using SourceFunction = Source (*)(const ShuffleOperands &operands);

Source sourceUp(const ShuffleOperands &operands) {
  const int32_t from = static_cast<int32_t>(operands.lane) - static_cast<int32_t>(operands.b);
  return {static_cast<uint32_t>(from), from >= static_cast<int32_t>(operands.last)};
}

Source sourceDown(const ShuffleOperands &operands) {
  const uint32_t from = operands.lane + operands.b;
  return {from, from <= operands.last};
}

Source sourceXor(const ShuffleOperands &operands) {
  const uint32_t from = operands.lane ^ operands.b;
  return {from, from <= operands.last};
}

Source sourceIndex(const ShuffleOperands &operands) {
  const uint32_t from = (operands.lane & operands.segment) | (operands.b & ~operands.segment);
  return {from, from <= operands.last};
}

/// A lane whose source is out of range reads itself.
Source sourceOf(SourceFunction source, uint32_t lane, uint32_t b, uint32_t c) {
  constexpr uint32_t kLaneMask = 0x1f;
  const uint32_t segment = c >> 8 & kLaneMask;
  const uint32_t clamp = c & kLaneMask;
  const Source found = source({lane, b & kLaneMask, segment, (lane & segment) | (clamp & ~segment)});
  return found.inRange ? found : Source{lane, false};
}

void shuffle(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, const Thread *first,
             SourceFunction sourceFunction) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    uint32_t *slot = slots[lane];
    if (slot == nullptr) {
      continue;
    }
    const Source source = sourceOf(sourceFunction, lane, slot[kLane], slot[kClamp]);
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

uint32_t signedMin(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(std::min(static_cast<int32_t>(a), static_cast<int32_t>(b)));
}

uint32_t signedMax(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(std::max(static_cast<int32_t>(a), static_cast<int32_t>(b)));
}

/// redux.sync has the value before the mask. The table of intrinsics swaps them.
template <typename Combine> uint32_t reduce(const Slots &slots, uint32_t mask, Combine combine) {
  uint32_t result = slots[static_cast<size_t>(std::countr_zero(mask))][kValue];
  for (uint32_t rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
    result = combine(result, slots[static_cast<size_t>(std::countr_zero(rest))][kValue]);
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
    return shuffle(machine, site, slots, mask, first, sourceUp);
  case Collective::shuffleDown:
    return shuffle(machine, site, slots, mask, first, sourceDown);
  case Collective::shuffleXor:
    return shuffle(machine, site, slots, mask, first, sourceXor);
  case Collective::shuffleIndex:
    return shuffle(machine, site, slots, mask, first, sourceIndex);
  case Collective::voteAll:
    return giveAll(slots, ballot(slots) == mask ? 1 : 0);
  case Collective::voteAny:
    return giveAll(slots, ballot(slots) != 0 ? 1 : 0);
  case Collective::voteUniform:
    return giveAll(slots, ballot(slots) == mask || ballot(slots) == 0 ? 1 : 0);
  case Collective::voteBallot:
    return giveAll(slots, ballot(slots));
  case Collective::matchAny:
    return matchAny(slots);
  case Collective::reduceAdd:
    return giveAll(slots, reduce(slots, mask, std::plus<uint32_t>()));
  case Collective::reduceAnd:
    return giveAll(slots, reduce(slots, mask, std::bit_and<uint32_t>()));
  case Collective::reduceOr:
    return giveAll(slots, reduce(slots, mask, std::bit_or<uint32_t>()));
  case Collective::reduceXor:
    return giveAll(slots, reduce(slots, mask, std::bit_xor<uint32_t>()));
  case Collective::reduceMin:
    return giveAll(slots, reduce(slots, mask, signedMin));
  case Collective::reduceMax:
    return giveAll(slots, reduce(slots, mask, signedMax));
  case Collective::reduceUMin:
    return giveAll(slots, reduce(slots, mask, std::ranges::min));
  case Collective::reduceUMax:
    return giveAll(slots, reduce(slots, mask, std::ranges::max));
  case Collective::loadMatrix:
  case Collective::mmaF16:
  case Collective::mmaBf16:
    return performMatrix(machine, site, slots, mask, first);
  }
}

} // namespace cria::gpusim
