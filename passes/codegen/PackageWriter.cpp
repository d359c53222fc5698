// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collects the weights of all targets, writes every file into a temporary folder, and publishes it.
#include "passes/codegen/PackageWriter.h"

#include "ir/LlamaTypes.h"
#include "ir/ProgramLowering.h"
#include "passes/codegen/PackageFolder.h"
#include "passes/codegen/WeightFile.h"

#include <filesystem>

namespace cria {

namespace {
using Json = nlohmann::ordered_json;

/// The tensors of a model without a checkpoint.
class NoTensors : public TensorReader {
public:
  const Tensors &tensors() const override { return tensors_; }
  Status readRows(std::string_view name, int64_t, int64_t, std::span<std::byte>) const override {
    return error(StatusCode::notFound, "tensor '{}': the model has no checkpoint", name);
  }

private:
  Tensors tensors_;
};

/// The weights of all targets, by layout and in order of first appearance, without duplicates.
class WeightSet {
public:
  /// Adds the weights of one program, and records the files it uses and the bytes of its weights.
  Status add(const CompiledTarget &target, const CheckpointSources &sources);

  struct Use {
    std::vector<std::string> files;
    uint64_t bytes = 0;
  };
  const std::vector<Use> &uses() const { return uses_; }
  const std::map<PhysicalLayout::Kind, std::vector<WeightToWrite>> &weights() const { return weights_; }
  uint64_t bytes() const { return bytes_; }

private:
  Status addWeight(program::WeightOp op, const CheckpointSources &sources, Use &use);

  std::map<PhysicalLayout::Kind, std::vector<WeightToWrite>> weights_;
  std::map<std::pair<PhysicalLayout::Kind, std::string>, std::pair<mlir::Type, mlir::Attribute>> known_;
  std::vector<Use> uses_;
  uint64_t bytes_ = 0;
};

Status WeightSet::addWeight(program::WeightOp op, const CheckpointSources &sources, Use &use) {
  auto type = mlir::cast<llama::WeightType>(op.getType());
  std::string name = op.getSymName().str();
  use.bytes += op.getSize();
  if (op.getInitialized()) {
    return {};
  }
  PhysicalLayout layout = type.getPhysicalLayout();
  std::string path = weightFile(layout.kind);
  if (!llvm::is_contained(use.files, path)) {
    use.files.push_back(path);
  }
  auto [place, isNew] = known_.try_emplace({layout.kind, name}, type, op.getRecipe());
  if (!isNew) {
    bool same = place->second == std::pair<mlir::Type, mlir::Attribute>(type, op.getRecipe());
    return same ? Status()
                : error(StatusCode::internal, "two targets give different recipes for weight '{}'", name);
  }
  WeightToWrite weight{name, type.getFormat(), layout, type.getShape().vec(), nullptr};
  CRIA_ASSIGN_OR_RETURN(weight.rows, planWeightRows(op.getRecipe(), weight.format, sources));
  uint64_t bytes = uint64_t(type.getPhysicalBytes());
  if (bytes != uint64_t(op.getSize()) || weight.rows->rows() != layout.rows ||
      weight.rows->columns() != layout.columns) {
    return error(StatusCode::internal,
                 "weight '{}': expected {} bytes as in the program, layout and recipe give {}", name,
                 op.getSize(), bytes);
  }
  bytes_ += bytes;
  weights_[layout.kind].push_back(std::move(weight));
  return {};
}

Status WeightSet::add(const CompiledTarget &target, const CheckpointSources &sources) {
  Use use;
  mlir::ModuleOp program = target.program;
  for (program::WeightOp op : program.getOps<program::WeightOp>()) {
    CRIA_RETURN_IF_ERROR(addWeight(op, sources, use));
  }
  llvm::sort(use.files);
  uses_.push_back(std::move(use));
  return {};
}

std::string codePath(const CompiledTarget &target) {
  return target.codeExtension.empty() ? "" : fmt::format("code/{}{}", target.name, target.codeExtension);
}

Json manifestTarget(const CompiledTarget &target, const WeightSet::Use &use) {
  Json json = {{"name", target.name},
               {"format", target.format},
               {"features", target.features},
               {"abi_version", target.abiVersion},
               {"activations", nameOf(target.activations)},
               {"program", fmt::format("programs/{}.json", target.name)}};
  if (!target.codeExtension.empty()) {
    json["code"] = codePath(target);
  }
  json["weight_files"] = use.files;
  json["weight_bytes"] = use.bytes;
  return json;
}

Json manifestTokenizer(const std::optional<PackageTokenizer> &tokenizer) {
  if (!tokenizer) {
    return nullptr;
  }
  Json tokens = Json::array();
  for (const AddedToken &token : tokenizer->addedTokens) {
    tokens.push_back({{"id", token.id},
                      {"text", token.text},
                      {"special", token.isSpecial},
                      {"lstrip", token.stripsLeft},
                      {"rstrip", token.stripsRight},
                      {"single_word", token.isWord},
                      {"normalized", token.isNormalized}});
  }
  return {{"kind", tokenizer->kind},
          {"file", tokenizer->file},
          {"added_tokens", std::move(tokens)},
          {"eos_id", tokenizer->eosId},
          {"prefix", nameOf(tokenizer->prefix)}};
}

Json manifestOf(const PackageContent &content, const WeightSet &weights,
                const std::map<std::string, PackageEntry> &files) {
  Json seed = content.randomSeed ? Json(*content.randomSeed) : Json(nullptr);
  Json fileList = Json::object(), targets = Json::array();
  for (const auto &[path, entry] : files) {
    fileList[path] = {{"size", entry.size}, {"sha256", entry.sha256}};
  }
  for (const auto &[target, use] : llvm::zip_equal(content.targets, weights.uses())) {
    targets.push_back(manifestTarget(target, use));
  }
  return {{"format", "cria"},
          {"format_version", kPackageFormatVersion},
          {"compiler", "cria " CRIA_VERSION " (LLVM " CRIA_LLVM_VERSION ")"},
          {"model", content.model.toJson()},
          {"options", {{"weights", content.weightsFormat}, {"kv", content.kvType}, {"random_seed", seed}}},
          {"tokenizer", manifestTokenizer(content.tokenizer)},
          {"files", std::move(fileList)},
          {"targets", std::move(targets)}};
}

/// Reports progress over two passes through the weights: writing, then computing digests.
class Progress {
public:
  Progress(const PackageWriteOptions &options, uint64_t total) : options_(options), total_(total) {}
  std::function<void(uint64_t)> during(const char *activity) {
    return [this, activity](uint64_t bytes) {
      done_ = std::min(done_ + bytes, total_);
      if (options_.progress) {
        options_.progress(activity, done_, total_);
      }
    };
  }

private:
  const PackageWriteOptions &options_;
  uint64_t total_, done_ = 0;
};

Status writeWeights(PackageFolder &folder, const WeightSet &weights, const PackageWriteOptions &options) {
  Progress progress(options, 2 * weights.bytes());
  WeightFileOptions fileOptions{options.numThreads, progress.during("writing weights"), options.cancelled};
  for (const auto &[kind, list] : weights.weights()) {
    CRIA_ASSIGN_OR_RETURN(std::string path, folder.place(weightFile(kind)));
    CRIA_RETURN_IF_ERROR(writeWeightFile(path, list, fileOptions));
  }
  for (const auto &[kind, list] : weights.weights()) {
    CRIA_RETURN_IF_ERROR(folder.addWritten(weightFile(kind), progress.during("computing digests")));
  }
  return {};
}

Status writeSmallFiles(PackageFolder &folder, const PackageContent &content) {
  for (const CompiledTarget &target : content.targets) {
    CRIA_RETURN_IF_ERROR(folder.add(fmt::format("programs/{}.json", target.name), target.programJson));
    if (!target.codeExtension.empty()) {
      CRIA_RETURN_IF_ERROR(folder.add(codePath(target), target.code));
    }
  }
  if (content.tokenizer) {
    CRIA_RETURN_IF_ERROR(folder.add(content.tokenizer->file, content.tokenizerFile));
  }
  if (!content.graph.empty()) {
    CRIA_RETURN_IF_ERROR(folder.add("graph.mlir", content.graph));
  }
  return folder.add("chat.json", printJson(content.chat.toJson()));
}
} // namespace

Status writePackage(const std::string &path, const PackageContent &content,
                    const PackageWriteOptions &options) {
  static const NoTensors kNoTensors;
  static const VectorsByName kNoErrorWeights;
  const CheckpointSources sources{content.tensors ? *content.tensors : kNoTensors,
                                  content.errorWeights ? *content.errorWeights : kNoErrorWeights};
  WeightSet weights;
  for (const CompiledTarget &target : content.targets) {
    CRIA_RETURN_IF_ERROR(weights.add(target, sources));
  }
  CRIA_ASSIGN_OR_RETURN(PackageFolder folder, PackageFolder::create(path));
  CRIA_RETURN_IF_ERROR(writeSmallFiles(folder, content));
  CRIA_RETURN_IF_ERROR(writeWeights(folder, weights, options));
  return folder.complete(printJson(manifestOf(content, weights, folder.files())));
}

} // namespace cria
