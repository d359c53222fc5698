// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the files of a checkpoint, opens its shards, and reads its configuration, tokenizer and chat data.
#include "frontends/huggingface/HuggingFaceFrontend.h"

#include "format/TokenizerKinds.h"
#include "frontends/UnsupportedWeights.h"
#include "frontends/huggingface/HuggingFaceConfig.h"
#include "frontends/huggingface/SafetensorsReader.h"
#include "frontends/huggingface/TokenizerConfig.h"
#include "support/File.h"

#include <filesystem>
#include <set>

namespace cria::huggingface {

namespace {
namespace fs = std::filesystem;

constexpr const char *kIndexName = "model.safetensors.index.json";

/// True for a link to nothing as well, as in a half-downloaded cache: reading it is an error, not the absence
/// of a file.
bool exists(const std::string &path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::string inFolder(const std::string &folder, std::string_view name) {
  return (fs::path(folder) / name).string();
}

/// Reads the weight_map of an index: the file name of each tensor. Names must be those of files in the same
/// folder.
StatusOr<std::map<std::string, std::string>> readIndex(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(Json json, readJsonFile(path));
  CRIA_ASSIGN_OR_RETURN(JsonObject index, JsonObject::of(json, path));
  CRIA_ASSIGN_OR_RETURN(JsonObject map, index.object("weight_map"));
  std::map<std::string, std::string> result;
  for (const auto &[tensor, unused] : map.value().items()) {
    CRIA_ASSIGN_OR_RETURN(std::string file, map.string(tensor));
    if (file.empty() || file == "." || file == ".." || file.find('/') != file.npos ||
        file.find('\0') != file.npos) {
      return invalidArgument("{}: expected the name of a file in the same folder for '{}', got '{}'", path,
                             printable(tensor), printable(file));
    }
    result.emplace(tensor, std::move(file));
  }
  return result;
}

/// Opens the shards of an index, and checks that each tensor is in the shard that the index states.
StatusOr<std::unique_ptr<SafetensorsReader>> openShards(const std::string &folder,
                                                        const std::string &indexPath) {
  CRIA_ASSIGN_OR_RETURN(const auto index, readIndex(indexPath));
  std::set<std::string> paths;
  for (const auto &[tensor, file] : index) {
    paths.insert(inFolder(folder, file));
  }
  CRIA_ASSIGN_OR_RETURN(auto reader, SafetensorsReader::open({paths.begin(), paths.end()}));
  for (const auto &[tensor, file] : index) {
    const TensorInfo *found = reader->find(tensor);
    const std::string path = inFolder(folder, file);
    if (found == nullptr || found->file != path) {
      return invalidArgument("{}: tensor '{}' is missing: {} says it is in this file", path,
                             printable(tensor), indexPath);
    }
  }
  return reader;
}

StatusOr<std::unique_ptr<SafetensorsReader>> openTensors(const std::string &folder) {
  const std::string single = inFolder(folder, "model.safetensors");
  const std::string index = inFolder(folder, kIndexName);
  if (exists(single)) {
    return SafetensorsReader::open({single});
  }
  if (exists(index)) {
    return openShards(folder, index);
  }
  if (const std::string other = findUnsupportedWeights(folder); !other.empty()) {
    return error(StatusCode::unsupported,
                 "{}: no model.safetensors, and {} is in an unsupported format; convert the checkpoint to "
                 "safetensors",
                 folder, printable(other));
  }
  return error(StatusCode::notFound, "{}: expected model.safetensors or {}, found neither", folder,
               kIndexName);
}

/// Discards tensors that carry no information: RoPE frequencies, which follow from the configuration, and an
/// output matrix that is tied to the embedding.
void discardRedundant(SafetensorsReader &tensors, const ModelConfig &config) {
  const std::string output = huggingFaceNameOf({TensorRole::output});
  std::vector<std::string> redundant;
  for (const auto &[name, tensor] : tensors.tensors()) {
    if (name.ends_with(".rotary_emb.inv_freq") || (config.tiedEmbeddings && name == output)) {
      redundant.push_back(name);
    }
  }
  for (const std::string &name : redundant) {
    tensors.discard(name);
  }
}

/// Where config.json leaves the size of the vocabulary open, it is the number of rows of the embedding.
Status inferVocabularySize(const TensorReader &tensors, ModelConfig &config) {
  const std::string name = huggingFaceNameOf({TensorRole::embedding});
  const TensorInfo *embedding = tensors.find(name);
  const bool isStated = config.vocabSize != -1;
  if (isStated || embedding == nullptr) {
    return {};
  }
  const std::vector<int64_t> &shape = embedding->shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[0] > INT32_MAX) {
    return invalidArgument("{}: tensor '{}': expected shape [vocabulary, {}], got [{}]", embedding->file,
                           name, config.dim, fmt::join(shape, ", "));
  }
  config.vocabSize = shape[0];
  return {};
}

/// Reads tokenizer_config.json, added_tokens.json, and chat_template.jinja, which replaces the member
/// chat_template in newer checkpoints.
Status readTokenizerFiles(Checkpoint &checkpoint) {
  std::string config = inFolder(checkpoint.path, "tokenizer_config.json");
  std::string added = inFolder(checkpoint.path, "added_tokens.json");
  std::string chatTemplate = inFolder(checkpoint.path, "chat_template.jinja");
  TokenizerSettings settings;
  Json json = Json::object();
  if (exists(config)) {
    CRIA_ASSIGN_OR_RETURN(json, readJsonFile(config));
    CRIA_ASSIGN_OR_RETURN(settings, readTokenizerConfig(json, config, checkpoint.config, checkpoint.notes));
  }
  if (exists(added)) {
    CRIA_ASSIGN_OR_RETURN(const Json tokens, readJsonFile(added));
    CRIA_RETURN_IF_ERROR(readAddedTokensFile(tokens, added, json, settings));
  }
  if (exists(chatTemplate)) {
    CRIA_ASSIGN_OR_RETURN(settings.chatTemplate, readFile(chatTemplate));
  }
  chooseChatTemplate(settings, exists(chatTemplate) ? chatTemplate : config, checkpoint.chat,
                     checkpoint.notes);
  checkpoint.tokenizer.addedTokens = std::move(settings.addedTokens);
  return {};
}

Status readChatFiles(Checkpoint &checkpoint) {
  std::string generation = inFolder(checkpoint.path, "generation_config.json");
  if (exists(generation)) {
    CRIA_ASSIGN_OR_RETURN(Json json, readJsonFile(generation));
    CRIA_RETURN_IF_ERROR(
        applyGenerationConfig(json, generation, checkpoint.config, checkpoint.chat, checkpoint.notes));
  }
  return readTokenizerFiles(checkpoint);
}

Status readTokenizerModel(const OpenOptions &options, Checkpoint &checkpoint) {
  const std::string path = inFolder(checkpoint.path, "tokenizer.model");
  if (exists(path)) {
    checkpoint.tokenizer.kind = kSentencePieceKind;
    checkpoint.tokenizer.file = "tokenizer.model";
    checkpoint.tokenizer.where = path;
    CRIA_ASSIGN_OR_RETURN(checkpoint.tokenizer.model, readFile(path));
    return checkpoint.tokenizer.model.empty() ? invalidArgument("{}: the file is empty", path) : Status();
  }
  if (!options.requireTokenizer) {
    return {};
  }
  return error(StatusCode::notFound,
               "{}: no such file: the checkpoint needs its SentencePiece tokenizer; --no-tokenizer compiles "
               "without one, for bench and logits only",
               path);
}

/// The name that the configuration states, if it is one, else the name of the folder.
std::string modelName(const Json &config, const std::string &folder) {
  const auto stated = config.find("_name_or_path");
  if (stated != config.end() && stated->is_string()) {
    constexpr size_t kMaxName = 255;
    std::string name = fs::path(stated->get<std::string>()).filename().string();
    if (!name.empty() && name != "." && name != ".." && name.size() <= kMaxName) {
      return name;
    }
  }
  std::error_code failed;
  const fs::path path = fs::absolute(folder, failed).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

Status readConfig(const std::string &path, Checkpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const Json json, readJsonFile(path));
  CRIA_ASSIGN_OR_RETURN(ParsedConfig parsed, parseConfig(json, path));
  checkpoint.config = std::move(parsed.model);
  checkpoint.config.name = modelName(json, checkpoint.path);
  checkpoint.contextLimitReason = std::move(parsed.contextLimitReason);
  checkpoint.notes = std::move(parsed.notes);
  return {};
}

class HuggingFaceFrontend : public Frontend {
public:
  std::string_view name() const override { return "huggingface"; }
  std::string_view description() const override {
    return "a folder in Hugging Face format, with config.json, model.safetensors and tokenizer.model";
  }

  bool accepts(const std::string &path) const override { return exists(inFolder(path, "config.json")); }

  StatusOr<Checkpoint> open(const std::string &path, const OpenOptions &options) const override {
    Checkpoint checkpoint{.path = path, .frontend = this};
    const std::string configPath = inFolder(path, "config.json");
    CRIA_RETURN_IF_ERROR(readConfig(configPath, checkpoint));
    CRIA_ASSIGN_OR_RETURN(std::unique_ptr<SafetensorsReader> tensors, openTensors(path));
    CRIA_RETURN_IF_ERROR(inferVocabularySize(*tensors, checkpoint.config));
    CRIA_RETURN_IF_ERROR(readChatFiles(checkpoint));
    CRIA_RETURN_IF_ERROR(checkpoint.config.check(configPath));
    discardRedundant(*tensors, checkpoint.config);
    CRIA_RETURN_IF_ERROR(checkTensors(*this, checkpoint.config, *tensors, path));
    checkpoint.weights = mostFrequentFormat(*tensors);
    checkpoint.tensors = std::move(tensors);
    CRIA_RETURN_IF_ERROR(readTokenizerModel(options, checkpoint));
    return checkpoint;
  }

  TensorRecipe recipe(LlamaTensor tensor, const ModelConfig &) const override {
    return {.tensor = huggingFaceNameOf(tensor)};
  }
};
} // namespace

const Frontend &frontend() {
  static const HuggingFaceFrontend instance;
  return instance;
}

} // namespace cria::huggingface
