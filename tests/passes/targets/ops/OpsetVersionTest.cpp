// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/ops/OpsetVersion.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

using enum opset::Types;

constexpr opset::Operand kOperands[] = {{"input", f32, "TD"},
                                        {.name = "input", .types = i32, .extents = "TD", .since = 2}};
constexpr opset::Attribute kAttributes[] = {
    {.name = "format", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 3},
    {.name = "mode", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 3, .value = "slow"},
    {.name = "mode", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 5, .value = "fast"}};
constexpr opset::Op kOps[] = {{.name = "halve", .operands = kOperands, .attributes = kAttributes},
                              {.name = "later", .since = 4}};

/// Adds a dispatch of an op with one operand.
void addDispatch(Program &program, const std::string &op, ElementType type,
                 std::vector<ProgramAttribute> attributes = {}) {
  ProgramDispatch dispatch;
  dispatch.kernel = static_cast<uint32_t>(program.kernels.size());
  if (op != "later") {
    dispatch.bindings.resize(1);
    dispatch.bindings[0].name = "input";
    dispatch.bindings[0].type = type;
  }
  ProgramKernel kernel;
  kernel.kind = KernelKind::op;
  kernel.op = op;
  kernel.attributes = std::move(attributes);
  program.kernels.push_back(std::move(kernel));
  program.entries.resize(1);
  program.entries[0].dispatches.push_back(std::move(dispatch));
}

TEST(OpsetVersionTest, AProgramAsksForTheHighestVersionItUses) {
  Program program;
  EXPECT_EQ(opsetVersionOf(program, kOps), 1u);
  addDispatch(program, "halve", ElementType::f32);
  EXPECT_EQ(opsetVersionOf(program, kOps), 1u);
  addDispatch(program, "halve", ElementType::i32);
  EXPECT_EQ(opsetVersionOf(program, kOps), 2u);
  addDispatch(program, "halve", ElementType::f32, {{"format", std::string("q8_0")}});
  EXPECT_EQ(opsetVersionOf(program, kOps), 3u);
  addDispatch(program, "later", ElementType::f32);
  EXPECT_EQ(opsetVersionOf(program, kOps), 4u);
  addDispatch(program, "halve", ElementType::f32, {{"mode", std::string("slow")}});
  EXPECT_EQ(opsetVersionOf(program, kOps), 4u);
  addDispatch(program, "halve", ElementType::f32, {{"mode", std::string("fast")}});
  EXPECT_EQ(opsetVersionOf(program, kOps), 5u);
}

} // namespace
} // namespace cria
