// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares norm, elementwise, look-up, selection and fill kernels with scalar code, over ragged widths and
// strided rows.
#include "tests/passes/targets/cpu/KernelHarness.h"
#include "tests/passes/targets/cpu/ScalarKernels.h"
#include "tools/cria-device-check/CodedFormats.h"

#include "format/PanelBlocks.h"
#include "format/RandomRow.h"
#include "format/RandomWeights.h"
#include "format/WeightArrays.h"
#include "passes/targets/KernelParameters.h"

#include "gtest/gtest.h"

using namespace cria;
using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

constexpr int64_t kRows = 5;

/// Runs body for each level that this processor supports, with denormals flushed to zero.
void forEachIsa(const std::function<void(const Isa &)> &body) {
  DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    SCOPED_TRACE(isa->name.str());
    body(*isa);
  }
}

void runRows(const KernelLibrary &library, const std::string &name, std::vector<void *> bindings,
             int64_t rows) {
  for (int64_t row = rows - 1; row >= 0; --row) {
    library.kernel(name)(bindings.data(), nullptr, row, 0, 0);
  }
}

/// Columns 0..width of rows of `stride`.
std::vector<float> dense(Buffer<float> &buffer, int64_t stride, int64_t width) {
  std::vector<float> result;
  for (int64_t row = 0; row < kRows; ++row) {
    result.insert(result.end(), buffer.begin() + row * stride, buffer.begin() + row * stride + width);
  }
  return result;
}

/// The kernel's order of additions.
float scalarNormFactor(const float *x, const NormSpec &spec) {
  float lanes[16] = {};
  for (int64_t i = 0; i < spec.width; ++i) {
    lanes[i % 16] = std::fma(x[i], x[i], lanes[i % 16]);
  }
  for (int half = 8; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) {
      lanes[i] += lanes[i + half];
    }
  }
  return 1.0f / std::sqrt(lanes[0] / static_cast<float>(spec.width) + spec.epsilon);
}

TEST(Rows, RmsNormEqualsTheScalarTree) {
  forEachIsa([](const Isa &isa) {
    for (int64_t width : {16, 64, 100, 2048, 7}) {
      NormSpec spec{.width = width, .epsilon = 1e-5f, .inputStride = width + 16, .outputStride = width + 32};
      KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitNorm(kernels, spec); });
      Random random(width);
      Buffer<float> input = randomFloats(kRows * spec.inputStride, random),
                    weight = randomFloats(width, random);
      Buffer<float> output(kRows * spec.outputStride, kNan);
      runRows(library, spec.name(), {input.data(), weight.data(), output.data()}, kRows);
      std::vector<float> expected;
      for (int64_t row = 0; row < kRows; ++row) {
        const float *x = input.data() + row * spec.inputStride;
        float factor = scalarNormFactor(x, spec);
        for (int64_t i = 0; i < width; ++i) {
          expected.push_back(x[i] * factor * weight[i]);
        }
      }
      EXPECT_TRUE(sameBits(dense(output, spec.outputStride, width), expected)) << spec.name();
      EXPECT_TRUE(std::isnan(output[width]) && output.intact());
    }
  });
}

TEST(Rows, Elementwise) {
  using Kind = ElementwiseSpec::Kind;
  forEachIsa([](const Isa &isa) {
    for (int64_t width : {64, 43, 5}) {
      for (Kind kind : {Kind::silu, Kind::mul, Kind::add}) {
        ElementwiseSpec spec{.kind = kind, .width = width, .lhsStride = width + 3};
        KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitElementwise(kernels, spec); });
        Random random(width);
        Buffer<float> lhs = randomFloats(kRows * spec.lhsStride, random),
                      rhs = randomFloats(kRows * width, random);
        lhs[0] = -200, lhs[1] = 200;
        Buffer<float> output(kRows * width, kNan);
        std::vector<void *> bindings = {lhs.data(), rhs.data(), output.data()};
        if (kind == Kind::silu) {
          bindings.erase(bindings.begin() + 1);
        }
        runRows(library, spec.name(), bindings, kRows);
        std::vector<float> expected;
        for (int64_t i = 0; i < kRows * width; ++i) {
          float a = lhs[i / width * spec.lhsStride + i % width], b = rhs[i];
          expected.push_back(kind == Kind::silu ? a / (1 + std::exp(-a)) : kind == Kind::mul ? a * b : a + b);
        }
        std::vector<float> actual(output.begin(), output.end());
        EXPECT_TRUE(kind == Kind::silu ? close(actual, expected, 5e-7f) : sameBits(actual, expected))
            << spec.name();
        EXPECT_TRUE(output.intact());
      }
    }
  });
}

TEST(Rows, EmbeddingReadsBothLayouts) {
  forEachIsa([](const Isa &isa) {
    for (ElementType type : {ElementType::f32, ElementType::f16, ElementType::bf16}) {
      for (bool panels : {false, true}) {
        EmbeddingSpec spec{.width = 44, .table = *denseFormatOf(type), .panels = panels};
        KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitEmbedding(kernels, isa, spec); });
        PhysicalLayout layout{panels ? PhysicalLayout::Kind::panel16 : PhysicalLayout::Kind::rowMajor, 131,
                              spec.width};
        Buffer<std::byte> table(layout.numElements() * elementBytes(type), std::byte{0});
        Random random(1);
        for (int64_t i = 0; i < layout.numElements(); ++i) {
          storeElement(table.data(), i, random.uniform(), type);
        }
        Buffer<int32_t> tokens(kRows);
        std::vector<float> expected;
        for (int32_t &token : tokens) {
          token = &token == tokens.begin() ? 130 : static_cast<int32_t>(random.below(131));
          for (int64_t k = 0; k < spec.width; ++k) {
            expected.push_back(loadElement(table.data(), layout.offsetOf(token, k), type));
          }
        }
        Buffer<float> output(kRows * spec.width, kNan);
        runRows(library, spec.name(), {tokens.data(), table.data(), output.data()}, kRows);
        EXPECT_TRUE(sameBits(std::vector<float>(output.begin(), output.end()), expected)) << spec.name();
        EXPECT_TRUE(output.intact());
      }
    }
  });
}

TEST(Rows, GatherCopiesTheNamedRows) {
  forEachIsa([](const Isa &isa) {
    GatherSpec spec{.width = 37, .inputStride = 40};
    KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitGather(kernels, spec); });
    Random random(2);
    Buffer<float> input = randomFloats(9 * spec.inputStride, random), output(kRows * spec.width, kNan);
    Buffer<int32_t> rows(kRows);
    std::vector<float> expected;
    for (int64_t r = 0; r < kRows; ++r) {
      rows[r] = r + 4;
      expected.insert(expected.end(), input.begin() + rows[r] * spec.inputStride,
                      input.begin() + rows[r] * spec.inputStride + spec.width);
    }
    runRows(library, spec.name(), {input.data(), rows.data(), output.data()}, kRows);
    EXPECT_TRUE(sameBits(std::vector<float>(output.begin(), output.end()), expected));
    EXPECT_TRUE(output.intact());
  });
}

/// Two sources side by side or interleaved, as a concatenation of 40 + 24 rows that share a panel, or as gate
/// and up.
void checkFill(const Isa &isa, FillSpec spec, std::vector<RandomSegment> segments, int64_t rows) {
  KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitFill(kernels, spec); });
  PhysicalLayout layout{spec.panels ? PhysicalLayout::Kind::panel16 : PhysicalLayout::Kind::rowMajor, rows,
                        spec.columns};
  ElementType type = traitsOf(spec.format).element;
  int64_t elements = layout.numElements();
  Buffer<std::byte> weight(elements * elementBytes(type), std::byte{0}),
      expected(weight.size(), std::byte{0});
  for (RandomSegment &segment : segments) {
    Buffer<uint32_t> constants(sizeof(RandomSegment) / 4);
    std::memcpy(constants.data(), &segment, sizeof(segment));
    runRows(library, spec.name(), {constants.data(), weight.data()}, (segment.rows + 15) / 16);
    for (uint32_t row = 0; row < segment.rows; ++row) {
      for (int64_t k = 0; k < spec.columns; ++k) {
        float value = static_cast<float>(randomByte(randomRowKey(segment.tensorKey, row), k)) *
                      randomScale(spec.columns);
        storeElement(expected.data(), layout.offsetOf(segment.destinationRow(row), k), value, type);
      }
    }
  }
  EXPECT_TRUE(std::memcmp(weight.data(), expected.data(), weight.size()) == 0) << spec.name();
  EXPECT_TRUE(weight.intact());
}

TEST(Rows, RandomWeightsAreThoseOfTheDefinition) {
  forEachIsa([](const Isa &isa) {
    for (WeightFormat format : {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16}) {
      for (bool panels : {false, true}) {
        FillSpec spec{.columns = 50, .format = format, .panels = panels};
        uint32_t gate = randomTensorKey(7, randomTensorId("gate")),
                 up = randomTensorKey(7, randomTensorId("up"));
        checkFill(isa, spec, {{gate, 40, 0, 40, 40, 0, {}}, {up, 24, 40, 24, 24, 0, {}}}, 64);
        checkFill(isa, spec, {{gate, 43, 0, 16, 32, 0, {}}, {up, 43, 16, 16, 32, 0, {}}}, 96);
      }
    }
  });
}

/// The same in panels of codes: rows are those of the definition, and the bytes of other rows stay 0.
void checkCodedFill(const KernelLibrary &library, const FillSpec &spec,
                    const std::vector<RandomSegment> &segments, int64_t rows) {
  const WeightFormatTraits &format = traitsOf(spec.format);
  const int64_t panelBytes = panelBlocks(format, spec.columns).bytes();
  Buffer<std::byte> weight(rows / 16 * panelBytes, std::byte{0});
  const std::vector<std::byte> zeros(panelBytes, std::byte{0});
  std::vector<std::vector<std::byte>> expected(rows, std::vector<std::byte>(rowBytes(format, spec.columns)));
  for (std::vector<std::byte> &row : expected) {
    unpackPanelRow(format, spec.columns, zeros, 0, row);
  }
  for (const RandomSegment &segment : segments) {
    Buffer<uint32_t> constants(sizeof(RandomSegment) / 4);
    std::memcpy(constants.data(), &segment, sizeof(segment));
    runRows(library, spec.name(), {constants.data(), weight.data()}, (segment.rows + 15) / 16);
    for (uint32_t row = 0; row < segment.rows; ++row) {
      encodeRandomRow(format, randomRowKey(segment.tensorKey, row), spec.columns,
                      expected[segment.destinationRow(row)].data());
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<std::byte> found(expected[row].size());
    unpackPanelRow(format, spec.columns, {weight.data() + row / 16 * panelBytes, size_t(panelBytes)},
                   row % 16, found);
    EXPECT_EQ(found, expected[row]) << spec.name() << ", row " << row;
  }
  EXPECT_TRUE(weight.intact());
}

TEST(Rows, RandomCodesAreThoseOfTheDefinition) {
  std::vector<FillSpec> specs;
  for (const WeightFormat format : conformance::codedFormats()) {
    const int64_t columns = traitsOf(format).scale == ScaleKind::twoLevel ? 352 : 114;
    specs.push_back({.columns = columns, .format = format, .panels = true});
  }
  uint32_t gate = randomTensorKey(7, randomTensorId("gate")), up = randomTensorKey(7, randomTensorId("up"));
  // The code of these kernels depends on no level.
  KernelLibrary library(*runnableIsas().back(), [&](mlir::ModuleOp kernels) {
    for (const FillSpec &spec : specs) {
      emitFill(kernels, spec);
    }
  });
  for (const FillSpec &spec : specs) {
    checkCodedFill(library, spec, {{gate, 40, 0, 40, 40, 0, {}}, {up, 24, 40, 24, 24, 0, {}}}, 64);
    checkCodedFill(library, spec, {{gate, 43, 0, 16, 32, 0, {}}, {up, 43, 16, 16, 32, 0, {}}}, 96);
  }
}

TEST(Rows, OnesFillTheWholeVector) {
  forEachIsa([](const Isa &isa) {
    FillSpec spec{.columns = 50, .format = WeightFormat::f32, .panels = false, .ones = true};
    KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitFill(kernels, spec); });
    Buffer<float> weight(spec.columns, kNan);
    runRows(library, spec.name(), {weight.data()}, 1);
    EXPECT_TRUE(
        sameBits(std::vector<float>(weight.begin(), weight.end()), std::vector<float>(spec.columns, 1.0f)));
    EXPECT_TRUE(weight.intact());
  });
}

TEST(KernelParameters, HaveTheOrderOfTheBindings) {
  ElementwiseSpec spec{.kind = ElementwiseSpec::Kind::add, .width = 8};
  std::vector<std::string> names;
  for (const KernelParameter &parameter :
       parametersOf(spec, {{"output", {}, /*written=*/true}, {"input", {}}, {"rhs", {}}, {"lhs", {}}})) {
    EXPECT_EQ(parameter.written, parameter.name == "output");
    names.push_back(parameter.name.str());
  }
  EXPECT_EQ(names, spec.bindings());
}

} // namespace
