// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole checkpoints: the golden ones open, and the message for each kind of damage.
#include "format/Safetensors.h"
#include "frontends/FrontendRegistry.h"
#include "support/Half.h"

#include "tests/frontends/huggingface/SmallCheckpoint.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::tests;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace {

std::string golden(std::string_view name) {
  return fmt::format("{}/tests/golden/models/{}", CRIA_SOURCE_DIR, name);
}

std::string errorOf(const TemporaryFolder &folder) {
  auto checkpoint = openCheckpoint(folder.path().string());
  EXPECT_FALSE(checkpoint.ok());
  return checkpoint.ok() ? "" : checkpoint.status().message();
}

std::string errorOf(const SmallCheckpoint &small) {
  TemporaryFolder folder;
  small.write(folder);
  return errorOf(folder);
}

TEST(HuggingFaceFrontend, OpensTheGoldenModels) {
  for (const char *name : {"mha", "gqa", "odd-vocab", "tied", "theta-1e6", "rope-parameters", "llama3",
                           "llama3-parameters", "linear", "dynamic", "bf16", "f16", "head-dim", "sharded"}) {
    auto checkpoint = openCheckpoint(golden(name), {.requireTokenizer = false});
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_EQ(checkpoint->config.name, name);
    EXPECT_EQ(checkpoint->tensors->tensors().size(), llamaTensors(checkpoint->config).size());
  }
}

TEST(HuggingFaceFrontend, SmallCheckpoint) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  auto checkpoint = openCheckpoint(folder.path().string() + "/");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->config.name, folder.path().filename().string());
  EXPECT_EQ(checkpoint->weights, WeightFormat::f16);
  EXPECT_EQ(checkpoint->tokenizer.where, folder.path().string() + "/tokenizer.model");
  EXPECT_EQ(checkpoint->tokenizer.model, kSmallTokenizer);
  EXPECT_EQ(checkpoint->tokenizer.kind, "sentencepiece");
  EXPECT_EQ(checkpoint->tokenizer.file, "tokenizer.model");
  EXPECT_EQ(checkpoint->frontend->name(), "huggingface");
}

TEST(HuggingFaceFrontend, WeightTypeIsThatOfMostElements) {
  EXPECT_EQ(openCheckpoint(golden("bf16"), {.requireTokenizer = false})->weights, WeightFormat::bf16);
  SmallCheckpoint small;
  small.tensor("model.norm.weight").type = ElementType::f32;
  TemporaryFolder folder;
  small.write(folder);
  EXPECT_EQ(openCheckpoint(folder.path().string())->weights, WeightFormat::f16);
}

TEST(HuggingFaceFrontend, VocabularyFromTheEmbedding) {
  SmallCheckpoint small;
  small.config["vocab_size"] = -1;
  TemporaryFolder folder;
  small.write(folder);
  EXPECT_EQ(openCheckpoint(folder.path().string())->config.vocabSize, 96);
  small.tensor("model.embed_tokens.weight").shape = {3072};
  EXPECT_THAT(errorOf(small),
              HasSubstr("'model.embed_tokens.weight': expected shape [vocabulary, 32], got [3072]"));
}

TEST(HuggingFaceFrontend, IgnoresRopeFrequenciesAndAnEqualTiedOutput) {
  SmallCheckpoint small;
  small.tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", ElementType::f32, {16}});
  small.config["tie_word_embeddings"] = true;
  TemporaryFolder folder;
  small.write(folder);
  auto checkpoint = openCheckpoint(folder.path().string());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->tensors->find("lm_head.weight"), nullptr);
  EXPECT_EQ(checkpoint->tensors->tensors().size(), 11u);
}

/// Writes a small checkpoint that ties its output, whose two matrices have these types and one value.
std::string writeTied(const TemporaryFolder &folder, ElementType outputType,
                      std::optional<float> embeddingValue) {
  SmallCheckpoint small;
  small.config["tie_word_embeddings"] = true;
  small.tensor("lm_head.weight").type = outputType;
  if (!embeddingValue) {
    small.remove("model.embed_tokens.weight");
  }
  small.write(folder);
  folder.write("tokenizer_config.json", R"({"add_bos_token": true})");
  if (embeddingValue) {
    auto writer = SafetensorsWriter::create(folder.file("model.safetensors"), small.tensors);
    const uint16_t value = halfFromFloat(*embeddingValue);
    std::vector<uint16_t> row(32, value);
    EXPECT_TRUE((*writer)->write(0, 95 * 64, std::as_bytes(std::span(row))).ok());
    EXPECT_TRUE((*writer)->finish().ok());
  }
  return folder.path().string();
}

// As in transformers 5: both there and different are not tied, in whatever types they are.
TEST(HuggingFaceFrontend, ATiedOutputOfItsOwnIsKept) {
  for (const ElementType type : {ElementType::f16, ElementType::f32}) {
    TemporaryFolder different;
    auto checkpoint = openCheckpoint(writeTied(different, type, 1.0f)); // the last row alone
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_FALSE(checkpoint->config.tiedEmbeddings);
    EXPECT_NE(checkpoint->tensors->find("lm_head.weight"), nullptr);
    EXPECT_THAT(checkpoint->notes,
                ::testing::Contains(HasSubstr("have different values, so they are not tied")));
    TemporaryFolder equal;
    checkpoint = openCheckpoint(writeTied(equal, type, 0.0f));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_TRUE(checkpoint->config.tiedEmbeddings);
    EXPECT_EQ(checkpoint->tensors->find("lm_head.weight"), nullptr);
    EXPECT_THAT(checkpoint->notes, ::testing::IsEmpty());
  }
}

TEST(HuggingFaceFrontend, ATiedOutputAloneIsTheEmbedding) {
  TemporaryFolder folder;
  auto checkpoint = openCheckpoint(writeTied(folder, ElementType::f16, std::nullopt));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->config.tiedEmbeddings);
  EXPECT_NE(checkpoint->tensors->find("model.embed_tokens.weight"), nullptr);
}

TEST(HuggingFaceFrontend, NamesBadTensors) {
  SmallCheckpoint missing;
  missing.remove("model.layers.0.mlp.up_proj.weight");
  EXPECT_THAT(errorOf(missing),
              HasSubstr("tensor 'model.layers.0.mlp.up_proj.weight' of shape [64, 32] is missing"));
  SmallCheckpoint noOutput;
  noOutput.remove("lm_head.weight");
  EXPECT_THAT(errorOf(noOutput), HasSubstr("'lm_head.weight'"));
  SmallCheckpoint unknown;
  unknown.tensors.push_back({"model.layers.0.self_attn.q_proj.bias", ElementType::f16, {32}});
  EXPECT_THAT(errorOf(unknown), HasSubstr("unknown tensor 'model.layers.0.self_attn.q_proj.bias'"));
  SmallCheckpoint misshapen;
  misshapen.tensor("model.layers.0.self_attn.k_proj.weight").shape = {32, 16};
  EXPECT_THAT(errorOf(misshapen),
              AllOf(HasSubstr("model.safetensors: tensor 'model.layers.0.self_attn.k_proj.weight'"),
                    HasSubstr("gives it shape [16, 32], got [32, 16]")));
  SmallCheckpoint integers;
  integers.tensor("lm_head.weight") = {"lm_head.weight", ElementType::i8, {96, 32}};
  EXPECT_THAT(errorOf(integers),
              AllOf(HasSubstr("tensor 'lm_head.weight': expected type"), HasSubstr("got I8")));
}

TEST(HuggingFaceFrontend, TruncatedWeights) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  std::string path = folder.file("model.safetensors");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 64);
  EXPECT_THAT(errorOf(folder), HasSubstr("model.safetensors: truncated: tensor 'lm_head.weight'"));
}

TEST(HuggingFaceFrontend, MissingTokenizer) {
  SmallCheckpoint small;
  small.hasTokenizer = false;
  EXPECT_THAT(errorOf(small), HasSubstr("/tokenizer.model: no such file"));
  TemporaryFolder folder; // as transformers 5 saves it
  small.write(folder);
  folder.write("tokenizer.json", R"({"added_tokens": []})");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "TokenizersBackend"})");
  EXPECT_THAT(errorOf(folder),
              HasSubstr("copy the tokenizer.model of the model that this one was made from"));
}

TEST(HuggingFaceFrontend, NotACheckpoint) {
  TemporaryFolder folder;
  EXPECT_THAT(errorOf(folder), AllOf(HasSubstr("not a checkpoint"), HasSubstr("with config.json")));
  EXPECT_THAT(openCheckpoint(folder.file("none")).status().message(), HasSubstr("none: no such checkpoint"));
  EXPECT_THAT(openCheckpoint(folder.write("file", "x")).status().message(), HasSubstr("got a file"));
  folder.write("consolidated.00.pth", std::string(2000, 'x'));
  EXPECT_THAT(errorOf(folder), HasSubstr("consolidated.00.pth is a pickle of PyTorch"));
}

TEST(HuggingFaceFrontend, OtherWeightFormats) {
  TemporaryFolder folder;
  folder.write("config.json", smallConfigJson().dump());
  EXPECT_THAT(errorOf(folder),
              HasSubstr("expected model.safetensors or model.safetensors.index.json, found neither"));
  folder.write("training_args.bin", "x"); // no weights
  EXPECT_THAT(errorOf(folder), HasSubstr("found neither"));
  folder.write("tf_model.h5", std::string(2000, 'x'));
  EXPECT_THAT(errorOf(folder), HasSubstr("tf_model.h5 holds weights in a format that is not read"));
  TemporaryFolder indexed; // its shards are missing
  indexed.write("config.json", smallConfigJson().dump());
  indexed.write("pytorch_model.bin.index.json", R"({"weight_map": {"a": "pytorch_model-1.bin"}})");
  EXPECT_THAT(errorOf(indexed), HasSubstr("pytorch_model.bin.index.json is the index of pickles"));
  folder.write("pytorch_model.bin.index.json", "{}");
  folder.write("pytorch_model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n");
  EXPECT_THAT(errorOf(folder), HasSubstr("Git LFS"));
  folder.write("pytorch_model.bin", std::string(2000, 'x'));
  EXPECT_THAT(errorOf(folder), AllOf(HasSubstr("pytorch_model.bin is a pickle of PyTorch"),
                                     HasSubstr("safe_serialization=True")));
  folder.write("model-q4.gguf", std::string(2000, 'x'));
  EXPECT_THAT(errorOf(folder), HasSubstr("model-q4.gguf is a GGUF file"));
  folder.write("adapter_config.json", R"({"base_model_name_or_path": "meta/base"})");
  EXPECT_THAT(errorOf(folder),
              AllOf(HasSubstr("an adapter"), HasSubstr("'meta/base'"), HasSubstr("merge_and_unload")));
}

TEST(HuggingFaceFrontend, AFileInPlaceOfTheFolder) {
  TemporaryFolder folder;
  const auto errorOfFile = [&](const char *name, const std::string &text) {
    return openCheckpoint(folder.write(name, text)).status().message();
  };
  const std::string gguf("GGUF\x03\0\0\0", 8), pointer = "version https://git-lfs.github.com/spec/v1\n";
  EXPECT_THAT(errorOfFile("a", gguf),
              HasSubstr("a: the file is a GGUF file, which is not read; compile the"));
  EXPECT_THAT(errorOfFile("a.gguf", pointer), HasSubstr("Git LFS"));
  EXPECT_THAT(errorOfFile("a.bin", std::string(2000, 'x')), HasSubstr("is a pickle of PyTorch"));
  EXPECT_THAT(errorOfFile("a.safetensors", std::string(2000, 'x')),
              HasSubstr("give the folder that holds it, '"));
  EXPECT_THAT(errorOfFile("training_args.bin", "x"), HasSubstr("got a file"));
  EXPECT_THAT(errorOfFile("config.json", "{}"), HasSubstr("give the folder that holds it, '"));
  TemporaryFolder weights; // without a configuration
  weights.write("model.safetensors", "x");
  EXPECT_THAT(errorOf(weights), HasSubstr("not a checkpoint: expected a folder"));
}

TEST(HuggingFaceFrontend, AnAdapterAlone) {
  TemporaryFolder folder;
  folder.write("adapter_config.json", "{}");
  folder.write("adapter_model.safetensors", "x");
  EXPECT_THAT(errorOf(folder), HasSubstr("an adapter (adapter_config.json), not a whole model"));
  SmallCheckpoint().write(folder);
  auto checkpoint = openCheckpoint(folder.path().string());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_THAT(checkpoint->notes,
              ::testing::Contains(HasSubstr("the adapter that it describes is not applied")));
}

// A link to a file that was not downloaded is not the same as no file.
TEST(HuggingFaceFrontend, BrokenLinksAreErrors) {
  for (const char *name : {"generation_config.json", "tokenizer_config.json", "tokenizer.model"}) {
    TemporaryFolder folder;
    SmallCheckpoint().write(folder);
    std::filesystem::remove(folder.file(name));
    std::filesystem::create_symlink("missing", folder.file(name));
    EXPECT_THAT(errorOf(folder), HasSubstr(name)) << name;
  }
}

TEST(HuggingFaceFrontend, OpensTheTokenizerAlone) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  std::filesystem::remove(folder.file("model.safetensors"));
  auto checkpoint = openCheckpoint(folder.path().string(), {.onlyTokenizer = true});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->tensors, nullptr);
  EXPECT_EQ(checkpoint->tokenizer.model, kSmallTokenizer);
}

TEST(HuggingFaceFrontend, DamagedConfig) {
  TemporaryFolder folder;
  folder.write("config.json", "{\"a\":1,\"a\":2}");
  EXPECT_THAT(errorOf(folder), HasSubstr("config.json: duplicate name 'a'"));
  SmallCheckpoint heads;
  heads.config["num_key_value_heads"] = 3;
  EXPECT_THAT(errorOf(heads), HasSubstr("config.json: expected heads to be a multiple of kv_heads"));
}

TEST(HuggingFaceFrontend, ChatFiles) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  folder.write("generation_config.json", R"({"temperature": 0.6, "eos_token_id": [2, 3]})");
  folder.write("chat_template.jinja", "{{ bos_token }}");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "legacy": false,
      "eos_token": {"content": "</s>"},
      "additional_special_tokens": ["<|im_start|>"], "chat_template": "not this one"})");
  folder.write("added_tokens.json", R"({"<|im_start|>": 90, "word": 91})");
  folder.write("tokenizer.json", R"({"added_tokens": [{"id": 92, "content": "<tool>", "lstrip": true}]})");
  auto checkpoint = openCheckpoint(folder.path().string());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->chat.templateName, std::nullopt);
  EXPECT_EQ(checkpoint->chat.source, "{{ bos_token }}");
  EXPECT_TRUE(checkpoint->chat.options.empty());
  EXPECT_EQ(checkpoint->chat.sourceOptions,
            (std::vector<std::pair<std::string, std::string>>{{"eos", "</s>"}, {"dummy_prefix", "false"}}));
  EXPECT_THAT(checkpoint->notes,
              ::testing::Contains(HasSubstr("chat_template.jinja: the chat template is not")));
  const StatedTokens &tokens = checkpoint->tokenizer.tokens;
  EXPECT_EQ(tokens.added, (std::vector<AddedToken>{
                              {.id = 90, .text = "<|im_start|>", .isSpecial = true},
                              {.id = 91, .text = "word", .isNormalized = true},
                              {.id = 92, .text = "<tool>", .stripsLeft = true, .isNormalized = true}}));
  EXPECT_EQ(tokens.special, (std::vector<AddedToken>{{.text = "</s>", .isSpecial = true},
                                                     {.text = "<|im_start|>", .isSpecial = true}}));
  EXPECT_EQ(tokens.prefix, PrefixRule::first);
  EXPECT_EQ(checkpoint->chat.generation.temperature, 0.6);
  EXPECT_EQ(checkpoint->config.eosIds, (std::vector<int64_t>{2, 3}));
}

class ShardedCheckpoint : public ::testing::Test {
protected:
  void SetUp() override {
    SmallCheckpoint small;
    folder_.write("config.json", small.config.dump());
    folder_.write("tokenizer.model", kSmallTokenizer);
    std::vector<SafetensorsDeclaration> first(small.tensors.begin(), small.tensors.begin() + 5);
    std::vector<SafetensorsDeclaration> second(small.tensors.begin() + 5, small.tensors.end());
    SmallCheckpoint::writeTensors(folder_.file("a.safetensors"), first);
    SmallCheckpoint::writeTensors(folder_.file("b.safetensors"), second);
    for (const auto &tensor : first) {
      map_[tensor.name] = "a.safetensors";
    }
    for (const auto &tensor : second) {
      map_[tensor.name] = "b.safetensors";
    }
  }
  void writeIndex() { folder_.write("model.safetensors.index.json", Json{{"weight_map", map_}}.dump()); }

  TemporaryFolder folder_;
  Json map_;
};

TEST_F(ShardedCheckpoint, Opens) {
  writeIndex();
  auto checkpoint = openCheckpoint(folder_.path().string());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->tensors->find("model.embed_tokens.weight")->file, folder_.file("a.safetensors"));
  EXPECT_EQ(checkpoint->tensors->find("lm_head.weight")->file, folder_.file("b.safetensors"));
}

TEST_F(ShardedCheckpoint, MissingShard) {
  map_["x"] = "c.safetensors";
  writeIndex();
  EXPECT_THAT(errorOf(folder_), HasSubstr("c.safetensors: cannot open"));
}

TEST_F(ShardedCheckpoint, TensorInAnotherShard) {
  map_["lm_head.weight"] = "a.safetensors";
  writeIndex();
  EXPECT_THAT(errorOf(folder_), HasSubstr("a.safetensors: tensor 'lm_head.weight' is missing"));
}

TEST_F(ShardedCheckpoint, TensorInTwoShards) {
  SmallCheckpoint::writeTensors(folder_.file("c.safetensors"),
                                {{"lm_head.weight", ElementType::f16, {96, 32}}});
  map_["x"] = "c.safetensors";
  writeIndex();
  EXPECT_THAT(errorOf(folder_), HasSubstr("tensor 'lm_head.weight' is also in"));
}

TEST_F(ShardedCheckpoint, FilesOutsideTheFolder) {
  map_["x"] = "../a.safetensors";
  writeIndex();
  EXPECT_THAT(errorOf(folder_), HasSubstr("expected the name of a file in the same folder for 'x'"));
}

TEST_F(ShardedCheckpoint, MalformedIndex) {
  folder_.write("model.safetensors.index.json", R"({"weight_map": []})");
  EXPECT_THAT(errorOf(folder_), HasSubstr("'weight_map' to be an object"));
}

} // namespace
