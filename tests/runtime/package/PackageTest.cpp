// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opening packages: damage and hostile manifests are errors that state what is wrong and where.
#include "runtime/package/Package.h"

#include "tests/testing/toy/ToyPackage.h"

#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class PackageTest : public testing::Test {
protected:
  void SetUp() override { writeToyPackage(folder_); }
  Status open(const PackageOpenOptions &options = {}) {
    auto package = Package::open(folder_, options);
    return package.ok() ? Status() : package.status();
  }
  void flip(const std::string &file, size_t offset) {
    std::string bytes = readWholeFile(folder_ + "/" + file);
    bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 1);
    writeFile(folder_ + "/" + file, bytes);
  }

  std::string folder_ = testFolder();
};

TEST_F(PackageTest, Opens) {
  auto package = Package::open(folder_);
  ASSERT_TRUE(package.ok()) << package.status().message();
  const Manifest &manifest = (*package)->manifest();
  EXPECT_EQ(manifest.model.name, "toy");
  EXPECT_EQ(manifest.compiler, "by hand");
  EXPECT_EQ((*package)->chat().templateName, "llama2");
  EXPECT_EQ((*package)->chat().generation.temperature, 0.5);
  EXPECT_FALSE((*package)->hasTokenizer());
  auto program = (*package)->program(manifest.targets[0]);
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(program->entries.size(), 3u);
  EXPECT_EQ(program->weightBytes(), kToyVocab * 16u);
  EXPECT_EQ(program->arenaBytes(), 64u);
  EXPECT_EQ((*package)->code(manifest.targets[0]).value(), "");
}

/// Writes a package with the tokenizer of the model that ships, which has 1024 ids, and one added token.
void writePackageWithTokenizer(const std::string &folder, uint32_t vocabSize, const char *kind) {
  ToyPackage toy{
      .vocabSize = vocabSize, .manifest = toyManifest(vocabSize), .program = toyProgram(vocabSize)};
  const OrderedJson token = {{"id", 1024},         {"text", "<|im_start|>"}, {"special", true},
                             {"lstrip", false},    {"rstrip", false},        {"single_word", false},
                             {"normalized", false}};
  toy.manifest["tokenizer"] = {{"kind", kind},
                               {"file", "text.model"},
                               {"added_tokens", OrderedJson::array({token})},
                               {"eos_id", 2},
                               {"prefix", "always"}};
  writeToyPackage(folder, toy);
  writeFile(folder + "/text.model", readWholeFile(CRIA_SOURCE_DIR "/examples/stories/model/tokenizer.model"));
  writeManifest(folder, toy.manifest);
}

TEST_F(PackageTest, LoadsItsTokenizer) {
  EXPECT_EQ(Package::open(folder_).value()->tokenizer().value(), nullptr);
  writePackageWithTokenizer(folder_, 1025, "sentencepiece");
  const auto package = Package::open(folder_).value();
  EXPECT_TRUE(package->hasTokenizer());
  const auto tokenizer = package->tokenizer();
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_EQ((*tokenizer)->size(), 1025);
  EXPECT_EQ((*tokenizer)->find("<|im_start|>"), 1024);
}

TEST_F(PackageTest, RefusesTokenizersThatDoNotFit) {
  const auto refusal = [&] { return Package::open(folder_).value()->tokenizer().status(); };
  writePackageWithTokenizer(folder_, 1024, "sentencepiece");
  EXPECT_THAT(refusal().message(),
              HasSubstr("text.model: expected at most 1024 ids, the vocabulary size of the model, got 1025"));
  writePackageWithTokenizer(folder_, 1025, "wordpiece");
  EXPECT_EQ(refusal().code(), StatusCode::unsupported);
  EXPECT_THAT(refusal().message(), HasSubstr("got 'wordpiece'; use a newer cria"));
}

TEST_F(PackageTest, ReportsWhatIsNotAPackage) {
  EXPECT_THAT(Package::open(folder_ + "/nothing").status().message(),
              HasSubstr("cannot open the package: No such file or directory"));
  EXPECT_THAT(Package::open(folder_ + "/programs").status().message(),
              HasSubstr("expected a package, a folder with a manifest.json"));
}

TEST_F(PackageTest, AChangedByteInTheManifestIsDamage) {
  for (size_t offset : {0, 30, 200}) {
    SetUp();
    flip("manifest.json", offset);
    EXPECT_THAT(open().message(), HasSubstr("manifest.json: the package is damaged: expected SHA-256 "))
        << offset;
  }
}

TEST_F(PackageTest, AChangedByteInAProgramIsDamage) {
  flip("programs/toy.json", 100);
  EXPECT_THAT(open().message(), HasSubstr("programs/toy.json: the package is damaged: expected SHA-256 "));
}

TEST_F(PackageTest, AChangedByteInWeightsIsFoundWhenRequested) {
  flip("weights/row_major.safetensors", 4100);
  EXPECT_TRUE(open().ok());
  uint64_t seen = 0;
  Status status = open({.verifyWeights = true, .progress = [&](uint64_t done, uint64_t) { seen = done; }});
  EXPECT_THAT(status.message(),
              HasSubstr("row_major.safetensors: the package is damaged: expected SHA-256 "));
  EXPECT_GT(seen, 0u);
}

TEST_F(PackageTest, AMissingOrShortFileIsDamage) {
  std::string weights = folder_ + "/weights/row_major.safetensors";
  uint64_t size = fs::file_size(weights);
  fs::resize_file(weights, size - 1);
  EXPECT_THAT(open().message(), HasSubstr(fmt::format("expected {} bytes, got {}", size, size - 1)));
  fs::remove(weights);
  EXPECT_THAT(open().message(),
              HasSubstr("weights/row_major.safetensors: the package is damaged: the file is missing"));
  fs::create_directory(weights);
  EXPECT_THAT(open().message(), HasSubstr("expected a regular file, got something else"));
}

TEST_F(PackageTest, ATensorOfAnotherShapeIsRefused) {
  ToyPackage other;
  other.program["weights"][0]["shape"] = {kToyVocab * 2, 2};
  other.program["weights"][0]["arrays"][0]["shape"] = {kToyVocab * 2, 2};
  for (auto &entry : other.program["entries"]) {
    entry["dispatches"][1]["bindings"][6]["shape"] = {1, 1};
  }
  writeToyPackage(folder_, other);
  auto package = Package::open(folder_).value();
  auto program = package->program(package->manifest().targets[0]);
  ASSERT_TRUE(program.ok()) << program.status().message();
  auto file = package->weightFile("weights/row_major.safetensors");
  ProgramWeightArray array = program->weights[0].arrays[0];
  EXPECT_THAT(findArray(**file, array, "weight 'table'").status().message(),
              HasSubstr("tensor 'table': expected type f32 and shape [128, 2], got f32 and [64, 4]"));
  array.tensor = "chair";
  EXPECT_THAT(findArray(**file, array, "weight 'table'").status().message(),
              HasSubstr("the tensor 'chair' of weight 'table' is missing"));
}

struct Hostile {
  std::string name;
  std::function<void(OrderedJson &)> change;
  std::string message;
};

/// A description of a tokenizer in `file` without added tokens.
OrderedJson tokenizer(const char *file) {
  return {{"kind", "sentencepiece"},
          {"file", file},
          {"added_tokens", OrderedJson::array()},
          {"eos_id", 2},
          {"prefix", "always"}};
}

class HostileManifest : public PackageTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileManifest, IsRefusedWithAReason) {
  OrderedJson manifest = toyManifest();
  GetParam().change(manifest);
  writeManifest(folder_, manifest);
  Status status = open();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr(GetParam().message));
}

const Hostile kHostileManifests[] = {
    {"Newer", [](OrderedJson &m) { m["format_version"] = 4; },
     "expected format version 3, got 4; use a newer cria"},
    {"Older", [](OrderedJson &m) { m["format_version"] = 2; },
     "expected format version 3, got 2; compile the model again"},
    {"OtherFormat", [](OrderedJson &m) { m["format"] = "gguf"; },
     "expected 'format' to be 'cria', got \"gguf\""},
    {"Extra", [](OrderedJson &m) { m["colour"] = "red"; }, "unknown member 'colour'"},
    {"NoModel", [](OrderedJson &m) { m.erase("model"); }, "'model' is missing"},
    {"ModelIsText", [](OrderedJson &m) { m["model"] = "toy"; },
     "expected 'model' to be an object, got \"toy\""},
    {"NoTargets", [](OrderedJson &m) { m["targets"] = OrderedJson::array(); },
     "expected 'targets' to be at least one target"},
    {"TargetTwice", [](OrderedJson &m) { m["targets"].push_back(m["targets"][0]); },
     "duplicate target 'toy'"},
    {"TargetPath", [](OrderedJson &m) { m["targets"][0]["name"] = "../toy"; },
     "expected 'name' to be letters, digits and . _ -"},
    {"ProgramNotListed", [](OrderedJson &m) { m["targets"][0]["program"] = "/etc/passwd"; },
     "the file '/etc/passwd' is not listed in 'files'"},
    {"CodeNotListed", [](OrderedJson &m) { m["targets"][0]["code"] = "code/toy.so"; },
     "the file 'code/toy.so' is not listed"},
    {"WeightsNotListed", [](OrderedJson &m) { m["targets"][0]["weight_files"] = {"w"}; },
     "the file 'w' is not listed"},
    {"WeightFilesOfNumbers", [](OrderedJson &m) { m["targets"][0]["weight_files"] = {1}; },
     "expected 'weight_files' to be an array of strings"},
    {"UnknownActivations", [](OrderedJson &m) { m["targets"][0]["activations"] = "f64"; },
     "expected 'activations' to be one of f32, f16, bf16, int8, got \"f64\""},
    {"NegativeAbi", [](OrderedJson &m) { m["targets"][0]["abi_version"] = -1; },
     "expected 'abi_version' to be an integer from 0 to 2147483647, got -1"},
    {"PathUpwards",
     [](OrderedJson &m) { m["files"]["../x"] = {{"size", 1}, {"sha256", std::string(64, '0')}}; },
     "expected a relative path inside the package, got '../x'"},
    {"AbsolutePath",
     [](OrderedJson &m) { m["files"]["/x"] = {{"size", 1}, {"sha256", std::string(64, '0')}}; },
     "expected a relative path inside the package, got '/x'"},
    {"PathUpwardsWithin",
     [](OrderedJson &m) { m["files"]["a/../x"] = {{"size", 1}, {"sha256", std::string(64, '0')}}; },
     "expected a relative path inside the package, got 'a/../x'"},
    {"TokenizerNotListed", [](OrderedJson &m) { m["tokenizer"] = tokenizer("tokenizer.model"); },
     "tokenizer: the file 'tokenizer.model' is not listed in 'files'"},
    {"TokenizerWithoutKind",
     [](OrderedJson &m) {
       m["tokenizer"] = tokenizer("chat.json");
       m["tokenizer"].erase("kind");
     },
     "tokenizer: 'kind' is missing"},
    {"AddedTokenOfNumbers",
     [](OrderedJson &m) {
       m["tokenizer"] = tokenizer("chat.json");
       m["tokenizer"]["added_tokens"] = {{{"id", 3}, {"text", 3}, {"special", true}}};
     },
     "tokenizer: added_tokens[0]: expected 'text' to be a string, got 3"},
    {"UnknownPrefix",
     [](OrderedJson &m) {
       m["tokenizer"] = tokenizer("chat.json");
       m["tokenizer"]["prefix"] = "often";
     },
     "tokenizer: expected 'prefix' to be one of always, first, never, each, got \"often\""},
    {"BadDigest", [](OrderedJson &m) { m["files"]["x"] = {{"size", 1}, {"sha256", "abc"}}; },
     "expected 'sha256' to be 64 lower-case hexadecimal digits"},
    {"NegativeSize",
     [](OrderedJson &m) { m["files"]["x"] = {{"size", -1}, {"sha256", std::string(64, '0')}}; },
     "expected 'size' to be an integer"},
    {"NamelessWeights", [](OrderedJson &m) { m["options"]["weights"] = ""; },
     "expected 'weights' to be a name of 1 to 64 bytes"},
    {"LongNameOfWeights", [](OrderedJson &m) { m["options"]["weights"] = std::string(65, 'q'); },
     "expected 'weights' to be a name of 1 to 64 bytes"},
    {"UnknownKv", [](OrderedJson &m) { m["options"]["kv"] = "bf16"; },
     "expected 'kv' to be f32, f16 or q8, got \"bf16\""},
    {"NegativeSeed", [](OrderedJson &m) { m["options"]["random_seed"] = -1; },
     "expected 'random_seed' to be null or a number from 0 to 2^64 - 1, got -1"},
};
INSTANTIATE_TEST_SUITE_P(All, HostileManifest, testing::ValuesIn(kHostileManifests),
                         [](const auto &info) { return info.param.name; });

TEST_F(PackageTest, RefusesDuplicateMembersAndDepth) {
  EXPECT_THAT(parseManifest(R"({"format": "cria", "format": "cria"})", "m").status().message(),
              HasSubstr("duplicate name 'format'"));
  EXPECT_THAT(parseManifest(std::string(100000, '['), "m").status().message(),
              HasSubstr("nesting is deeper"));
  EXPECT_THAT(parseManifest("", "m").status().message(), HasSubstr("m: not valid JSON"));
}

TEST_F(PackageTest, TheProgramIsThatOfItsTarget) {
  ToyPackage other;
  other.program["target"] = "cpu";
  writeToyPackage(folder_, other);
  auto package = Package::open(folder_).value();
  EXPECT_THAT(package->program(package->manifest().targets[0]).status().message(),
              HasSubstr("expected the program of target 'toy', got 'cpu'"));
}

TEST_F(PackageTest, KernelsNeedCode) {
  ToyPackage other;
  other.program["kernels"][0] = {
      {"name", "append"}, {"kind", "kernel"}, {"symbol", "append"}, {"scratch_bytes", 0}};
  writeToyPackage(folder_, other);
  auto package = Package::open(folder_).value();
  EXPECT_THAT(package->program(package->manifest().targets[0]).status().message(),
              HasSubstr("kernel 'append' requires code, but target 'toy' has none"));
}

TEST_F(PackageTest, WeightsAreInTheFilesOfTheTarget) {
  ToyPackage other;
  other.program["weights"][0]["file"] = "chat.json";
  writeToyPackage(folder_, other);
  auto package = Package::open(folder_).value();
  EXPECT_THAT(package->program(package->manifest().targets[0]).status().message(),
              HasSubstr("weight 'table': the file 'chat.json' is not one of target 'toy'"));
}

TEST_F(PackageTest, TheManifestStatesTheBytesOfTheWeights) {
  ToyPackage other;
  other.manifest["targets"][0]["weight_bytes"] = 1000;
  writeToyPackage(folder_, other);
  auto package = Package::open(folder_).value();
  EXPECT_THAT(package->program(package->manifest().targets[0]).status().message(),
              HasSubstr("toy.json: expected weights of 1000 bytes, 'weight_bytes' of target 'toy' in the "
                        "manifest, got 1024"));
}

} // namespace
} // namespace cria::test
