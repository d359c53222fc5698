// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The planes and arrays of weights, as they follow from their format (format/WeightFormat.h).
//
// A plane is one of the kinds of data that make up a weight: its codes, their scales, and so on. An encoded
// row is the concatenation of that row of every plane, without gaps. arraysOf() lists the arrays that hold
// the planes in a layout.
#pragma once

#include "format/PanelBlocks.h"
#include "format/WeightLayout.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace cria {

/// "f32, f16 or bf16", for messages and help.
std::string weightFormatNames();
/// The same of the formats for which `isListed` is true; empty if there is none.
std::string weightFormatNames(const std::function<bool(WeightFormat)> &isListed);

/// A plane of a format.
struct WeightPlane {
  std::string_view suffix; // empty for the first plane, else "scales", "sub_scales", ...
  ElementType type = ElementType::f32;
  int64_t span = 1; // columns of the weight that share an element
  int bits = 0;     // of elements that are packed: element e is bits [e · bits, (e + 1) · bits) of its
                    // row, bit 0 the lowest of byte 0; 0: elements of `type`
  double bitsPerWeight = 0; // without padding

  /// Returns the number of elements of `type` for one row of `columns` columns.
  constexpr int64_t elementsOf(int64_t columns) const {
    return bits == 0 ? (columns + span - 1) / span : (columns * bits + 7) / 8;
  }
};

/// The planes of a format, in the order in which an encoded row and a package have them.
std::vector<WeightPlane> planesOf(const WeightFormatTraits &format);

/// Returns the bits per value in long rows, including scales and offsets: 8.5 for int8 codes with an f16
/// scale for each group of 32.
double bitsPerWeight(const WeightFormatTraits &format);

/// Returns the size in bytes of an encoded row of `columns` columns.
uint64_t rowBytes(const WeightFormatTraits &format, int64_t columns);

/// An array that holds a plane of a weight: a tensor of a package, and what a binding of a dispatch names.
struct WeightArray {
  std::string_view suffix; // as WeightPlane::suffix
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  uint64_t size = 0;        // bytes, padding included
  PhysicalLayout placement; // where the elements of the plane's rows lie
  int64_t rowElements = 0;  // elements in a row of the plane, without padding
};

/// Returns whether weights of the format can have the layout.
constexpr bool hasLayout(const WeightFormatTraits &format, PhysicalLayout::Kind layout) {
  return isDense(format) || layout != PhysicalLayout::Kind::panel16 || hasPanelBlocks(format);
}

/// Returns the arrays of a weight of the logical `shape` [N, K], or [K] for a single row. Dense weights have
/// one array, without a suffix, and so have weights in panels: u8 [panels, bytes of a panel], whose contents
/// format/PanelBlocks.h has. All code takes the list from here. REQUIRES: hasLayout(format, layout).
std::vector<WeightArray> arraysOf(const WeightFormatTraits &format, PhysicalLayout::Kind layout,
                                  std::span<const int64_t> shape);
inline std::vector<WeightArray> arraysOf(WeightFormat format, PhysicalLayout::Kind layout,
                                         std::span<const int64_t> shape) {
  return arraysOf(traitsOf(format), layout, shape);
}

/// Returns the name of an array of a weight: "layers.0.qkv", or "layers.0.qkv.scales" with a suffix.
/// Bindings and operands use it.
std::string arrayName(std::string_view weight, std::string_view suffix);

} // namespace cria
