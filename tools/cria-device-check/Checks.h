// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sections of the check. Each reads its part of the data folder and adds rows; none throws for what the
// device does wrong.
#pragma once

#include "runtime/cria.h"
#include "tools/cria-device-check/CheckReport.h"
#include "tools/cria-device-check/CompiledProgram.h"

#include <filesystem>
#include <functional>

namespace cria::check {

struct CheckOptions {
  std::filesystem::path program; // this one's path
  std::filesystem::path data;    // kernels/, models/, golden/, speed/
  std::string backend = "cuda";
  uint32_t device = 0;
  std::vector<std::filesystem::path> pluginFolders;
  std::string filter; // of kernels and models: part of the name
  // As of `cria bench`.
  std::string prompts = "512,2048";
  std::string depths = "128,4064";
  uint32_t generate = 32;
  PluginRegistry *registry = nullptr;
};

/// Every kernel family against the backend `reference`: kernels/<case>.<target>.program.
void checkKernels(const CheckOptions &options, Report &report);
/// Whole models against golden logits: models/<name>.cria, golden/<name>.safetensors.
void checkModels(const CheckOptions &options, Report &report);
/// checkKernels again under compute-sanitizer, where it is installed.
void checkMemory(const CheckOptions &options, Report &report);
/// Copies, a large matrix product, and the model speed/model.cria by `cria bench`.
void measureSpeed(const CheckOptions &options, Report &report);

/// Whether the device runs code of this kind.
bool runsOn(const CheckOptions &options, std::string_view format, std::string_view features,
            uint32_t abiVersion);

/// Calls use(stem, target, program) for every <stem>.<target>.program of a folder that the device runs, in
/// order of names.
void forEachProgram(const CheckOptions &options, const std::filesystem::path &folder,
                    const std::function<void(const std::string &stem, const std::string &target,
                                             const conformance::CompiledProgram &program)> &use);

} // namespace cria::check
