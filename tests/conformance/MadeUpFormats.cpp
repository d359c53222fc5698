// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats that are no rows of the table. Programs and plugins that are linked with this file have them, as if
// rows and names were added to it, and differ in nothing else.
#include "format/WeightFormat.h"

namespace cria {

/// Codes of 6 bits in groups of 32, around zero.
static constexpr WeightFormatTraits kCentered = ggml_formats::centered("made_up_6", 6);
/// Codes of 3 bits in groups of 64, and minimums that are subtracted.
static constexpr WeightFormatTraits kWithMinimum{.name = "made_up_3_min",
                                                 .map = CodeMap::linear,
                                                 .bits = 3,
                                                 .group = 64,
                                                 .scale = ScaleKind::perGroup,
                                                 .offset = OffsetKind::minimum};

static constexpr std::array kMadeUpFormats = {kCentered, kWithMinimum};
static_assert(hasCodec(kCentered) && hasCodec(kWithMinimum));

std::span<const WeightFormatTraits> moreWeightFormats() { return kMadeUpFormats; }

} // namespace cria
