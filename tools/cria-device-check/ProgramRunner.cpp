// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/ProgramRunner.h"

#include "format/WeightLayout.h"
#include "tools/cria-plugin-test/NumberFormats.h"

#include <algorithm>
#include <stdexcept>

namespace cria::conformance {
namespace {

uint32_t typeOf(const std::string &name) {
  static const std::map<std::string, uint32_t> kTypes{
      {"f32", CRIA_TYPE_F32}, {"f16", CRIA_TYPE_F16}, {"bf16", CRIA_TYPE_BF16}, {"i32", CRIA_TYPE_I32},
      {"u32", CRIA_TYPE_U32}, {"u8", CRIA_TYPE_U8},   {"i8", CRIA_TYPE_I8}};
  return kTypes.at(name);
}

std::vector<std::byte> toBytes(const std::string &text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// Padding elements of a layout are zero.
std::vector<std::byte> packWeight(const Matrix &logical, uint32_t type, const std::string &layout,
                                  uint64_t size) {
  const PhysicalLayout physical{.kind = layoutKindOf(layout).value(),
                                .rows = static_cast<int64_t>(logical.rows),
                                .columns = static_cast<int64_t>(logical.columns)};
  std::vector<std::byte> bytes(size, std::byte{0});
  for (uint64_t i = 0; i < logical.rows; ++i) {
    for (uint64_t j = 0; j < logical.columns; ++j) {
      const auto element =
          static_cast<uint64_t>(physical.offsetOf(static_cast<int64_t>(i), static_cast<int64_t>(j)));
      encodeElement(type, roundToType(type, logical.at(i, j)), bytes.data() + element * sizeOfType(type));
    }
  }
  return bytes;
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

std::vector<std::byte> constantBytes(const nlohmann::ordered_json &buffer) {
  std::vector<std::byte> bytes(buffer["size"].get<uint64_t>(), std::byte{0});
  const uint32_t type = typeOf(buffer["type"]);
  for (size_t i = 0; i < buffer["data"].size(); ++i) {
    encodeElement(type, buffer["data"][i], bytes.data() + i * sizeOfType(type));
  }
  return bytes;
}

void requireOk(const Outcome &outcome, const std::string &what) {
  if (!outcome.ok()) {
    throw std::runtime_error(what + ": " + outcome.message);
  }
}

} // namespace

ProgramRunner::ProgramRunner(Device &device, const CompiledProgram &program, const Tensors &tensors,
                             uint64_t pages)
    : device_(device), program_(Json::parse(program.json)), pages_(pages) {
  loadCode(program);
  addWeights(program, tensors);
  addBuffers();
  const uint64_t kvSize = program_["kv"]["page_bytes"].get<uint64_t>() * pages;
  memory_["kv"] = {device_.allocate(std::vector<std::byte>(std::max<uint64_t>(kvSize, 64))), 0, kvSize};
  const uint64_t stepSize = program_["step"]["size"];
  memory_["step"] = {device_.allocate(stepSize), 0, stepSize};
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
  for (const Json &weight : program_["weights"]) {
    const std::string name = weight["name"];
    const Json &array = weight["arrays"].at(0); // weights of kernels are dense
    const uint64_t size = array["size"];
    const WeightRows &source = *rows.at(name);
    // A weight that `initialize` writes begins as zeros, which remain in the padding of its layout.
    const std::vector<std::byte> packed =
        source.rows.empty()
            ? std::vector<std::byte>(size, std::byte{0})
            : packWeight(assemble(source, tensors), typeOf(array["type"]), weight["layout"], size);
    memory_[name] = {device_.allocate(packed), 0, size};
  }
}

void ProgramRunner::addBuffers() {
  for (const Json &buffer : program_["buffers"]) {
    if (buffer["kind"] == "arena") {
      arenaSize_ = std::max(arenaSize_, buffer["offset"].get<uint64_t>() + buffer["size"].get<uint64_t>());
    }
  }
  arena_ = device_.allocate(std::max<uint64_t>(arenaSize_, 64));
  for (const Json &buffer : program_["buffers"]) {
    const uint64_t size = buffer["size"];
    Memory &memory = memory_[buffer["name"].get<std::string>()];
    if (buffer["kind"] == "arena") {
      memory = {arena_, buffer["offset"].get<uint64_t>(), size};
      continue;
    }
    memory = {
        device_.allocate(buffer.contains("data") ? constantBytes(buffer) : std::vector<std::byte>(size)), 0,
        size};
    if (buffer["kind"] == "result") {
      resultName_ = buffer["name"];
      resultColumns_ = buffer["shape"].back();
    }
  }
}

uint64_t ProgramRunner::dimensionOf(const Json &value, const StepSizes &sizes) const {
  if (value.is_number()) {
    return value;
  }
  const std::map<std::string, uint64_t> named{{"T", sizes.tokens},
                                              {"R", sizes.outputs},
                                              {"S", sizes.sequences},
                                              {"S+1", sizes.sequences + 1},
                                              {"P", pages_}};
  return named.at(value);
}

Operand ProgramRunner::operandOf(const Json &binding, const StepSizes &sizes) const {
  const Memory &memory = memory_.at(binding["buffer"]);
  const uint64_t offset = binding["offset"];
  Operand operand{.name = binding["name"], .buffer = memory.buffer, .offset = memory.offset + offset};
  operand.size = binding["size"] == "rest" ? memory.size - offset : binding["size"].get<uint64_t>();
  operand.type = typeOf(binding["type"]);
  for (const Json &value : binding["shape"]) {
    operand.shape.push_back(dimensionOf(value, sizes));
  }
  operand.strides = binding["strides"].get<std::vector<uint64_t>>();
  const std::string access = binding["access"];
  operand.access = access == "read"    ? CRIA_ACCESS_READ
                   : access == "write" ? CRIA_ACCESS_WRITE
                                       : CRIA_ACCESS_READ_WRITE;
  operand.isResult = access != "read";
  return operand;
}

Entry ProgramRunner::entryOf(const Json &dispatch, const StepSizes &sizes) const {
  const Json &kernel = program_["kernels"][dispatch["kernel"].get<size_t>()];
  const bool isOp = kernel["kind"] == "op";
  Entry entry{.kind = isOp ? CRIA_ENTRY_OP : CRIA_ENTRY_KERNEL, .name = kernel[isOp ? "op" : "symbol"]};
  for (const Json &binding : dispatch["bindings"]) {
    entry.operands.push_back(operandOf(binding, sizes));
  }
  for (size_t d = 0; d < dispatch["grid"].size(); ++d) {
    const Json &dimension = dispatch["grid"][d];
    const uint64_t tile = dimension["tile"];
    const uint64_t count = (dimensionOf(dimension["of"], sizes) + tile - 1) / tile;
    entry.grid[d] = static_cast<uint32_t>(dimension["times"].get<uint64_t>() * count);
  }
  if (!isOp) {
    entry.scratchBytes = kernel["scratch_bytes"];
    entry.block = kernel.value("block", entry.block);
    return entry;
  }
  for (const auto &[name, value] : kernel["attributes"].items()) {
    entry.attributes.push_back(value.is_string()         ? textAttribute(name, value)
                               : value.is_number_float() ? floatAttribute(name, value)
                                                         : intAttribute(name, value));
  }
  return entry;
}

void ProgramRunner::uploadStep(const StepInputs &inputs) {
  // Elements after the ends of the arrays are -1, so that reading them is detected.
  std::vector<int32_t> words(program_["step"]["size"].get<uint64_t>() / 4, -1);
  std::map<std::string, std::vector<int64_t>> arrays{
      {"num_tokens", {static_cast<int64_t>(inputs.tokens.size())}},
      {"num_outputs", {static_cast<int64_t>(inputs.outputs.size())}},
      {"num_sequences", {static_cast<int64_t>(inputs.blockTable.size())}},
      {"tokens", inputs.tokens},
      {"positions", inputs.positions},
      {"sequences", inputs.sequences},
      {"slots", inputs.slots},
      {"sequence_starts", inputs.sequenceStarts},
      {"outputs", inputs.outputs},
      {"block_table", {}}};
  const size_t maxPages = program_["limits"]["max_pages_per_sequence"];
  for (std::vector<int64_t> row : inputs.blockTable) {
    row.resize(maxPages, -1);
    arrays["block_table"].insert(arrays["block_table"].end(), row.begin(), row.end());
  }
  for (const Json &field : program_["step"]["fields"]) {
    const std::vector<int64_t> &values = arrays.at(field["name"]);
    if (values.size() > field["length"].get<size_t>()) {
      throw std::runtime_error("step field " + field["name"].get<std::string>() + " is too short");
    }
    std::copy(values.begin(), values.end(), words.begin() + field["offset"].get<std::ptrdiff_t>() / 4);
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
  for (const Json &entry : program_["entries"]) {
    for (size_t i = 0; entry["name"] == entryName && i < entry["dispatches"].size(); ++i) {
      Entry dispatch = entryOf(entry["dispatches"][i], sizes);
      if (std::count(dispatch.grid.begin(), dispatch.grid.end(), 0u) == 0) {
        entries.push_back(std::move(dispatch));
      }
    }
  }
  return entries;
}

Matrix ProgramRunner::step(const std::string &entry, const StepInputs &inputs) {
  uploadStep(inputs);
  const Memory &result = memory_.at(resultName_);
  constexpr uint32_t kNan = 0xFFFFFFFFu;
  device_.api().fill(device_.queue(), arena_, 0, arenaSize_, kNan, nullptr);
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
