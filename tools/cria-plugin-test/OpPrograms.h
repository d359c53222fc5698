// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small models as programs of ops.
#pragma once

#include "tools/cria-plugin-test/BackendSuite.h"

namespace cria::conformance {

/// Two layers from tokens to logits in one recording, from primitive ops and from fused ones, where the
/// sidecar lists what they need; alone, and as two sessions that take turns.
std::vector<Case> programCases(const BackendSubject &subject);

} // namespace cria::conformance
