// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fills panels of weights with codes (format/PanelBlocks.h) with random weights: sixteen rows that are one
// panel together, others row by row. Rows share no byte of a panel.
#include "passes/targets/cpu/CodedPanels.h"
#include "passes/targets/cpu/SourceRows.h"
#include "passes/targets/cpu/WeightKernels.h"

#include "format/ElementConversion.h"

using namespace mlir;

namespace cria::cpu {
namespace {

class CodedFillEmitter {
public:
  CodedFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e_(kernel.emitter()), rows_(kernel), format_(traitsOf(spec.format)),
        blocks_(panelBlocks(format_, spec.columns)), terms_(randomTerms(format_, uint64_t(spec.columns))),
        weight_(kernel.buffer("weight")) {}

  void emit() {
    rows_.forPanelOrRows([&](Index destination) { emitPanel(destination, rows_.keys(), e_.index(0)); },
                         [&](Index row) {
                           Index destination = rows_.destinationOf(row);
                           emitPanel(destination, rows_.keyOf(row), destination % kLanes);
                         });
  }

private:
  /// Writes the rows with `keys`, an i32 for each, from lane `lane` on of a panel.
  void emitPanel(Index destination, Value keys, Index lane);
  void emitTerms(Index block, Index lane, int64_t columns);
  void emitFloats(Index at, Index lane, ElementType type, float value);
  void emitIntegers(Index at, Index lane, int bits, uint32_t value, int64_t groups);
  void emitCodes(Index lines, Index lane, Value keys, Index column, int64_t columns);
  Value word(Value keys, Index column, int64_t columns);

  int64_t rowsOf(Value keys) { return isa<VectorType>(keys.getType()) ? kLanes : 1; }
  /// Stores the bytes of a value, one for each row, from byte `at` on.
  void put(Value value, Index at) {
    auto vector = dyn_cast<VectorType>(value.getType());
    Type element = vector ? vector.getElementType() : value.getType();
    const int64_t lanes = vector ? vector.getNumElements() : 1;
    Value whole = vector ? value : Value(vector::BroadcastOp::create(e_, e_.vectorOf(element, 1), value));
    const int64_t bytes = lanes * element.getIntOrFloatBitWidth() / 8;
    e_.storeRaw(e_.bitcast(whole, e_.vectorOf(e_.getI8Type(), bytes)), weight_, at);
  }
  /// The constant for each row that is written.
  Value constant(int64_t value, int bytes) {
    Type type = e_.getIntegerType(unsigned(8 * bytes));
    return isPanel_ ? e_.broadcast(e_.intConst(value, type)) : e_.intConst(value, type);
  }

  Emitter &e_;
  SourceRows rows_;
  const WeightFormatTraits &format_;
  PanelBlocks blocks_;
  RandomTerms terms_;
  Value weight_;
  bool isPanel_ = false; ///< what is written now: a panel, or a row
};

void CodedFillEmitter::emitFloats(Index at, Index lane, ElementType type, float value) {
  int32_t bits = 0;
  convertElements(ElementType::f32, reinterpret_cast<const std::byte *>(&value), type,
                  reinterpret_cast<std::byte *>(&bits), 1);
  const auto bytes = int64_t(sizeOf(type));
  put(constant(bits, int(bytes)), at + lane * bytes);
}

/// The fields of `groups` equal small integers, of which 8 are stored together.
void CodedFillEmitter::emitIntegers(Index at, Index lane, int bits, uint32_t value, int64_t groups) {
  for (int64_t first = 0; first < groups; first += PanelBlocks::kUnitGroups) {
    uint32_t rest = value;
    for (int field : codeFields(bits)) {
      for (int64_t line = 0; line < field; ++line, at = at + PanelBlocks::kRows) {
        uint32_t byte = 0;
        for (int64_t group = line; group < std::min(groups - first, PanelBlocks::kUnitGroups);
             group += field) {
          byte |= (rest & ((1u << field) - 1)) << (group / field * field);
        }
        put(constant(byte, 1), at + lane);
      }
      rest >>= field;
    }
  }
}

/// Writes what is applied to the codes of a block, of whose columns `columns` are there.
void CodedFillEmitter::emitTerms(Index block, Index lane, int64_t columns) {
  const int64_t groups = llvm::divideCeil(columns, format_.group);
  const bool isTwoLevel = format_.scale == ScaleKind::twoLevel;
  const auto scaleBytes = kLanes * int64_t(sizeOf(format_.scaleType));
  for (int64_t outer = 0; outer < (isTwoLevel ? 1 : groups); ++outer) {
    emitFloats(block + (blocks_.scales + outer * scaleBytes), lane, format_.scaleType, terms_.scale);
    if (hasMinimums(format_)) {
      emitFloats(block + (blocks_.minimums + outer * kLanes * 2), lane, ElementType::f16, terms_.minimum);
    }
  }
  for (int64_t group = 0; format_.offset == OffsetKind::zeroPoint && group < groups; ++group) {
    put(constant(terms_.zeroPoint, 1), block + (blocks_.zeros + group * PanelBlocks::kRows) + lane);
  }
  if (isTwoLevel) {
    const uint32_t added = format_.hasSignedSubScales ? 1u << (format_.subScaleBits - 1) : 0;
    emitIntegers(block + blocks_.subScales, lane, format_.subScaleBits, terms_.subScale + added, groups);
  }
  if (format_.offset == OffsetKind::twoLevelMinimum) {
    emitIntegers(block + blocks_.subMinimums, lane, format_.subMinimumBits, terms_.subMinimum, groups);
  }
}

/// The codes of up to four columns, a byte for each.
Value CodedFillEmitter::word(Value keys, Index column, int64_t columns) {
  Value word;
  for (int64_t i = 0; i < columns; ++i) {
    Value hashed = rows_.hashOf(e_.toInt(column + i));
    Value hash = emitMix(e_, e_.xorInt(keys, isPanel_ ? e_.broadcast(hashed) : hashed));
    Value code = e_.shiftRight(hash, 32 - format_.bits);
    code = hasSignedCodes(format_) ? e_.xorInt(code, e_.intLike(code, 0x80)) : code;
    code = i == 0 ? code : e_.shiftLeft(code, 8 * i);
    word = word ? e_.orInt(word, code) : code;
  }
  return word ? word : e_.intLike(keys, 0);
}

/// Writes up to 32 columns from `column` on; `lines` is the first byte of their codes.
void CodedFillEmitter::emitCodes(Index lines, Index lane, Value keys, Index column, int64_t columns) {
  Emitter::Values words;
  for (int64_t step = 0; step < PanelBlocks::kGroupColumns; step += PanelBlocks::kStepColumns) {
    words.push_back(
        word(keys, column + step, std::clamp<int64_t>(columns - step, 0, PanelBlocks::kStepColumns)));
  }
  int first = 0;
  for (int field : codeFields(format_.bits)) {
    const int64_t mask = int64_t((1u << field) - 1) * 0x01010101;
    for (int64_t line = 0; line < field; ++line, lines = lines + PanelBlocks::kLineBytes) {
      Value value = e_.intLike(keys, 0);
      for (int64_t step = line; step < int64_t(words.size()); step += field) {
        Value part = e_.andInt(e_.shiftRight(words[size_t(step)], first), e_.intLike(keys, mask));
        value = e_.orInt(value, e_.shiftLeft(part, step / field * field));
      }
      put(value, lines + lane * PanelBlocks::kStepColumns);
    }
    first += field;
  }
}

void CodedFillEmitter::emitPanel(Index destination, Value keys, Index lane) {
  isPanel_ = rowsOf(keys) == kLanes;
  const int64_t group = PanelBlocks::kGroupColumns;
  Index panel = destination / kLanes * blocks_.bytes();
  auto writeGroup = [&](Index block, Index first, Index inBlock, int64_t columns) {
    emitCodes(block + (inBlock * blocks_.groupBytes + blocks_.codes), lane, keys, first + inBlock * group,
              columns);
  };
  auto writeBlock = [&](Index index, int64_t columns) {
    Index block = panel + index * blocks_.blockBytes(), first = index * blocks_.block;
    emitTerms(block, lane, columns);
    e_.forEach(e_.index(0), e_.index(columns / group), 1,
               [&](Index inBlock) { writeGroup(block, first, inBlock, group); });
    if (columns % group != 0) {
      writeGroup(block, first, e_.index(columns / group), columns % group);
    }
  };
  e_.forEach(e_.index(0), e_.index(blocks_.fullBlocks()), 1,
             [&](Index block) { writeBlock(block, blocks_.block); });
  if (const int64_t rest = blocks_.columns % blocks_.block; rest != 0) {
    writeBlock(e_.index(blocks_.fullBlocks()), rest);
  }
}

} // namespace

void emitCodedFill(KernelFunction &kernel, const FillSpec &spec) { CodedFillEmitter(kernel, spec).emit(); }

} // namespace cria::cpu
