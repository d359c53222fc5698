// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sections of the check. Each reads its part of the data folder and adds rows to the report. A section
// reports failures of the device as rows and does not throw.
#pragma once

#include "runtime/cria.h"
#include "tools/cria-device-check/CheckReport.h"
#include "tools/cria-device-check/CompiledProgram.h"

#include <filesystem>
#include <functional>

namespace cria::check {

struct CheckOptions {
  std::filesystem::path program; // path of this executable
  std::filesystem::path data;    // folder with kernels/, models/, golden/, ceilings/, speed/
  std::string backend = "cuda";
  uint32_t device = 0;
  std::vector<std::filesystem::path> pluginFolders;
  std::vector<std::string> filters;  // substrings of the names of kernels and models; empty: all
  std::vector<std::string> excluded; // substrings of the names of those that are left out
  bool smallCeilings = false;        // a rehearsal, whose figures mean nothing
  // As for `cria bench`.
  std::string prompts = "64,128,512,2048";
  std::string depths = "128,4064";
  std::string batches = "2,4,8,16"; // at the first depth; empty: none
  uint32_t generate = 32;
  PluginRegistry *registry = nullptr;
};

/// Compares every kernel family with the backend `reference`, and kernels at the shapes of real models with
/// samples of expected results: kernels/<case>.<target>.program.
void checkKernels(const CheckOptions &options, Report &report);
/// Compares whole models with golden logits: models/<name>.cria, golden/<name>.safetensors.
void checkModels(const CheckOptions &options, Report &report);
/// Runs checkKernels without the shapes of real models under compute-sanitizer; skipped if that is not
/// installed.
void checkMemory(const CheckOptions &options, Report &report);
/// Measures what the device can do: read bandwidth, launch gap, latency, rate of tensor cores. Uses the best
/// program of ceilings/ that the device runs.
void measureCeilings(const CheckOptions &options, Report &report);
/// Measures a large matrix product, and the model speed/model.cria with `cria bench`.
void measureSpeed(const CheckOptions &options, Report &report);

/// Returns whether the name of a kernel or model contains one of the filters, and nothing that is excluded.
bool isSelected(const CheckOptions &options, std::string_view name);

/// Returns how well the device runs code of this format, features and version of the kernel ABI; 0: it does
/// not.
uint32_t scoreOn(const CheckOptions &options, std::string_view format, std::string_view features,
                 uint32_t abiVersion);
/// Returns whether the device runs such code.
bool runsOn(const CheckOptions &options, std::string_view format, std::string_view features,
            uint32_t abiVersion);

/// Calls use(stem, target, program) for every <stem>.<target>.program in `folder` that the device runs, in
/// the order of names.
void forEachProgram(const CheckOptions &options, const std::filesystem::path &folder,
                    const std::function<void(const std::string &stem, const std::string &target,
                                             const conformance::CompiledProgram &program)> &use);

} // namespace cria::check
