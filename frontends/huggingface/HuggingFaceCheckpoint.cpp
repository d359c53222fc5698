// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the files of a checkpoint, opens its shards, and checks that exactly the expected tensors are there.
#include "frontends/huggingface/HuggingFaceCheckpoint.h"

#include "frontends/huggingface/HuggingFaceConfig.h"
#include "frontends/huggingface/TokenizerConfig.h"
#include "support/File.h"

#include <filesystem>
#include <set>

namespace cria::huggingface {

namespace {
namespace fs = std::filesystem;

constexpr const char *kIndexName = "model.safetensors.index.json";
constexpr const char *kEmbedding = "model.embed_tokens.weight";
constexpr const char *kOutput = "lm_head.weight";

bool exists(const std::string &path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string inFolder(const std::string &folder, std::string_view name) {
  return (fs::path(folder) / name).string();
}

/// The name of a file in `folder` that holds weights in a format we do not read; empty when there is none.
std::string otherWeights(const std::string &folder) {
  std::set<std::string> found;
  std::error_code failed;
  for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    std::string extension = i->path().extension().string();
    if (extension == ".bin" || extension == ".pth" || extension == ".pt" || extension == ".gguf") {
      found.insert(i->path().filename().string());
    }
  }
  return found.empty() ? "" : *found.begin();
}

Status checkFolder(const std::string &folder) {
  std::error_code failed;
  if (!fs::exists(folder, failed)) {
    return error(StatusCode::notFound, "{}: no such checkpoint", folder);
  }
  if (!fs::is_directory(folder, failed)) {
    return error(StatusCode::unsupported,
                 "{}: expected a folder in Hugging Face format (config.json, "
                 "model.safetensors, tokenizer.model), got a file",
                 folder);
  }
  if (exists(inFolder(folder, "config.json"))) {
    return {};
  }
  std::string other = otherWeights(folder);
  if (!other.empty()) {
    return error(StatusCode::unsupported,
                 "{}: no config.json; {} is in a format that is not supported yet; convert "
                 "the checkpoint to Hugging Face format with safetensors",
                 folder, printable(other));
  }
  return invalidArgument("{}: not a checkpoint: expected a folder with config.json, model.safetensors and "
                         "tokenizer.model",
                         folder);
}

/// The weight_map of an index: file name of each tensor. File names must stay inside the folder.
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

/// Opens one file and adds its tensors; a tensor that another file has too is an error.
Status addFile(const std::string &path, Checkpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(std::shared_ptr<const SafetensorsFile> file, SafetensorsFile::open(path));
  for (const SafetensorsEntry &entry : file->entries()) {
    auto [place, isNew] = checkpoint.tensors.try_emplace(entry.name, CheckpointTensor{file.get(), &entry});
    if (!isNew) {
      return invalidArgument("{}: tensor '{}' is also in {}", path, printable(entry.name),
                             place->second.file->path());
    }
  }
  checkpoint.files.push_back(std::move(file));
  return {};
}

Status addShards(const std::string &indexPath, Checkpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(auto index, readIndex(indexPath));
  std::set<std::string> names;
  for (const auto &[tensor, file] : index) {
    names.insert(file);
  }
  for (const std::string &name : names) {
    CRIA_RETURN_IF_ERROR(addFile(inFolder(checkpoint.path, name), checkpoint));
  }
  for (const auto &[tensor, file] : index) {
    auto found = checkpoint.tensors.find(tensor);
    std::string path = inFolder(checkpoint.path, file);
    if (found == checkpoint.tensors.end() || found->second.file->path() != path) {
      return invalidArgument("{}: tensor '{}' is missing: {} says it is there", path, printable(tensor),
                             indexPath);
    }
  }
  return {};
}

Status openFiles(Checkpoint &checkpoint) {
  std::string single = inFolder(checkpoint.path, "model.safetensors");
  std::string index = inFolder(checkpoint.path, kIndexName);
  if (exists(single)) {
    return addFile(single, checkpoint);
  }
  if (exists(index)) {
    return addShards(index, checkpoint);
  }
  std::string other = otherWeights(checkpoint.path);
  if (!other.empty()) {
    return error(StatusCode::unsupported,
                 "{}: no model.safetensors; {} is in a format that is not supported yet; "
                 "convert the checkpoint to safetensors",
                 checkpoint.path, printable(other));
  }
  return error(StatusCode::notFound, "{}: neither model.safetensors nor {} is there", checkpoint.path,
               kIndexName);
}

/// Tensors that carry no information of their own: RoPE frequencies, and an output matrix that is tied
/// anyway.
bool isIgnored(std::string_view name, const ModelConfig &config) {
  return name.ends_with(".rotary_emb.inv_freq") || (config.tiedEmbeddings && name == kOutput);
}

Status takeVocabularyFromEmbedding(const Checkpoint &checkpoint, ModelConfig &config) {
  auto embedding = checkpoint.tensors.find(kEmbedding);
  bool isStated = config.vocabSize != -1;
  if (isStated || embedding == checkpoint.tensors.end()) {
    return {};
  }
  const SafetensorsEntry &entry = *embedding->second.entry;
  if (entry.shape.size() != 2 || entry.shape[0] < 1 || entry.shape[0] > INT32_MAX) {
    return invalidArgument("{}: tensor '{}': expected shape [vocabulary, {}], got [{}]",
                           embedding->second.file->path(), kEmbedding, config.dim,
                           fmt::join(entry.shape, ", "));
  }
  config.vocabSize = entry.shape[0];
  return {};
}

Status checkTensor(const ExpectedTensor &expected, const Checkpoint &checkpoint) {
  auto found = checkpoint.tensors.find(expected.name);
  if (found == checkpoint.tensors.end()) {
    return invalidArgument("{}: tensor '{}' of shape [{}] is missing", checkpoint.path, expected.name,
                           fmt::join(expected.shape, ", "));
  }
  const CheckpointTensor &tensor = found->second;
  ElementType type = tensor.entry->type;
  if (!isWeightType(type)) {
    return error(StatusCode::unsupported, "{}: tensor '{}': expected type F32, F16 or BF16, got {}",
                 tensor.file->path(), expected.name, safetensorsNameOf(type));
  }
  if (tensor.entry->shape != expected.shape) {
    return invalidArgument("{}: tensor '{}': expected shape [{}] by config.json, got [{}]",
                           tensor.file->path(), expected.name, fmt::join(expected.shape, ", "),
                           fmt::join(tensor.entry->shape, ", "));
  }
  return {};
}

/// Keeps exactly the expected tensors, and names the first one that is missing, misshapen or unknown.
Status checkTensors(Checkpoint &checkpoint) {
  std::set<std::string, std::less<>> known;
  std::map<ElementType, uint64_t> elements;
  for (const ExpectedTensor &expected : expectedTensors(checkpoint.config)) {
    CRIA_RETURN_IF_ERROR(checkTensor(expected, checkpoint));
    const SafetensorsEntry &entry = *checkpoint.tensors.find(expected.name)->second.entry;
    elements[entry.type] += entry.size / sizeOf(entry.type);
    known.insert(expected.name);
  }
  for (auto tensor = checkpoint.tensors.begin(); tensor != checkpoint.tensors.end();) {
    if (known.contains(tensor->first)) {
      ++tensor;
      continue;
    }
    if (!isIgnored(tensor->first, checkpoint.config)) {
      return error(StatusCode::unsupported,
                   "{}: unknown tensor '{}': a LLaMA of this configuration has none of this "
                   "name",
                   tensor->second.file->path(), printable(tensor->first));
    }
    tensor = checkpoint.tensors.erase(tensor);
  }
  uint64_t most = 0;
  for (auto [type, count] : elements) {
    checkpoint.weightType = count > most ? type : checkpoint.weightType;
    most = std::max(most, count);
  }
  return {};
}

/// tokenizer_config.json, added_tokens.json, and chat_template.jinja, which newer checkpoints have instead of
/// the member chat_template.
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
  checkpoint.addedTokens = std::move(settings.addedTokens);
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

Status findTokenizer(const OpenOptions &options, Checkpoint &checkpoint) {
  std::string path = inFolder(checkpoint.path, "tokenizer.model");
  if (exists(path)) {
    checkpoint.tokenizerPath = path;
    return {};
  }
  if (!options.requireTokenizer) {
    return {};
  }
  return error(StatusCode::notFound,
               "{}: no such file: the checkpoint needs its SentencePiece tokenizer; "
               "--no-tokenizer compiles without (then only bench and logits work)",
               path);
}

/// Where the configuration says it comes from, when that is a name, else the folder's name.
std::string modelName(const Json &config, const std::string &folder) {
  const auto stated = config.find("_name_or_path");
  if (stated != config.end() && stated->is_string()) {
    constexpr size_t kLongestName = 255;
    std::string name = fs::path(stated->get<std::string>()).filename().string();
    if (!name.empty() && name != "." && name != ".." && name.size() <= kLongestName) {
      return name;
    }
  }
  std::error_code failed;
  fs::path path = fs::absolute(folder, failed).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}
} // namespace

StatusOr<Checkpoint> openCheckpoint(const std::string &folder, const OpenOptions &options) {
  CRIA_RETURN_IF_ERROR(checkFolder(folder));
  Checkpoint checkpoint{.path = folder};
  std::string configPath = inFolder(folder, "config.json");
  CRIA_ASSIGN_OR_RETURN(Json json, readJsonFile(configPath));
  CRIA_ASSIGN_OR_RETURN(ParsedConfig parsed, parseConfig(json, configPath));
  checkpoint.config = std::move(parsed.model);
  checkpoint.config.name = modelName(json, folder);
  checkpoint.contextLimitReason = std::move(parsed.contextLimitReason);
  checkpoint.notes = std::move(parsed.notes);
  CRIA_RETURN_IF_ERROR(openFiles(checkpoint));
  CRIA_RETURN_IF_ERROR(takeVocabularyFromEmbedding(checkpoint, checkpoint.config));
  CRIA_RETURN_IF_ERROR(readChatFiles(checkpoint));
  CRIA_RETURN_IF_ERROR(checkpoint.config.check(configPath));
  CRIA_RETURN_IF_ERROR(checkTensors(checkpoint));
  CRIA_RETURN_IF_ERROR(findTokenizer(options, checkpoint));
  return checkpoint;
}

} // namespace cria::huggingface
