// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the SDK refuses before the implementation of an op sees the call.
#include "plugins/sdk/cria_ops_backend.hpp"

#include <gtest/gtest.h>

namespace cria::plugin {
namespace {

constexpr std::string_view kInt8[] = {"int8"};

/// Returns the message with which a call in a class of activations is refused; "" if it is not.
std::string refusalOf(const OpImplementation &op, std::string_view activations) {
  OpCall call;
  call.texts.emplace("activations", activations);
  ops::backend().name = "mine";
  try {
    ops::checkActivations(op, call);
  } catch (const Refusal &refusal) {
    EXPECT_EQ(refusal.status(), CRIA_STATUS_UNSUPPORTED);
    return refusal.what();
  }
  return "";
}

TEST(OpsBackendTest, RefusesClassesThatTheOpDoesNotDeclare) {
  const OpImplementation plain{.name = "linear", .run = nullptr};
  const OpImplementation quantized{.name = "linear", .run = nullptr, .activations = kInt8};
  EXPECT_EQ(refusalOf(plain, "f32"), "");
  EXPECT_EQ(refusalOf(plain, "int8"), "the backend 'mine' does not run activations 'int8'; it declares f32");
  EXPECT_EQ(refusalOf(quantized, "int8"), "");
  EXPECT_EQ(refusalOf(quantized, "bf16"),
            "the backend 'mine' does not run activations 'bf16'; it declares f32, int8");
}

} // namespace
} // namespace cria::plugin
