// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A backend, linked into tests, that runs the toy package: logits are a function of the tokens found in the
// KV pages. Tests can script the logits, make steps fail, and see what ran.
#pragma once

#include "runtime/exec/Model.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace cria::test {

/// Logits for a sequence with these tokens.
using ToyLogits = std::function<void(std::span<const int32_t> history, std::span<float> logits)>;

struct ToyState {
  ToyLogits logits;                  // empty: hashLogits
  int failAfter = -1;                // replays that succeed before one fails; -1: none fails
  std::function<void()> onReplay;    // called before each replay
  std::function<void()> afterReplay; // called after each successful replay
  bool hidden = false;               // result not host visible, and weights not importable
  uint64_t freeBytes = 0;            // what the device tells; 0: nothing
  std::vector<std::string> steps;    // "T rows R outputs" of every replay
  uint64_t numRecords = 0;
};
ToyState &toyState();

/// Whole numbers below 65536 that depend on every token of the history and its order.
void hashLogits(std::span<const int32_t> history, std::span<float> logits);
/// What the toy model answers for a history: hashLogits or the script, plus the weight table.
std::vector<float> toyLogits(std::span<const int32_t> history, uint32_t vocabSize);

BackendReference toyBackend();

/// Opens the toy package at `folder` on the toy backend with a fresh state.
std::unique_ptr<Model> openToyModel(const std::string &folder, ModelOptions options = {});

} // namespace cria::test
