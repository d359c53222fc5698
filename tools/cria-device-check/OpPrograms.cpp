// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/OpPrograms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cria::conformance {
namespace {

std::string replaceAll(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

Matrix randomTensor(Random &random, uint64_t rows, uint64_t columns, double mean, double deviation) {
  Matrix matrix{rows, columns, std::vector<double>(rows * columns)};
  for (double &value : matrix.values) {
    value = mean + deviation * random.normal();
  }
  return matrix;
}

std::string checkpoint(const std::string &tensor, uint64_t rows, uint64_t columns) {
  const std::string shape = (rows == 0 ? "" : std::to_string(rows) + ", ") + std::to_string(columns);
  return "#llama.checkpoint<\"" + tensor + "\", f32, [" + shape + "]>";
}

std::string randomRecipe(const std::string &tensor, uint64_t rows, uint64_t columns) {
  return "#llama.random<" + std::to_string(OpProgram::kSeed) + ", \"" + tensor + "\", " +
         std::to_string(rows) + " x " + std::to_string(columns) + ">";
}

} // namespace

std::string OpProgram::rowsType(uint64_t columns) { return "tensor<$Tx" + std::to_string(columns) + "xf32>"; }

std::string OpProgram::weightType(const std::string &type, uint64_t rows, uint64_t columns) {
  const std::string first = rows == 0 ? "" : std::to_string(rows) + "x";
  return "!llama.weight<" + first + std::to_string(columns) + ", " + type + ">";
}

void OpProgram::declare(const std::string &name, const std::string &type, const std::string &recipe) {
  weights_ += "llama.weight @" + name + " : " + type + " = " + recipe + "\n";
  line("%" + name + " = llama.use_weight @" + name + " : " + type);
}

/// Returns the recipe of a matrix, and keeps its values unless the device generates them.
std::string OpProgram::matrixRecipe(const std::string &tensor, uint64_t rows, uint64_t columns) {
  if (cache_.seedsMatrices) {
    return randomRecipe(tensor, rows, columns);
  }
  tensors_[tensor] = randomTensor(random_, rows, columns, 0, 1 / std::sqrt(static_cast<double>(columns)));
  return checkpoint(tensor, rows, columns);
}

void OpProgram::addMatrix(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns) {
  declare(name, weightType(type, rows, columns), matrixRecipe(name, rows, columns));
}

void OpProgram::addVector(const std::string &name, uint64_t size) {
  tensors_[name] = randomTensor(random_, 1, size, 1, 0.3);
  declare(name, weightType("f32", 0, size), checkpoint(name, 0, size));
}

void OpProgram::addGateUp(const std::string &name, const std::string &type, uint64_t rows, uint64_t columns) {
  constexpr uint64_t kBlock = 16;
  const std::string gate = matrixRecipe(name + "_g", rows, columns);
  const std::string up = matrixRecipe(name + "_u", rows, columns);
  const uint64_t padded = (rows + kBlock - 1) / kBlock * kBlock;
  declare(name, weightType(type, 2 * padded, columns),
          "#llama.interleave<[" + gate + ", " + up + "], block = 16>");
}

void OpProgram::addRopeTable(const std::string &name) {
  tensors_[name] = matrixOf(ropeTable(context(), cache_.headDim));
  declare(name, weightType("f32", context(), cache_.headDim), checkpoint(name, context(), cache_.headDim));
}

void OpProgram::addActivations(const std::string &name, uint64_t columns, const std::string &tableType) {
  const std::string table = name + "_table";
  tensors_[table] = randomTensor(random_, kVocabulary, columns, 0, 1);
  addLookup(name, columns, tableType, checkpoint(table, kVocabulary, columns));
}

void OpProgram::addRandomActivations(const std::string &name, uint64_t columns,
                                     const std::string &tableType) {
  addLookup(name, columns, tableType, randomRecipe(name, kVocabulary, columns));
}

void OpProgram::addLookup(const std::string &name, uint64_t columns, const std::string &tableType,
                          const std::string &recipe) {
  const std::string table = name + "_table";
  const std::string type = weightType(tableType, kVocabulary, columns);
  declare(table, type, recipe);
  line("%" + name + " = llama.embedding %tokens, %" + table + " : (tensor<$Txi32>, " + type + ") -> " +
       rowsType(columns));
}

void OpProgram::finish(const std::string &value, uint64_t columns) {
  const std::string picked = "tensor<?x" + std::to_string(columns) + "xf32>";
  line("%picked = llama.gather_rows %" + value + ", %outputs : (" + rowsType(columns) +
       ", tensor<?xi32>) -> " + picked);
  finishPicked("picked", columns);
}

void OpProgram::finishPicked(const std::string &value, uint64_t columns) {
  resultColumns_ = columns;
  line("return %" + value + " : tensor<?x" + std::to_string(columns) + "xf32>");
}

std::string OpProgram::entry(const std::string &name, const std::string &rows, int64_t maxTokens) const {
  const std::string ids = "tensor<" + rows + "xi32>";
  return "func.func @" + name + "(%tokens: " + ids + ", %positions: " + ids + ", %sequences: " + ids +
         ", %slots: " + ids +
         ", %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: "
         "!cache) -> " +
         "tensor<?x" + std::to_string(resultColumns_) +
         "xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = " + std::to_string(maxTokens) +
         " : i64} {\n" + replaceAll(body_, "$T", rows) + "}\n";
}

std::string OpProgram::module() const {
  constexpr int64_t kSmallTokens = 8;
  return "!cache = !llama.kv_cache<layers = " + std::to_string(cache_.layers) +
         ", kv_heads = " + std::to_string(cache_.kvHeads) + ", head_dim = " + std::to_string(cache_.headDim) +
         ", " + cache_.type + ">\n" + weights_ + entry("decode", "1", 1) + entry("small", "?", kSmallTokens) +
         entry("prefill", "?", cache_.limits.maxTokens);
}

StepMaker::StepMaker(Random &random, uint64_t sequences, uint64_t pages)
    : random_(random), freePages_(pages), lengths_(sequences, 0), blockTable_(sequences) {
  std::iota(freePages_.begin(), freePages_.end(), 0);
  std::shuffle(freePages_.begin(), freePages_.end(), random.engine());
}

void StepMaker::append(StepInputs &step, size_t sequence) {
  const uint64_t position = lengths_[sequence]++;
  if (position % kPageTokens == 0) {
    blockTable_[sequence].push_back(freePages_.back());
    freePages_.pop_back();
  }
  step.tokens.push_back(static_cast<int64_t>(random_.between(0, OpProgram::kVocabulary - 1)));
  step.positions.push_back(static_cast<int64_t>(position));
  step.sequences.push_back(static_cast<int64_t>(sequence));
  step.slots.push_back(blockTable_[sequence].back() * static_cast<int64_t>(kPageTokens) +
                       static_cast<int64_t>(position % kPageTokens));
  if (random_.coin()) {
    step.outputs.push_back(static_cast<int64_t>(step.tokens.size()) - 1);
  }
}

StepInputs StepMaker::next(uint64_t maxRowsPerSequence, uint64_t paddingRows) {
  StepInputs step;
  step.sequenceStarts.push_back(0);
  for (size_t sequence = 0; sequence < lengths_.size(); ++sequence) {
    const uint64_t rows = random_.between(sequence == 0 ? 1 : 0, maxRowsPerSequence);
    for (uint64_t row = 0; row < rows; ++row) {
      append(step, sequence);
    }
    step.sequenceStarts.push_back(static_cast<int64_t>(step.tokens.size()));
  }
  if (step.outputs.empty()) {
    step.outputs.push_back(0);
  }
  for (uint64_t row = 0; row < paddingRows; ++row) {
    step.tokens.push_back(0);
    step.positions.push_back(0);
    step.sequences.push_back(-1);
    step.slots.push_back(-1);
  }
  step.blockTable = blockTable_;
  return step;
}

std::vector<StepInputs> rowByRow(const StepInputs &step) {
  std::vector<StepInputs> rows;
  for (size_t row = 0; row < step.tokens.size(); ++row) {
    const int64_t sequence = step.sequences[row];
    if (sequence < 0) {
      continue;
    }
    rows.push_back({.tokens = {step.tokens[row]},
                    .positions = {step.positions[row]},
                    .sequences = {0},
                    .slots = {step.slots[row]},
                    .sequenceStarts = {0, 1},
                    .outputs = {0},
                    .blockTable = {step.blockTable[static_cast<size_t>(sequence)]}});
  }
  return rows;
}

} // namespace cria::conformance
