// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NAME.cria-expect.json: the cases that a plugin is known not to pass, with reasons.
//
//   {"unsupported": {"ops/linear/bf16": "the library has no bf16"},
//    "expected_failures": {"replay/*": "command buffers keep the first values; to be fixed"}}
#pragma once

#include "support/Status.h"
#include "tools/cria-plugin-test/Suite.h"

#include <filesystem>

namespace cria::conformance {

/// Reads the expectations in `file`; if that is empty, in NAME.cria-expect.json next to the plugin manifest,
/// which may be absent. Errors: those of readJsonFile(); invalidArgument, naming the member.
StatusOr<Expectations> expectationsFor(const std::filesystem::path &manifest,
                                       const std::filesystem::path &file = {});

} // namespace cria::conformance
