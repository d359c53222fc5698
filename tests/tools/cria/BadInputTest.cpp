// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bad input causes one sentence on stderr and exit code 2, and leaves no incomplete files.
#include "StoriesPackage.h"
#include "support/Sha256.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

void expectRefused(const ProcessResult &result, const std::vector<std::string> &parts) {
  EXPECT_EQ(result.exitCode, 2) << result.output << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("error: "));
  for (const std::string &part : parts) {
    EXPECT_THAT(result.errors, HasSubstr(part));
  }
}

/// A copy of a folder, to damage.
class BadInputTest : public testing::Test {
protected:
  std::string copyOf(const std::string &source) {
    const std::string copy = folder_.path("copy" + std::to_string(copies_++));
    fs::copy(source, copy, fs::copy_options::recursive);
    return copy;
  }
  std::string package() { return copyOf(storiesPackage()); }
  std::string checkpoint() { return copyOf(kStoriesCheckpoint); }

  void expectCompileRefused(const std::string &model, const std::vector<std::string> &parts,
                            const std::vector<std::string> &arguments = {}) {
    const std::string output = folder_.path("out.cria");
    std::vector<std::string> all = {"compile", model, "-o", output};
    all.insert(all.end(), arguments.begin(), arguments.end());
    expectRefused(runCria(all), parts);
    EXPECT_FALSE(fs::exists(output));
    for (const fs::directory_entry &entry : fs::directory_iterator(folder_.path())) {
      EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("out.cria"))) << "left behind";
    }
  }

  TemporaryFolder folder_;
  int copies_ = 0;
};

ProcessResult open(const std::string &package, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"run", package, "-p", "Once", "-n", "2"});
  return runCria(arguments);
}

void flipByte(const std::string &path, size_t at) {
  std::string text = readFile(path);
  text[at] = static_cast<char>(text[at] ^ 1);
  writeFile(path, text);
}

void editJson(const std::string &path, const std::function<void(json &)> &edit) {
  json value = json::parse(readFile(path));
  edit(value);
  writeFile(path, value.dump());
}

/// Writes the digest that belongs to a changed manifest, as an attacker would.
void sealManifest(const std::string &package) {
  const std::string digest = Sha256::of(readFile(package + "/manifest.json"));
  writeFile(package + "/manifest.sha256", digest + "  manifest.json\n");
}

/// Writes the size and digest of a changed file to the manifest.
void reseal(const std::string &package, const std::string &name) {
  editJson(package + "/manifest.json", [&](json &manifest) {
    const std::string content = readFile(package + "/" + name);
    manifest["files"][name] = {{"size", content.size()}, {"sha256", Sha256::of(content)}};
  });
  sealManifest(package);
}

/// Index of the object whose member `name` is `value`.
template <typename Value> size_t indexOf(const json &objects, const char *name, const Value &value) {
  for (size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].contains(name) && objects[i][name] == value) {
      return i;
    }
  }
  throw std::runtime_error(std::string("no object has that ") + name);
}

// ---- checkpoints

TEST_F(BadInputTest, NotACheckpoint) {
  fs::create_directory(folder_.path("empty"));
  expectCompileRefused(folder_.path("empty"), {"config.json"});
  expectCompileRefused(folder_.path("absent"), {"absent"});
}

// Where a folder is expected.
TEST_F(BadInputTest, FilesAndAdaptersInPlaceOfAModel) {
  writeFile(folder_.path("m.gguf"), std::string("GGUF\x03\0\0\0", 8));
  writeFile(folder_.path("one.safetensors"), std::string("\x02\0\0\0\0\0\0\0{}", 10));
  fs::create_directory(folder_.path("adapter"));
  writeFile(folder_.path("adapter/adapter_config.json"), R"({"base_model_name_or_path": "meta/base"})");
  const auto expectAll = [&](const std::string &name, const std::vector<std::string> &fragments) {
    const std::string path = folder_.path(name);
    expectRefused(runCria({"run", path, "-p", "x"}), fragments);
    expectRefused(runCria({"chat", path}), fragments);
    expectRefused(runCria({"inspect", path}), fragments);
    expectRefused(runCria({"tokenize", path, "x"}), fragments);
    expectCompileRefused(path, fragments);
  };
  expectAll("m.gguf", {"m.gguf: the file is a GGUF file", "compile the Hugging Face checkpoint"});
  expectAll("one.safetensors", {"got one of its files", "give the folder that holds it, '"});
  expectAll("adapter", {"an adapter", "'meta/base'", "merge_and_unload"});
}

TEST_F(BadInputTest, TruncatedSafetensors) {
  const std::string model = checkpoint();
  fs::resize_file(model + "/model.safetensors", 1'000'000);
  expectCompileRefused(model, {"model.safetensors"});
}

TEST_F(BadInputTest, HeaderLongerThanTheFile) {
  const std::string model = checkpoint();
  writeFile(model + "/model.safetensors", std::string("\xFF\xFF\xFF\xFF\0\0\0\0{}", 10));
  expectCompileRefused(model, {"model.safetensors", "header"});
}

TEST_F(BadInputTest, OverlappingTensors) {
  const std::string model = checkpoint();
  const std::string header =
      R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}})";
  writeFile(model + "/model.safetensors", std::string(1, static_cast<char>(header.size())) +
                                              std::string(7, '\0') + header + std::string(6, '\0'));
  expectCompileRefused(model, {"model.safetensors", "overlap"});
}

TEST_F(BadInputTest, ShapeMismatchNamesTheTensor) {
  const std::string model = checkpoint();
  editJson(model + "/config.json", [](json &config) { config["intermediate_size"] = 384; });
  expectCompileRefused(model, {"mlp", "352", "384"});
}

TEST_F(BadInputTest, MissingTokenizer) {
  const std::string model = checkpoint();
  fs::remove(model + "/tokenizer.model");
  expectCompileRefused(model, {"tokenizer.model"});
}

TEST_F(BadInputTest, DamagedOrForeignTokenizer) {
  const std::string model = checkpoint();
  fs::resize_file(model + "/tokenizer.model", 9000);
  expectCompileRefused(model, {"tokenizer.model"});
  const std::string other = copyOf(CRIA_SOURCE_DIR "/tests/golden/models/mha");
  fs::copy(kStoriesCheckpoint + "/tokenizer.model", other + "/tokenizer.model");
  expectCompileRefused(other, {"tokenizer.model", "1024"});
}

TEST_F(BadInputTest, UnknownArchitectureAndRopeType) {
  const std::string model = checkpoint();
  editJson(model + "/config.json",
           [](json &config) { config["rope_scaling"] = {{"type", "longrope"}, {"factor", 2.0}}; });
  expectCompileRefused(model, {"longrope"});
  editJson(model + "/config.json", [](json &config) {
    config["architectures"] = {"MixtralForCausalLM"};
    config["model_type"] = "mixtral";
  });
  expectCompileRefused(model, {"ixtral"});
}

TEST_F(BadInputTest, CompilerOptions) {
  expectCompileRefused(kStoriesCheckpoint, {"iq4_xs"}, {"--weights", "q4", "--target", "cpu-aarch64"});
  expectCompileRefused(kStoriesCheckpoint, {"q4", "f32, f16 or q8"}, {"--kv", "q4"});
  expectCompileRefused(kStoriesCheckpoint, {"tpu"}, {"--target", "tpu"});
  expectCompileRefused(kStoriesCheckpoint, {"llama-fuse-everything"},
                       {"--disable-pass", "llama-fuse-everything"});
}

// A limit of the file size simulates a full disk: writes fail in the middle.
TEST_F(BadInputTest, DiskFullWhileCompiling) {
  const std::string output = folder_.path("full.cria");
  const ProcessResult result = runProcess("/bin/bash", {"-c", "trap '' XFSZ; ulimit -f 512; exec \"$@\"",
                                                        "bash", CRIA_BINARY_DIR "/bin/cria", "compile",
                                                        kStoriesCheckpoint, "-o", output, "--target", "ops"});
  EXPECT_EQ(result.exitCode, 2) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("error: "));
  EXPECT_TRUE(fs::is_empty(folder_.path())) << "left behind";
}

// ---- packages

TEST_F(BadInputTest, NotAPackage) { expectRefused(open(folder_.path("absent")), {"absent"}); }

TEST_F(BadInputTest, AChangedByte) {
  for (const char *name :
       {"programs/cpu-x86-64-v3.json", "code/cpu-x86-64-v3.so", "tokenizer.model", "programs/ops.json"}) {
    const std::string damaged = package();
    flipByte(damaged + "/" + name, 100);
    expectRefused(open(damaged), {name});
  }
  const std::string damaged = package();
  flipByte(damaged + "/manifest.json", 20);
  expectRefused(open(damaged), {"manifest.json"});
}

TEST_F(BadInputTest, AChangedWeightIsFoundWithVerify) {
  const std::string damaged = package();
  const std::string name = "weights/panel16.safetensors";
  flipByte(damaged + "/" + name, fs::file_size(damaged + "/" + name) - 100);
  expectRefused(open(damaged, {"--verify"}), {name});
}

TEST_F(BadInputTest, AMissingOrTruncatedFile) {
  const std::string damaged = package();
  fs::resize_file(damaged + "/weights/panel16.safetensors", 5000);
  expectRefused(open(damaged), {"panel16.safetensors"});
  fs::remove(damaged + "/weights/panel16.safetensors");
  expectRefused(open(damaged), {"panel16.safetensors"});
}

TEST_F(BadInputTest, ANewerVersion) {
  const std::string newer = package();
  editJson(newer + "/manifest.json", [](json &manifest) { manifest["format_version"] = 99; });
  sealManifest(newer);
  expectRefused(open(newer), {"99"});
}

TEST_F(BadInputTest, AnotherInstructionSet) {
  const std::string foreign = package();
  editJson(foreign + "/manifest.json", [](json &manifest) {
    for (json &target : manifest["targets"]) {
      target["format"] = "elf.riscv64";
    }
  });
  sealManifest(foreign);
  expectRefused(open(foreign), {"elf.riscv64"});
}

TEST_F(BadInputTest, AProgramThatReachesOutsideItsBuffers) {
  const std::string hostile = package();
  const std::string name = "programs/cpu-x86-64-v3.json";
  editJson(hostile + "/" + name, [](json &program) {
    json &binding = program["entries"][0]["dispatches"][1]["bindings"][0];
    binding["offset"] = uint64_t{1} << 40;
  });
  reseal(hostile, name);
  expectRefused(open(hostile, {"--target", "cpu-x86-64-v3"}), {name});
}

// Backends use the slots, positions and pages of an op unchecked, so they must be those of the step, which
// the runtime has checked.
TEST_F(BadInputTest, OpIndicesMustBeThoseOfTheStep) {
  const std::string name = "programs/ops.json";
  const auto withBinding = [&](const std::string &op, const std::string &operand,
                               const std::function<void(json &)> &edit) {
    const std::string hostile = package();
    editJson(hostile + "/" + name, [&](json &program) {
      const size_t kernel = indexOf(program["kernels"], "op", op);
      json &dispatches = program["entries"][0]["dispatches"];
      json &bindings = dispatches[indexOf(dispatches, "kernel", kernel)]["bindings"];
      edit(bindings[indexOf(bindings, "name", operand)]);
    });
    reseal(hostile, name);
    return open(hostile, {"--target", "ops", "--backend", "reference"});
  };
  for (const std::string operand : {"slots", "positions", "sequences", "block_table", "sequence_starts"}) {
    expectRefused(withBinding("rope_attention", operand, [](json &binding) { binding["offset"] = 64; }),
                  {name, operand, "of the step"});
  }
  expectRefused(withBinding("rope_attention", "cache", [](json &binding) { binding["shape"][3] = 1; }),
                {name, "cache", "32"});
  expectRefused(withBinding("rope_attention", "table", [](json &binding) { binding["shape"][0] = 1; }),
                {name, "table", "512 rows"});
  expectRefused(withBinding("embedding", "table", [](json &binding) { binding["shape"][0] = 1; }),
                {name, "table", "1024 rows"});
  expectRefused(
      withBinding("embedding", "tokens", [](json &binding) { binding["offset"] = 2112; }), // positions
      {name, "tokens", "of the step"});
}

// Reported when the package is opened, not at the first step that needs the kernel.
TEST_F(BadInputTest, AKernelThatTheCodeDoesNotHave) {
  const std::string foreign = package();
  const std::string name = "programs/cpu-x86-64-v3.json";
  editJson(foreign + "/" + name, [](json &program) {
    for (json &kernel : program["kernels"]) {
      kernel["symbol"] = "no_such_kernel";
    }
  });
  reseal(foreign, name);
  expectRefused(runCria({"run", foreign, "-p", "Once", "-n", "0", "--target", "cpu-x86-64-v3"}),
                {"no_such_kernel"});
}

TEST_F(BadInputTest, AManifestThatDisagreesWithItsProgram) {
  const std::string foreign = package();
  editJson(foreign + "/manifest.json", [](json &manifest) { manifest["model"]["context"] = 256; });
  sealManifest(foreign);
  expectRefused(open(foreign), {"256", "512"});
}

TEST_F(BadInputTest, DigestFileWithExtraText) {
  const std::string damaged = package();
  writeFile(damaged + "/manifest.sha256", readFile(damaged + "/manifest.sha256") + "more");
  expectRefused(open(damaged), {"manifest.sha256"});
}

// ---- run

TEST_F(BadInputTest, PromptLongerThanTheContext) {
  std::string prompt;
  for (int i = 0; i < 600; ++i) {
    prompt += "dog ";
  }
  const ProcessResult result = runCria({"run", storiesPackage(), "-p", prompt});
  expectRefused(result, {"context", "512"});
  EXPECT_EQ(result.output, ""); // not even the prompt
  writeFile(folder_.path("long.jsonl"), "\n{\"prompt\": \"" + prompt + "\"}\n{\"prompt\": \"Once\"}\n");
  const ProcessResult rows =
      runCria({"run", storiesPackage(), "--prompts", folder_.path("long.jsonl"), "-n", "3"});
  EXPECT_EQ(rows.exitCode, 2);
  EXPECT_THAT(rows.errors, HasSubstr("long.jsonl:2: the prompt is too long"));
  EXPECT_THAT(rows.output, HasSubstr("\"finish_reason\":\"length\"")); // the other one ran
}

TEST_F(BadInputTest, InvalidUtf8InAPrompt) {
  expectRefused(runCria({"run", storiesPackage(), "-p", "ab\xFFzz"}), {"UTF-8", "2"});
}

TEST_F(BadInputTest, UnknownSamplerOrOption) {
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--sampler", "topk(3)"}),
                {"topk", "top_k", "^"});
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--sampler", "top_k(many)"}), {"top_k"});
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--sampler", "top_p(1.5)"}), {"top_p"});
}

TEST_F(BadInputTest, MessagesOfTheParserBeginLowerCase) {
  for (const std::vector<std::string> &arguments :
       {std::vector<std::string>{"run", storiesPackage(), "-p", "x", "extra"},
        {"run", storiesPackage(), "-p", "x", "extra", "--unknown"},
        {"compile", kStoriesCheckpoint, "extra"},
        {"run", "-p", "x"},
        {}}) {
    const ProcessResult result = runCria(arguments);
    EXPECT_EQ(result.exitCode, 2);
    EXPECT_THAT(result.errors, MatchesRegex("error: [a-z].*"));
  }
}

TEST_F(BadInputTest, BadCommandLines) {
  expectRefused(runCria({"run", storiesPackage()}), {"--prompt"});
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--sampler", "greedy", "--top-k", "3"}),
                {"--sampler", "--top-k"});
  expectRefused(runCria({"rnu"}), {"rnu", "run, chat"});
  expectRefused(runCria({"run", storiesPackage(), "extra", "-p", "x"}), {"extra"});
  for (const char *command : {"run", "chat", "inspect", "logits", "tokenize"}) { // longer than a name can be
    std::vector<std::string> arguments = {command, std::string(300, 'a')};
    arguments.insert(arguments.end(),
                     std::string(command) == "logits" ? std::initializer_list<std::string>{"--tokens", "1"}
                     : std::string(command) == "tokenize" ? std::initializer_list<std::string>{"x"}
                     : std::string(command) == "run"      ? std::initializer_list<std::string>{"-p", "x"}
                                                          : std::initializer_list<std::string>{});
    EXPECT_EQ(runCria(arguments).exitCode, 2) << command;
  }
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--threads", "none"}), {"--threads"});
  expectRefused(runCria({"run", storiesPackage(), "-p", "x", "--backend", "cpuu"}), {"cpuu", "cpu"});
  expectRefused(runCria({"logits", storiesPackage(), "--tokens", "1,abc"}), {"abc"});
  expectRefused(runCria({"logits", storiesPackage(), "--tokens", "1,99999"}), {"99999"});
  expectRefused(runCria({"bench", storiesPackage(), "--depth", "4000"}), {"512"});
}

TEST_F(BadInputTest, InvalidNumbers) {
  for (const auto &[option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--seed", "-1"},
                                                        {"--seed", "18446744073709551616"},
                                                        {"-n", "0x10"},
                                                        {"-n", "-3"},
                                                        {"--top-p", "nan"},
                                                        {"--top-p", "2"},
                                                        {"--temperature", "inf"},
                                                        {"--kv-memory", "-5"},
                                                        {"--kv-memory", "1Q"}}) {
    expectRefused(runCria({"run", storiesPackage(), "-p", "x", option, value}), {"expected"});
  }
  expectRefused(
      runCria({"perplexity", storiesPackage(), kStoriesCheckpoint + "/config.json", "--context", "2"}),
      {"--context 2"});
}

// As of variables of the shell that are not set.
TEST_F(BadInputTest, EmptyTexts) {
  for (const char *option : {"--stop", "--sampler", "--sampler-file", "--grammar", "--json-schema"}) {
    const std::string message = "error: " + std::string(option) + ": expected ";
    for (const char *command : {"run", "chat"}) {
      expectRefused(runCria({command, folder_.path("none"), option, ""}), {message, "got an empty text"});
      expectRefused(runCria({command, folder_.path("none"), std::string(option) + "="}), {message});
    }
  }
  for (const char *option : {"-f", "--prompts"}) { // the empty prompt had been continued
    expectRefused(runCria({"run", folder_.path("none"), option, ""}), {option, "got an empty text"});
  }
  const std::string requests = folder_.path("requests.jsonl");
  writeFile(requests, "{\"prompt\": \"a\"}\n{\"prompt\": \"a\", \"stop\": \"\"}\n");
  expectRefused(runCria({"run", storiesPackage(), "--prompts", requests}),
                {requests + ":2: 'stop': expected a text that is not empty"});
}

TEST_F(BadInputTest, ChatMessagesThatAreNotUtf8) {
  const ProcessResult message = runCria({"chat", storiesPackage()}, "a\xFF\n");
  EXPECT_EQ(message.exitCode, 2);
  EXPECT_THAT(message.errors, HasSubstr("the message: text is not UTF-8 at byte 1"));
  expectRefused(runCria({"chat", storiesPackage(), "--system", "\xFF"}), {"the system prompt", "byte 0"});
}

TEST_F(BadInputTest, FolderNameThatIsNotUtf8) {
  const std::string model = folder_.path("w\xFF");
  fs::copy(kStoriesCheckpoint, model, fs::copy_options::recursive);
  const ProcessResult result = runCria({"inspect", model, "--json"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("\"dim\": 128"));
}

TEST_F(BadInputTest, ContextsAndHeadsBeyondTheLimits) {
  const std::string model = checkpoint();
  editJson(model + "/config.json", [](json &config) { config["max_position_embeddings"] = INT32_MAX; });
  expectCompileRefused(model, {model, "2147483647", "16777216", "--context"});
  editJson(model + "/config.json", [](json &config) { config["head_dim"] = 65536; });
  expectCompileRefused(model, {"config.json", "head_dim", "1024"});
}

TEST_F(BadInputTest, GenerationDefaultsOutOfRange) {
  const std::string model = checkpoint();
  editJson(model + "/generation_config.json", [](json &config) { config["temperature"] = -3; });
  expectCompileRefused(model, {"generation_config.json", "temperature", "-3"});
}

// A value of the attention beyond the largest number of f16, not damaged weights.
TEST_F(BadInputTest, KeysThatDoNotFitTheCache) {
  const std::string model = checkpoint(), path = model + "/model.safetensors";
  std::string weights = readFile(path);
  uint64_t headerBytes = 0;
  std::memcpy(&headerBytes, weights.data(), sizeof(headerBytes));
  const json header = json::parse(weights.substr(8, headerBytes));
  const json &range = header["model.layers.0.self_attn.k_proj.weight"]["data_offsets"];
  for (size_t i = range[0]; i < range[1]; i += 2) { // 60000 and -60000 in f16
    const uint16_t value = i / 2 % 3 == 0 ? 0xFB53 : 0x7B53;
    std::memcpy(weights.data() + 8 + headerBytes + i, &value, sizeof(value));
  }
  writeFile(path, weights);
  const auto expectNamed = [&](const std::string &package, const std::string &type) {
    for (const char *target : {"cpu-x86-64-v3", "ops"}) {
      std::vector<std::string> arguments = {"--target", target};
      if (std::string(target) == "ops") {
        arguments.insert(arguments.end(), {"--backend", "reference"});
      }
      expectRefused(open(package, arguments), {type, "compile the model again with --kv f32"});
    }
  };
  const std::string half = folder_.path("half.cria"), single = folder_.path("single.cria");
  EXPECT_EQ(runCria({"compile", model, "-o", half, "--target", "cpu,ops", "--kv", "f16"}).exitCode, 0);
  EXPECT_EQ(runCria({"compile", model, "-o", single, "--target", "ops", "--kv", "f32"}).exitCode, 0);
  expectNamed(half, "of f16,");
  const std::string text = model + "/config.json";
  for (const std::vector<std::string> &command : {std::vector<std::string>{"perplexity", half, text},
                                                  {"calibrate", half, text, "-o", folder_.path("importance")},
                                                  {"logits", half, "--tokens", "1,2,3"}}) {
    expectRefused(runCria(command), {"f16", "compile the model again with --kv f32"}); // it had printed NaN
  }
  EXPECT_EQ(open(single, {"--backend", "reference"}).exitCode, 0);
  // Scales reach further: the keys fit until the norm before them multiplies by 1000.
  const std::string codes = folder_.path("codes.cria"), larger = folder_.path("larger.cria");
  EXPECT_EQ(runCria({"compile", model, "-o", codes, "--target", "ops", "--kv", "q8"}).exitCode, 0);
  EXPECT_EQ(open(codes, {"--backend", "reference"}).exitCode, 0);
  const json &norm = header["model.layers.0.input_layernorm.weight"]["data_offsets"];
  for (size_t i = norm[0]; i < norm[1]; i += 2) {
    const uint16_t thousand = 0x63D0;
    std::memcpy(weights.data() + 8 + headerBytes + i, &thousand, sizeof(thousand));
  }
  writeFile(path, weights);
  EXPECT_EQ(runCria({"compile", model, "-o", larger, "--target", "cpu,ops", "--kv", "q8"}).exitCode, 0);
  expectNamed(larger, "of q8,");
}

// Before anything is allocated, whatever the limit is.
TEST_F(BadInputTest, AModelThatNeedsMoreMemoryThanThereIs) {
  const std::string large = folder_.path("large.cria");
  ASSERT_EQ(
      runCria({"compile", "--preset", "llama-2-70b", "--random-weights", "1", "--target", "ops", "-o", large})
          .exitCode,
      0);
  const std::string command = "ulimit -v 1500000; exec " CRIA_BINARY_DIR "/bin/cria bench " + large +
                              " --backend reference --prompt 1 --generate 1";
  expectRefused(runProcess("/bin/bash", {"-c", command}),
                {"the model requires", "for weights", "are left", "--ignore-memory"});
  expectRefused(runProcess("/bin/bash", {"-c", command + " --ignore-memory"}), {"cannot allocate"});
}

TEST_F(BadInputTest, WithoutNativeCode) {
  const ProcessResult result = open(storiesPackage(), {"--no-native-code", "--verbose"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("with target ops"));
  const std::string native = folder_.path("native.cria");
  ASSERT_EQ(runCria({"compile", kStoriesCheckpoint, "-o", native, "--target", "cpu-x86-64-v3"}).exitCode, 0);
  expectRefused(open(native, {"--no-native-code"}), {"target cpu-x86-64-v3 is excluded", "--target ops"});
  expectRefused(open(storiesPackage(), {"--no-native-code", "--target", "cpu-x86-64-v3"}), {"native code"});
}

TEST_F(BadInputTest, VerboseTellsWhyATargetDoesNotRun) {
  const std::string both = folder_.path("both.cria");
  ASSERT_EQ(runCria({"compile", kStoriesCheckpoint, "-o", both, "--target", "cpu,cpu-aarch64"}).exitCode, 0);
  const ProcessResult result = open(both, {"--verbose"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("expected format 'elf."));
  EXPECT_THAT(open(both, {}).errors, testing::Not(HasSubstr("expected format 'elf.")));
}

TEST_F(BadInputTest, AProgramWithoutItsPlugins) {
  const std::string moved = folder_.path("cria");
  fs::copy(CRIA_BINARY_DIR "/bin/cria", moved);
  const ProcessResult result = runProcess(moved, {"run", storiesPackage(), "-p", "Once"});
  expectRefused(result, {"found no backends", "searched", "plugins (does not exist)", "CRIA_PLUGIN_PATH"});
  expectRefused(runProcess(moved, {"plugins"}), {"found no plugins", "searched"});
}

TEST_F(BadInputTest, APluginLibraryThatIsCutOff) {
  const std::string name = "cria_sampler_top_k";
  const std::string whole = readFile(CRIA_BINARY_DIR "/plugins/" + name + ".so");
  ASSERT_FALSE(whole.empty());
  const std::string folder = folder_.path("plugins");
  fs::create_directory(folder);
  for (const auto &entry : fs::directory_iterator(CRIA_BINARY_DIR "/plugins")) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(".cria-plugin.json") && file.find("top_k") != std::string::npos) {
      fs::copy(entry.path(), folder);
    }
  }
  for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 12) {
    writeFile(folder + "/" + name + ".so", whole.substr(0, size));
    const ProcessResult result = runCria({"run", storiesPackage(), "-p", "Once", "-n", "1", "--sampler",
                                          "top_k(1)|draw", "--plugin-dir", folder});
    expectRefused(result, {"top_k"});
  }
}

/// Starts a run, stops it after its first text, makes a file of its package shorter, and continues it.
ProcessResult shrinkWhileRunning(const std::string &package, const std::string &file,
                                 const std::string &backend) {
  const std::string output = package + ".out";
  return runProcess("/bin/bash",
                    {"-c", CRIA_BINARY_DIR "/bin/cria run " + package + " -p Once --no-echo -n 400 " +
                               "--ignore-eos --temperature 0 --backend " + backend + " >" + output +
                               " & until [[ -s " + output + " ]]; do sleep 0.02; done; kill -STOP $!; " +
                               "truncate -s 8192 " + package + "/" + file + "; kill -CONT $!; wait $!"});
}

TEST_F(BadInputTest, AFileThatShrinksWhileItIsUsed) {
  expectRefused(shrinkWhileRunning(package(), "weights/row_major.safetensors", "reference"),
                {"weights/row_major.safetensors: the file became shorter"});
  const ProcessResult code = shrinkWhileRunning(package(), "code/*", "cpu"); // runs from a copy
  EXPECT_EQ(code.exitCode, 0) << code.errors;
}

// As in a cache of downloads that is not complete.
TEST_F(BadInputTest, LinksToNothingInACheckpoint) {
  for (const char *name : {"generation_config.json", "tokenizer_config.json", "chat_template.jinja",
                           "added_tokens.json", "tokenizer.model", "model.safetensors"}) {
    const std::string broken = checkpoint();
    fs::remove(broken + "/" + name);
    fs::create_symlink("../blobs/none", broken + "/" + name);
    expectCompileRefused(broken, {name, "the link leads to '../blobs/none', which does not exist"});
  }
}

TEST_F(BadInputTest, VerifyReadsTokenizerAndHeaders) {
  EXPECT_EQ(runCria({"inspect", storiesPackage(), "--verify"}).exitCode, 0);
  const std::string tokenizer = package();
  writeFile(tokenizer + "/tokenizer.model", "no tokenizer");
  reseal(tokenizer, "tokenizer.model");
  EXPECT_EQ(runCria({"inspect", tokenizer}).exitCode, 0);
  expectRefused(runCria({"inspect", tokenizer, "--verify"}), {"tokenizer.model"});
  const std::string weights = package();
  const std::string name = "weights/row_major.safetensors";
  flipByte(weights + "/" + name, 3);
  reseal(weights, name);
  expectRefused(runCria({"inspect", weights, "--verify"}), {name, "header"});
}

// Each in one sentence that names the file, without running the other requests.
TEST_F(BadInputTest, HostilePromptFiles) {
  const std::string path = folder_.path("hostile.jsonl");
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  for (const auto &[text, part] : std::vector<std::pair<std::string, std::string>>{
           {R"({"prompt": "a", "stop": )" + deep + "}", "nesting is deeper than 64 levels"},
           {R"({"prompt": "a", "prompt": "b"})", "duplicate name 'prompt'"},
           {R"({"prompt": "a", "max_tokens": 1e999})", "not valid JSON"},
           {"{\"prompt\": \"\xff\"}", "not valid JSON"},
           {std::string(1000, '{'), "hostile.jsonl:2"},
           {R"({"prompt": ")" + std::string(2 << 20, 'a') + "\"}", "the text is too long"}}) {
    writeFile(path, "{\"prompt\": \"Once\"}\n" + text + "\n");
    const ProcessResult result = runCria({"run", storiesPackage(), "--prompts", path, "-n", "2"});
    expectRefused(result, {"hostile.jsonl:2", part});
    EXPECT_EQ(result.output, "") << part;
    EXPECT_THAT(result.errors, testing::Not(HasSubstr("json.exception"))) << part;
  }
}

// They had restricted nothing.
TEST_F(BadInputTest, EmptyRules) {
  for (const char *option : {"--grammar", "--json-schema"}) {
    expectRefused(runCria({"run", storiesPackage(), "-p", "x", option, "/dev/null"}),
                  {"/dev/null: expected a", "got an empty file"});
  }
  expectRefused(runCria({"chat", storiesPackage(), "--chat-template", ""}), {"--chat-template: expected"});
}

TEST_F(BadInputTest, PointersInPlaceOfRules) {
  const std::string file = folder_.path("rules");
  for (const char *host : {"git-lfs.github.com", "hawser.github.com"}) {
    writeFile(file, std::string("version https://") + host + "/spec/v1\noid sha256:00\nsize 9\n");
    for (const char *option : {"--grammar", "--json-schema", "--sampler-file"}) {
      expectRefused(runCria({"run", storiesPackage(), "-p", "x", option, file}),
                    {"rules: expected the file itself, got the pointer of", "git lfs pull"});
    }
  }
}

TEST_F(BadInputTest, EndlessTexts) {
  for (const char *option : {"--grammar", "--json-schema", "--sampler-file"}) {
    expectRefused(runCria({"run", storiesPackage(), "-p", "x", option, "/dev/zero"}),
                  {"/dev/zero: expected at most 4194304 bytes"});
  }
  for (const char *option : {"-f", "--prompts"}) {
    expectRefused(runCria({"run", storiesPackage(), option, "/dev/zero"}),
                  {"/dev/zero: expected at most 268435456 bytes"});
  }
  writeFile(folder_.path("long.txt"), std::string(4 << 20, 'a'));
  expectRefused(runCria({"run", storiesPackage(), "-f", folder_.path("long.txt")}),
                {"the prompt: the text is too long", "4194304"});
}

TEST_F(BadInputTest, BadPromptFile) {
  writeFile(folder_.path("bad.jsonl"), "{\"prompt\": \"a\"}\n{\"promt\": \"b\"}\n");
  expectRefused(runCria({"run", storiesPackage(), "--prompts", folder_.path("bad.jsonl")}), {"bad.jsonl:2"});
}

} // namespace
} // namespace cria::test
