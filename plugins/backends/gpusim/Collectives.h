// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a warp does together, as the PTX ISA states it, once all lanes have brought their operands.
#pragma once

#include "plugins/backends/gpusim/Machine.h"

namespace cria::gpusim {

/// The operands and results of a warp; null for lanes that take no part.
using Slots = std::array<uint32_t *, kWarpSize>;

/// Lanes that take part in a collective, by its operands.
uint32_t memberMask(const Site &site, const uint32_t *slot);

/// Carries out the collective at `site` for the lanes in `mask`. Findings end the launch. first: the warp's
/// lane 0.
void performCollective(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, Thread *first);

/// ldmatrix: reads through the machine's checks. mma: multiplies. Called by performCollective.
void loadMatrices(Machine &machine, const Site &site, const Slots &slots, Thread *first);
void multiplyMatrices(const Site &site, const Slots &slots);

} // namespace cria::gpusim
