// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels for weights with codes against the scalar definitions of class int8: equal bits for every format,
// number of rows, ragged shape and instruction set level.
#include "format/ActivationProduct.h"
#include "format/WeightCodec.h"
#include "format/WeightRow.h"
#include "passes/targets/cpu/PackedRow.h"
#include "tests/passes/targets/cpu/KernelHarness.h"
#include "tests/passes/targets/cpu/ScalarKernels.h"
#include "tools/cria-device-check/CodedFormats.h"

#include "gtest/gtest.h"

#include <random>

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;
using conformance::codedFormats;

namespace {

std::vector<const Isa *> isasWithCodes() {
  std::vector<const Isa *> isas = runnableIsas();
  std::erase_if(isas, [](const Isa *isa) { return !isa->codes || isa->dotBfloat; });
  return isas;
}

std::vector<std::byte> encodedRows(const WeightFormatTraits &format, int64_t rows, int64_t columns,
                                   std::mt19937 &random) {
  const uint64_t size = rowBytes(format, columns);
  std::vector<std::byte> encoded(uint64_t(rows) * size);
  std::normal_distribution<float> normal(0.02f, 1);
  std::vector<float> values(static_cast<size_t>(columns));
  for (int64_t row = 0; row < rows; ++row) {
    for (float &value : values) {
      value = normal(random);
    }
    encodeRow(format, values, encoded.data() + uint64_t(row) * size);
  }
  return encoded;
}

/// Weights of one format: encoded rows, and the panels of them.
class CodedWeights {
public:
  CodedWeights(WeightFormat format, int64_t rows, int64_t columns, std::mt19937 &random)
      : CodedWeights(format, columns, encodedRows(traitsOf(format), rows, columns, random)) {}
  CodedWeights(WeightFormat format, int64_t columns, std::vector<std::byte> rows)
      : format_(traitsOf(format)), columns_(columns), rowBytes_(rowBytes(format_, columns)),
        rows_(std::move(rows)), panels_(arraysOf(format, PhysicalLayout::Kind::panel16,
                                                 std::vector{int64_t(rows_.size() / rowBytes_), columns})[0]
                                            .size) {
    const auto panelBytes = size_t(panelBlocks(format_, columns).bytes());
    const size_t panelRows = PanelBlocks::kRows * rowBytes_;
    std::fill(panels_.begin(), panels_.end(), std::byte(0));
    for (size_t i = 0; i * panelRows < rows_.size(); ++i) {
      const auto left = std::span<const std::byte>(rows_).subspan(i * panelRows);
      packPanel(format_, columns, left.first(std::min(left.size(), panelRows)),
                std::span(panels_.data(), panels_.size()).subspan(i * panelBytes, panelBytes));
    }
  }

  std::byte *panels() { return panels_.data(); }
  std::vector<float> values(int64_t row) const {
    std::vector<float> values(static_cast<size_t>(columns_));
    decodeRow(format_, rows_.data() + uint64_t(row) * rowBytes_, values);
    return values;
  }
  CodedRow coded(int64_t row) const {
    auto *bytes = const_cast<std::byte *>(rows_.data()) + uint64_t(row) * rowBytes_; // only read
    const RowPlanes planes = planesOf(format_, bytes, size_t(columns_));
    CodedRow coded{.group = size_t(format_.group)};
    std::vector<uint8_t> codes(static_cast<size_t>(columns_));
    loadCodes(format_, planes.codes, 0, codes);
    const auto meanings = codeValues(format_);
    for (size_t k = 0; k < codes.size(); ++k) {
      const GroupTerms terms = termsOf(format_, planes, k / coded.group);
      coded.codes.push_back(int16_t(meanings[codes[k]] - terms.zero));
      if (k % coded.group == 0) {
        coded.scales.push_back(terms.scale);
        if (hasMinimums(format_)) {
          coded.minimums.push_back(-terms.offset);
        }
      }
    }
    return coded;
  }

private:
  const WeightFormatTraits &format_;
  int64_t columns_;
  uint64_t rowBytes_;
  std::vector<std::byte> rows_;
  Buffer<std::byte> panels_;
};

/// Rows with large and small groups, zeros, and values whose quotients are ties.
Buffer<float> randomActivations(int64_t rows, int64_t columns, std::mt19937 &random) {
  Buffer<float> values(size_t(rows * columns));
  std::normal_distribution<float> normal;
  for (int64_t row = 0; row < rows; ++row) {
    float magnitude = 1;
    for (int64_t k = 0; k < columns; ++k) {
      if (k % 32 == 0) {
        magnitude = random() % 6 == 0 ? 0 : std::ldexp(1.0f, int(random() % 40) - 20);
      }
      values[size_t(row * columns + k)] = magnitude * (random() % 8 == 0 ? 0.5f : normal(random));
    }
  }
  return values;
}

Buffer<int32_t> pack(const Isa &isa, const PackRowsSpec &spec, Buffer<float> &input, int64_t rows) {
  KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emitPackRows(kernels, spec); });
  Buffer<int32_t> packed(size_t(rows * spec.words()), -1);
  std::vector<void *> bindings = {input.data(), packed.data()};
  for (int64_t row = 0; row < rows; ++row) {
    library.kernel(spec.name())(bindings.data(), nullptr, uint32_t(row), 0, 0);
  }
  EXPECT_TRUE(packed.intact() && input.intact());
  return packed;
}

std::vector<float> multiply(const KernelLibrary &library, const LinearSpec &spec, int64_t rows,
                            Buffer<int32_t> &packed, CodedWeights &weights, Buffer<float> &residual) {
  Buffer<float> output(size_t(rows * spec.outputs), kNan);
  Buffer<float> scratch(size_t(spec.scratchBytes() / 4), kNan);
  Buffer<uint32_t> step(16, 0u);
  step[0] = uint32_t(rows);
  std::vector<void *> bindings = {packed.data(), weights.panels()};
  if (spec.residual) {
    bindings.push_back(residual.data());
  }
  bindings.push_back(output.data());
  bindings.push_back(step.data());
  for (int64_t group = 0; group < spec.groups(); ++group) {
    for (int64_t y = 0; y * spec.rowsPerWorkgroup() < rows; ++y) {
      library.kernel(spec.name())(bindings.data(), scratch.data(), uint32_t(group), uint32_t(y), 0);
    }
  }
  EXPECT_TRUE(output.intact() && scratch.intact());
  return {output.begin(), output.end()};
}

std::vector<float> defined(const LinearSpec &spec, int64_t rows, Buffer<float> &input,
                           const CodedWeights &weights, Buffer<float> &residual) {
  std::vector<float> outputs;
  std::vector<CodedRow> coded;
  for (int64_t n = 0; n < spec.outputs; ++n) {
    coded.push_back(weights.coded(n));
  }
  for (int64_t row = 0; row < rows; ++row) {
    const std::span<const float> x(input.data() + row * spec.inputs, size_t(spec.inputs));
    const Int8Row packed = packInt8(x, int8EncodingFor(traitsOf(spec.weight)));
    for (int64_t n = 0; n < spec.outputs; ++n) {
      const float y = productInt8(packed, coded[size_t(n)]);
      outputs.push_back(spec.residual ? y + residual[size_t(row * spec.outputs + n)] : y);
    }
  }
  return outputs;
}

void checkCoded(const Isa &isa, LinearSpec spec, const std::vector<int64_t> &rowCounts) {
  DenormalsAreZero scope;
  LinearSpec single = spec;
  single.singleRow = true;
  KernelLibrary library(isa, [&](mlir::ModuleOp kernels) {
    emitLinear(kernels, isa, spec);
    emitLinear(kernels, isa, single);
  });
  std::mt19937 random(uint32_t(spec.inputs * 131 + spec.outputs));
  CodedWeights weights(spec.weight, spec.outputs, spec.inputs, random);
  const PackRowsSpec packing = packingFor(isa, traitsOf(spec.weight), spec.inputs);
  for (const int64_t rows : rowCounts) {
    Buffer<float> input = randomActivations(rows, spec.inputs, random);
    Buffer<float> residual = randomActivations(rows, spec.outputs, random);
    Buffer<int32_t> packed = pack(isa, packing, input, rows);
    const std::vector<float> expected = defined(spec, rows, input, weights, residual);
    ASSERT_TRUE(sameBits(multiply(library, spec, rows, packed, weights, residual), expected))
        << isa.name.str() << " " << spec.name() << " rows " << rows;
    ASSERT_TRUE(sameBits(multiply(library, single, rows, packed, weights, residual), expected))
        << isa.name.str() << " " << single.name() << " rows " << rows;
  }
}

TEST(CodedLinear, EqualsTheDefinitionInEveryFormat) {
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : codedFormats()) {
      checkCoded(*isa, {.inputs = 608, .outputs = 70, .weight = format}, {1, 2, 6, 7, 17});
    }
  }
}

// Short blocks, one column, and columns that are no multiple of anything.
TEST(CodedLinear, HasOddShapes) {
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : {WeightFormat::q8_0, WeightFormat::q4_1, WeightFormat::q6_k}) {
      for (const int64_t inputs : {1, 50, 352}) {
        checkCoded(*isa, {.inputs = inputs, .outputs = 1 + inputs % 100, .weight = format, .residual = true},
                   {1, 5, 70});
      }
    }
  }
}

// The shapes of large and of other models.
TEST(CodedLinear, HasShapesOfModels) {
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : {WeightFormat::q8_0, WeightFormat::q4_k}) {
      checkCoded(*isa, {.inputs = 576, .outputs = 100, .weight = format}, {1, 2, 3, 4, 8, 12, 13, 64});
      checkCoded(*isa, {.inputs = 11008, .outputs = 1, .weight = format}, {1, 6});
    }
  }
}

/// Activations of ±127 with scale 1: all of one sign, or by turns.
Buffer<float> largestActivations(int64_t columns) {
  Buffer<float> input(size_t(3 * columns), 127.0f);
  for (int64_t k = 0; k < columns; ++k) {
    input[size_t(columns + k)] = -127;
    input[size_t(2 * columns + k)] = k % 2 == 0 ? 127.0f : -127.0f;
  }
  return input;
}

// Sums of products are exact where every code is the least or the greatest, also those of signed bytes, -128.
TEST(CodedLinear, HasTheLargestProducts) {
  constexpr std::byte kPatterns[] = {std::byte(0x80), std::byte(0x7F), std::byte(0x81), std::byte(0xFF),
                                     std::byte(0)};
  constexpr int64_t kColumns = 544, kOutputs = 20;
  DenormalsAreZero scope;
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : codedFormats()) {
      const WeightFormatTraits &traits = traitsOf(format);
      std::mt19937 random(9);
      std::vector<std::byte> rows = encodedRows(traits, kOutputs, kColumns, random);
      for (size_t n = 0; n < kOutputs; ++n) {
        std::byte *row = rows.data() + n * rowBytes(traits, kColumns);
        std::fill_n(planesOf(traits, row, kColumns).codes, kColumns * traits.bits / 8, kPatterns[n % 5]);
      }
      CodedWeights weights(format, kColumns, std::move(rows));
      const LinearSpec spec{.inputs = kColumns,
                            .outputs = kOutputs,
                            .weight = format,
                            .singleRow = format != WeightFormat::q8_0}; // is compiled fast
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitLinear(kernels, *isa, spec); });
      Buffer<float> input = largestActivations(kColumns), residual(1, 0.0f);
      Buffer<int32_t> packed = pack(*isa, packingFor(*isa, traits, kColumns), input, 3);
      EXPECT_TRUE(sameBits(multiply(library, spec, 3, packed, weights, residual),
                           defined(spec, 3, input, weights, residual)))
          << isa->name.str() << " " << nameOf(format);
    }
  }
}

TEST(CodedLinear, HasMoreRowsThanAWorkgroup) {
  for (const Isa *isa : isasWithCodes()) {
    checkCoded(*isa, {.inputs = 64, .outputs = 20, .weight = WeightFormat::q4_0}, {515, 516, 517, 1033});
  }
}

// The values that are written down in docs/numerics.md: signs of zero, ties, tiny and large groups, NaN.
TEST(CodedLinear, PacksAsDefined) {
  DenormalsAreZero scope;
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> special = {0.0f,   -0.0f, 0x1p-100f, 0x1p-101f, -0x1p-99f, 1e38f,  -3e38f,
                                      127.0f, 63.5f, 0.5f,      1.5f,      1e-40f,    254.0f, kNan,
                                      inf,    -inf,  1.0f,      0x1p-126f, 3.0f,      -2.5f};
  std::mt19937 random(11);
  for (const Isa *isa : isasWithCodes()) {
    for (const Int8Encoding encoding : {Int8Encoding::a8, Int8Encoding::a8p}) {
      for (const int64_t columns : {1, 17, 64, 352}) {
        const PackRowsSpec spec{.columns = columns, .encoding = encoding};
        const PackedRow places{columns};
        constexpr int64_t kRows = 60;
        Buffer<float> input = randomActivations(kRows, columns, random);
        for (int64_t row = 0; row < kRows; ++row) {
          input[size_t(row * columns + int64_t(random()) % columns)] = special[size_t(row) % special.size()];
        }
        Buffer<int32_t> packed = pack(*isa, spec, input, kRows);
        for (int64_t row = 0; row < kRows; ++row) {
          const Int8Row expected =
              packInt8(std::span(input.data() + row * columns, size_t(columns)), encoding);
          const int32_t *words = packed.data() + row * spec.words();
          const auto *codes = reinterpret_cast<const int8_t *>(words);
          ASSERT_EQ(words[places.base()],
                    std::bit_cast<int32_t>(expected.isFinite ? expected.base : kProductOfNan));
          for (size_t k = 0; k < size_t(places.groups()) * 32; ++k) {
            ASSERT_EQ(codes[k], expected.isFinite ? expected.codes[k] : 0)
                << columns << " " << row << " " << k;
          }
          for (size_t g = 0; expected.isFinite && g < size_t(places.groups()); ++g) {
            const int32_t scale = words[places.scales() + int64_t(g)];
            ASSERT_EQ(scale, encoding == Int8Encoding::a8 ? std::bit_cast<int32_t>(expected.scales[g])
                                                          : int32_t(expected.exponents[g] << 23));
          }
        }
      }
    }
  }
}

// NaN or an infinity makes all outputs of its row NaN, and leaves other rows alone.
TEST(CodedLinear, HasNanInARow) {
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : {WeightFormat::q8_0, WeightFormat::q4_1, WeightFormat::q4_k}) {
      DenormalsAreZero scope;
      const LinearSpec spec{.inputs = 96, .outputs = 33, .weight = format};
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitLinear(kernels, *isa, spec); });
      std::mt19937 random(3);
      CodedWeights weights(format, spec.outputs, spec.inputs, random);
      Buffer<float> input = randomActivations(3, spec.inputs, random), residual(1, 0.0f);
      input[96 + 40] = -std::numeric_limits<float>::infinity();
      input[2 * 96 + 3] = -kNan;
      Buffer<int32_t> packed = pack(*isa, packingFor(*isa, traitsOf(format), 96), input, 3);
      EXPECT_TRUE(sameBits(multiply(library, spec, 3, packed, weights, residual),
                           defined(spec, 3, input, weights, residual)))
          << isa->name.str() << " " << nameOf(format);
    }
  }
}

TEST(CodedEmbedding, EqualsTheDecodedRows) {
  for (const Isa *isa : isasWithCodes()) {
    for (const WeightFormat format : codedFormats()) {
      for (const int64_t width : {44, 352}) {
        DenormalsAreZero scope;
        const EmbeddingSpec spec{.width = width, .table = format, .panels = true};
        KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitEmbedding(kernels, *isa, spec); });
        std::mt19937 random(5);
        CodedWeights table(format, 40, width, random);
        Buffer<int32_t> tokens(3);
        tokens[0] = 39, tokens[1] = 0, tokens[2] = 17;
        Buffer<float> output(size_t(3 * width), kNan), scratch(size_t(spec.scratchBytes() / 4), kNan);
        std::vector<void *> bindings = {tokens.data(), table.panels(), output.data()};
        for (uint32_t row = 0; row < 3; ++row) {
          library.kernel(spec.name())(bindings.data(), scratch.data(), row, 0, 0);
          const std::vector<float> values(output.data() + row * width, output.data() + (row + 1) * width);
          ASSERT_TRUE(sameBits(values, table.values(tokens[row]))) << isa->name.str() << " " << spec.name();
        }
        EXPECT_TRUE(output.intact() && scratch.intact());
      }
    }
  }
}

} // namespace
