// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// manifest.json of a package (docs/package-format.md): what is inside, what it needs, and a digest of every
// file.
#pragma once

#include "format/AddedToken.h"
#include "format/ModelConfig.h"
#include "support/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Raised with every change of the members (docs/package-format.md lists the versions). No other version is
/// read.
constexpr uint32_t kPackageFormatVersion = 2;

struct PackageFile {
  uint64_t size = 0;
  std::string sha256; // 64 lower-case hexadecimal digits
};

struct PackageTarget {
  std::string name;     // "cpu-x86-64-v4"
  std::string format;   // "elf.x86_64"
  std::string features; // "x86-64-v4" or empty
  uint32_t abiVersion = 0;
  std::string program;                  // path in the package
  std::string code;                     // path in the package; empty: none
  std::vector<std::string> weightFiles; // paths in the package
  uint64_t weightBytes = 0;
};

struct PackageOptions {
  std::string weights;
  std::string kv;
  std::optional<uint64_t> randomSeed;
};

/// The tokenizer of a package.
struct PackageTokenizer {
  std::string kind;                    // "sentencepiece"
  std::string file;                    // path in the package
  std::vector<AddedToken> addedTokens; // their ids follow those of the file
};

struct Manifest {
  std::string compiler;
  ModelConfig model;
  PackageOptions options;
  std::optional<PackageTokenizer> tokenizer;
  std::map<std::string, PackageFile> files; // by path, with '/' and without '..'
  std::vector<PackageTarget> targets;

  const PackageTarget *findTarget(std::string_view name) const; // nullptr: none
};

/// Reads a manifest strictly. `where` names it in messages. Errors: INVALID_ARGUMENT says what was expected
/// and found; UNSUPPORTED for a newer format version.
StatusOr<Manifest> parseManifest(std::string_view text, const std::string &where);

} // namespace cria
