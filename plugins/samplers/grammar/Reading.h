// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading: implementations of regular expressions differ about some texts. Where a match makes a value
// conform, only those count that all find; where it makes a value fail, all that one of them may find.
#pragma once

#include <cstdint>

namespace cria::grammar {

enum class Reading : uint8_t { sure, possible };

/// Returns the reading of what is negated: what surely fails is what does not possibly match.
inline Reading opposite(Reading reading) {
  return reading == Reading::sure ? Reading::possible : Reading::sure;
}

} // namespace cria::grammar
