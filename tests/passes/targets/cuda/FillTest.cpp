// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random weights that the device kernels generate in the simulator equal the definition in
// format/RandomWeights.h bit for bit.
#include "format/RandomRow.h"
#include "format/RandomWeights.h"
#include "format/WeightArrays.h"
#include "passes/targets/cuda/DeviceCode.h"
#include "passes/targets/cuda/Kernels.h"
#include "plugins/backends/gpusim/GpuSim.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace cria;

namespace {

std::unique_ptr<gpusim::Module> compileFill(const cuda::FillSpec &spec) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>();
  cuda::registerDeviceDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> kernels = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  cuda::emitFill(*kernels, spec);
  auto code = cuda::emitDeviceCode(*kernels, *cuda::findSm("sm_80"), cuda::DeviceStage::bitcode);
  std::string error = "no code";
  auto module = mlir::succeeded(code) ? gpusim::Module::load(*code, error) : nullptr;
  EXPECT_TRUE(module) << error;
  return module;
}

float valueOf(const std::byte *at, ElementType type) {
  uint32_t word = 0;
  std::memcpy(&word, at, sizeOf(type));
  if (type == ElementType::f16) {
    // Random values are normal numbers or zero.
    uint32_t exponent = word >> 10 & 31;
    word = (word & 0x8000) << 16 | (exponent ? (exponent + 112) << 23 | (word & 1023) << 13 : 0);
  } else if (type == ElementType::bf16) {
    word <<= 16;
  }
  float value = 0;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

class Fill : public testing::TestWithParam<ElementType> {};

// Gate and up alternate in blocks of 16 rows: this segment is up.
TEST_P(Fill, IsWhatTheDefinitionSays) {
  constexpr uint32_t kRows = 37, kColumns = 77, kPitch = 128, kSeed = 42;
  const cuda::FillSpec spec{.columns = kColumns, .pitch = kPitch, .format = *denseFormatOf(GetParam())};
  auto module = compileFill(spec);
  ASSERT_TRUE(module);
  const uint32_t id = randomTensorId("model.layers.0.mlp.up_proj.weight");
  alignas(64) RandomSegment segment{randomTensorKey(kSeed, id), kRows, 16, 16, 32, 0, {}};
  std::vector<uint64_t> memory(96 * kPitch / 2 + 8); // 96 rows of f32, and room to align
  auto *weight = reinterpret_cast<std::byte *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
  const uint64_t size = 96 * kPitch * sizeOf(GetParam());
  gpusim::Launch launch{
      .kernel = spec.name(), .grid = {kRows, 1, 1}, .block = {uint32_t(cuda::kRowThreads), 1, 1}};
  launch.parameters = {
      {reinterpret_cast<std::byte *>(&segment), sizeof(segment), false, "constants", nullptr},
      {weight, size, true, "weight", nullptr}};
  ASSERT_EQ(module->run(launch), "");
  for (uint32_t row = 0; row < kRows; ++row) {
    const uint64_t first = segment.destinationRow(row) * kPitch;
    for (uint32_t column = 0; column < kColumns; ++column) {
      const float found = valueOf(weight + (first + column) * sizeOf(GetParam()), GetParam());
      ASSERT_EQ(found, randomValue(kSeed, id, row, column, kColumns)) << row << ", " << column;
    }
  }
  EXPECT_EQ(valueOf(weight, GetParam()), 0) << "a row of another segment was written";
}

/// The arrays of a weight with codes in layout row_padded, zero at first.
class CodedArrays {
public:
  CodedArrays(const WeightFormatTraits &format, int64_t rows, int64_t columns)
      : arrays_(arraysOf(format, PhysicalLayout::Kind::rowPadded, std::vector{rows, columns})) {
    for (const WeightArray &array : arrays_) {
      memory_.emplace_back(array.size / 8 + 8);
    }
  }
  std::byte *data(size_t i) {
    return reinterpret_cast<std::byte *>((reinterpret_cast<uintptr_t>(memory_[i].data()) + 63) / 64 * 64);
  }
  void addParameters(std::vector<gpusim::MemoryWindow> &parameters) {
    for (size_t i = 0; i < arrays_.size(); ++i) {
      names_.push_back(arrayName("weight", arrays_[i].suffix));
    }
    for (size_t i = 0; i < arrays_.size(); ++i) {
      parameters.push_back({data(i), arrays_[i].size, true, names_[i], nullptr});
    }
  }
  /// Row n of all planes, without padding.
  std::vector<std::byte> row(uint64_t n) {
    std::vector<std::byte> bytes;
    for (size_t i = 0; i < arrays_.size(); ++i) {
      const uint64_t size = sizeOf(arrays_[i].type);
      const std::byte *from = data(i) + n * uint64_t(arrays_[i].placement.paddedColumns()) * size;
      bytes.insert(bytes.end(), from, from + uint64_t(arrays_[i].rowElements) * size);
    }
    return bytes;
  }

private:
  std::vector<WeightArray> arrays_;
  std::vector<std::vector<uint64_t>> memory_; // with room to align
  std::vector<std::string> names_;
};

TEST(FillCodes, AreWhatTheDefinitionSays) {
  constexpr uint32_t kRows = 21, kKey = 42;
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    const WeightFormatTraits &format = kWeightFormats[i];
    if (isDense(format)) {
      continue;
    }
    const int64_t columns = format.scale == ScaleKind::twoLevel ? 338 : 77;
    const cuda::FillSpec spec{.columns = columns, .pitch = 0, .format = WeightFormat(i)};
    auto module = compileFill(spec);
    ASSERT_TRUE(module);
    alignas(64) RandomSegment segment{kKey, kRows, 16, 16, 32, uint32_t(columns), {}};
    CodedArrays weight(format, 64, columns);
    gpusim::Launch launch{
        .kernel = spec.name(), .grid = {kRows, 1, 1}, .block = {uint32_t(cuda::kRowThreads), 1, 1}};
    launch.parameters = {
        {reinterpret_cast<std::byte *>(&segment), sizeof(segment), false, "constants", nullptr}};
    weight.addParameters(launch.parameters);
    ASSERT_EQ(module->run(launch), "") << format.name;
    std::vector<std::byte> expected(rowBytes(format, columns));
    EXPECT_EQ(weight.row(0), expected) << format.name << ": a row of another segment was written";
    for (uint32_t row = 0; row < kRows; ++row) {
      encodeRandomRow(format, randomRowKey(kKey, row), columns, expected.data());
      ASSERT_EQ(weight.row(segment.destinationRow(row)), expected) << format.name << ", " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Fill, testing::Values(ElementType::f32, ElementType::f16, ElementType::bf16),
                         [](const auto &info) { return std::string(nameOf(info.param)); });

} // namespace
