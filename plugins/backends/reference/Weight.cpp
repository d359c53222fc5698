// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Weight.h"

#include "format/WeightFormat.h"
#include "plugins/sdk/cria_plugin.hpp"

namespace cria::reference {

Weight::Weight(const OpCall &call, const std::string &name)
    : values_(call.operand(name)), scales_(call.optionalOperand(name + ".scales")) {
  if (scales_) {
    group_ = static_cast<uint64_t>(traitsOf(*findWeightFormat(call.text("format"))).group);
  }
}

float Weight::load(uint64_t n, uint64_t k) const {
  const float value = values_.load(n, k);
  return scales_ ? scales_->load(n, k / group_) * value : value;
}

void Weight::store(uint64_t n, uint64_t k, int8_t code, float scale) const {
  if (scales_) {
    values_.store(n, k, code);
    scales_->store(n, k / group_, scale);
  } else {
    values_.store(n, k, static_cast<float>(code) * scale);
  }
}

/// Only the codec of codes around zero is implemented.
static const WeightFormatTraits &implementedFormat(std::string_view name) {
  const std::optional<WeightFormat> format = findWeightFormat(name);
  if (!format || !hasSignedCodes(traitsOf(*format))) {
    throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED,
                          "weights in format '" + std::string(name) + "' are not implemented");
  }
  return traitsOf(*format);
}

static std::string checkCodes(const OpCall &call, const std::string &name, uint64_t columns) {
  const WeightFormatTraits &format = implementedFormat(call.text("format"));
  const Tensor codes = call.operand(name);
  const std::optional<Tensor> scales = call.optionalOperand(name + ".scales");
  const auto group = static_cast<uint64_t>(format.group);
  const uint64_t groups = (columns + group - 1) / group;
  if (codes.type != CRIA_TYPE_I8 || codes.shape[1] != columns) {
    return "operand '" + name + "': expected i8 codes with " + std::to_string(columns) + " columns";
  }
  if (!scales || scales->type != static_cast<uint32_t>(format.scaleType) || scales->shape[1] != groups) {
    return "expected an operand '" + name + ".scales' of f16 with " + std::to_string(groups) + " columns";
  }
  return "";
}

std::string checkWeight(const OpCall &call, const std::string &name, uint64_t columns) {
  if (call.has("activations") && call.text("activations") != "f32") {
    throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED,
                          "activations '" + std::string(call.text("activations")) + "' are not implemented");
  }
  if (call.has("format")) {
    return checkCodes(call, name, columns);
  }
  const uint32_t type = call.operand(name).type;
  const bool isDense =
      type != CRIA_TYPE_I8 && type != CRIA_TYPE_U8 && !call.optionalOperand(name + ".scales");
  return isDense ? "" : "operand '" + name + "' of codes needs attribute 'format'";
}

} // namespace cria::reference
