// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Manifest: manifest.json of a package (docs/package-format.md), which states its contents, its
// requirements, and a digest of every file.
#pragma once

#include "format/ActivationClass.h"
#include "format/AddedToken.h"
#include "format/ModelConfig.h"
#include "format/PrefixRule.h"
#include "support/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Incremented with every change of the members (docs/package-format.md lists the versions). Other versions
/// are rejected.
constexpr uint32_t kPackageFormatVersion = 3;

struct PackageFile {
  uint64_t size = 0;
  std::string sha256; // 64 lower-case hexadecimal digits
};

struct PackageTarget {
  std::string name;     // "cpu-x86-64-v4"
  std::string format;   // "elf.x86_64"
  std::string features; // "x86-64-v4" or empty
  uint32_t abiVersion = 0;
  ActivationClass activations = ActivationClass::f32;
  std::string program;                  // path in the package
  std::string code;                     // path in the package; empty if there is no code
  std::vector<std::string> weightFiles; // paths in the package
  uint64_t weightBytes = 0;
};

/// The options that the package was compiled with.
struct PackageOptions {
  std::string weights; // the name of a WeightFormat
  std::string kv;      // "f16", "f32" or "q8"
  std::optional<uint64_t> randomSeed;
};

/// The tokenizer of a package.
struct PackageTokenizer {
  std::string kind;                    // "sentencepiece"
  std::string file;                    // path in the package
  std::vector<AddedToken> addedTokens; // ascending ids
  int64_t eosId = -1;                  // the tokenizer's EOS, which ends answers in a chat; -1: none
  PrefixRule prefix = PrefixRule::always;
};

struct Manifest {
  std::string compiler;
  ModelConfig model;
  PackageOptions options;
  std::optional<PackageTokenizer> tokenizer;
  std::map<std::string, PackageFile> files; // by path, with '/' and without '..'
  std::vector<PackageTarget> targets;

  /// Null if there is no such target.
  const PackageTarget *findTarget(std::string_view name) const;
};

/// Parses a manifest strictly: unknown and missing members are errors. `where` names it in messages.
/// Errors: invalidArgument with the member, what was expected and found; unsupported for another format
/// version.
StatusOr<Manifest> parseManifest(std::string_view text, const std::string &where);

} // namespace cria
