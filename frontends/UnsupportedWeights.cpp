// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/UnsupportedWeights.h"

#include "frontends/huggingface/CheckpointFiles.h"
#include "frontends/huggingface/StandIns.h"
#include "support/Json.h"

#include <filesystem>
#include <set>

namespace cria {

namespace fs = std::filesystem;

std::optional<std::string> findAdapter(const std::string &folder) {
  const std::string path = (fs::path(folder) / "adapter_config.json").string();
  std::error_code failed;
  if (!fs::exists(path, failed)) {
    return std::nullopt;
  }
  const StatusOr<Json> json = readJsonFile(path);
  const bool isStated = json.ok() && json->is_object() && json->contains("base_model_name_or_path") &&
                        (*json)["base_model_name_or_path"].is_string();
  return isStated ? (*json)["base_model_name_or_path"].get<std::string>() : std::string();
}

static bool isOfWeights(const std::string &extension) {
  return extension == ".safetensors" || extension == ".bin" || extension == ".pt" || extension == ".pth" ||
         extension == ".ckpt" || extension == ".gguf";
}

/// How to convert a file; empty if it holds no weights.
static std::string wayOut(const fs::path &file, const std::string &folder) {
  const std::string extension = file.extension().string();
  if (huggingface::isPartialDownload(extension)) {
    return isOfWeights(file.stem().extension().string()) ? "is a download that was not completed; continue it"
                                                         : "";
  }
  if (extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt") {
    return fmt::format("is a pickle of PyTorch, which is not read; convert it with transformers: "
                       "AutoModelForCausalLM.from_pretrained('{}').save_pretrained('NEW', "
                       "safe_serialization=True), and compile NEW with the tokenizer files of this folder",
                       printable(folder));
  }
  if (extension == ".h5" || extension == ".msgpack" || extension == ".onnx") {
    return "holds weights in a format that is not read; download model.safetensors of this model, or convert "
           "it with transformers";
  }
  if (file.string().ends_with(".bin.index.json")) {
    return "is the index of pickles of PyTorch, which are not read; download model.safetensors of this "
           "model, or "
           "convert it with transformers";
  }
  if (extension == ".gguf") {
    return "is a GGUF file, which is not read; compile the Hugging Face checkpoint that it was made from";
  }
  if (extension == ".safetensors") {
    return "is not a name that is read; expected model.safetensors, or model.safetensors.index.json with its "
           "files";
  }
  return "";
}

/// Names a small file that stands in place of weights, such as a Git LFS pointer.
static Status refusePointer(const fs::path &file) {
  constexpr uintmax_t kLargestPointer = 1024;
  std::error_code failed;
  return fs::file_size(file, failed) <= kLargestPointer && !failed
             ? huggingface::refuseStandIn(file.string(), huggingface::FileContent::bytes)
             : Status();
}

static bool isTrainingState(const std::string &name) {
  return name == "training_args.bin" || name == "optimizer.pt" || name == "optimizer.bin" ||
         name == "scheduler.pt" || name == "scheduler.bin" || name.starts_with("rng_state");
}

Status refuseOtherWeights(const std::string &folder) {
  if (const std::optional<std::string> base = findAdapter(folder)) {
    return error(StatusCode::unsupported,
                 "{}: an adapter (adapter_config.json), not a whole model; merge it into its base model{} "
                 "with peft (merge_and_unload(), then save_pretrained()) and compile the result",
                 folder, base->empty() ? "" : fmt::format(" '{}'", printable(*base)));
  }
  std::set<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    files.insert(i->path());
  }
  for (const fs::path &file : files) {
    const std::string name = file.filename().string();
    const std::string remedy = isTrainingState(name) ? "" : wayOut(file, folder);
    if (!remedy.empty()) {
      CRIA_RETURN_IF_ERROR(refusePointer(file));
      return error(StatusCode::unsupported, "{}: {} {}", folder, printable(name), remedy);
    }
  }
  const std::string partial = huggingface::findPartialDownload((fs::path(folder) / "weights").string());
  return partial.empty() ? Status()
                         : error(StatusCode::notFound,
                                 "{}: expected weights; a download was not completed, and left '{}': "
                                 "continue it",
                                 folder, printable(partial));
}

} // namespace cria
