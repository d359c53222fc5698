// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/ProgramRunner.h"

#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "tools/cria-plugin-test/NumberFormats.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <stdexcept>

namespace cria::conformance {
namespace {

Program parse(const CompiledProgram &compiled) {
  StatusOr<Program> program = parseProgram(compiled.json, "program");
  if (!program.ok()) {
    throw std::runtime_error(program.status().message());
  }
  return std::move(*program);
}

std::vector<std::byte> toBytes(const std::string &text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

/// The contents of the arrays of a weight.
using Arrays = std::vector<std::vector<std::byte>>;

std::vector<std::byte> packDense(const Matrix &logical, const ProgramWeight &weight) {
  const ProgramWeightArray &array = weight.arrays.at(0);
  const auto type = static_cast<uint32_t>(array.type);
  const PhysicalLayout physical{.kind = weight.layout,
                                .rows = static_cast<int64_t>(logical.rows),
                                .columns = static_cast<int64_t>(logical.columns)};
  std::vector<std::byte> bytes(array.size, std::byte{0});
  for (uint64_t i = 0; i < logical.rows; ++i) {
    for (uint64_t j = 0; j < logical.columns; ++j) {
      const auto element =
          static_cast<uint64_t>(physical.offsetOf(static_cast<int64_t>(i), static_cast<int64_t>(j)));
      encodeElement(type, roundToType(type, logical.at(i, j)),
                    bytes.data() + element * plugin::sizeOfType(type));
    }
  }
  return bytes;
}

/// The encoded rows of a weight, one after the other.
std::vector<std::byte> encode(const Matrix &logical, const WeightFormatTraits &format) {
  const uint64_t bytes = rowBytes(format, static_cast<int64_t>(logical.columns));
  std::vector<std::byte> rows(logical.rows * bytes);
  std::vector<float> values(logical.columns);
  for (uint64_t row = 0; row < logical.rows; ++row) {
    for (uint64_t j = 0; j < logical.columns; ++j) {
      values[j] = static_cast<float>(logical.at(row, j));
    }
    encodeRow(format, values, rows.data() + row * bytes);
  }
  return rows;
}

std::vector<std::byte> packPanels(const Matrix &logical, const WeightFormatTraits &format, uint64_t size) {
  const auto columns = static_cast<int64_t>(logical.columns);
  const std::vector<std::byte> encoded = encode(logical, format);
  const auto panelRows = static_cast<size_t>(PanelBlocks::kRows) * rowBytes(format, columns);
  const auto panelBytes = static_cast<size_t>(panelBlocks(format, columns).bytes());
  std::vector<std::byte> bytes(size, std::byte{0});
  for (size_t i = 0; i * panelRows < encoded.size(); ++i) {
    const auto left = std::span(encoded).subspan(i * panelRows);
    packPanel(format, columns, left.first(std::min(left.size(), panelRows)),
              std::span(bytes).subspan(i * panelBytes, panelBytes));
  }
  return bytes;
}

/// The rows of each plane in an array of their own.
Arrays packPlanes(const Matrix &logical, const ProgramWeight &weight) {
  const WeightFormatTraits &format = traitsOf(weight.format);
  const int64_t shape[] = {static_cast<int64_t>(logical.rows), static_cast<int64_t>(logical.columns)};
  const std::vector<std::byte> encoded = encode(logical, format);
  const uint64_t stride = rowBytes(format, shape[1]);
  Arrays arrays;
  for (uint64_t first = 0; const WeightArray &array : arraysOf(format, weight.layout, shape)) {
    std::vector<std::byte> &bytes = arrays.emplace_back(array.size, std::byte{0});
    const uint64_t element = plugin::sizeOfType(static_cast<uint32_t>(array.type));
    const uint64_t size = static_cast<uint64_t>(array.rowElements) * element;
    for (int64_t row = 0; row < shape[0]; ++row) {
      std::copy_n(encoded.data() + static_cast<uint64_t>(row) * stride + first, size,
                  bytes.data() + static_cast<uint64_t>(array.placement.offsetOf(row, 0)) * element);
    }
    first += size;
  }
  return arrays;
}

/// Padding of a layout is zero.
Arrays packWeight(const Matrix &logical, const ProgramWeight &weight) {
  if (isDense(weight.format)) {
    return {packDense(logical, weight)};
  }
  return weight.layout == PhysicalLayout::Kind::panel16
             ? Arrays{packPanels(logical, traitsOf(weight.format), weight.arrays.at(0).size)}
             : packPlanes(logical, weight);
}

Arrays zerosOf(const ProgramWeight &weight) {
  Arrays arrays;
  for (const ProgramWeightArray &array : weight.arrays) {
    arrays.emplace_back(array.size, std::byte{0});
  }
  return arrays;
}

Matrix assemble(const WeightRows &weight, const Tensors &tensors) {
  const uint64_t columns = tensors.at(weight.rows.front().first).columns;
  Matrix result{weight.rows.size(), columns, std::vector<double>(weight.rows.size() * columns, 0.0)};
  for (size_t row = 0; row < weight.rows.size(); ++row) {
    const auto &[tensor, source] = weight.rows[row];
    for (uint64_t j = 0; j < columns && !tensor.empty(); ++j) {
      result.at(row, j) = tensors.at(tensor).at(static_cast<uint64_t>(source), j);
    }
  }
  return result;
}

/// Returns the contents that a buffer begins with: its values if it is a constant, otherwise zeros.
std::vector<std::byte> contentsOf(const ProgramBuffer &buffer) {
  std::vector<std::byte> bytes(buffer.size, std::byte{0});
  const auto words = std::as_bytes(std::span(buffer.data));
  std::copy_n(words.begin(), std::min<uint64_t>(words.size(), bytes.size()), bytes.begin());
  return bytes;
}

Attribute attributeOf(const ProgramAttribute &attribute) {
  if (const auto *integer = std::get_if<int64_t>(&attribute.value)) {
    return intAttribute(attribute.name, *integer);
  }
  if (const auto *number = std::get_if<double>(&attribute.value)) {
    return floatAttribute(attribute.name, *number);
  }
  return textAttribute(attribute.name, std::get<std::string>(attribute.value));
}

void requireOk(const Outcome &outcome, const std::string &what) {
  if (!outcome.ok()) {
    throw std::runtime_error(what + ": " + outcome.message);
  }
}

} // namespace

ProgramRunner::ProgramRunner(Device &device, const CompiledProgram &program, const Tensors &tensors,
                             uint64_t pages)
    : device_(device), program_(parse(program)), pages_(pages) {
  loadCode(program);
  addWeights(program, tensors);
  addBuffers();
  const uint64_t kvSize = program_.kv.pageBytes * pages;
  memory_["kv"] = {device_.allocate(std::vector<std::byte>(std::max<uint64_t>(kvSize, 64))), 0, kvSize};
  memory_["step"] = {device_.allocate(program_.step.size), 0, program_.step.size};
  initialize();
}

void ProgramRunner::initialize() {
  uploadStep({});
  requireOk(run(device_, code_, entriesOf("initialize", {})), "initialize");
}

void ProgramRunner::loadCode(const CompiledProgram &program) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = program.abiVersion,
                                  .format = {program.format.data(), program.format.size()},
                                  .features = {program.features.data(), program.features.size()}};
  requireOk(device_.load(info, toBytes(program.code), "", &code_), "load");
}

void ProgramRunner::addWeights(const CompiledProgram &program, const Tensors &tensors) {
  std::map<std::string, const WeightRows *> rows;
  for (const WeightRows &weight : program.weights) {
    rows[weight.weight] = &weight;
  }
  for (const ProgramWeight &weight : program_.weights) {
    const WeightRows &source = *rows.at(weight.name);
    // A weight that `initialize` writes begins as zeros, which remain in the padding of its layout.
    const Arrays packed =
        source.rows.empty() ? zerosOf(weight) : packWeight(assemble(source, tensors), weight);
    for (size_t i = 0; i < packed.size(); ++i) {
      memory_[arrayName(weight.name, weight.arrays[i].suffix)] = {device_.allocate(packed[i]), 0,
                                                                  packed[i].size()};
    }
  }
}

void ProgramRunner::addBuffers() {
  arena_ = device_.allocate(std::max<uint64_t>(program_.arenaBytes(), 64));
  for (const ProgramBuffer &buffer : program_.buffers) {
    Memory &memory = memory_[buffer.name];
    if (buffer.kind == BufferKind::arena) {
      memory = {arena_, buffer.offset, buffer.size};
      continue;
    }
    memory = {device_.allocate(contentsOf(buffer)), 0, buffer.size};
    if (buffer.kind == BufferKind::result) {
      resultName_ = buffer.name;
      resultColumns_ = buffer.shape.back().value;
    }
  }
}

/// The runtime resolves S to the limit. Here it is exact, so that reading beyond the arrays is detected.
uint64_t ProgramRunner::dimensionOf(const Extent &extent, const StepSizes &sizes) const {
  ProgramLimits exact = program_.limits;
  exact.maxSequences = static_cast<uint32_t>(sizes.sequences);
  return resolveExtent(extent, exact, sizes.tokens, sizes.outputs, pages_);
}

Operand ProgramRunner::operandOf(const ProgramBinding &binding, const StepSizes &sizes) const {
  const Memory &memory = memory_.at(binding.bufferName);
  Operand operand{.name = binding.name, .buffer = memory.buffer, .offset = memory.offset + binding.offset};
  operand.size = binding.toEnd ? memory.size - binding.offset : binding.size;
  operand.type = static_cast<uint32_t>(binding.type);
  for (const Extent &extent : binding.shape) {
    operand.shape.push_back(dimensionOf(extent, sizes));
  }
  operand.strides = binding.strides;
  operand.access = binding.access;
  operand.isResult = binding.access != CRIA_ACCESS_READ;
  return operand;
}

Entry ProgramRunner::entryOf(const ProgramDispatch &dispatch, const StepSizes &sizes) const {
  const ProgramKernel &kernel = program_.kernels[dispatch.kernel];
  const bool isOp = kernel.kind == KernelKind::op;
  Entry entry{.kind = isOp ? CRIA_ENTRY_OP : CRIA_ENTRY_KERNEL, .name = isOp ? kernel.op : kernel.symbol};
  for (const ProgramBinding &binding : dispatch.bindings) {
    entry.operands.push_back(operandOf(binding, sizes));
  }
  for (const ProgramAttribute &attribute : kernel.attributes) {
    entry.attributes.push_back(attributeOf(attribute));
  }
  for (size_t d = 0; d < entry.grid.size(); ++d) {
    entry.grid[d] = static_cast<uint32_t>(resolveGrid(dispatch.grid[d], sizes.tokens, sizes.outputs));
  }
  entry.block = kernel.block;
  entry.scratchBytes = kernel.scratchBytes;
  return entry;
}

/// Returns the values of each field, in the order of kStepFields.
std::array<std::vector<int64_t>, kNumStepFields> ProgramRunner::stepFields(const StepInputs &inputs) const {
  std::vector<int64_t> blockTable;
  for (std::vector<int64_t> row : inputs.blockTable) {
    row.resize(program_.limits.maxPagesPerSequence, -1);
    blockTable.insert(blockTable.end(), row.begin(), row.end());
  }
  const std::vector<int64_t> numTokens{static_cast<int64_t>(inputs.tokens.size())};
  const std::vector<int64_t> numOutputs{static_cast<int64_t>(inputs.outputs.size())};
  const std::vector<int64_t> numSequences{static_cast<int64_t>(inputs.blockTable.size())};
  return {numTokens,        numOutputs,   numSequences,          inputs.tokens, inputs.positions,
          inputs.sequences, inputs.slots, inputs.sequenceStarts, blockTable,    inputs.outputs};
}

void ProgramRunner::uploadStep(const StepInputs &inputs) {
  // Elements after the ends of the arrays are -1, so that reading them is detected.
  std::vector<int32_t> words(program_.step.size / kStepElementBytes, -1);
  const std::array<std::vector<int64_t>, kNumStepFields> values = stepFields(inputs);
  for (uint32_t i = 0; i < kNumStepFields; ++i) {
    const StepField &field = program_.step.fields[i];
    if (values[i].size() > field.length) {
      throw std::runtime_error(fmt::format("step field {}: expected at most {} elements, got {}",
                                           kStepFields[i].name, field.length, values[i].size()));
    }
    std::copy(values[i].begin(), values[i].end(),
              words.begin() + static_cast<std::ptrdiff_t>(field.offset / kStepElementBytes));
  }
  requireOk(outcomeOf([&](cria_message *message) {
              return device_.api().upload(device_.queue(), memory_["step"].buffer, 0, words.data(),
                                          words.size() * sizeof(int32_t), message);
            }),
            "upload");
}

std::vector<Entry> ProgramRunner::entriesOf(const std::string &entryName, const StepInputs &inputs) const {
  const StepSizes sizes{inputs.tokens.size(), inputs.outputs.size(), inputs.blockTable.size()};
  std::vector<Entry> entries;
  const ProgramEntry *entry = program_.findEntry(entryName);
  for (size_t i = 0; entry != nullptr && i < entry->dispatches.size(); ++i) {
    Entry dispatch = entryOf(entry->dispatches[i], sizes);
    if (std::count(dispatch.grid.begin(), dispatch.grid.end(), 0u) == 0) {
      entries.push_back(std::move(dispatch));
    }
  }
  return entries;
}

Matrix ProgramRunner::step(const std::string &entry, const StepInputs &inputs) {
  uploadStep(inputs);
  const Memory &result = memory_.at(resultName_);
  constexpr uint32_t kNan = 0xFFFFFFFFu;
  device_.api().fill(device_.queue(), arena_, 0, program_.arenaBytes(), kNan, nullptr);
  device_.api().fill(device_.queue(), result.buffer, 0, result.size, kNan, nullptr);
  requireOk(run(device_, code_, entriesOf(entry, inputs)), entry);
  return readResult(inputs.outputs.size());
}

Matrix ProgramRunner::readResult(uint64_t rows) {
  const Memory &result = memory_.at(resultName_);
  const std::vector<std::byte> bytes = device_.download(result.buffer, result.size);
  const auto isUntouched = [](std::byte byte) { return byte == std::byte{0xFF}; };
  if (!std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(rows * resultColumns_ * 4), bytes.end(),
                   isUntouched)) {
    throw std::runtime_error("step wrote rows after its " + std::to_string(rows) + " rows of the result");
  }
  Matrix matrix{rows, resultColumns_, std::vector<double>(rows * resultColumns_)};
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    matrix.values[i] = decodeElement(CRIA_TYPE_F32, bytes.data() + i * 4);
  }
  return matrix;
}

std::vector<std::pair<std::string, uint64_t>> ProgramRunner::times(const std::string &entry,
                                                                   const StepInputs &inputs) {
  uploadStep(inputs);
  const std::vector<Entry> entries = entriesOf(entry, inputs);
  std::vector<uint64_t> nanoseconds(entries.size());
  cria_profile profile{.struct_size = sizeof(profile),
                       .num_entries = static_cast<uint32_t>(entries.size()),
                       .nanoseconds = nanoseconds.data()};
  const cria_backend_api &api = device_.api();
  if (api.profile_enable == nullptr || api.profile_read == nullptr) {
    throw std::runtime_error("backend does not support profiling");
  }
  requireOk(outcomeOf([&](cria_message *m) { return api.profile_enable(device_.queue(), 1, m); }), "profile");
  requireOk(run(device_, code_, entries), entry);
  requireOk(outcomeOf([&](cria_message *m) { return api.profile_read(device_.queue(), &profile, m); }),
            "profile");
  std::vector<std::pair<std::string, uint64_t>> times;
  for (size_t i = 0; i < entries.size(); ++i) {
    times.emplace_back(entries[i].name, nanoseconds[i]);
  }
  return times;
}

} // namespace cria::conformance
