// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses a manifest: checks every member for name, type and range, and that paths stay inside the package.
#include "format/Manifest.h"

#include "format/KvType.h"
#include "format/WeightArrays.h"
#include "support/Json.h"

#include <algorithm>
#include <set>

namespace cria {

namespace {
constexpr int64_t kMaxFileBytes = int64_t(1) << 50;
constexpr size_t kDigestLength = 64;
constexpr size_t kMaxPathLength = 255;

bool isOneOf(char c, std::string_view others) {
  bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || others.find(c) != others.npos;
}

/// Returns whether a path has only letters, digits and "._-" in components that are not empty and do not
/// begin with a dot.
bool isSafePath(std::string_view path) {
  bool atStart = true;
  for (char c : path) {
    if (!isOneOf(c, "._-/") || (atStart && (c == '/' || c == '.'))) {
      return false;
    }
    atStart = c == '/';
  }
  return !atStart && path.size() <= kMaxPathLength;
}

bool isTargetName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxPathLength && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) { return isOneOf(c, "._-"); });
}

bool isDigest(std::string_view text) {
  return text.size() == kDigestLength && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Status checkVersion(JsonObject &root) {
  CRIA_ASSIGN_OR_RETURN(std::string format, root.string("format"));
  if (format != "cria") {
    return root.mismatch("format", "'cria'");
  }
  CRIA_ASSIGN_OR_RETURN(int64_t version, root.integer("format_version", 0, INT32_MAX));
  if (version != kPackageFormatVersion) {
    return error(StatusCode::unsupported, "{}: expected format version {}, got {}; {}", root.where(),
                 kPackageFormatVersion, version,
                 version > kPackageFormatVersion ? "use a newer cria" : "compile the model again");
  }
  return {};
}

Status readFiles(JsonObject object, Manifest &manifest) {
  for (const auto &[name, unused] : object.value().items()) {
    if (!isSafePath(name)) {
      return invalidArgument("{}: expected a relative path inside the package, got '{}'", object.where(),
                             printable(name));
    }
    CRIA_ASSIGN_OR_RETURN(JsonObject item, object.object(name));
    CRIA_ASSIGN_OR_RETURN(int64_t size, item.integer("size", 0, kMaxFileBytes));
    CRIA_ASSIGN_OR_RETURN(std::string digest, item.string("sha256"));
    if (!isDigest(digest)) {
      return item.mismatch("sha256", "64 lower-case hexadecimal digits");
    }
    CRIA_RETURN_IF_ERROR(item.finish());
    manifest.files[name] = {.size = static_cast<uint64_t>(size), .sha256 = std::move(digest)};
  }
  return {};
}

constexpr size_t kMaxWeightsName = 64;

Status readOptions(JsonObject object, PackageOptions &options) {
  CRIA_ASSIGN_OR_RETURN(options.weights, object.string("weights"));
  if (options.weights.empty() || options.weights.size() > kMaxWeightsName) {
    return object.mismatch("weights", fmt::format("a name of 1 to {} bytes", kMaxWeightsName));
  }
  CRIA_ASSIGN_OR_RETURN(options.kv, object.string("kv"));
  if (!parseKvType(options.kv)) {
    return object.mismatch("kv", std::string(kKvTypeNames));
  }
  if (!object.absentOrNull("random_seed")) {
    const Json *seed = object.find("random_seed");
    if (!seed->is_number_unsigned()) {
      return object.mismatch("random_seed", "null or a number from 0 to 2^64 - 1");
    }
    options.randomSeed = seed->get<uint64_t>();
  }
  return object.finish();
}

Status checkListed(const Manifest &manifest, const std::string &file, const std::string &where) {
  if (!manifest.files.contains(file)) {
    return invalidArgument("{}: the file '{}' is not listed in 'files'", where, printable(file));
  }
  return {};
}

StatusOr<std::vector<AddedToken>> readAddedTokens(JsonObject &tokenizer) {
  std::vector<AddedToken> tokens;
  CRIA_ASSIGN_OR_RETURN(const Json *items, tokenizer.array("added_tokens"));
  for (const Json &item : *items) {
    CRIA_ASSIGN_OR_RETURN(
        JsonObject object,
        JsonObject::of(item, fmt::format("{}: added_tokens[{}]", tokenizer.where(), tokens.size())));
    AddedToken token;
    CRIA_ASSIGN_OR_RETURN(token.id, object.integer("id", 0, INT32_MAX));
    CRIA_ASSIGN_OR_RETURN(token.text, object.string("text"));
    CRIA_ASSIGN_OR_RETURN(token.isSpecial, object.boolean("special"));
    CRIA_ASSIGN_OR_RETURN(token.stripsLeft, object.boolean("lstrip"));
    CRIA_ASSIGN_OR_RETURN(token.stripsRight, object.boolean("rstrip"));
    CRIA_ASSIGN_OR_RETURN(token.isWord, object.boolean("single_word"));
    CRIA_ASSIGN_OR_RETURN(token.isNormalized, object.boolean("normalized"));
    CRIA_RETURN_IF_ERROR(object.finish());
    tokens.push_back(std::move(token));
  }
  return tokens;
}

StatusOr<PrefixRule> readPrefixRule(JsonObject &tokenizer) {
  CRIA_ASSIGN_OR_RETURN(const std::string name, tokenizer.string("prefix"));
  if (const std::optional<PrefixRule> rule = parsePrefixRule(name)) {
    return *rule;
  }
  return tokenizer.mismatch("prefix", fmt::format("one of {}", fmt::join(kPrefixRules, ", ")));
}

Status readTokenizer(JsonObject &root, Manifest &manifest) {
  if (root.absentOrNull("tokenizer")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject object, root.object("tokenizer"));
  PackageTokenizer tokenizer;
  CRIA_ASSIGN_OR_RETURN(tokenizer.kind, object.string("kind"));
  CRIA_ASSIGN_OR_RETURN(tokenizer.file, object.string("file"));
  CRIA_RETURN_IF_ERROR(checkListed(manifest, tokenizer.file, object.where()));
  CRIA_ASSIGN_OR_RETURN(tokenizer.addedTokens, readAddedTokens(object));
  CRIA_ASSIGN_OR_RETURN(tokenizer.eosId, object.integer("eos_id", -1, INT32_MAX));
  CRIA_ASSIGN_OR_RETURN(tokenizer.prefix, readPrefixRule(object));
  CRIA_RETURN_IF_ERROR(object.finish());
  manifest.tokenizer = std::move(tokenizer);
  return {};
}

Status readWeightFiles(JsonObject &object, const Manifest &manifest, PackageTarget &target) {
  CRIA_ASSIGN_OR_RETURN(const Json *files, object.array("weight_files"));
  for (const Json &file : *files) {
    if (!file.is_string()) {
      return object.mismatch("weight_files", "an array of strings");
    }
    target.weightFiles.push_back(file.get<std::string>());
    CRIA_RETURN_IF_ERROR(checkListed(manifest, target.weightFiles.back(), object.where()));
  }
  return {};
}

StatusOr<ActivationClass> readActivations(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(std::string name, object.string("activations"));
  if (std::optional<ActivationClass> activations = parseActivationClass(name)) {
    return *activations;
  }
  return object.mismatch("activations", fmt::format("one of {}", fmt::join(kActivationClasses, ", ")));
}

StatusOr<PackageTarget> readTarget(JsonObject object, const Manifest &manifest) {
  PackageTarget target;
  CRIA_ASSIGN_OR_RETURN(target.name, object.string("name"));
  if (!isTargetName(target.name)) {
    return object.mismatch("name", "letters, digits and . _ -");
  }
  CRIA_ASSIGN_OR_RETURN(target.format, object.string("format"));
  CRIA_ASSIGN_OR_RETURN(target.features, object.string("features"));
  CRIA_ASSIGN_OR_RETURN(int64_t abiVersion, object.integer("abi_version", 0, INT32_MAX));
  target.abiVersion = static_cast<uint32_t>(abiVersion);
  CRIA_ASSIGN_OR_RETURN(target.activations, readActivations(object));
  CRIA_ASSIGN_OR_RETURN(target.program, object.string("program"));
  CRIA_RETURN_IF_ERROR(checkListed(manifest, target.program, object.where()));
  if (!object.absentOrNull("code")) {
    CRIA_ASSIGN_OR_RETURN(target.code, object.string("code"));
    CRIA_RETURN_IF_ERROR(checkListed(manifest, target.code, object.where()));
  }
  CRIA_RETURN_IF_ERROR(readWeightFiles(object, manifest, target));
  CRIA_ASSIGN_OR_RETURN(int64_t weightBytes, object.integer("weight_bytes", 0, kMaxFileBytes));
  target.weightBytes = static_cast<uint64_t>(weightBytes);
  CRIA_RETURN_IF_ERROR(object.finish());
  return target;
}

Status readTargets(JsonObject &root, Manifest &manifest) {
  CRIA_ASSIGN_OR_RETURN(const Json *targets, root.array("targets"));
  if (targets->empty()) {
    return root.mismatch("targets", "at least one target");
  }
  for (size_t i = 0; i < targets->size(); ++i) {
    CRIA_ASSIGN_OR_RETURN(JsonObject item,
                          JsonObject::of((*targets)[i], fmt::format("{}: targets[{}]", root.where(), i)));
    std::string where = item.where();
    CRIA_ASSIGN_OR_RETURN(PackageTarget target, readTarget(std::move(item), manifest));
    if (manifest.findTarget(target.name)) {
      return invalidArgument("{}: duplicate target '{}'", where, target.name);
    }
    manifest.targets.push_back(std::move(target));
  }
  return {};
}
} // namespace

const PackageTarget *Manifest::findTarget(std::string_view name) const {
  auto target =
      std::find_if(targets.begin(), targets.end(), [&](const PackageTarget &t) { return t.name == name; });
  return target == targets.end() ? nullptr : &*target;
}

StatusOr<Manifest> parseManifest(std::string_view text, const std::string &where) {
  CRIA_ASSIGN_OR_RETURN(Json json, parseJson(text, where));
  CRIA_ASSIGN_OR_RETURN(JsonObject root, JsonObject::of(json, where));
  CRIA_RETURN_IF_ERROR(checkVersion(root));
  Manifest manifest;
  CRIA_ASSIGN_OR_RETURN(manifest.compiler, root.string("compiler"));
  CRIA_ASSIGN_OR_RETURN(JsonObject model, root.object("model"));
  CRIA_ASSIGN_OR_RETURN(manifest.model, ModelConfig::fromJson(model.value(), model.where()));
  CRIA_ASSIGN_OR_RETURN(JsonObject options, root.object("options"));
  CRIA_RETURN_IF_ERROR(readOptions(std::move(options), manifest.options));
  CRIA_ASSIGN_OR_RETURN(JsonObject files, root.object("files"));
  CRIA_RETURN_IF_ERROR(readFiles(std::move(files), manifest));
  CRIA_RETURN_IF_ERROR(readTokenizer(root, manifest));
  CRIA_RETURN_IF_ERROR(readTargets(root, manifest));
  CRIA_RETURN_IF_ERROR(root.finish());
  return manifest;
}

} // namespace cria
