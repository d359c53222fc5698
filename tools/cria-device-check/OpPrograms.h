// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small llama modules around one op, as MLIR text with random tensors, and random steps for them. Activations
// come from look-ups in tables, so that they are the same numbers on every backend.
#pragma once

#include "tools/cria-device-check/ProgramRunner.h"
#include "tools/cria-plugin-test/RandomCalls.h"

namespace cria::conformance {

/// The KV cache that an op program is given.
struct ProgramCache {
  uint64_t layers = 1;
  uint64_t kvHeads = 1;
  uint64_t headDim = 16;
  std::string type = "f16";
  ProgramLimits limits;
};

class OpProgram {
public:
  static constexpr uint64_t kVocabulary = 40;

  OpProgram(Random &random, ProgramCache cache = {}) : random_(random), cache_(std::move(cache)) {}

  /// Each adds a weight with random values and makes it %<name>.
  void addMatrix(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns);
  void addVector(const std::string &name, uint64_t size);
  /// Gate and up of `rows` rows each, interleaved in blocks of 16.
  void addGateUp(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns);
  /// cos and sin of the context's positions.
  void addRopeTable(const std::string &name);
  /// Makes %<name>: rows of activations of this width.
  void addActivations(const std::string &name, uint64_t columns, const std::string &tableType = "f32");
  /// The same from a table that the device makes: random(seed) weights.
  void addRandomActivations(const std::string &name, uint64_t columns, const std::string &tableType);

  /// Appends a line; "$T" stands for the extent of rows, "?" or "1".
  void line(const std::string &text) { body_ += "  " + text + "\n"; }
  /// The last lines: %<value> of this width is what @outputs picks from.
  void finish(const std::string &value, uint64_t columns);
  /// The same for rows that are picked already: tensor<?x..>.
  void finishPicked(const std::string &value, uint64_t columns);

  static std::string rowsType(uint64_t columns);
  static std::string weightType(const std::string &type, uint64_t rows, uint64_t columns);

  /// With entries @decode (T = 1), @small (T up to 8) and @prefill (any T).
  std::string module() const;
  const Tensors &tensors() const { return tensors_; }
  const ProgramLimits &limits() const { return cache_.limits; }
  uint64_t context() const { return static_cast<uint64_t>(cache_.limits.context); }

private:
  std::string entry(const std::string &name, const std::string &extent, int64_t maxTokens) const;
  void addLookup(const std::string &name, uint64_t columns, const std::string &tableType,
                 const std::string &recipe);
  void declare(const std::string &name, const std::string &type, const std::string &recipe);

  Random &random_;
  ProgramCache cache_;
  std::string weights_;
  std::string body_;
  uint64_t resultColumns_ = 0;
  Tensors tensors_;
};

/// Grows random sequences step by step; pages are handed out in random order.
class StepMaker {
public:
  StepMaker(Random &random, uint64_t sequences, uint64_t pages);
  /// Up to maxRows new rows for each sequence (at least one row in all), then padding rows.
  StepInputs next(uint64_t maxRowsPerSequence, uint64_t paddingRows);

private:
  static constexpr uint64_t kPageTokens = 32;
  void append(StepInputs &step, size_t sequence);

  Random &random_;
  std::vector<int64_t> freePages_;
  std::vector<uint64_t> lengths_;
  std::vector<std::vector<int64_t>> blockTable_;
};

/// One step for each row of a step that has one, in order; all rows give an output.
std::vector<StepInputs> rowByRow(const StepInputs &step);

} // namespace cria::conformance
