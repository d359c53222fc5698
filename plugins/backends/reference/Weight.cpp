// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decodes each value by itself, and shares no code with the codec of the compiler.
#include "Weight.h"

#include "plugins/sdk/cria_plugin.hpp"

namespace cria::reference {

Weight::Weight(const OpCall &call, const std::string &name)
    : values_(call.operand(name)), scales_(call.optionalOperand(name + ".scales")),
      subScales_(call.optionalOperand(name + ".sub_scales")),
      minimums_(call.optionalOperand(name + ".minimums")),
      subMinimums_(call.optionalOperand(name + ".sub_minimums")),
      zeros_(call.optionalOperand(name + ".zeros")) {
  if (scales_) {
    format_ = &traitsOf(*findWeightFormat(call.text("format")));
  }
}

/// What the code of column k stands for.
float Weight::meaningOf(uint64_t n, uint64_t k) const {
  if (hasSignedCodes(*format_)) {
    return values_.load(n, k);
  }
  const auto bits = static_cast<uint64_t>(format_->bits);
  const uint64_t first = k * bits, byte = first / 8, last = (first + bits - 1) / 8;
  auto word = static_cast<uint32_t>(values_.load(n, byte));
  if (last != byte) {
    word |= static_cast<uint32_t>(values_.load(n, last)) << 8;
  }
  const uint32_t code = word >> first % 8 & ((1u << bits) - 1);
  return format_->map == CodeMap::table ? static_cast<float>(format_->table[code])
                                        : static_cast<float>(static_cast<int>(code) - format_->zero);
}

float Weight::load(uint64_t n, uint64_t k) const {
  if (format_ == nullptr) {
    return values_.load(n, k);
  }
  const uint64_t group = k / static_cast<uint64_t>(format_->group);
  const float value = scaleOf(n, group) * (meaningOf(n, k) - zeroOf(n, group));
  return minimums_ ? value - minimumOf(n, group) : value;
}

static uint64_t superGroupOf(const WeightFormatTraits &format, uint64_t group) {
  return group * static_cast<uint64_t>(format.group) / kSuperGroup;
}

float Weight::scaleOf(uint64_t n, uint64_t group) const {
  return subScales_ ? scales_->load(n, superGroupOf(*format_, group)) * subScales_->load(n, group)
                    : scales_->load(n, group);
}

/// What is subtracted from the values of a group.
float Weight::minimumOf(uint64_t n, uint64_t group) const {
  const float minimum = subMinimums_
                            ? minimums_->load(n, superGroupOf(*format_, group)) * subMinimums_->load(n, group)
                            : minimums_->load(n, group);
  return format_->isMinimumAdded ? -minimum : minimum;
}

const WeightFormatTraits &Weight::format() const {
  return format_ != nullptr ? *format_ : traitsOf(*denseFormatOf(static_cast<ElementType>(values_.type)));
}

CodedRow Weight::loadCodes(uint64_t n, uint64_t columns) const {
  CodedRow row{.group = static_cast<size_t>(format_->group), .codes = {}, .scales = {}, .minimums = {}};
  for (uint64_t group = 0; group * row.group < columns; ++group) {
    row.scales.push_back(scaleOf(n, group));
    if (minimums_) {
      row.minimums.push_back(minimumOf(n, group));
    }
  }
  for (uint64_t k = 0; k < columns; ++k) {
    row.codes.push_back(static_cast<int16_t>(meaningOf(n, k) - zeroOf(n, k / row.group)));
  }
  return row;
}

std::vector<float> Weight::loadRow(uint64_t n, uint64_t columns) const {
  std::vector<float> values(columns);
  for (uint64_t k = 0; k < columns; ++k) {
    values[k] = load(n, k);
  }
  return values;
}

void Weight::storeCode(uint64_t n, uint64_t k, uint32_t code) const {
  if (hasSignedCodes(*format_)) {
    values_.store(n, k, static_cast<float>(static_cast<int8_t>(code)));
    return;
  }
  const uint64_t bit = k * static_cast<uint64_t>(format_->bits);
  for (uint64_t byte = bit / 8, rest = code << bit % 8; rest != 0; ++byte, rest >>= 8) {
    const auto before = static_cast<uint32_t>(values_.load(n, byte));
    values_.store(n, byte, static_cast<float>(before | (rest & 0xff)));
  }
}

void Weight::storeTerms(uint64_t n, uint64_t columns, const RandomTerms &terms) const {
  const auto fill = [&](const std::optional<Tensor> &plane, int64_t span, float value) {
    for (uint64_t i = 0; plane && i * static_cast<uint64_t>(span) < columns; ++i) {
      plane->store(n, i, value);
    }
  };
  const int64_t outer = format_->scale == ScaleKind::twoLevel ? kSuperGroup : format_->group;
  fill(scales_, outer, terms.scale);
  fill(minimums_, outer, terms.minimum);
  fill(subScales_, format_->group, static_cast<float>(terms.subScale));
  fill(subMinimums_, format_->group, static_cast<float>(terms.subMinimum));
  fill(zeros_, format_->group, static_cast<float>(terms.zeroPoint));
}

[[noreturn]] static void refuseFormat(std::string_view name) {
  throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED,
                        "weights in format '" + std::string(name) + "' are not implemented");
}

namespace {

/// Checks the arrays of a weight with codes.
class ArrayCheck {
public:
  ArrayCheck(const OpCall &call, std::string name, uint64_t columns)
      : call_(call), name_(std::move(name)), columns_(columns) {}

  std::string check(const WeightFormatTraits &format) {
    const auto group = static_cast<uint64_t>(format.group);
    const bool hasTwoLevels = format.scale == ScaleKind::twoLevel;
    const uint64_t outer = hasTwoLevels ? uint64_t{kSuperGroup} : group;
    if (hasSignedCodes(format)) {
      expect("", CRIA_TYPE_I8, columns_);
    } else {
      expect("", CRIA_TYPE_U8, (columns_ * static_cast<uint64_t>(format.bits) + 7) / 8);
    }
    expect(".scales", static_cast<uint32_t>(format.scaleType), numOf(outer));
    if (hasTwoLevels) {
      expect(".sub_scales", format.hasSignedSubScales ? CRIA_TYPE_I8 : CRIA_TYPE_U8, numOf(group));
    }
    if (format.offset == OffsetKind::minimum || format.offset == OffsetKind::twoLevelMinimum) {
      expect(".minimums", CRIA_TYPE_F16, numOf(outer));
    }
    if (format.offset == OffsetKind::twoLevelMinimum) {
      expect(".sub_minimums", CRIA_TYPE_U8, numOf(group));
    }
    if (format.offset == OffsetKind::zeroPoint) {
      expect(".zeros", CRIA_TYPE_U8, numOf(group));
    }
    return error_;
  }

private:
  uint64_t numOf(uint64_t span) const { return (columns_ + span - 1) / span; }

  void expect(const std::string &suffix, uint32_t type, uint64_t columns) {
    const std::string name = name_ + suffix;
    const std::optional<Tensor> array = call_.optionalOperand(name);
    if (error_.empty() && (!array || array->type != type || array->shape[1] != columns)) {
      error_ = "expected an operand '" + name + "' of " +
               std::string(nameOf(static_cast<ElementType>(type))) + " with " + std::to_string(columns) +
               " columns";
    }
  }

  const OpCall &call_;
  std::string name_;
  uint64_t columns_;
  std::string error_;
};

} // namespace

std::string checkWeight(const OpCall &call, const std::string &name, uint64_t columns) {
  if (call.has("format")) {
    const std::optional<WeightFormat> format = findWeightFormat(call.text("format"));
    if (!format || isDense(*format)) {
      refuseFormat(call.text("format"));
    }
    return ArrayCheck(call, name, columns).check(traitsOf(*format));
  }
  const uint32_t type = call.operand(name).type;
  const bool isValues =
      type != CRIA_TYPE_I8 && type != CRIA_TYPE_U8 && !call.optionalOperand(name + ".scales");
  return isValues ? "" : "operand '" + name + "' of codes needs attribute 'format'";
}

} // namespace cria::reference
