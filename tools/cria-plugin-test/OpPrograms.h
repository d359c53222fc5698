// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases that run small models as programs of ops.
#pragma once

#include "tools/cria-plugin-test/BackendSuite.h"

namespace cria::conformance {

/// Returns cases for a model of two layers, from tokens to logits, in one command buffer: made of primitive
/// and of fused ops, if the plugin manifest lists these; for one session and for two interleaved ones.
std::vector<Case> programCases(const BackendSubject &subject);

} // namespace cria::conformance
