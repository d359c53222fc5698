// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helpers that the files with cases of backends share.
#pragma once

#include "tools/cria-plugin-test/BackendSuite.h"

namespace cria::conformance {

/// Returns a host that supports the plugin ABI versions major.minorMin to major.minorMax.
cria_host hostSpeaking(uint32_t major, uint32_t minorMin, uint32_t minorMax);

/// Throws Failure unless a call was refused with this status and a message that contains `text`. `what` names
/// the call.
void requireRefusal(const Outcome &outcome, cria_status status, std::string_view text, std::string_view what);
void requireOk(const Outcome &outcome, std::string_view what);

/// The cases for command buffers: copies and fills, cancellation, profiles, refused entries.
std::vector<Case> recordingCases(const BackendSubject &subject);

} // namespace cria::conformance
