// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NAME.cria-expect.json: what a plugin is known not to pass.
//
//   {"unsupported": {"ops/linear/bf16": "the library has no bf16"},
//    "expected_failures": {"replay/*": "recordings keep the first values; to be fixed"}}
#pragma once

#include "support/Status.h"
#include "tools/cria-plugin-test/Suite.h"

#include <filesystem>

namespace cria::conformance {

/// Of `file`, or when it is empty of NAME.cria-expect.json beside the sidecar; nothing when there is no such
/// file. Errors: io; invalidArgument naming the member.
StatusOr<Expectations> expectationsFor(const std::filesystem::path &sidecar,
                                       const std::filesystem::path &file = {});

} // namespace cria::conformance
