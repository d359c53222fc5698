// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CompileJob: what to compile, for which targets, and up to which stage. CompileObserver: receives its
// progress. Plain C++, so that callers need neither MLIR nor its compiler flags.
#pragma once

#include "format/ActivationClass.h"
#include "frontends/Checkpoint.h"
#include "support/Status.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Where a compilation ends: with a package, or with the text of an earlier stage.
enum class CompileStage : uint8_t {
  import,    ///< the graph of the frontend
  optimized, ///< the graph after the fusions
  program,   ///< dispatches and memory plan of each target
  kernels,   ///< MLIR of the kernels before lowering
  llvm,      ///< LLVM IR
  assembly,  ///< assembly text
  package,   ///< the files of a package
};

/// The part of the opset that a backend supports, for which target `ops` decomposes the other ops.
struct OpsBackend {
  std::string name; ///< for messages
  uint32_t opsetVersion = 1;
  std::set<std::string> ops;
  /// Element types of an operand ("linear/weight": {"f32"}); an operand that is not listed supports all.
  std::map<std::string, std::set<std::string>> types;
  /// Classes of activations of an op ("linear": {"f32", "int8"}); an op that is not listed has f32 alone.
  std::map<std::string, std::set<std::string>> activations;
  /// Parts that `fused_linear` may have: "norm", "activation", "residual".
  std::set<std::string> linearParts;
};

/// What the package states about its tokenizer.
struct CheckedTokenizer {
  std::vector<AddedToken> addedTokens;
  int64_t bosId = -1; ///< begins every prompt; -1: none
  int64_t eosId = -1; ///< the tokenizer's own; -1: none
};

/// Checks the tokenizer of a checkpoint and finds the ids of its tokens. May add notes.
using TokenizerCheck = std::function<StatusOr<CheckedTokenizer>(
    const TokenizerData &tokenizer, const ModelConfig &config, std::vector<std::string> &notes)>;

/// Checks a chat template that is run as it is, by the plugin jinja.
using TemplateCheck = std::function<Status(const ChatConfig &chat)>;

struct CompileJob {
  /// The path of a checkpoint; empty with a preset.
  std::string checkpoint;
  /// The name of a preset (frontends/Presets.h), compiled with random weights from `randomSeed`.
  std::string preset;
  std::optional<uint32_t> randomSeed;

  /// Names as in passes/driver/TargetNames.h. Empty: the targets of `targetPlugins`.
  std::vector<std::string> targets;
  /// Paths of shared libraries with targets (passes/targets/TargetPlugin.h).
  std::vector<std::string> targetPlugins;
  /// Compile for target `ops` alone, with the ops of this backend.
  std::optional<OpsBackend> opsBackend;

  /// Formats of matrices, by a name of WeightRules; empty: that of the checkpoint, f16 for a preset.
  std::string weights;
  /// (optional) The path of a file with rules that come before (WeightRules::prepend()).
  std::string weightRules;
  /// The class of activations of matrix products; nullopt: the default of each target.
  std::optional<ActivationClass> activations;
  /// (optional) The path of importance data of the checkpoint (format/Importance.h), for weights that are
  /// encoded by a search.
  std::string importance;
  /// f32, f16, or i8 for q8 (format/KvType.h).
  ElementType kvType = ElementType::f16;
  /// Context length in tokens; 0: that of the configuration.
  int64_t context = 0;
  /// Limits of one step.
  int64_t maxTokens = 512, maxSequences = 16;
  /// Fusion passes to leave out, as class names or arguments: "FuseQkv", "llama-fuse-qkv".
  std::vector<std::string> disabledPasses;

  bool requireTokenizer = true;
  /// (optional) Without it, the package has the tokenizer file of the checkpoint and none of its other
  /// tokens.
  TokenizerCheck checkTokenizer;
  /// (optional) Without it, a chat template is not checked.
  TemplateCheck checkTemplate;

  CompileStage stage = CompileStage::package;
  /// The path of the package, with stage `package`.
  std::string output;
  /// Threads that write weights.
  int numThreads = 2;
  /// Report what each fusion pass did (CompileObserver::remark).
  bool reportFusions = false;
  /// (optional) Once it is true, the compilation stops with the error `cancelled`.
  const std::atomic<bool> *cancelled = nullptr;
};

/// What a compilation reports while it runs. The functions are called by one thread at a time; the defaults
/// do nothing.
class CompileObserver {
public:
  virtual ~CompileObserver() = default;

  /// A stage begins: "optimize", "code for cpu-x86-64-v3".
  virtual void stageStarted(std::string_view /*stage*/) {}
  /// The stage has succeeded. `codeBytes`: the size of the code, for a stage that emits code.
  virtual void stageFinished(std::string_view /*stage*/, double /*seconds*/,
                             std::optional<uint64_t> /*codeBytes*/) {}
  /// Bytes of weights processed so far.
  virtual void progress(uint64_t /*done*/, uint64_t /*total*/) {}
  /// Something the user should know; the compilation continues.
  virtual void note(std::string_view /*text*/) {}
  /// With CompileJob::reportFusions: what a fusion pass did, or why it rejected a candidate.
  virtual void remark(std::string_view /*text*/) {}
};

} // namespace cria
