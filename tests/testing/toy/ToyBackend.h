// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A backend, linked into tests, that runs the toy package. Its logits are a function of the tokens in the KV
// pages. Tests can replace that function, make steps fail, and inspect the steps that ran.
#pragma once

#include "runtime/exec/Model.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace cria::test {

/// Computes the logits of a sequence with these tokens.
using ToyLogits = std::function<void(std::span<const int32_t> history, std::span<float> logits)>;

struct ToyState {
  ToyLogits logits;                  // empty: hashLogits
  int failAfter = -1;                // replays that succeed before one fails; -1: none fails
  std::function<void()> onReplay;    // called before each replay
  std::function<void()> afterReplay; // called after each successful replay
  bool hidden = false;               // the result is not host-visible and weights cannot be imported
  uint64_t freeBytes = 0;            // free memory that the device reports; 0: unknown
  std::vector<std::string> steps;    // "T rows R outputs" of every replay, or "R outputs alone"
  uint64_t numRecords = 0;
};
ToyState &toyState();

/// Computes logits that are integers below 65536 and depend on all tokens of the history and their order.
void hashLogits(std::span<const int32_t> history, std::span<float> logits);
/// Returns the expected logits of the toy model: those of ToyState::logits or hashLogits, plus the weight
/// table.
std::vector<float> toyLogits(std::span<const int32_t> history, uint32_t vocabSize);

BackendReference toyBackend();

/// Opens the toy package in `folder` on the toy backend, and resets the toy state.
std::unique_ptr<Model> openToyModel(const std::string &folder, const ModelOptions &options = {});

} // namespace cria::test
