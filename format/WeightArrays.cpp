// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/WeightArrays.h"

#include <utility>

namespace cria {

namespace {
int bitsOf(ElementType type) { return int(8 * sizeOf(type)); }

WeightPlane plane(std::string_view suffix, ElementType type, int64_t span) {
  return {.suffix = suffix, .type = type, .span = span, .bitsPerWeight = double(bitsOf(type)) / double(span)};
}

/// Small integers of `bits` bits, each in a byte of its own.
WeightPlane integers(std::string_view suffix, ElementType type, int64_t span, int bits) {
  return {.suffix = suffix, .type = type, .span = span, .bitsPerWeight = double(bits) / double(span)};
}

WeightPlane codesOf(const WeightFormatTraits &format) {
  if (isDense(format)) {
    return plane("", format.element, 1);
  }
  if (hasSignedCodes(format)) {
    return plane("", ElementType::i8, 1);
  }
  return {.type = ElementType::u8, .bits = format.bits, .bitsPerWeight = double(format.bits)};
}

void addScales(const WeightFormatTraits &format, std::vector<WeightPlane> &planes) {
  switch (format.scale) {
  case ScaleKind::none:
    break;
  case ScaleKind::perGroup:
    planes.push_back(plane("scales", format.scaleType, format.group));
    break;
  case ScaleKind::twoLevel:
    planes.push_back(plane("scales", format.scaleType, kSuperGroup));
    planes.push_back(integers("sub_scales", format.hasSignedSubScales ? ElementType::i8 : ElementType::u8,
                              format.group, format.subScaleBits));
    break;
  }
}

void addOffsets(const WeightFormatTraits &format, std::vector<WeightPlane> &planes) {
  switch (format.offset) {
  case OffsetKind::none:
    break;
  case OffsetKind::minimum:
    planes.push_back(plane("minimums", ElementType::f16, format.group));
    break;
  case OffsetKind::twoLevelMinimum:
    planes.push_back(plane("minimums", ElementType::f16, kSuperGroup));
    planes.push_back(integers("sub_minimums", ElementType::u8, format.group, format.subMinimumBits));
    break;
  case OffsetKind::zeroPoint:
    planes.push_back(integers("zeros", format.zeroPointBits > 8 ? ElementType::u16 : ElementType::u8,
                              format.group, format.zeroPointBits));
    break;
  }
}

WeightArray arrayOf(const WeightPlane &plane, PhysicalLayout placement, std::vector<int64_t> shape,
                    int64_t columns) {
  return {.suffix = plane.suffix,
          .type = plane.type,
          .shape = std::move(shape),
          .size = uint64_t(placement.numElements()) * sizeOf(plane.type),
          .placement = placement,
          .rowElements = plane.elementsOf(columns)};
}

WeightArray panelsOf(const PanelBlocks &blocks, int64_t panels) {
  const PhysicalLayout placement = {PhysicalLayout::Kind::rowMajor, panels, blocks.bytes()};
  return {.type = ElementType::u8,
          .shape = {panels, blocks.bytes()},
          .size = uint64_t(placement.numElements()),
          .placement = placement,
          .rowElements = blocks.bytes()};
}
} // namespace

std::string weightFormatNames(const std::function<bool(WeightFormat)> &isListed) {
  std::string names, last;
  for (size_t i = 0; i < numWeightFormats(); ++i) {
    if (isListed(WeightFormat(i))) {
      names += (names.empty() ? "" : ", ") + std::exchange(last, std::string(nameOf(WeightFormat(i))));
    }
  }
  return names.empty() ? last : names + " or " + last;
}

std::string weightFormatNames() {
  return weightFormatNames([](WeightFormat) { return true; });
}

std::vector<WeightPlane> planesOf(const WeightFormatTraits &format) {
  std::vector<WeightPlane> planes = {codesOf(format)};
  addScales(format, planes);
  addOffsets(format, planes);
  return planes;
}

double bitsPerWeight(const WeightFormatTraits &format) {
  double bits = 0;
  for (const WeightPlane &plane : planesOf(format)) {
    bits += plane.bitsPerWeight;
  }
  return bits;
}

uint64_t rowBytes(const WeightFormatTraits &format, int64_t columns) {
  uint64_t bytes = 0;
  for (const WeightPlane &plane : planesOf(format)) {
    bytes += uint64_t(plane.elementsOf(columns)) * sizeOf(plane.type);
  }
  return bytes;
}

std::vector<WeightArray> arraysOf(const WeightFormatTraits &format, PhysicalLayout::Kind layout,
                                  std::span<const int64_t> shape) {
  PhysicalLayout values = layoutOf(layout, shape);
  if (isDense(format)) {
    return {arrayOf(codesOf(format), values, physicalShape(layout, shape), values.columns)};
  }
  if (layout == PhysicalLayout::Kind::panel16) {
    return {panelsOf(panelBlocks(format, values.columns), values.paddedRows() / PanelBlocks::kRows)};
  }
  std::vector<WeightArray> arrays;
  for (const WeightPlane &plane : planesOf(format)) {
    PhysicalLayout rows = {PhysicalLayout::Kind::rowMajor, values.paddedRows(),
                           plane.elementsOf(values.paddedColumns())};
    arrays.push_back(arrayOf(plane, rows, {rows.rows, rows.columns}, values.columns));
  }
  return arrays;
}

std::string arrayName(std::string_view weight, std::string_view suffix) {
  std::string name(weight);
  return suffix.empty() ? name : name + "." + std::string(suffix);
}

} // namespace cria
