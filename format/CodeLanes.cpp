// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/CodeLanes.h"

#include "format/WeightRow.h"
#include "support/CpuLevel.h"

#include <algorithm>

namespace cria {
namespace {

struct Rounding {
  float lowest, highest;
  std::span<const float> middles, steps;
};

struct Group {
  std::span<const float> values, weights;
};

#define CRIA_INLINE [[gnu::always_inline]] inline

CRIA_INLINE void roundLanes(const Rounding &rounding, const Lanes &zero, Lanes &quotients) {
  if (!rounding.middles.empty()) {
    Lanes codes = rounding.lowest - Lanes{};
    for (size_t i = 0; i < rounding.middles.size(); ++i) {
      codes += quotients >= rounding.middles[i] ? rounding.steps[i] - Lanes{} : Lanes{};
    }
    quotients = codes;
    return;
  }
  constexpr float kShift = 0x1.8p23f; // rounds to integers, to even in the middle
  const Lanes low = rounding.lowest - zero, high = rounding.highest - zero;
  quotients = quotients < low ? low : quotients;
  quotients = quotients > high ? high : quotients;
  quotients = quotients + kShift - kShift;
}

CRIA_INLINE void sumCodes(const Rounding &rounding, const Group &group, const LaneTerms &terms,
                          LaneSums &out) {
  LaneSums sums = {};
  for (size_t i = 0; i < group.values.size(); ++i) {
    Lanes codes = (group.values[i] - terms.offset) * terms.inverse;
    roundLanes(rounding, terms.zero, codes);
    const Lanes weighted = group.weights[i] * codes;
    sums.codes += weighted;
    sums.squares += weighted * codes;
    sums.products += weighted * group.values[i];
  }
  out = sums;
}

CRIA_INLINE void sumSquares(const Rounding &rounding, const Group &group, const LaneTerms &terms,
                            Lanes &out) {
  Lanes sums = {};
  for (size_t i = 0; i < group.values.size(); ++i) {
    Lanes codes = (group.values[i] - terms.offset) * terms.inverse;
    roundLanes(rounding, terms.zero, codes);
    const Lanes error = group.values[i] - (terms.scale * codes + terms.offset);
    sums += group.weights[i] * error * error;
  }
  out = sums;
}

struct Kernels {
  void (*sumCodes)(const Rounding &, const Group &, const LaneTerms &, LaneSums &);
  void (*sumSquares)(const Rounding &, const Group &, const LaneTerms &, Lanes &);
};

// One copy of the kernels for each processor level. They differ in the width of their instructions alone.
#define CRIA_KERNELS(LEVEL, ATTRIBUTE)                                                                       \
  ATTRIBUTE void sumCodes##LEVEL(const Rounding &a, const Group &b, const LaneTerms &c, LaneSums &d) {       \
    sumCodes(a, b, c, d);                                                                                    \
  }                                                                                                          \
  ATTRIBUTE void sumSquares##LEVEL(const Rounding &a, const Group &b, const LaneTerms &c, Lanes &d) {        \
    sumSquares(a, b, c, d);                                                                                  \
  }                                                                                                          \
  constexpr Kernels kKernels##LEVEL = {sumCodes##LEVEL, sumSquares##LEVEL};

CRIA_KERNELS(Baseline, )
#if defined(__x86_64__)
CRIA_KERNELS(V3, [[gnu::target("arch=x86-64-v3")]])
CRIA_KERNELS(V4, [[gnu::target("arch=x86-64-v4")]])
constexpr Kernels kKernels[] = {kKernelsBaseline, kKernelsV3, kKernelsV4};
#else
constexpr Kernels kKernels[] = {kKernelsBaseline};
#endif
constexpr LaneLevel kLevels[] = {LaneLevel::baseline, LaneLevel::v3, LaneLevel::v4};

} // namespace

std::span<const LaneLevel> laneLevels() {
  static const size_t kCount = cpuHas("x86-64-v4") ? 3 : cpuHas("x86-64-v3") ? 2 : 1;
  return std::span(kLevels).first(kCount);
}

CodeLanes::CodeLanes(const WeightFormatTraits &format, LaneLevel level) : level_(level) {
  std::array<float, 256> all = codeValues(format);
  const auto values = std::span(all).first(size_t{1} << format.bits);
  std::ranges::sort(values);
  lowest_ = values.front();
  highest_ = values.back();
  for (size_t i = 1; format.map == CodeMap::table && i < values.size(); ++i) {
    steps_.push_back(values[i] - values[i - 1]);
    middles_.push_back((values[i] + values[i - 1]) / 2);
  }
}

void CodeLanes::sum(std::span<const float> values, std::span<const float> weights, const LaneTerms &terms,
                    LaneSums &sums) const {
  kKernels[size_t(level_)].sumCodes({lowest_, highest_, middles_, steps_}, {values, weights}, terms, sums);
}

void CodeLanes::sumErrors(std::span<const float> values, std::span<const float> weights,
                          const LaneTerms &terms, Lanes &errors) const {
  kKernels[size_t(level_)].sumSquares({lowest_, highest_, middles_, steps_}, {values, weights}, terms,
                                      errors);
}

} // namespace cria
