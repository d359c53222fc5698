// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The planes and arrays of weights, as they follow from their format (format/WeightFormat.h).
//
// A plane is one of the kinds of data that make up a weight: its codes, their scales, and so on. An encoded row
// is its part of every plane, one after the other without gaps. arraysOf() lists the arrays that hold the planes
// in a layout.
#pragma once

#include "format/WeightFormat.h"
#include "format/WeightLayout.h"

#include <span>
#include <string>
#include <vector>

namespace cria {

/// "f32, f16 or bf16", for messages and help.
std::string weightFormatNames();

/// A plane of a format.
struct WeightPlane {
  std::string_view suffix; // empty for the first plane, else "scales", "sub_scales", ...
  ElementType type = ElementType::f32;
  int64_t span = 1; // columns of the weight that share an element
  int bits = 0;     // of elements that are packed: element e is bits [e · bits, (e + 1) · bits) of its
                    // row, bit 0 the lowest of byte 0; 0: elements of `type`
  double bitsPerWeight = 0; // without padding

  /// Elements of `type` in the row of a weight with so many columns.
  constexpr int64_t elementsOf(int64_t columns) const {
    return bits == 0 ? (columns + span - 1) / span : (columns * bits + 7) / 8;
  }
};

/// The planes of a format, in the order in which an encoded row and a package have them.
std::vector<WeightPlane> planesOf(const WeightFormatTraits &format);

/// Bits that a weight takes in long rows, scales and offsets included: 8.5 of int8 codes with an f16 for each
/// group of 32.
double bitsPerWeight(const WeightFormatTraits &format);

/// Bytes of an encoded row of so many columns.
uint64_t rowBytes(const WeightFormatTraits &format, int64_t columns);

/// An array that holds a plane of a weight: a tensor of a package, and what a binding of a dispatch names.
struct WeightArray {
  std::string_view suffix; // as WeightPlane::suffix
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  uint64_t size = 0;        // bytes, padding included
  PhysicalLayout placement; // where the elements of the plane's rows lie
  int64_t rowElements = 0;  // of the plane, without padding
};

/// Whether weights of the format can be held in the layout: codes in panels have none yet.
constexpr bool hasLayout(const WeightFormatTraits &format, PhysicalLayout::Kind layout) {
  return isDense(format) || layout != PhysicalLayout::Kind::panel16;
}

/// The arrays of a weight of the logical `shape`, [N, K] or [K], which is a row: the one place that lists them.
/// hasLayout() holds. Dense weights have one array, without a suffix.
std::vector<WeightArray> arraysOf(const WeightFormatTraits &format, PhysicalLayout::Kind layout,
                                  std::span<const int64_t> shape);
inline std::vector<WeightArray> arraysOf(WeightFormat format, PhysicalLayout::Kind layout,
                                         std::span<const int64_t> shape) {
  return arraysOf(traitsOf(format), layout, shape);
}

/// "layers.0.qkv" or "layers.0.qkv.scales": what a binding calls an array of a weight, and how an operand's
/// arrays are called.
std::string arrayName(std::string_view weight, std::string_view suffix);

} // namespace cria
