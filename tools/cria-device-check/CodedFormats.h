// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The formats with codes that checks of kernels go through.
#pragma once

#include "format/WeightFormat.h"

#include <vector>

namespace cria::conformance {

/// All formats with codes that differ in more than the type of their scales, and one of each type.
inline std::vector<WeightFormat> codedFormats() {
  constexpr int64_t kGroupOfAllTypes = 64;
  std::vector<WeightFormat> formats;
  for (size_t i = 0; i < numWeightFormats(); ++i) {
    const WeightFormatTraits &format = traitsOf(WeightFormat(i));
    if (!isDense(format) &&
        (format.scaleType == WeightFormatTraits().scaleType || format.group == kGroupOfAllTypes)) {
      formats.push_back(WeightFormat(i));
    }
  }
  return formats;
}

} // namespace cria::conformance
