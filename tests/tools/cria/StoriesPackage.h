// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shipped model, compiled once per test program.
#pragma once

#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Process.h"

namespace cria::test {

inline const std::string kStoriesCheckpoint = CRIA_SOURCE_DIR "/examples/stories/model";

inline std::string storiesPackage() { return compileModel(kStoriesCheckpoint, {"--target", "cpu,ops"}); }

} // namespace cria::test
