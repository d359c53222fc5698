// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognizes weight files that no frontend reads, to name them in errors.
#pragma once

#include <string>

namespace cria {

/// The name of a file in `folder` that holds weights in a format without a frontend; the first one in
/// alphabetical order, empty when there is none.
std::string findUnsupportedWeights(const std::string &folder);

} // namespace cria
