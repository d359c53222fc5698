// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes a package (docs/package-format.md): the programs, code and weights of one or more targets, the
// tokenizer, the chat configuration, and a manifest with the digest of every file.
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

/// The part of a package that belongs to one target.
struct CompiledTarget {
  std::string name, format, features;
  uint32_t abiVersion = 0;
  ActivationClass activations = ActivationClass::f32;
  /// The module with the program; its program.weight ops hold the recipes of the weights to write.
  mlir::ModuleOp program;
  /// The content of programs/<name>.json.
  std::string programJson;
  /// The content of code/<name><codeExtension>. Without an extension there is no such file.
  std::string code, codeExtension;
};

struct PackageContent {
  ModelConfig model;
  ChatConfig chat;
  /// The manifest's description of the tokenizer, and the content of its file; nullopt: none.
  std::optional<PackageTokenizer> tokenizer;
  std::string tokenizerFile;
  /// The format of matrices and the type of the KV cache that the manifest states, e.g. "f16".
  std::string weightsFormat, kvType;
  std::optional<uint64_t> randomSeed;
  std::vector<CompiledTarget> targets;
  /// The tensors that recipes name; null when no recipe names one. Borrowed.
  const TensorReader *tensors = nullptr;
  /// What the squared errors of columns of these tensors count (CheckpointSources). Borrowed; null: all the
  /// same.
  const VectorsByName *errorWeights = nullptr;
  /// The content of graph.mlir; empty for a package without it.
  std::string graph;
};

struct PackageWriteOptions {
  int numThreads = 2;
  /// (optional) Called with the current activity and the bytes done so far; calls do not overlap.
  std::function<void(std::string_view activity, uint64_t done, uint64_t total)> progress;
  /// (optional) Once it is true, writing stops with the error `cancelled`.
  const std::atomic<bool> *cancelled = nullptr;
};

/// Checks that a package may be written to `path`: nothing is there, or a package, which will be replaced. A
/// link leads to where it points.
/// Errors: invalidArgument when something else is there, and for "." and ".."; notFound when the parent
/// directory does not exist.
Status checkPackageOutput(const std::string &path);

/// Writes the package under the temporary name PATH.tmp-XXXXXX and publishes it when it is complete. After an
/// error, nothing of it is left, and a package that was at `path` is unchanged. The same content gives the
/// same bytes.
/// Errors: those of checkPackageOutput(), recipes and files; cancelled.
Status writePackage(const std::string &path, const PackageContent &content,
                    const PackageWriteOptions &options = {});

} // namespace cria
