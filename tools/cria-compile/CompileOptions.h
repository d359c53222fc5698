// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of cria-compile.
#pragma once

#include "format/ElementType.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

enum class EmitStage { package, import, optimized, program, kernels, llvm, assembly };

struct CompileOptions {
  /// The checkpoint; empty with a preset.
  std::string model;
  /// The package; with `emit`, a file or empty for stdout.
  std::string output;
  std::string preset;
  std::optional<uint32_t> randomSeed;
  /// As given: "cpu", "ops", "cpu-x86-64-v4". Empty: those of the target plugins, else "cpu".
  std::vector<std::string> targets;
  /// Libraries with targets, as TargetPlugin.h has it.
  std::vector<std::string> targetPlugins;
  /// A backend for which target ops leaves out what it does not take: a name, or the path of a sidecar.
  std::string forBackend;
  std::vector<std::string> pluginFolders;
  /// None: the checkpoint's own type.
  std::optional<ElementType> weightType;
  ElementType kvType = ElementType::f16;
  /// 0: what the model states.
  int64_t context = 0;
  int64_t maxTokens = 512, maxSequences = 16;
  EmitStage emit = EmitStage::package;
  std::vector<std::string> disabledPasses;
  bool withoutTokenizer = false, quiet = false, verbose = false, json = false;
  int numThreads = 2;
};

/// What the command line asks for: options, or text to print and the exit code to end with.
struct CommandLine {
  std::optional<CompileOptions> options;
  std::string text;
  int exitCode = 0;
};

/// `targets` says what --target may be, for the help text; `version` answers --version.
CommandLine parseCommandLine(int argc, char **argv, const std::string &targets, const std::string &version);

} // namespace cria
