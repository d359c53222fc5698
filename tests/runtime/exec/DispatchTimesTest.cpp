// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The descriptions of dispatches: their layers and grids.
#include "runtime/exec/DispatchTimes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::ElementsAre;
using testing::Optional;

ProgramBinding use(BufferSpace space, uint32_t index = 0) {
  return {.name = "x", .buffer = {.space = space, .index = index}, .shape = {{.value = 8}}};
}

/// Dispatches of two layers. The weights 2 and 3 belong to none.
class DispatchTimesTest : public testing::Test {
protected:
  DispatchTimesTest() {
    program_.kv = {.pageTokens = 16, .pageBytes = 4096, .type = ElementType::f16};
    for (const char *name : {"layers.0.qkv", "layers.11.qkv", "table", "layers.norm"}) {
      program_.weights.push_back({.name = name});
    }
    program_.kernels = {{.name = "k"}};
    step_.entry = &entry_;
    step_.numTokens = 5;
    step_.numOutputs = 2;
  }
  void add(std::vector<ProgramBinding> bindings) {
    step_.dispatches.push_back(static_cast<uint32_t>(entry_.dispatches.size()));
    entry_.dispatches.push_back({.bindings = std::move(bindings)});
  }
  std::vector<DispatchTime> times() const {
    const std::vector<uint64_t> nanoseconds(step_.dispatches.size(), 7);
    return dispatchTimes(program_, step_, {}, nanoseconds);
  }
  std::vector<std::optional<uint32_t>> layers() const {
    std::vector<std::optional<uint32_t>> result;
    for (const DispatchTime &time : times()) {
      result.push_back(time.layer);
    }
    return result;
  }

  Program program_;
  ProgramEntry entry_;
  CommandBuffer step_;
};

TEST_F(DispatchTimesTest, LayersAreThoseOfWeightsAndBetweenThemOfTheDispatchBefore) {
  const ProgramBinding layer0 = use(BufferSpace::weight, 0), layer11 = use(BufferSpace::weight, 1),
                       table = use(BufferSpace::weight, 2), norm = use(BufferSpace::weight, 3),
                       kv = use(BufferSpace::kv), row = use(BufferSpace::buffer);
  add({table});        // before all layers
  add({row, layer0});  // q, k, v
  add({table, kv});    // RoPE
  add({row});          // merges segments
  add({layer11, row}); // the next layer
  add({row});          // after all layers, as the rows of logits are selected
  add({norm});
  EXPECT_THAT(layers(), ElementsAre(std::nullopt, Optional(0u), Optional(0u), Optional(0u), Optional(11u),
                                    std::nullopt, std::nullopt));
}

TEST_F(DispatchTimesTest, GridsAndIndicesAreThoseOfTheStep) {
  add({use(BufferSpace::buffer)});
  add({use(BufferSpace::buffer)});
  entry_.dispatches[1].grid = {GridDimension{.times = 3, .of = ExtentKind::tokens, .tile = 2},
                               GridDimension{.times = 1, .of = ExtentKind::outputs, .tile = 1}};
  step_.dispatches = {1}; // the grid of the first is empty
  const std::vector<DispatchTime> found = times();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].index, 1u);
  EXPECT_EQ(found[0].kernel, "k");
  EXPECT_THAT(found[0].grid, ElementsAre(9u, 2u, 1u));
  EXPECT_EQ(found[0].nanoseconds, 7u);
  EXPECT_EQ(found[0].bytesRead, 8u * 4);
  EXPECT_EQ(found[0].bytesWritten, 0u);
}

} // namespace
} // namespace cria::test
