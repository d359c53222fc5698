// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes a package (docs/package-format.md): programs, code and weights of one or more targets, tokenizer,
// chat configuration, and the manifest with a digest of every file.
#pragma once

#include "format/Manifest.h"
#include "passes/codegen/WeightRecipes.h"

#include "mlir/IR/BuiltinOps.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cria {

/// What a target contributes to a package.
struct CompiledTarget {
  std::string name, format, features;
  uint32_t abiVersion = 0;
  /// The module with the program: its program.weight ops say what to write.
  mlir::ModuleOp program;
  /// The content of programs/<name>.json.
  std::string programJson;
  /// The content of code/<name><codeExtension>; empty extension: none.
  std::string code, codeExtension;
};

struct PackageContent {
  ModelConfig model;
  ChatConfig chat;
  /// The manifest's description of the tokenizer, and the content of its file; nullopt: none.
  std::optional<PackageTokenizer> tokenizer;
  std::string tokenizerFile;
  /// The options the manifest records: "f16", "f16".
  std::string weightsType, kvType;
  std::optional<uint64_t> randomSeed;
  std::vector<CompiledTarget> targets;
  TensorLookup tensors;
  /// Content of graph.mlir; empty: none.
  std::string graph;
};

struct PackageWriteOptions {
  int numThreads = 2;
  /// (optional) What is being done, and bytes done of all; called from one thread at a time.
  std::function<void(std::string_view activity, uint64_t done, uint64_t total)> progress;
  /// (optional) Stops with `cancelled` soon after it becomes true.
  const std::atomic<bool> *cancelled = nullptr;
};

/// Whether a package may be written to `path`: nothing is there, or a package, which will be replaced. A link
/// leads to where it points. Errors: invalidArgument when something else is there, and for "." and "..";
/// notFound when the folder around it is missing.
Status checkPackageOutput(const std::string &path);

/// Writes the package under the temporary name PATH.tmp-XXXXXX and publishes it when it is complete. On any
/// error nothing is left and a package that was there stays. The same content gives the same bytes. Errors:
/// those of checkPackageOutput(), recipes and files; cancelled.
Status writePackage(const std::string &path, const PackageContent &content,
                    const PackageWriteOptions &options = {});

} // namespace cria
