// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the files of a checkpoint, opens its shards, and reads its configuration.
#include "frontends/huggingface/HuggingFaceFrontend.h"

#include "frontends/UnsupportedWeights.h"
#include "frontends/huggingface/CheckpointFiles.h"
#include "frontends/huggingface/HuggingFaceConfig.h"
#include "frontends/huggingface/TextFiles.h"
#include "frontends/huggingface/TiedOutput.h"

#include <filesystem>
#include <set>

namespace cria::huggingface {

namespace {
namespace fs = std::filesystem;

constexpr const char *kIndexName = "model.safetensors.index.json";

/// Reads the weight_map of an index: the file name of each tensor. Names must be those of files in the same
/// folder.
StatusOr<std::map<std::string, std::string>> readIndex(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(Json json, readCheckpointJson(path));
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
  if (isThere(single)) {
    return SafetensorsReader::open({single});
  }
  if (isThere(index)) {
    return openShards(folder, index);
  }
  CRIA_RETURN_IF_ERROR(refuseOtherWeights(folder));
  return error(StatusCode::notFound, "{}: expected model.safetensors or {}, found neither", folder,
               kIndexName);
}

/// Discards RoPE frequencies, which follow from the configuration.
void discardFrequencies(SafetensorsReader &tensors) {
  std::vector<std::string> redundant;
  for (const auto &[name, tensor] : tensors.tensors()) {
    if (name.ends_with(".rotary_emb.inv_freq")) {
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
  CRIA_ASSIGN_OR_RETURN(const Json json, readCheckpointJson(path));
  CRIA_ASSIGN_OR_RETURN(ParsedConfig parsed, parseConfig(json, path));
  checkpoint.config = std::move(parsed.model);
  checkpoint.config.name = modelName(json, checkpoint.path);
  checkpoint.contextLimitReason = std::move(parsed.contextLimitReason);
  checkpoint.notes = std::move(parsed.notes);
  return {};
}

void noteAdapter(Checkpoint &checkpoint) {
  if (findAdapter(checkpoint.path)) {
    checkpoint.notes.push_back(
        fmt::format("{}: the adapter that it describes is not applied; merge it into the weights with peft "
                    "if the model needs it",
                    inFolder(checkpoint.path, "adapter_config.json")));
  }
}

class HuggingFaceFrontend : public Frontend {
public:
  std::string_view name() const override { return "huggingface"; }
  std::string_view description() const override {
    return "a folder in Hugging Face format, with config.json, model.safetensors and tokenizer.model";
  }

  bool accepts(const std::string &path) const override { return isThere(inFolder(path, "config.json")); }

  StatusOr<Checkpoint> open(const std::string &path, const OpenOptions &options) const override {
    Checkpoint checkpoint{.path = path, .frontend = this};
    const std::string configPath = inFolder(path, "config.json");
    CRIA_RETURN_IF_ERROR(readConfig(configPath, checkpoint));
    if (!options.onlyTokenizer) {
      CRIA_RETURN_IF_ERROR(openWeights(checkpoint));
    }
    if (checkpoint.config.vocabSize == -1) {
      checkpoint.config.vocabSize = INT32_MAX; // unknown without the weights
    }
    CRIA_RETURN_IF_ERROR(readTextFiles(checkpoint));
    CRIA_RETURN_IF_ERROR(checkpoint.config.check(configPath));
    CRIA_RETURN_IF_ERROR(readTokenizerModel(options, checkpoint));
    return checkpoint;
  }

  TensorRecipe recipe(LlamaTensor tensor, const ModelConfig &) const override {
    return {.tensor = huggingFaceNameOf(tensor)};
  }

private:
  Status openWeights(Checkpoint &checkpoint) const {
    CRIA_ASSIGN_OR_RETURN(std::unique_ptr<SafetensorsReader> tensors, openTensors(checkpoint.path));
    noteAdapter(checkpoint);
    discardFrequencies(*tensors);
    CRIA_RETURN_IF_ERROR(settleTiedOutput(*tensors, checkpoint.config, checkpoint.notes));
    CRIA_RETURN_IF_ERROR(inferVocabularySize(*tensors, checkpoint.config));
    CRIA_RETURN_IF_ERROR(checkpoint.config.check(inFolder(checkpoint.path, "config.json")));
    CRIA_RETURN_IF_ERROR(checkTensors(*this, checkpoint.config, *tensors, checkpoint.path));
    checkpoint.weights = mostFrequentFormat(*tensors);
    checkpoint.tensors = std::move(tensors);
    return {};
  }
};
} // namespace

const Frontend &frontend() {
  static const HuggingFaceFrontend instance;
  return instance;
}

} // namespace cria::huggingface
