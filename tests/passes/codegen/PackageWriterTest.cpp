// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packages: content, sharing of weights, determinism, and that nothing is left after an error.
#include "passes/codegen/PackageWriter.h"
#include "format/Safetensors.h"

#include "ir/LlamaDialect.h"
#include "ir/ProgramOps.h"
#include "support/Sha256.h"
#include "tests/testing/SmallModelConfig.h"
#include "tests/testing/TestFiles.h"

#include "mlir/Parser/Parser.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

constexpr const char *kProgram = R"(module {
  program.weight @table : !llama.weight<8x4, f32> size 128 = #llama.rope_table<theta = 10000.0, head_dim = 4, context = 8>
  program.weight @random : !llama.weight<64x4, f16, panel16> size 512 = #llama.random<1, "r", 64 x 4>
  program.weight @filled : !llama.weight<4, f32> size 16 initialized = #llama.ones<4>
})";

class PackageWriter : public ::testing::Test {
protected:
  PackageWriter() { context_.loadDialect<llama::LlamaDialect, program::ProgramDialect>(); }

  void SetUp() override {
    content_.model = smallModelConfig();
    content_.tokenizer = PackageTokenizer{
        .kind = "sentencepiece", .file = "tokenizer.model", .addedTokens = {{96, "<x>", true}}, .eosId = 2};
    content_.tokenizerFile = "tokenizer bytes";
    content_.weightsFormat = content_.kvType = "f16";
    addTarget("a", kProgram, "code bytes");
  }

  void addTarget(const std::string &name, llvm::StringRef program, const std::string &code) {
    mlir::ParserConfig config(&context_, /*verifyAfterParse=*/false);
    modules_.push_back(mlir::parseSourceString<mlir::ModuleOp>(program, config));
    ASSERT_TRUE(modules_.back());
    content_.targets.push_back({.name = name,
                                .format = "elf.x86_64",
                                .features = "x",
                                .abiVersion = 1,
                                .activations = ActivationClass::f16,
                                .program = *modules_.back(),
                                .programJson = "{}\n",
                                .code = code,
                                .codeExtension = code.empty() ? "" : ".so"});
  }

  Status write(std::string_view name = "m.cria") { return writePackage(folder_.file(name), content_); }
  std::vector<std::string> filesIn(const std::string &path) {
    std::vector<std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) {
        files.push_back(fs::relative(entry.path(), path).string());
      }
    }
    std::ranges::sort(files);
    return files;
  }
  /// Names in the folder that writing a package has made.
  std::vector<std::string> traces() {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with("m.cria")) {
        names.push_back(entry.path().filename().string());
      }
    }
    return names;
  }

  mlir::MLIRContext context_;
  TemporaryFolder folder_;
  PackageContent content_;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules_;
};

TEST_F(PackageWriter, FilesAndManifest) {
  Status status = write();
  ASSERT_TRUE(status.ok()) << status.message();
  std::string path = folder_.file("m.cria");
  EXPECT_THAT(filesIn(path),
              ElementsAre("chat.json", "code/a.so", "manifest.json", "manifest.sha256", "programs/a.json",
                          "tokenizer.model", "weights/panel16.safetensors", "weights/row_major.safetensors"));
  EXPECT_EQ(readAll(path + "/manifest.sha256"), *sha256OfFile(path + "/manifest.json") + "  manifest.json\n");
  Json manifest = *readJsonFile(path + "/manifest.json");
  EXPECT_EQ(manifest["format_version"], kPackageFormatVersion);
  const Json token = {{"id", 96},        {"text", "<x>"},        {"special", true},    {"lstrip", false},
                      {"rstrip", false}, {"single_word", false}, {"normalized", false}};
  EXPECT_EQ(manifest["tokenizer"], Json({{"kind", "sentencepiece"},
                                         {"file", "tokenizer.model"},
                                         {"added_tokens", Json::array({token})},
                                         {"eos_id", 2},
                                         {"prefix", "always"}}));
  EXPECT_TRUE(ModelConfig::fromJson(manifest["model"], "model").ok());
  EXPECT_EQ(manifest["options"], Json({{"weights", "f16"}, {"kv", "f16"}, {"random_seed", nullptr}}));
  EXPECT_EQ(manifest["files"].size(), 6u);
  for (const auto &[name, entry] : manifest["files"].items()) {
    EXPECT_EQ(entry["sha256"], *sha256OfFile(path + "/" + name));
    EXPECT_EQ(entry["size"], fs::file_size(path + "/" + name));
  }
  Json target = manifest["targets"][0];
  EXPECT_EQ(target["code"], "code/a.so");
  EXPECT_EQ(target["activations"], "f16");
  EXPECT_EQ(target["weight_bytes"], 128 + 512 + 16);
  EXPECT_EQ(target["weight_files"], Json({"weights/panel16.safetensors", "weights/row_major.safetensors"}));
}

TEST_F(PackageWriter, InitializedWeightsHaveNoData) {
  ASSERT_TRUE(write().ok());
  auto file = SafetensorsFile::open(folder_.file("m.cria/weights/row_major.safetensors"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_NE((*file)->find("table"), nullptr);
  EXPECT_EQ((*file)->find("filled"), nullptr);
}

TEST_F(PackageWriter, TargetsShareEqualWeights) {
  addTarget("b", kProgram, "");
  Status status = write();
  ASSERT_TRUE(status.ok()) << status.message();
  auto file = SafetensorsFile::open(folder_.file("m.cria/weights/panel16.safetensors"));
  EXPECT_EQ((*file)->tensors().size(), 1u);
  Json manifest = *readJsonFile(folder_.file("m.cria/manifest.json"));
  EXPECT_FALSE(manifest["targets"][1].contains("code"));
  EXPECT_EQ(manifest["targets"][1]["weight_files"], manifest["targets"][0]["weight_files"]);
}

TEST_F(PackageWriter, DifferentWeightsOfOneNameAreAnError) {
  addTarget("b", R"(module {
    program.weight @random : !llama.weight<64x4, f16, panel16> size 512 = #llama.random<2, "r", 64 x 4>
  })",
            "");
  EXPECT_THAT(write().message(), HasSubstr("two targets give different recipes for weight 'random'"));
  EXPECT_TRUE(traces().empty());
}

TEST_F(PackageWriter, TheSameContentGivesTheSameBytes) {
  ASSERT_TRUE(write("m.cria").ok());
  ASSERT_TRUE(write("m.cria2").ok());
  for (const std::string &file : filesIn(folder_.file("m.cria"))) {
    EXPECT_EQ(readAll(folder_.file("m.cria/" + file)), readAll(folder_.file("m.cria2/" + file))) << file;
  }
}

TEST_F(PackageWriter, ReplacesAPackageAndNothingElse) {
  ASSERT_TRUE(write().ok());
  content_.model.name = "other";
  ASSERT_TRUE(writePackage(folder_.file("m.cria/"), content_).ok());
  EXPECT_EQ((*readJsonFile(folder_.file("m.cria/manifest.json")))["model"]["name"], "other");
  EXPECT_THAT(traces(), ElementsAre("m.cria"));
  folder_.write("m.cria-file", "precious");
  EXPECT_THAT(write("m.cria-file").message(), HasSubstr("belongs to something that is not a package"));
  EXPECT_EQ(readAll(folder_.file("m.cria-file")), "precious");
  fs::create_directory(folder_.path() / "m.cria-dir");
  EXPECT_THAT(write("m.cria-dir").message(), HasSubstr("not a package"));
}

// The folder is a package if its manifest is one, even if files are damaged or were added.
TEST_F(PackageWriter, TheManifestIsTheProof) {
  fs::create_directory(folder_.path() / "m.cria");
  for (const char *foreign :
       {"", "{", "[]", "{}", R"({"format": "CRIA"})", R"({"format": 1})", R"("cria")"}) {
    folder_.write("m.cria/manifest.json", foreign);
    EXPECT_THAT(write().message(), HasSubstr("not a package")) << foreign;
    EXPECT_EQ(readAll(folder_.file("m.cria/manifest.json")), foreign);
  }
  folder_.write("m.cria/manifest.json", R"({"format": "cria", "format_version": 99})");
  EXPECT_TRUE(write().ok());
}

TEST_F(PackageWriter, MissingFolder) {
  EXPECT_THAT(write("none/m.cria").message(), HasSubstr("the parent folder does not exist"));
}

TEST_F(PackageWriter, AnErrorKeepsTheOldPackage) {
  ASSERT_TRUE(write().ok());
  std::string before = readAll(folder_.file("m.cria/manifest.json"));
  addTarget("b", R"(module {
    program.weight @none : !llama.weight<2x2, f32> size 16 = #llama.checkpoint<"none", f32, [2, 2]>
  })",
            "");
  EXPECT_THAT(write().message(), HasSubstr("tensor 'none' is not in the checkpoint"));
  EXPECT_EQ(readAll(folder_.file("m.cria/manifest.json")), before);
  EXPECT_THAT(traces(), ElementsAre("m.cria"));
}

TEST_F(PackageWriter, CancellingLeavesNothing) {
  std::atomic<bool> cancelled = true;
  EXPECT_EQ(writePackage(folder_.file("m.cria"), content_, {.cancelled = &cancelled}).code(),
            StatusCode::cancelled);
  EXPECT_TRUE(traces().empty());
}

TEST_F(PackageWriter, ReportsProgressToTheEnd) {
  uint64_t last = 0, all = 0;
  PackageWriteOptions options;
  options.progress = [&](std::string_view, uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  };
  ASSERT_TRUE(writePackage(folder_.file("m.cria"), content_, options).ok());
  EXPECT_EQ(last, all);
  EXPECT_GT(all, 0u);
}

} // namespace
