// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small llama modules around one op, as MLIR text with random tensors, and random steps for them. Activations
// are rows of an embedding table, so that they are equal on every backend.
#pragma once

#include "tools/cria-device-check/ProgramRunner.h"
#include "tools/cria-plugin-test/RandomCalls.h"

namespace cria::conformance {

/// Positions in a page of the KV cache.
inline constexpr uint64_t kPageTokens = 32;

/// The KV cache of an op program.
struct ProgramCache {
  uint64_t layers = 1;
  uint64_t kvHeads = 1;
  uint64_t headDim = 16;
  std::string type = "f16";
  CaseLimits limits;
  bool seedsMatrices = false; // the device generates the matrices of weights: random(OpProgram::kSeed)
};

class OpProgram {
public:
  static constexpr uint64_t kVocabulary = 40;
  static constexpr uint32_t kSeed = 42; // of weights that the device generates

  OpProgram(Random &random, ProgramCache cache = {}) : random_(random), cache_(std::move(cache)) {}

  /// Add a weight with random values, %<name>. If the device generates a matrix, tensors() lacks it.
  void addMatrix(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns);
  void addVector(const std::string &name, uint64_t size);
  /// Adds gate and up weights of `rows` rows each, interleaved in blocks of 16.
  void addGateUp(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns);
  /// Adds the table of RoPE's cosines and sines for all positions of the context.
  void addRopeTable(const std::string &name);
  /// Adds %<name>, a tensor of activations with `columns` columns.
  void addActivations(const std::string &name, uint64_t columns, const std::string &tableType = "f32");
  /// The same from a table that the device generates: random(seed) weights.
  void addRandomActivations(const std::string &name, uint64_t columns, const std::string &tableType);

  /// Appends a line. "$T" stands for the dimension of rows, "?" or "1".
  void line(const std::string &text) { body_ += "  " + text + "\n"; }
  /// Appends the last lines, which return the rows of %<value> that `outputs` selects.
  void finish(const std::string &value, uint64_t columns);
  /// The same for rows that are already gathered: tensor<?x..>.
  void finishPicked(const std::string &value, uint64_t columns);

  static std::string rowsType(uint64_t columns);
  static std::string weightType(const std::string &type, uint64_t rows, uint64_t columns);

  /// Returns the module, with entry points @decode (T = 1), @small (T up to 8) and @prefill (any T).
  std::string module() const;
  const Tensors &tensors() const { return tensors_; }
  const CaseLimits &limits() const { return cache_.limits; }
  uint64_t context() const { return static_cast<uint64_t>(cache_.limits.context); }

private:
  std::string entry(const std::string &name, const std::string &rows, int64_t maxTokens) const;
  void addLookup(const std::string &name, uint64_t columns, const std::string &tableType,
                 const std::string &recipe);
  std::string matrixRecipe(const std::string &tensor, uint64_t rows, uint64_t columns);
  void declare(const std::string &name, const std::string &type, const std::string &recipe);

  Random &random_;
  ProgramCache cache_;
  std::string weights_;
  std::string body_;
  uint64_t resultColumns_ = 0;
  Tensors tensors_;
};

/// Makes steps of random sequences that grow. Allocates pages in random order.
class StepMaker {
public:
  StepMaker(Random &random, uint64_t sequences, uint64_t pages);
  /// Returns a step with up to `maxRowsPerSequence` new rows for each sequence, at least one row in all, and
  /// then padding rows.
  StepInputs next(uint64_t maxRowsPerSequence, uint64_t paddingRows);

private:
  void append(StepInputs &step, size_t sequence);

  Random &random_;
  std::vector<int64_t> freePages_;
  std::vector<uint64_t> lengths_;
  std::vector<std::vector<int64_t>> blockTable_;
};

/// Returns one step with an output for each row of a step except padding rows, in order.
std::vector<StepInputs> rowByRow(const StepInputs &step);

} // namespace cria::conformance
