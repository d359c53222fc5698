// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a package: checks the manifest and then every file that it lists.
#include "runtime/package/Package.h"

#include "format/OpsetVerifier.h"
#include "format/ProgramVerifier.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "support/File.h"
#include "support/Json.h"
#include "support/Sha256.h"

#include <algorithm>
#include <filesystem>

namespace cria {

namespace {
/// Far above the size of any file but weights: code and programs have a few megabytes.
constexpr uint64_t kMaxReadBytes = uint64_t(1) << 28;

constexpr std::string_view kOpsFormat = "cria.ops.v1";

bool isWeightFile(const std::string &name) { return name.starts_with("weights/"); }

Status damaged(const std::string &path, const std::string &expected, const std::string &found) {
  return invalidArgument("{}: the package is damaged: expected {}, got {}; compile the model again", path,
                         expected, found);
}

Status checkDigest(const std::string &path, const std::string &expected, const std::string &found) {
  return expected == found ? Status() : damaged(path, "SHA-256 " + expected, found);
}

/// Reads the manifest and checks its digest, which is in manifest.sha256.
StatusOr<std::string> readManifestText(const std::string &path, const std::string &digestPath) {
  CRIA_ASSIGN_OR_RETURN(std::string text, readFile(path));
  CRIA_ASSIGN_OR_RETURN(std::string digest, readFile(digestPath, 4096));
  constexpr size_t kDigits = 64;
  if (digest.size() < kDigits || digest.substr(kDigits) != "  manifest.json\n") { // the format of sha256sum
    return damaged(digestPath, "a SHA-256 of manifest.json", "'" + printable(digest) + "'");
  }
  CRIA_RETURN_IF_ERROR(checkDigest(path, printable(digest.substr(0, kDigits)), Sha256::of(text)));
  return text;
}

/// Checks the weights of a program against what the manifest states of its target.
Status checkWeights(const Program &program, const PackageTarget &target) {
  for (const ProgramWeight &weight : program.weights) {
    const auto &files = target.weightFiles;
    if (!weight.file.empty() && std::find(files.begin(), files.end(), weight.file) == files.end()) {
      return invalidArgument("weight '{}': the file '{}' is not one of target '{}'", printable(weight.name),
                             printable(weight.file), target.name);
    }
  }
  if (program.weightBytes() != target.weightBytes) {
    return invalidArgument(
        "expected weights of {} bytes, 'weight_bytes' of target '{}' in the manifest, got {}; "
        "compile the model again",
        target.weightBytes, target.name, program.weightBytes());
  }
  return {};
}
} // namespace

StatusOr<std::shared_ptr<const Package>> Package::open(const std::string &folder,
                                                       const PackageOpenOptions &options) {
  std::error_code failure;
  std::filesystem::path absolute = std::filesystem::canonical(folder, failure);
  if (failure) {
    return error(StatusCode::notFound, "{}: cannot open the package: {}", folder, failure.message());
  }
  std::shared_ptr<Package> package(new Package());
  package->folder_ = absolute.string();
  std::string manifestPath = package->path("manifest.json");
  if (!std::filesystem::is_regular_file(manifestPath, failure)) {
    return error(StatusCode::notFound,
                 "{}: expected a package, a folder with a manifest.json, or a checkpoint, a folder with a "
                 "config.json; 'cria compile' makes packages of checkpoints",
                 folder);
  }
  CRIA_ASSIGN_OR_RETURN(std::string text, readManifestText(manifestPath, package->path("manifest.sha256")));
  CRIA_ASSIGN_OR_RETURN(package->manifest_, parseManifest(text, manifestPath));
  CRIA_RETURN_IF_ERROR(package->checkFiles(options));
  CRIA_RETURN_IF_ERROR(package->readChat());
  return std::shared_ptr<const Package>(std::move(package));
}

/// Checks the presence and size of all files first, then digests.
Status Package::checkFiles(const PackageOpenOptions &options) const {
  uint64_t total = 0, done = 0;
  for (const auto &[name, file] : manifest_.files) {
    CRIA_RETURN_IF_ERROR(checkFile(name, file));
    total += isWeightFile(name) ? file.size : 0;
  }
  for (const auto &[name, file] : manifest_.files) {
    bool isWeight = isWeightFile(name);
    if (isWeight && !options.verifyWeights) {
      continue;
    }
    auto progress = [&](uint64_t bytes) {
      if (isWeight && options.progress) {
        options.progress(done += bytes, total);
      }
    };
    CRIA_ASSIGN_OR_RETURN(std::string digest, sha256OfFile(path(name), progress));
    CRIA_RETURN_IF_ERROR(checkDigest(path(name), file.sha256, digest));
  }
  return {};
}

Status Package::checkFile(const std::string &name, const PackageFile &file) const {
  std::error_code failure;
  std::filesystem::file_status status = std::filesystem::status(path(name), failure);
  if (status.type() == std::filesystem::file_type::none) { // for example, a folder that is not readable
    return error(StatusCode::io, "{}: cannot open: {}", path(name), failure.message());
  }
  if (!std::filesystem::exists(status)) {
    return error(StatusCode::notFound,
                 "{}: the package is damaged: the file is missing; compile the model again", path(name));
  }
  if (!std::filesystem::is_regular_file(status)) {
    return damaged(path(name), "a regular file", "something else");
  }
  uint64_t size = std::filesystem::file_size(path(name), failure);
  if (failure || size != file.size) {
    return damaged(path(name), fmt::format("{} bytes", file.size),
                   failure ? failure.message() : std::to_string(size));
  }
  return {};
}

Status Package::readChat() {
  if (!hasFile("chat.json")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(std::string text, read("chat.json"));
  CRIA_ASSIGN_OR_RETURN(Json json, parseJson(text, path("chat.json")));
  CRIA_ASSIGN_OR_RETURN(chat_, ChatConfig::fromJson(json, path("chat.json")));
  return {};
}

StatusOr<std::string> Package::read(const std::string &name) const {
  CRIA_ASSIGN_OR_RETURN(std::string text, readFile(path(name), kMaxReadBytes));
  CRIA_RETURN_IF_ERROR(checkDigest(path(name), manifest_.files.at(name).sha256, Sha256::of(text)));
  return text;
}

StatusOr<std::unique_ptr<Tokenizer>> Package::tokenizer() const {
  if (!manifest_.tokenizer) {
    return std::unique_ptr<Tokenizer>();
  }
  const PackageTokenizer &described = *manifest_.tokenizer;
  const std::string where = path(described.file);
  CRIA_ASSIGN_OR_RETURN(const std::string file, read(described.file));
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> base, loadTokenizer(described.kind, file, where));
  StatusOr<std::unique_ptr<Tokenizer>> tokenizer =
      withAddedTokens(std::move(base), {.tokens = described.addedTokens,
                                        .eosId = static_cast<int32_t>(described.eosId),
                                        .prefix = described.prefix});
  if (!tokenizer.ok()) {
    return tokenizer.status().withContext(path("manifest.json"));
  }
  if (described.eosId >= (*tokenizer)->size()) {
    return invalidArgument("{}: expected 'eos_id' below the {} ids of the tokenizer, got {}",
                           path("manifest.json"), (*tokenizer)->size(), described.eosId);
  }
  if ((*tokenizer)->size() > manifest_.model.vocabSize) {
    return invalidArgument("{}: expected at most {} ids, the vocabulary size of the model, got {}; the "
                           "tokenizer belongs to another model",
                           where, manifest_.model.vocabSize, (*tokenizer)->size());
  }
  return tokenizer;
}

StatusOr<Program> Package::program(const PackageTarget &target) const {
  CRIA_ASSIGN_OR_RETURN(std::string text, read(target.program));
  std::string where = path(target.program);
  CRIA_ASSIGN_OR_RETURN(Program program, parseProgram(text, where));
  if (program.target != target.name) {
    return invalidArgument("{}: expected the program of target '{}', got '{}'", where, target.name,
                           printable(program.target));
  }
  auto vocabSize = static_cast<uint32_t>(manifest_.model.vocabSize);
  CRIA_RETURN_IF_ERROR(verifyProgram(program, vocabSize).withContext(where));
  if (target.format == kOpsFormat) {
    CRIA_RETURN_IF_ERROR(verifyOpset(program, vocabSize).withContext(where));
  }
  if (program.limits.context != manifest_.model.context) {
    return invalidArgument("{}: expected the context {} of the model, got {}", where, manifest_.model.context,
                           program.limits.context);
  }
  for (const ProgramKernel &kernel : program.kernels) {
    if (kernel.kind == KernelKind::kernel && target.code.empty()) {
      return invalidArgument("{}: kernel '{}' requires code, but target '{}' has none", where,
                             printable(kernel.name), target.name);
    }
  }
  CRIA_RETURN_IF_ERROR(checkWeights(program, target).withContext(where));
  return program;
}

StatusOr<std::string> Package::code(const PackageTarget &target) const {
  return target.code.empty() ? StatusOr<std::string>(std::string()) : read(target.code);
}

StatusOr<std::shared_ptr<const SafetensorsFile>> Package::weightFile(const std::string &name) const {
  return SafetensorsFile::open(path(name));
}

StatusOr<std::span<const std::byte>> findArray(const SafetensorsFile &file, const ProgramWeightArray &array,
                                               std::string_view what) {
  const SafetensorsTensor *entry = file.find(array.tensor);
  if (!entry) {
    return error(StatusCode::notFound, "{}: the tensor '{}' of {} is missing", file.path(),
                 printable(array.tensor), what);
  }
  std::vector<int64_t> shape(array.shape.begin(), array.shape.end());
  if (entry->type != array.type || entry->shape != shape || entry->size != array.size) {
    return invalidArgument("{}: tensor '{}': expected type {} and shape [{}], got {} and [{}]", file.path(),
                           printable(array.tensor), nameOf(array.type), fmt::join(shape, ", "),
                           nameOf(entry->type), fmt::join(entry->shape, ", "));
  }
  return file.data(*entry);
}

} // namespace cria
