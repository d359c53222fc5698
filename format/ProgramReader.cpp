// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses programs/<target>.json member by member, and resolves names to indices.
#include "format/Program.h"
#include "support/Json.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <unordered_map>

namespace cria {

namespace {
constexpr int64_t kMaxBytes = kMaxProgramBytes;
constexpr int64_t kMaxCount = int64_t(1) << 31;

class ProgramReader {
public:
  explicit ProgramReader(std::string_view what) : what_(what) {}
  StatusOr<Program> read(const Json &json);

private:
  using ReadItem = Status (ProgramReader::*)(JsonObject item);

  Status readAll(JsonObject &root, std::string_view name, ReadItem readItem);
  Status readLimits(JsonObject object);
  Status readKv(JsonObject object);
  Status readStep(JsonObject object);
  Status readStepField(JsonObject object);
  Status readWeight(JsonObject object);
  Status readArray(JsonObject object, bool hasFile, ProgramWeight &weight);
  Status readBuffer(JsonObject object);
  Status readBufferData(JsonObject &object, ProgramBuffer &buffer);
  Status readKernel(JsonObject object);
  Status readLaunch(JsonObject &object, ProgramKernel &kernel);
  Status readOp(JsonObject &object, ProgramKernel &kernel);
  Status readEntry(JsonObject object);
  Status readDispatch(JsonObject object, ProgramDispatch &dispatch);
  Status readGrid(const Json &array, const std::string &where, ProgramDispatch &dispatch);
  Status readGridDimension(JsonObject object, GridDimension &dimension);
  Status readBinding(JsonObject object, ProgramBinding &binding);
  Status readWindow(JsonObject &object, ProgramBinding &binding);
  Status addName(const std::string &name, BufferReference reference, const std::string &where);

  std::string what_;
  Program program_;
  std::array<bool, kNumStepFields> stepFieldSeen_ = {};
  std::unordered_map<std::string, BufferReference> names_;
};

StatusOr<ElementType> readType(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(std::string name, object.string("type"));
  std::optional<ElementType> type = parseElementType(name);
  if (!type) {
    return object.mismatch("type", "f32, f16, bf16, i32, u32, u8 or i8");
  }
  return *type;
}

StatusOr<uint64_t> readUnsigned(JsonObject &object, std::string_view name, int64_t min, int64_t max) {
  CRIA_ASSIGN_OR_RETURN(int64_t value, object.integer(name, min, max));
  return static_cast<uint64_t>(value);
}

StatusOr<uint32_t> readUnsigned32(JsonObject &object, std::string_view name, int64_t min, int64_t max) {
  CRIA_ASSIGN_OR_RETURN(int64_t value, object.integer(name, min, max));
  return static_cast<uint32_t>(value);
}

/// Reads an element of an array: a number from 0 to 2^50.
StatusOr<uint64_t> elementNumber(const Json &value, const std::string &where) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > uint64_t(kMaxBytes)) {
    return invalidArgument("{}: expected a number from 0 to 2^50, got {}", where, describeJson(value));
  }
  return value.get<uint64_t>();
}

/// Reads {"times": 6, "of": "T", "tile": 6}.
StatusOr<Extent> readTiledExtent(JsonObject object) {
  Extent extent;
  CRIA_ASSIGN_OR_RETURN(extent.times, readUnsigned(object, "times", 1, kMaxCount));
  CRIA_ASSIGN_OR_RETURN(extent.tile, readUnsigned(object, "tile", 1, kMaxCount));
  CRIA_ASSIGN_OR_RETURN(std::string of, object.string("of"));
  if (of != "T" && of != "R") {
    return object.mismatch("of", "'T' or 'R'");
  }
  extent.kind = of == "T" ? ExtentKind::tokens : ExtentKind::outputs;
  CRIA_RETURN_IF_ERROR(object.finish());
  return extent;
}

StatusOr<Extent> readExtent(const Json &value, const std::string &where) {
  if (value.is_object()) {
    CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(value, where + ": shape"));
    return readTiledExtent(std::move(object));
  }
  if (!value.is_string()) {
    CRIA_ASSIGN_OR_RETURN(uint64_t number, elementNumber(value, where + ": shape"));
    return Extent{.kind = ExtentKind::constant, .value = number};
  }
  for (ExtentKind kind : {ExtentKind::tokens, ExtentKind::outputs, ExtentKind::sequences,
                          ExtentKind::sequencesPlusOne, ExtentKind::pages}) {
    if (value.get_ref<const std::string &>() == symbolOf(kind)) {
      return Extent{.kind = kind};
    }
  }
  return invalidArgument("{}: expected a dimension to be a number, 'T', 'R', 'S', 'S+1' or 'P', got {}",
                         where, describeJson(value));
}

Status checkRank(const Json &array, std::string_view name, const std::string &where) {
  if (array.size() > kMaxRank) {
    return invalidArgument("{}: expected '{}' to have a rank of at most {}, got {}", where, name, kMaxRank,
                           array.size());
  }
  return {};
}

StatusOr<std::vector<Extent>> readShape(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(const Json *array, object.array("shape"));
  CRIA_RETURN_IF_ERROR(checkRank(*array, "shape", object.where()));
  std::vector<Extent> shape;
  for (const Json &value : *array) {
    CRIA_ASSIGN_OR_RETURN(Extent extent, readExtent(value, object.where()));
    shape.push_back(extent);
  }
  return shape;
}

StatusOr<std::vector<uint64_t>> readNumbers(JsonObject &object, std::string_view name) {
  CRIA_ASSIGN_OR_RETURN(const Json *array, object.array(name));
  CRIA_RETURN_IF_ERROR(checkRank(*array, name, object.where()));
  std::vector<uint64_t> numbers;
  for (const Json &value : *array) {
    CRIA_ASSIGN_OR_RETURN(uint64_t number, elementNumber(value, fmt::format("{}: {}", object.where(), name)));
    numbers.push_back(number);
  }
  return numbers;
}

StatusOr<std::string> readName(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(std::string name, object.string("name"));
  if (name.empty() || name.size() > 256) {
    return object.mismatch("name", "a name of 1 to 256 bytes");
  }
  return name;
}

/// Returns the place of an item for messages: "programs/ops.json: buffers[3]", with its name if it has one.
std::string placeOf(const std::string &where, std::string_view list, size_t index, const Json &item) {
  std::string place = fmt::format("{}: {}[{}]", where, list, index);
  auto name = item.is_object() ? item.find("name") : item.end();
  if (item.is_object() && name != item.end() && name->is_string()) {
    place += fmt::format(" '{}'", printable(name->get_ref<const std::string &>()));
  }
  return place;
}

StatusOr<Program> ProgramReader::read(const Json &json) {
  CRIA_ASSIGN_OR_RETURN(JsonObject root, JsonObject::of(json, what_));
  CRIA_ASSIGN_OR_RETURN(int64_t version, root.integer("program_version", 0, INT32_MAX));
  if (version != kProgramVersion) {
    return error(StatusCode::unsupported,
                 "{}: expected program_version {}, got {}; compile the model again with this version of cria",
                 what_, kProgramVersion, version);
  }
  CRIA_ASSIGN_OR_RETURN(program_.target, root.string("target"));
  CRIA_ASSIGN_OR_RETURN(JsonObject limits, root.object("limits"));
  CRIA_RETURN_IF_ERROR(readLimits(std::move(limits)));
  CRIA_ASSIGN_OR_RETURN(JsonObject kv, root.object("kv"));
  CRIA_RETURN_IF_ERROR(readKv(std::move(kv)));
  CRIA_ASSIGN_OR_RETURN(JsonObject step, root.object("step"));
  CRIA_RETURN_IF_ERROR(readStep(std::move(step)));
  names_ = {{"step", {BufferSpace::step, 0}}, {"kv", {BufferSpace::kv, 0}}};
  CRIA_RETURN_IF_ERROR(readAll(root, "weights", &ProgramReader::readWeight));
  CRIA_RETURN_IF_ERROR(readAll(root, "buffers", &ProgramReader::readBuffer));
  CRIA_RETURN_IF_ERROR(readAll(root, "kernels", &ProgramReader::readKernel));
  CRIA_RETURN_IF_ERROR(readAll(root, "entries", &ProgramReader::readEntry));
  CRIA_RETURN_IF_ERROR(root.finish());
  return std::move(program_);
}

/// Reads an array of objects.
Status ProgramReader::readAll(JsonObject &object, std::string_view name, ReadItem readItem) {
  CRIA_ASSIGN_OR_RETURN(const Json *array, object.array(name));
  for (size_t i = 0; i < array->size(); ++i) {
    CRIA_ASSIGN_OR_RETURN(JsonObject item,
                          JsonObject::of((*array)[i], placeOf(object.where(), name, i, (*array)[i])));
    CRIA_RETURN_IF_ERROR((this->*readItem)(std::move(item)));
  }
  return {};
}

Status ProgramReader::readLimits(JsonObject object) {
  for (const LimitRule &rule : kLimitRules) {
    CRIA_ASSIGN_OR_RETURN(program_.limits.*rule.value, readUnsigned32(object, rule.name, 1, rule.maximum));
  }
  return object.finish();
}

Status ProgramReader::readKv(JsonObject object) {
  CRIA_ASSIGN_OR_RETURN(program_.kv.pageTokens, readUnsigned32(object, "page_tokens", 1, kMaxPageTokens));
  CRIA_ASSIGN_OR_RETURN(program_.kv.pageBytes, readUnsigned(object, "page_bytes", 1, int64_t(1) << 40));
  CRIA_ASSIGN_OR_RETURN(program_.kv.type, readType(object));
  return object.finish();
}

Status ProgramReader::readStep(JsonObject object) {
  CRIA_ASSIGN_OR_RETURN(program_.step.size, readUnsigned(object, "size", 1, int64_t(1) << 36));
  CRIA_RETURN_IF_ERROR(readAll(object, "fields", &ProgramReader::readStepField));
  for (uint32_t i = 0; i < kNumStepFields; ++i) {
    if (!stepFieldSeen_[i]) {
      return invalidArgument("{}: fields: '{}' is missing", object.where(), kStepFields[i].name);
    }
  }
  return object.finish();
}

Status ProgramReader::readStepField(JsonObject object) {
  CRIA_ASSIGN_OR_RETURN(std::string name, readName(object));
  std::optional<StepFieldKind> kind = findStepField(name);
  if (!kind) {
    return object.mismatch("name", "the name of a step input");
  }
  uint32_t index = static_cast<uint32_t>(*kind);
  if (std::exchange(stepFieldSeen_[index], true)) {
    return invalidArgument("{}: duplicate field", object.where());
  }
  StepField &field = program_.step.fields[index];
  CRIA_ASSIGN_OR_RETURN(field.offset, readUnsigned(object, "offset", 0, kMaxBytes));
  CRIA_ASSIGN_OR_RETURN(field.length, readUnsigned(object, "length", 1, kMaxBytes));
  return object.finish();
}

Status ProgramReader::addName(const std::string &name, BufferReference reference, const std::string &where) {
  if (!names_.emplace(name, reference).second) {
    return invalidArgument("{}: the name '{}' is taken by another weight or buffer", where, printable(name));
  }
  return {};
}

Status ProgramReader::readWeight(JsonObject object) {
  ProgramWeight weight;
  CRIA_ASSIGN_OR_RETURN(weight.name, readName(object));
  CRIA_ASSIGN_OR_RETURN(std::string format, object.string("format"));
  std::optional<WeightFormat> known = findWeightFormat(format);
  if (!known) {
    return object.mismatch("format", weightFormatNames());
  }
  weight.format = *known;
  CRIA_ASSIGN_OR_RETURN(std::string layout, object.string("layout"));
  std::optional<PhysicalLayout::Kind> kind = layoutKindOf(layout);
  if (!kind) {
    return object.mismatch("layout", "row_major, panel16 or row_padded");
  }
  weight.layout = *kind;
  CRIA_ASSIGN_OR_RETURN(weight.shape, readNumbers(object, "shape"));
  bool hasFile = !object.absentOrNull("file");
  if (hasFile) {
    CRIA_ASSIGN_OR_RETURN(weight.file, object.string("file"));
    if (weight.file.empty()) {
      return object.mismatch("file", "null or a file of the package");
    }
  }
  CRIA_ASSIGN_OR_RETURN(const Json *arrays, object.array("arrays"));
  for (size_t i = 0; i < arrays->size(); ++i) {
    std::string where = placeOf(object.where(), "arrays", i, (*arrays)[i]);
    CRIA_ASSIGN_OR_RETURN(JsonObject item, JsonObject::of((*arrays)[i], std::move(where)));
    CRIA_RETURN_IF_ERROR(readArray(std::move(item), hasFile, weight));
  }
  CRIA_ASSIGN_OR_RETURN(weight.recipe, object.string("recipe"));
  CRIA_RETURN_IF_ERROR(object.finish());
  program_.weights.push_back(std::move(weight));
  return {};
}

/// An array of the weight that is read; its name is that of a buffer.
Status ProgramReader::readArray(JsonObject object, bool hasFile, ProgramWeight &weight) {
  ProgramWeightArray array;
  CRIA_ASSIGN_OR_RETURN(array.suffix, object.string("suffix"));
  CRIA_ASSIGN_OR_RETURN(array.type, readType(object));
  CRIA_ASSIGN_OR_RETURN(array.shape, readNumbers(object, "shape"));
  CRIA_ASSIGN_OR_RETURN(array.size, readUnsigned(object, "size", 1, kMaxBytes));
  if (hasFile) {
    CRIA_ASSIGN_OR_RETURN(array.tensor, object.string("tensor"));
  } else if (!object.absentOrNull("tensor")) {
    return object.mismatch("tensor", "null for a weight without a file");
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  BufferReference reference = {BufferSpace::weight, uint32_t(program_.weights.size()),
                               uint32_t(weight.arrays.size())};
  CRIA_RETURN_IF_ERROR(addName(arrayName(weight.name, array.suffix), reference, object.where()));
  weight.arrays.push_back(std::move(array));
  return {};
}

Status ProgramReader::readBuffer(JsonObject object) {
  ProgramBuffer buffer;
  CRIA_ASSIGN_OR_RETURN(buffer.name, readName(object));
  CRIA_ASSIGN_OR_RETURN(std::string kind, object.string("kind"));
  CRIA_ASSIGN_OR_RETURN(buffer.type, readType(object));
  CRIA_ASSIGN_OR_RETURN(buffer.shape, readShape(object));
  CRIA_ASSIGN_OR_RETURN(buffer.size, readUnsigned(object, "size", 1, kMaxBytes));
  if (kind == "arena") {
    CRIA_ASSIGN_OR_RETURN(buffer.offset, readUnsigned(object, "offset", 0, kMaxBytes));
  } else if (kind == "result") {
    buffer.kind = BufferKind::result;
  } else if (kind == "constant") {
    buffer.kind = BufferKind::constant;
    CRIA_RETURN_IF_ERROR(readBufferData(object, buffer));
  } else {
    return object.mismatch("kind", "arena, result or constant");
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  uint32_t index = static_cast<uint32_t>(program_.buffers.size());
  CRIA_RETURN_IF_ERROR(addName(buffer.name, {BufferSpace::buffer, index}, object.where()));
  program_.buffers.push_back(std::move(buffer));
  return {};
}

/// Returns the bit pattern of a value of a constant; nullopt if the type cannot represent it.
std::optional<uint32_t> constantWord(const Json &value, ElementType type) {
  if (type == ElementType::f32 && value.is_number() && std::abs(value.get<double>()) <= FLT_MAX) {
    return std::bit_cast<uint32_t>(static_cast<float>(value.get<double>()));
  }
  double number = value.is_number_integer() ? value.get<double>() : NAN;
  if (type == ElementType::u32 && number >= 0 && number <= UINT32_MAX) {
    return value.get<uint32_t>();
  }
  if (type == ElementType::i32 && number >= INT32_MIN && number <= INT32_MAX) {
    return static_cast<uint32_t>(value.get<int32_t>());
  }
  return std::nullopt;
}

/// Reads the values of a constant as 32-bit words of its type.
Status ProgramReader::readBufferData(JsonObject &object, ProgramBuffer &buffer) {
  CRIA_ASSIGN_OR_RETURN(const Json *array, object.array("data"));
  for (const Json &value : *array) {
    if (std::optional<uint32_t> word = constantWord(value, buffer.type)) {
      buffer.data.push_back(*word);
    } else {
      return invalidArgument("{}: expected 'data' of f32, i32 or u32 values, got {} for type {}",
                             object.where(), describeJson(value), nameOf(buffer.type));
    }
  }
  return {};
}

/// Reads the members that only kernels of a GPU have: the block, and registers if they are known.
Status ProgramReader::readLaunch(JsonObject &object, ProgramKernel &kernel) {
  if (!object.has("block")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(const Json *block, object.array("block"));
  uint64_t threads = 1;
  for (size_t i = 0; i < block->size() && threads <= kMaxThreadsPerBlock; ++i) {
    const Json &extent = (*block)[i];
    bool fits = i < kernel.block.size() && extent.is_number_unsigned() && extent.get<uint64_t>() >= 1 &&
                extent.get<uint64_t>() <= kMaxThreadsPerBlock;
    threads = fits ? threads * extent.get<uint64_t>() : kMaxThreadsPerBlock + 1;
    if (fits) {
      kernel.block[i] = extent.get<uint32_t>();
    }
  }
  if (block->size() != kernel.block.size() || threads > kMaxThreadsPerBlock) {
    return object.mismatch("block", "three positive dimensions with a product of at most 1024");
  }
  if (object.has("registers")) {
    CRIA_ASSIGN_OR_RETURN(kernel.registers, readUnsigned32(object, "registers", 0, kMaxRegisters));
  }
  return {};
}

Status ProgramReader::readKernel(JsonObject object) {
  ProgramKernel kernel;
  CRIA_ASSIGN_OR_RETURN(kernel.name, readName(object));
  CRIA_ASSIGN_OR_RETURN(std::string kind, object.string("kind"));
  if (kind == "kernel") {
    CRIA_ASSIGN_OR_RETURN(kernel.symbol, object.string("symbol"));
    CRIA_ASSIGN_OR_RETURN(kernel.scratchBytes, readUnsigned(object, "scratch_bytes", 0, kMaxScratchBytes));
    CRIA_RETURN_IF_ERROR(readLaunch(object, kernel));
  } else if (kind == "op") {
    kernel.kind = KernelKind::op;
    CRIA_RETURN_IF_ERROR(readOp(object, kernel));
  } else {
    return object.mismatch("kind", "kernel or op");
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  program_.kernels.push_back(std::move(kernel));
  return {};
}

Status ProgramReader::readOp(JsonObject &object, ProgramKernel &kernel) {
  CRIA_ASSIGN_OR_RETURN(kernel.op, object.string("op"));
  CRIA_ASSIGN_OR_RETURN(JsonObject attributes, object.object("attributes"));
  for (const auto &[name, value] : attributes.value().items()) {
    ProgramAttribute attribute{.name = name, .value = {}};
    bool isInteger = value.is_number_integer() &&
                     (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t(INT64_MAX));
    if (isInteger) {
      attribute.value = value.get<int64_t>();
    } else if (value.is_number_float()) {
      attribute.value = value.get<double>();
    } else if (value.is_string()) {
      attribute.value = value.get<std::string>();
    } else {
      return attributes.mismatch(name, "an integer, a number or a string");
    }
    kernel.attributes.push_back(std::move(attribute));
  }
  return {};
}

Status ProgramReader::readEntry(JsonObject object) {
  ProgramEntry entry;
  CRIA_ASSIGN_OR_RETURN(entry.name, readName(object));
  CRIA_ASSIGN_OR_RETURN(entry.minTokens, readUnsigned32(object, "min_tokens", 0, kLimitRules[0].maximum));
  CRIA_ASSIGN_OR_RETURN(entry.maxTokens,
                        readUnsigned32(object, "max_tokens", entry.minTokens, kLimitRules[0].maximum));
  CRIA_ASSIGN_OR_RETURN(const Json *dispatches, object.array("dispatches"));
  entry.dispatches.resize(dispatches->size());
  for (size_t i = 0; i < dispatches->size(); ++i) {
    std::string where = fmt::format("{}: dispatches[{}]", object.where(), i);
    CRIA_ASSIGN_OR_RETURN(JsonObject item, JsonObject::of((*dispatches)[i], std::move(where)));
    CRIA_RETURN_IF_ERROR(readDispatch(std::move(item), entry.dispatches[i]));
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  program_.entries.push_back(std::move(entry));
  return {};
}

Status ProgramReader::readDispatch(JsonObject object, ProgramDispatch &dispatch) {
  int64_t numKernels = static_cast<int64_t>(program_.kernels.size());
  CRIA_ASSIGN_OR_RETURN(dispatch.kernel, readUnsigned32(object, "kernel", 0, numKernels - 1));
  CRIA_ASSIGN_OR_RETURN(const Json *grid, object.array("grid"));
  CRIA_RETURN_IF_ERROR(readGrid(*grid, object.where(), dispatch));
  if (object.has("in_place")) {
    CRIA_ASSIGN_OR_RETURN(dispatch.inPlace, object.boolean("in_place"));
  }
  CRIA_ASSIGN_OR_RETURN(const Json *bindings, object.array("bindings"));
  dispatch.bindings.resize(bindings->size());
  for (size_t i = 0; i < bindings->size(); ++i) {
    std::string where = placeOf(object.where(), "bindings", i, (*bindings)[i]);
    CRIA_ASSIGN_OR_RETURN(JsonObject item, JsonObject::of((*bindings)[i], std::move(where)));
    CRIA_RETURN_IF_ERROR(readBinding(std::move(item), dispatch.bindings[i]));
  }
  return object.finish();
}

Status ProgramReader::readGrid(const Json &array, const std::string &where, ProgramDispatch &dispatch) {
  dispatch.gridRank = static_cast<uint32_t>(array.size());
  if (array.empty() || array.size() > dispatch.grid.size()) {
    return invalidArgument("{}: expected 'grid' to have 1 to 3 dimensions, got {}", where, array.size());
  }
  for (size_t i = 0; i < array.size(); ++i) {
    CRIA_ASSIGN_OR_RETURN(JsonObject item, JsonObject::of(array[i], fmt::format("{}: grid[{}]", where, i)));
    CRIA_RETURN_IF_ERROR(readGridDimension(std::move(item), dispatch.grid[i]));
  }
  return {};
}

Status ProgramReader::readGridDimension(JsonObject object, GridDimension &dimension) {
  CRIA_ASSIGN_OR_RETURN(dimension.times, readUnsigned(object, "times", 0, kMaxCount));
  CRIA_ASSIGN_OR_RETURN(dimension.tile, readUnsigned(object, "tile", 1, kMaxCount));
  const Json *of = object.find("of");
  if (of && *of == 1) {
    dimension.of = ExtentKind::constant;
  } else if (of && *of == "T") {
    dimension.of = ExtentKind::tokens;
  } else if (of && *of == "R") {
    dimension.of = ExtentKind::outputs;
  } else {
    return object.mismatch("of", "1, 'T' or 'R'");
  }
  return object.finish();
}

Status ProgramReader::readBinding(JsonObject object, ProgramBinding &binding) {
  CRIA_ASSIGN_OR_RETURN(binding.name, readName(object));
  CRIA_ASSIGN_OR_RETURN(binding.bufferName, object.string("buffer"));
  auto buffer = names_.find(binding.bufferName);
  if (buffer == names_.end()) {
    return object.mismatch("buffer", "the name of a weight, a buffer, 'step' or 'kv'");
  }
  binding.buffer = buffer->second;
  CRIA_ASSIGN_OR_RETURN(std::string access, object.string("access"));
  if (access == "read") {
    binding.access = CRIA_ACCESS_READ;
  } else if (access == "write") {
    binding.access = CRIA_ACCESS_WRITE;
  } else if (access == "read_write") {
    binding.access = CRIA_ACCESS_READ_WRITE;
  } else {
    return object.mismatch("access", "read, write or read_write");
  }
  CRIA_RETURN_IF_ERROR(readWindow(object, binding));
  return object.finish();
}

Status ProgramReader::readWindow(JsonObject &object, ProgramBinding &binding) {
  CRIA_ASSIGN_OR_RETURN(binding.type, readType(object));
  CRIA_ASSIGN_OR_RETURN(binding.shape, readShape(object));
  CRIA_ASSIGN_OR_RETURN(binding.strides, readNumbers(object, "strides"));
  if (binding.strides.size() != binding.shape.size()) {
    return invalidArgument("{}: expected one stride per dimension, got {} strides for rank {}",
                           object.where(), binding.strides.size(), binding.shape.size());
  }
  CRIA_ASSIGN_OR_RETURN(binding.offset, readUnsigned(object, "offset", 0, kMaxBytes));
  const Json *size = object.find("size");
  binding.toEnd = size && *size == "rest";
  if (!binding.toEnd) {
    CRIA_ASSIGN_OR_RETURN(binding.size, readUnsigned(object, "size", 1, kMaxBytes));
  }
  return {};
}
} // namespace

StatusOr<Program> parseProgram(std::string_view text, std::string_view what) {
  CRIA_ASSIGN_OR_RETURN(Json json, parseJson(text, what));
  return ProgramReader(what).read(json);
}

} // namespace cria
