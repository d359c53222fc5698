// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels read rows of any description of a format, in the table or not, with the bits of
// format/WeightCodec.h.
#include "passes/targets/cuda/WeightRow.h"
#include "format/WeightCodec.h"
#include "passes/targets/cuda/DeviceCode.h"
#include "plugins/backends/gpusim/GpuSim.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace cria;
using namespace cria::cuda;

namespace {

constexpr int64_t kRows = 3;

/// A kernel that writes the padded rows of a weight, a chunk for each thread; x = row.
struct DecodeSpec {
  const WeightFormatTraits &format;
  int64_t columns;

  int64_t padded() const {
    return PhysicalLayout{PhysicalLayout::Kind::rowPadded, 1, columns}.paddedColumns();
  }
  int64_t threads() const { return padded() / WeightRow::chunkOf(format); }
  std::string name() const { return "decode"; }
  std::vector<std::string> bindings() const {
    std::vector<std::string> names = weightBindings("weight", format);
    names.push_back("output");
    return names;
  }
};

void emitDecode(mlir::ModuleOp kernels, const DecodeSpec &spec) {
  mlir::OpBuilder types(kernels.getContext());
  const std::vector<std::string> names = weightBindings("weight", spec.format);
  llvm::SmallVector<KernelParameter> parameters = weightParameters(kernels.getContext(), names, spec.format);
  parameters.push_back({"output", types.getF32Type(), /*written=*/true});
  KernelFunction kernel(kernels, spec, parameters, spec.threads());
  DeviceEmitter &e = kernel.emitter();
  // The row before it, so that both ways to a row are used.
  const WeightRow row = WeightRow(kernel, "weight", spec.format, spec.columns, e.blockId(0)).after(1);
  Index first = e.threadId() * WeightRow::chunkOf(spec.format);
  const WeightRow::Values chunk = row.load(first);
  for (int64_t part = 0; part < row.parts(); ++part) {
    const WeightRow::Values values = row.values(chunk, part);
    for (int64_t j = 0; j < WeightRow::kPart; ++j) {
      e.store(values[size_t(j)], kernel.buffer("output"),
              e.blockId(0) * spec.padded() + first + (part * WeightRow::kPart + j));
    }
  }
}

std::unique_ptr<gpusim::Module> compileDecode(const DecodeSpec &spec) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>();
  registerDeviceDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> kernels = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  emitDecode(*kernels, spec);
  auto code = emitDeviceCode(*kernels, *findSm("sm_80"), DeviceStage::bitcode);
  std::string error = "no code";
  auto module = mlir::succeeded(code) ? gpusim::Module::load(*code, error) : nullptr;
  EXPECT_TRUE(module) << error;
  return module;
}

/// Memory that begins at a multiple of 64 bytes.
class Aligned {
public:
  explicit Aligned(size_t size) : size_(size), memory_(size / sizeof(uint64_t) + 16) {}
  std::byte *data() {
    return reinterpret_cast<std::byte *>((reinterpret_cast<uintptr_t>(memory_.data()) + 63) / 64 * 64);
  }
  size_t size() const { return size_; }

private:
  size_t size_;
  std::vector<uint64_t> memory_;
};

/// The planes of rows after an unused first row, each in an array in layout row_padded.
std::vector<Aligned> arraysFor(const DecodeSpec &spec, const std::vector<std::vector<std::byte>> &rows) {
  const int64_t shape[] = {kRows + 1, spec.columns};
  std::vector<Aligned> arrays;
  for (size_t first = 0;
       const WeightArray &array : arraysOf(spec.format, PhysicalLayout::Kind::rowPadded, shape)) {
    Aligned &memory = arrays.emplace_back(array.size);
    const size_t size = size_t(array.rowElements) * sizeOf(array.type);
    for (int64_t row = 0; row < kRows; ++row) {
      std::memcpy(memory.data() + size_t(array.placement.offsetOf(row + 1, 0)) * sizeOf(array.type),
                  rows[size_t(row)].data() + first, size);
    }
    first += size;
  }
  return arrays;
}

std::vector<float> decodeOnDevice(const DecodeSpec &spec, const std::vector<std::vector<std::byte>> &rows) {
  auto module = compileDecode(spec);
  if (!module) {
    return {};
  }
  std::vector<Aligned> arrays = arraysFor(spec, rows);
  Aligned output(size_t(kRows * spec.padded()) * sizeof(float));
  gpusim::Launch launch{
      .kernel = "decode", .grid = {uint32_t(kRows), 1, 1}, .block = {uint32_t(spec.threads()), 1, 1}};
  for (Aligned &array : arrays) {
    launch.parameters.push_back({array.data(), array.size(), false, "weight", nullptr});
  }
  launch.parameters.push_back({output.data(), output.size(), true, "output", nullptr});
  EXPECT_EQ(module->run(launch), "");
  const auto *values = reinterpret_cast<const float *>(output.data());
  return {values, values + kRows * spec.padded()};
}

void expectTheValuesOfTheCodec(const WeightFormatTraits &format, int64_t columns) {
  const DecodeSpec spec{format, columns};
  std::mt19937 random(uint32_t(columns) + uint32_t(format.bits));
  std::normal_distribution<float> normal(0.2f, 1);
  std::vector<std::vector<std::byte>> rows(kRows);
  std::vector<float> values(static_cast<size_t>(columns)), expected(static_cast<size_t>(columns));
  for (std::vector<std::byte> &row : rows) {
    std::generate(values.begin(), values.end(), [&] { return normal(random); });
    row.resize(rowBytes(format, columns));
    ASSERT_EQ(encodeRow(format, values, row.data()), std::nullopt);
  }
  const std::vector<float> found = decodeOnDevice(spec, rows);
  ASSERT_EQ(found.size(), size_t(kRows * spec.padded()));
  for (int64_t row = 0; row < kRows; ++row) {
    decodeRow(format, rows[size_t(row)].data(), expected);
    EXPECT_EQ(
        std::memcmp(found.data() + row * spec.padded(), expected.data(), expected.size() * sizeof(float)), 0)
        << "row " << row;
  }
}

class WeightRowTest : public testing::TestWithParam<WeightFormatTraits> {};

TEST_P(WeightRowTest, HasTheValuesOfTheCodec) {
  for (const int64_t columns : {352, 50, 1, 576}) {
    SCOPED_TRACE(columns);
    expectTheValuesOfTheCodec(GetParam(), columns);
  }
}

std::string nameOfFormat(const testing::TestParamInfo<WeightFormatTraits> &info) {
  return std::string(info.param.name);
}

INSTANTIATE_TEST_SUITE_P(OfTheTable, WeightRowTest, testing::ValuesIn(kWeightFormats), nameOfFormat);

/// Every number of bits, groups within, of and beyond a chunk, zero points of 8 and of 16 bits, and scales of
/// each type.
std::vector<WeightFormatTraits> otherFormats() {
  const auto linear = [](std::string_view name, int bits, int64_t group) {
    return WeightFormatTraits{
        .name = name, .map = CodeMap::linear, .bits = bits, .group = group, .scale = ScaleKind::perGroup};
  };
  std::vector<WeightFormatTraits> formats = {
      linear("zero2", 2, 16), linear("zero3", 3, 64), linear("zero4", 4, 128),
      linear("zero5", 5, 24), linear("zero6", 6, 8),  linear("zero7", 7, 32),
      linear("zero8", 8, 40), linear("min7", 7, 256), linear("centered2", 2, 8)};
  for (WeightFormatTraits &format : formats) {
    format.offset = OffsetKind::zeroPoint;
    format.zeroPointBits = format.bits;
  }
  formats[3].scaleType = ElementType::f32;
  formats[4].scaleType = ElementType::bf16;
  formats[6].zeroPointBits = 9; // 256, as of a symmetric format
  formats[7].offset = OffsetKind::minimum;
  formats[8].offset = OffsetKind::none;
  formats[8].zero = 2;
  WeightFormatTraits twoLevel = ggml_formats::centeredTwoLevel("two7", 7, 5);
  twoLevel.group = 8;
  twoLevel.scaleType = ElementType::f32;
  formats.push_back(twoLevel);
  return formats;
}

INSTANTIATE_TEST_SUITE_P(Others, WeightRowTest, testing::ValuesIn(otherFormats()), nameOfFormat);

// Scales that are subnormal, and products that become so, are zeros.
TEST(WeightRowFlush, SubnormalNumbersAreZeros) {
  const WeightFormatTraits format{.name = "tiny",
                                  .map = CodeMap::linear,
                                  .bits = 8,
                                  .zero = 128,
                                  .group = 16,
                                  .scale = ScaleKind::perGroup,
                                  .scaleType = ElementType::f32};
  const float scales[] = {0x1p-130f, 0x1p-126f, 0x1p-120f, -0x1p-149f};
  std::vector<std::byte> row(rowBytes(format, 64), std::byte{1}); // codes of 1
  std::memcpy(row.data() + 64, scales, sizeof(scales));
  const std::vector<float> found = decodeOnDevice({format, 64}, {row, row, row});
  ASSERT_EQ(found.size(), size_t(64 * kRows));
  EXPECT_EQ(found[0], 0);
  EXPECT_EQ(found[16], 0x1p-126f);
  EXPECT_EQ(found[32], 0x1p-120f);
  EXPECT_EQ(found[48], 0);
}

} // namespace
