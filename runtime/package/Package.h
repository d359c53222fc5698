// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Package: an open package folder. Opening checks it; contents are read on demand, and none of its code is
// executed.
// Public: included by runtime/cria.h.
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
  bool verifyWeights = false; // also check the digests of weight files, which reads them entirely
  /// Called while weight files are verified, with numbers of bytes.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// Thread-safe: a package is immutable.
class Package {
public:
  /// Opens a package. Checks the manifest, the presence and size of every listed file, and the digests of
  /// all files but weights. Errors: notFound; io; invalidArgument with the file, what was expected and
  /// found; unsupported for another format version.
  static StatusOr<std::shared_ptr<const Package>> open(const std::string &folder,
                                                       const PackageOpenOptions &options = {});

  const std::string &folder() const { return folder_; } // absolute
  const Manifest &manifest() const { return manifest_; }
  bool hasFile(const std::string &name) const { return manifest_.files.contains(name); }
  std::string path(const std::string &name) const { return folder_ + "/" + name; }
  bool hasTokenizer() const { return manifest_.tokenizer.has_value(); }
  const ChatConfig &chat() const { return chat_; } // default values without chat.json

  /// Loads the tokenizer with its added tokens; returns null if the package has none. Errors: io;
  /// invalidArgument, also if it has more ids than the model; unsupported for an unknown kind.
  StatusOr<std::unique_ptr<Tokenizer>> tokenizer() const;
  /// Reads and verifies the program of a target of this package. Errors: io; invalidArgument with the
  /// place; unsupported for another program version.
  StatusOr<Program> program(const PackageTarget &target) const;
  /// Returns the code of a target of this package; empty if it has none. Errors: io; invalidArgument.
  StatusOr<std::string> code(const PackageTarget &target) const;
  /// Maps a weight file. Errors: those of SafetensorsFile::open().
  StatusOr<std::shared_ptr<const SafetensorsFile>> weightFile(const std::string &name) const;

private:
  Package() = default;
  Status checkFiles(const PackageOpenOptions &options) const;
  Status checkFile(const std::string &name, const PackageFile &file) const;
  Status readChat();
  StatusOr<std::string> read(const std::string &name) const; // reads a listed file and checks its digest

  std::string folder_;
  Manifest manifest_;
  ChatConfig chat_;
};

/// Returns the mapped bytes of an array of a weight, after a check of name, type, shape and size. They are
/// valid as long as `file`. what: names the array in messages. Errors: invalidArgument, notFound.
StatusOr<std::span<const std::byte>> findArray(const SafetensorsFile &file, const ProgramWeightArray &array,
                                               std::string_view what);

} // namespace cria
