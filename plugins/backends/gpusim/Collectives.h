// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp-wide operations (collectives), executed as in the PTX ISA when all participating lanes have arrived.
#pragma once

#include "plugins/backends/gpusim/Machine.h"

namespace cria::gpusim {

/// The operands and results of a warp; null for lanes that do not participate.
using Slots = std::array<uint32_t *, kWarpSize>;

/// Returns the lanes that participate in a collective, from its operands.
uint32_t memberMask(const Site &site, const uint32_t *slot);

/// Executes the collective at `site` for the lanes in `mask`. A finding ends the launch. first: lane 0 of the
/// warp.
void performCollective(Machine &machine, const Site &site, const Slots &slots, uint32_t mask, Thread *first);

/// ldmatrix: reads through the machine's checks. mma: multiplies. Called by performCollective.
void loadMatrices(Machine &machine, const Site &site, const Slots &slots, Thread *first);
void multiplyMatrices(const Site &site, const Slots &slots);

} // namespace cria::gpusim
