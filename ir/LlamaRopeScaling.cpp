// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE scaling as attributes of the llama dialect, and as the configuration of a model states it.
#include "ir/LlamaTypes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria::llama {

static RopeScaling scalingOf(LinearScalingAttr attr) {
  return {.kind = RopeScaling::Kind::linear, .factor = attr.getFactor().getValueAsDouble()};
}

static RopeScaling scalingOf(Llama3ScalingAttr attr) {
  return {.kind = RopeScaling::Kind::llama3,
          .factor = attr.getFactor().getValueAsDouble(),
          .lowFreqFactor = attr.getLowFreqFactor().getValueAsDouble(),
          .highFreqFactor = attr.getHighFreqFactor().getValueAsDouble(),
          .originalContext = attr.getOriginalContext()};
}

static RopeScaling scalingOf(YarnScalingAttr attr) {
  return {.kind = RopeScaling::Kind::yarn,
          .factor = attr.getFactor().getValueAsDouble(),
          .originalContext = attr.getOriginalContext(),
          .betaFast = attr.getBetaFast().getValueAsDouble(),
          .betaSlow = attr.getBetaSlow().getValueAsDouble(),
          .attentionFactor = attr.getAttentionFactor().getValueAsDouble(),
          .truncate = attr.getTruncate()};
}

bool isRopeScaling(Attribute attribute) { return scalingOf(attribute).has_value(); }

std::optional<RopeScaling> scalingOf(Attribute attribute) {
  if (!attribute) {
    return std::nullopt;
  }
  return TypeSwitch<Attribute, std::optional<RopeScaling>>(attribute)
      .Case<LinearScalingAttr, Llama3ScalingAttr, YarnScalingAttr>([](auto attr) { return scalingOf(attr); })
      .Default(std::nullopt);
}

Attribute attributeOf(MLIRContext *context, const std::optional<RopeScaling> &scaling) {
  if (!scaling) {
    return {};
  }
  switch (scaling->kind) {
  case RopeScaling::Kind::linear:
    return LinearScalingAttr::get(context, scaling->factor);
  case RopeScaling::Kind::llama3:
    return Llama3ScalingAttr::get(context, scaling->factor, scaling->lowFreqFactor, scaling->highFreqFactor,
                                  scaling->originalContext);
  case RopeScaling::Kind::yarn:
    break;
  }
  return YarnScalingAttr::get(context, scaling->factor, scaling->originalContext, scaling->betaFast,
                              scaling->betaSlow, scaling->attentionFactor, scaling->truncate);
}

LogicalResult YarnScalingAttr::verify(function_ref<InFlightDiagnostic()> emitError, FloatAttr factor,
                                      int64_t originalContext, FloatAttr betaFast, FloatAttr betaSlow,
                                      FloatAttr attentionFactor, bool truncate) {
  const RopeScaling scaling = {.kind = RopeScaling::Kind::yarn,
                               .factor = factor.getValueAsDouble(),
                               .originalContext = originalContext,
                               .betaFast = betaFast.getValueAsDouble(),
                               .betaSlow = betaSlow.getValueAsDouble(),
                               .attentionFactor = attentionFactor.getValueAsDouble(),
                               .truncate = truncate};
  const Status status = scaling.check("yarn_scaling");
  return status.ok() ? success() : LogicalResult(emitError() << status.message());
}

} // namespace cria::llama
