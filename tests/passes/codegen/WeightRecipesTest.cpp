// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares each operation of recipes, read in pieces of every size, with a computation of the whole matrix;
// and weight files in both layouts.
#include "passes/codegen/WeightRecipes.h"

#include "format/ElementConversion.h"
#include "format/RandomWeights.h"
#include "frontends/huggingface/SafetensorsReader.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaTypes.h"
#include "passes/codegen/WeightFile.h"
#include "support/Half.h"
#include "tests/testing/TestFiles.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::tests;
using ::testing::HasSubstr;

namespace {

/// A matrix in f32, row by row.
struct Matrix {
  int64_t rows, columns;
  std::vector<float> values;
  float at(int64_t row, int64_t column) const { return values[size_t(row * columns + column)]; }
};

class WeightRecipes : public ::testing::Test {
protected:
  WeightRecipes() { context_.loadDialect<llama::LlamaDialect>(); }

  void SetUp() override {
    gate_ = makeMatrix(20, 6, 100);
    up_ = makeMatrix(20, 6, 200);
    small_ = makeMatrix(8, 6, 300);
    auto writer = SafetensorsWriter::create(folder_.file("w"), {{"gate", ElementType::f32, {20, 6}},
                                                                {"up", ElementType::f32, {20, 6}},
                                                                {"small", ElementType::f32, {8, 6}},
                                                                {"half", ElementType::f16, {2, 2}},
                                                                {"norm", ElementType::f32, {6}}});
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    write(**writer, 0, gate_.values);
    write(**writer, 1, up_.values);
    write(**writer, 2, small_.values);
    write(**writer, 3, std::vector<uint16_t>{0x3C00, 0xC000, 0x0001, 0x7BFF});
    write(**writer, 4, std::vector<float>{1, 2, 3, 4, 5, 6});
    ASSERT_TRUE((*writer)->finish().ok());
    open("w");
  }

  template <typename T>
  static void write(SafetensorsWriter &writer, size_t tensor, const std::vector<T> &values) {
    ASSERT_TRUE(writer.write(tensor, 0, std::as_bytes(std::span(values))).ok());
  }

  static Matrix makeMatrix(int64_t rows, int64_t columns, float first) {
    Matrix matrix{rows, columns, {}};
    for (int64_t i = 0; i < rows * columns; ++i) {
      matrix.values.push_back(first + float(i) / 8);
    }
    return matrix;
  }

  StatusOr<std::unique_ptr<WeightRows>> plan(llvm::StringRef recipe,
                                             WeightFormat format = WeightFormat::f32) {
    mlir::Attribute attribute = mlir::parseAttribute(recipe, &context_);
    EXPECT_TRUE(attribute) << recipe.str();
    return planWeightRows(attribute, format, *tensors_);
  }

  void open(std::string_view name) {
    tensors_ = std::move(huggingface::SafetensorsReader::open({folder_.file(name)})).value();
  }

  /// Reads the recipe as f32 in pieces of every size and compares all with `expected(row, column)`.
  template <typename Expected>
  void expectRows(llvm::StringRef recipe, int64_t rows, int64_t columns, Expected expected) {
    auto planned = plan(recipe);
    ASSERT_TRUE(planned.ok()) << planned.status().message();
    ASSERT_EQ((*planned)->rows(), rows);
    ASSERT_EQ((*planned)->columns(), columns);
    for (int64_t piece = 1; piece <= rows; ++piece) {
      for (int64_t first = 0; first < rows; first += piece) {
        int64_t count = std::min(piece, rows - first);
        std::vector<float> values(size_t(count * columns), NAN);
        ASSERT_TRUE((*planned)->read(first, count, reinterpret_cast<std::byte *>(values.data())).ok());
        for (int64_t i = 0; i < count * columns; ++i) {
          ASSERT_EQ(values[size_t(i)], expected(first + i / columns, i % columns))
              << recipe.str() << " " << first;
        }
      }
    }
  }

  std::string errorOf(llvm::StringRef recipe) {
    auto planned = plan(recipe);
    return planned.ok() ? "" : planned.status().message();
  }

  mlir::MLIRContext context_;
  TemporaryFolder folder_;
  Matrix gate_, up_, small_;
  std::unique_ptr<const TensorReader> tensors_;
};

TEST_F(WeightRecipes, Checkpoint) {
  expectRows("#llama.checkpoint<\"gate\", f32, [20, 6]>", 20, 6,
             [&](int64_t n, int64_t k) { return gate_.at(n, k); });
  expectRows("#llama.checkpoint<\"norm\", f32, [6]>", 1, 6, [](int64_t, int64_t k) { return float(k + 1); });
  const float half[] = {1, -2, 0x1p-24f, 65504};
  expectRows("#llama.checkpoint<\"half\", f16, [2, 2]>", 2, 2,
             [&](int64_t n, int64_t k) { return half[2 * n + k]; });
}

TEST_F(WeightRecipes, Concat) {
  expectRows(
      "#llama.concat<[#llama.checkpoint<\"small\", f32, [8, 6]>, #llama.checkpoint<\"gate\", f32, [20, 6]>, "
      "#llama.checkpoint<\"small\", f32, [8, 6]>]>",
      36, 6, [&](int64_t n, int64_t k) {
        return n < 8 ? small_.at(n, k) : n < 28 ? gate_.at(n - 8, k) : small_.at(n - 28, k);
      });
}

TEST_F(WeightRecipes, InterleavePadsWithZeroRows) {
  // 20 rows in blocks of 16 are padded to 32.
  expectRows("#llama.interleave<[#llama.checkpoint<\"gate\", f32, [20, 6]>, #llama.checkpoint<\"up\", f32, "
             "[20, 6]>], "
             "block = 16>",
             64, 6, [&](int64_t n, int64_t k) {
               int64_t source = n / 32 * 16 + n % 16;
               const Matrix &input = n % 32 < 16 ? gate_ : up_;
               return source < 20 ? input.at(source, k) : 0.0f;
             });
}

TEST_F(WeightRecipes, PermuteRope) {
  // Two heads of 4 rows: pairs (0, 1), (2, 3) become halves.
  const int64_t order[] = {0, 2, 1, 3, 4, 6, 5, 7};
  expectRows("#llama.permute_rope<#llama.checkpoint<\"small\", f32, [8, 6]>, heads = 2>", 8, 6,
             [&](int64_t n, int64_t k) { return small_.at(order[n], k); });
}

TEST_F(WeightRecipes, StepsCompose) {
  const int64_t order[] = {0, 2, 1, 3, 4, 6, 5, 7};
  expectRows("#llama.concat<[#llama.permute_rope<#llama.checkpoint<\"small\", f32, [8, 6]>, heads = 2>, "
             "#llama.interleave<[#llama.checkpoint<\"small\", f32, [8, 6]>], block = 8>]>",
             16, 6,
             [&](int64_t n, int64_t k) { return n < 8 ? small_.at(order[n], k) : small_.at(n - 8, k); });
}

TEST_F(WeightRecipes, RandomAndOnes) {
  uint32_t id = randomTensorId("model.layers.0.mlp.up_proj.weight");
  expectRows("#llama.random<42, \"model.layers.0.mlp.up_proj.weight\", 12 x 40>", 12, 40,
             [&](int64_t n, int64_t k) { return randomValue(42, id, uint32_t(n), uint32_t(k), 40); });
  expectRows("#llama.ones<7>", 1, 7, [](int64_t, int64_t) { return 1.0f; });
}

TEST_F(WeightRecipes, RandomValuesAreTheSameInEveryType) {
  constexpr llvm::StringLiteral kRecipe = "#llama.random<7, \"t\", 3 x 4096>";
  std::vector<float> exact(3 * 4096);
  std::vector<uint16_t> halves(exact.size()), bfloats(exact.size());
  ASSERT_TRUE((*plan(kRecipe))->read(0, 3, reinterpret_cast<std::byte *>(exact.data())).ok());
  ASSERT_TRUE(
      (*plan(kRecipe, WeightFormat::f16))->read(0, 3, reinterpret_cast<std::byte *>(halves.data())).ok());
  ASSERT_TRUE(
      (*plan(kRecipe, WeightFormat::bf16))->read(0, 3, reinterpret_cast<std::byte *>(bfloats.data())).ok());
  for (size_t i = 0; i < exact.size(); ++i) {
    ASSERT_EQ(floatFromHalf(halves[i]), exact[i]);
    ASSERT_EQ(floatFromBfloat16(bfloats[i]), exact[i]);
  }
}

TEST_F(WeightRecipes, RopeTable) {
  expectRows("#llama.rope_table<theta = 10000.0, head_dim = 4, context = 9>", 9, 4, [](int64_t n, int64_t k) {
    float angle = float(n) * (k % 2 == 0 ? 1.0f : 1.0f / 100.0f);
    return float(k < 2 ? std::cos(double(angle)) : std::sin(double(angle)));
  });
}

TEST_F(WeightRecipes, ErrorsNameTheTensor) {
  EXPECT_THAT(errorOf("#llama.checkpoint<\"none\", f32, [2, 2]>"),
              HasSubstr("tensor 'none' is not in the checkpoint"));
  EXPECT_THAT(errorOf("#llama.checkpoint<\"gate\", f32, [6, 20]>"),
              HasSubstr("tensor 'gate': expected the shape and format of its recipe, got [20, 6] and F32"));
  EXPECT_THAT(errorOf("#llama.checkpoint<\"gate\", f16, [20, 6]>"), HasSubstr("got [20, 6] and F32"));
}

// With and without a conversion, through each operation that moves rows.
TEST_F(WeightRecipes, NonFiniteWeightsNameTensorAndPlace) {
  auto writer = SafetensorsWriter::create(
      folder_.file("bad"), {{"bad", ElementType::f32, {8, 3}}, {"good", ElementType::f32, {8, 3}}});
  std::vector<float> values(24, 1);
  write(**writer, 1, values);
  values[5 * 3 + 2] = -std::numeric_limits<float>::infinity();
  write(**writer, 0, values);
  ASSERT_TRUE((*writer)->finish().ok());
  open("bad");
  const std::string bad = "#llama.checkpoint<\"bad\", f32, [8, 3]>";
  const std::string good = "#llama.checkpoint<\"good\", f32, [8, 3]>";
  for (const std::string &recipe : {bad, "#llama.concat<[" + good + ", " + bad + "]>",
                                    "#llama.interleave<[" + good + ", " + bad + "], block = 2>",
                                    "#llama.permute_rope<" + bad + ", heads = 2>"}) {
    for (WeightFormat format : {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16}) {
      auto rows = plan(recipe, format);
      ASSERT_TRUE(rows.ok()) << recipe << rows.status().message();
      std::vector<std::byte> target(size_t((*rows)->rows()) * 3 * sizeof(float));
      EXPECT_THAT((*rows)->read(0, (*rows)->rows(), target.data()).message(),
                  HasSubstr("tensor 'bad': expected finite weights, got -inf in row 5, column 2"))
          << recipe;
    }
  }
}

TEST_F(WeightRecipes, OverflowNamesTensorAndPlace) {
  auto writer = SafetensorsWriter::create(folder_.file("big"), {{"big", ElementType::f32, {2, 3}}});
  write(**writer, 0, std::vector<float>{1, 2, 3, 4, 1e6f, 6});
  ASSERT_TRUE((*writer)->finish().ok());
  open("big");
  auto rows = plan("#llama.checkpoint<\"big\", f32, [2, 3]>", WeightFormat::f16);
  uint16_t target[6];
  EXPECT_THAT(
      (*rows)->read(0, 2, reinterpret_cast<std::byte *>(target)).message(),
      HasSubstr("tensor 'big': 1000000 in row 1, column 1 does not fit f16; compile with --weights f32"));
}

TEST_F(WeightRecipes, WeightFilesHoldTheLayout) {
  for (auto kind : {PhysicalLayout::Kind::rowMajor, PhysicalLayout::Kind::panel16}) {
    for (WeightFormat type : {WeightFormat::f32, WeightFormat::f16}) {
      std::vector<WeightToWrite> weights(2);
      weights[0] = {
          "random", type, {kind, 70, 33}, {70, 33}, *plan("#llama.random<3, \"r\", 70 x 33>", type)};
      weights[1] = {"norm",
                    WeightFormat::f32,
                    {PhysicalLayout::Kind::rowMajor, 1, 6},
                    {6},
                    *plan("#llama.checkpoint<\"norm\", f32, [6]>")};
      std::string path = folder_.file(fmt::format("{}-{}", nameOf(kind), nameOf(type)));
      uint64_t written = 0;
      Status status = writeWeightFile(path, weights, {.progress = [&](uint64_t bytes) { written += bytes; }});
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_GT(written, 70u * rowBytes(traitsOf(type), 33));
      auto read = *SafetensorsFile::open(path);
      const SafetensorsTensor *entry = read->find("random");
      ASSERT_EQ(entry->shape, physicalShape(weights[0].layout.kind, weights[0].shape));
      std::vector<float> values(size_t(weights[0].layout.numElements()));
      convertElements(traitsOf(type).element, read->data(*entry).data(), ElementType::f32,
                      reinterpret_cast<std::byte *>(values.data()), values.size());
      for (int64_t n = 0; n < weights[0].layout.paddedRows(); ++n) {
        for (int64_t k = 0; k < 33; ++k) {
          float expected = n < 70 ? randomValue(3, randomTensorId("r"), uint32_t(n), uint32_t(k), 33) : 0.0f;
          ASSERT_EQ(values[size_t(weights[0].layout.offsetOf(n, k))], expected) << n << " " << k;
        }
      }
      EXPECT_EQ(read->find("norm")->shape, std::vector<int64_t>{6});
    }
  }
}

TEST_F(WeightRecipes, CodesAndScalesAreTensorsOfTheirOwn) {
  // 33 columns: the last group has one.
  std::vector<WeightToWrite> weights(1);
  weights[0] = {"r",
                WeightFormat::q8_0,
                {PhysicalLayout::Kind::rowMajor, 5, 33},
                {5, 33},
                *plan("#llama.random<3, \"r\", 5 x 33>", WeightFormat::q8_0)};
  ASSERT_TRUE(writeWeightFile(folder_.file("q"), weights, {}).ok());
  auto file = *SafetensorsFile::open(folder_.file("q"));
  const SafetensorsTensor *codes = file->find("r"), *scales = file->find("r.scales");
  ASSERT_TRUE(codes && scales);
  EXPECT_EQ(codes->type, ElementType::i8);
  EXPECT_EQ(codes->shape, (std::vector<int64_t>{5, 33}));
  EXPECT_EQ(scales->type, ElementType::f16);
  EXPECT_EQ(scales->shape, (std::vector<int64_t>{5, 2}));
  const auto *scale = reinterpret_cast<const uint16_t *>(file->data(*scales).data());
  for (int64_t n = 0; n < 5; ++n) {
    for (int64_t k = 0; k < 33; ++k) {
      float exact = randomValue(3, randomTensorId("r"), uint32_t(n), uint32_t(k), 33);
      float step = floatFromHalf(scale[2 * n + k / 32]);
      float value = float(int8_t(file->data(*codes)[size_t(33 * n + k)])) * step;
      ASSERT_NEAR(value, exact, step / 2 + std::fabs(exact) / 2048) << n << " " << k;
    }
  }
}

/// Two rows of 3 columns in q8_0: 3 codes and a scale each.
class EncodedTensor : public TensorReader {
public:
  const Tensors &tensors() const override { return tensors_; }
  Status readRows(std::string_view, int64_t first, int64_t count,
                  std::span<std::byte> target) const override {
    static constexpr uint8_t kRows[] = {1, 2, 0xFF, 0x00, 0x3C, 3, 0x80, 4, 0x00, 0x40};
    std::memcpy(target.data(), kRows + 5 * first, size_t(5 * count));
    return {};
  }

private:
  Tensors tensors_ = {
      {"t", {.format = WeightFormat::q8_0, .typeName = "Q8_0", .shape = {2, 3}, .size = 10, .file = "f"}}};
};

TEST_F(WeightRecipes, EncodedRowsPassThroughInTheirFormat) {
  tensors_ = std::make_unique<EncodedTensor>();
  constexpr llvm::StringLiteral kRecipe =
      "#llama.concat<[#llama.checkpoint<\"t\", q8_0, [2, 3]>, #llama.checkpoint<\"t\", q8_0, [2, 3]>]>";
  std::vector<std::byte> encoded(10);
  ASSERT_TRUE((*plan(kRecipe, WeightFormat::q8_0))->read(1, 2, encoded.data()).ok());
  std::vector<std::byte> expected(10);
  ASSERT_TRUE(tensors_->readRows("t", 1, 1, std::span(expected).first(5)).ok());
  ASSERT_TRUE(tensors_->readRows("t", 0, 1, std::span(expected).last(5)).ok());
  EXPECT_EQ(encoded, expected); // −128, which encoding does not use, is still there
  expectRows(kRecipe, 4, 3, [](int64_t n, int64_t k) {
    constexpr float kValues[2][3] = {{1, 2, -1}, {6, -256, 8}};
    return kValues[n % 2][k];
  });
}

TEST_F(WeightRecipes, CancellingLeavesNoFile) {
  std::atomic<bool> cancelled = true;
  std::vector<WeightToWrite> weights(1);
  weights[0] = {
      "ones", WeightFormat::f32, {PhysicalLayout::Kind::rowMajor, 1, 7}, {7}, *plan("#llama.ones<7>")};
  Status status = writeWeightFile(folder_.file("x"), weights, {.cancelled = &cancelled});
  EXPECT_EQ(status.code(), StatusCode::cancelled);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("x")));
}

} // namespace
