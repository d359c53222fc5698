// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/UnsupportedWeights.h"

#include "frontends/huggingface/CheckpointFiles.h"
#include "frontends/huggingface/StandIns.h"
#include "support/File.h"
#include "support/Json.h"

#include <filesystem>
#include <set>
#include <unistd.h>

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
  using huggingface::FileContent;
  const FileContent content = file.extension() == ".json" ? FileContent::json : FileContent::bytes;
  std::error_code failed;
  return fs::file_size(file, failed) <= kLargestPointer && !failed
             ? huggingface::refuseStandIn(file.string(), content)
             : Status();
}

/// Whether a file begins as GGUF files do, whatever its name is.
static bool isGguf(const std::string &path) {
  const StatusOr<RegularFile> file = openRegularFile(path);
  std::string beginning(4, '\0');
  return file.ok() && pread(file->descriptor.get(), beginning.data(), beginning.size(), 0) == 4 &&
         beginning == "GGUF";
}

static bool isTrainingState(const std::string &name) {
  return name == "training_args.bin" || name == "optimizer.pt" || name == "optimizer.bin" ||
         name == "scheduler.pt" || name == "scheduler.bin" || name.starts_with("rng_state");
}

Status refuseFile(const std::string &path) {
  const fs::path file(path);
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const bool isGgufFile = isGguf(path), isNoModel = isTrainingState(file.filename().string());
  const std::string remedy = isNoModel ? "" : wayOut(isGgufFile ? "model.gguf" : file, folder.string());
  CRIA_RETURN_IF_ERROR(remedy.empty() || isGgufFile ? Status() : refusePointer(file));
  std::error_code failed;
  if (file.extension() == ".safetensors" || (remedy.empty() && fs::exists(folder / "config.json", failed))) {
    return error(StatusCode::unsupported,
                 "{}: expected the folder of a checkpoint, got one of its files; give the folder that holds "
                 "it, '{}', with config.json and tokenizer.model",
                 path, printable(folder.string()));
  }
  return remedy.empty() ? Status() : error(StatusCode::unsupported, "{}: the file {}", path, remedy);
}

/// In alphabetical order, without safetensors that have the names of a checkpoint.
static std::set<fs::path> filesIn(const fs::path &folder) {
  std::set<fs::path> files;
  std::error_code failed;
  const bool hasNames = fs::exists(folder / "model.safetensors", failed) ||
                        fs::exists(folder / "model.safetensors.index.json", failed);
  for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    if (!hasNames || i->path().extension() != ".safetensors") {
      files.insert(i->path());
    }
  }
  return files;
}

Status refuseOtherWeights(const std::string &folder) {
  if (const std::optional<std::string> base = findAdapter(folder)) {
    return error(StatusCode::unsupported,
                 "{}: an adapter (adapter_config.json), not a whole model; merge it into its base model{} "
                 "with peft (merge_and_unload(), then save_pretrained()) and compile the result",
                 folder, base->empty() ? "" : fmt::format(" '{}'", printable(*base)));
  }
  for (const fs::path &file : filesIn(folder)) {
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

Status refuseOtherModel(const std::string &path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) {
    return {};
  }
  if (!fs::is_directory(path, failed)) {
    return refuseFile(path);
  }
  const bool isDamagedPackage = fs::exists(fs::path(path) / "manifest.sha256", failed) ||
                                fs::exists(fs::path(path) / "weights", failed);
  return isDamagedPackage ? Status() : refuseOtherWeights(path);
}

} // namespace cria
