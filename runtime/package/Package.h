// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An open package folder: checked, and read on demand. Opening and inspecting runs none of its code.
#pragma once

#include "format/Manifest.h"
#include "format/Program.h"
#include "format/Safetensors.h"
#include "runtime/text/Tokenizer.h"
#include "support/Status.h"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace cria {

struct PackageOpenOptions {
  bool verifyWeights = false; // compare the digests of weight files too: reads them whole
  /// Called while weight files are verified. Bytes.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// Immutable. Threads: any.
class Package {
public:
  /// Checks the manifest, that every listed file is there with its size, and the digests of all but weights.
  /// Errors: NOT_FOUND, IO, INVALID_ARGUMENT (which file, what was expected and found), UNSUPPORTED (newer
  /// version).
  static StatusOr<std::shared_ptr<const Package>> open(const std::string &folder,
                                                       const PackageOpenOptions &options = {});

  const std::string &folder() const { return folder_; } // absolute
  const Manifest &manifest() const { return manifest_; }
  bool hasFile(const std::string &name) const { return manifest_.files.contains(name); }
  std::string path(const std::string &name) const { return folder_ + "/" + name; }
  bool hasTokenizer() const { return manifest_.tokenizer.has_value(); }
  const ChatConfig &chat() const { return chat_; } // empty without chat.json

  /// Loads the tokenizer with its added tokens; null for a package without one. Errors: INVALID_ARGUMENT also
  /// if it has more ids than the model; UNSUPPORTED for an unknown kind.
  StatusOr<std::unique_ptr<Tokenizer>> tokenizer() const;
  /// Reads and verifies the program of a target of this package. Errors: INVALID_ARGUMENT with the place.
  StatusOr<Program> program(const PackageTarget &target) const;
  /// The bytes of its code; empty for a target without.
  StatusOr<std::string> code(const PackageTarget &target) const;
  /// Maps a weight file. Errors: as SafetensorsFile::open.
  StatusOr<std::shared_ptr<const SafetensorsFile>> weightFile(const std::string &name) const;

private:
  Package() = default;
  Status checkFiles(const PackageOpenOptions &options) const;
  Status checkFile(const std::string &name, const PackageFile &file) const;
  Status readChat();
  StatusOr<std::string> read(const std::string &name) const; // a listed file, compared with its digest

  std::string folder_;
  Manifest manifest_;
  ChatConfig chat_;
};

/// The mapped bytes of a program's weight, checked for name, type, shape and size. Errors: INVALID_ARGUMENT,
/// NOT_FOUND.
StatusOr<std::span<const std::byte>> findWeight(const SafetensorsFile &file, const ProgramWeight &weight);

} // namespace cria
