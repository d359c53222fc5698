// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks a program as a whole, and each of its parts. EntryVerifier.cpp checks the dispatches of an entry
// point.
#include "format/ProgramVerifier.h"

#include "format/EntryVerifier.h"
#include "format/KvType.h"
#include "plugins/api/kernel_abi.h"
#include "support/Json.h"

#include <algorithm>
#include <set>

namespace cria {

namespace {
constexpr uint64_t kAlignment = CRIA_KERNEL_ALIGNMENT;
constexpr uint64_t kMaxStepBytes = uint64_t(1) << 28; // kept in host memory and uploaded in every step
/// Far above any real arena; prevents the allocation of a hostile one.
constexpr uint64_t kMaxArenaBytes = uint64_t(1) << 38;
constexpr uint64_t kMaxSpareBytes = 4096; // for rounding at the end of a buffer
constexpr uint64_t kMaxElementBytes = 8;  // of an array of a weight

Status verifyLimits(const Program &program) {
  const ProgramLimits &limits = program.limits;
  if (uint64_t(limits.maxPagesPerSequence) * program.kv.pageTokens < limits.context) {
    return invalidArgument(
        "limits: expected max_pages_per_sequence {} times {} positions to cover the context {}",
        limits.maxPagesPerSequence, program.kv.pageTokens, limits.context);
  }
  if (limits.maxOutputs > limits.maxTokens) {
    return invalidArgument("limits: expected max_outputs to be at most max_tokens {}, got {}",
                           limits.maxTokens, limits.maxOutputs);
  }
  if (!isKvType(program.kv.type)) {
    return invalidArgument("kv: expected type f16, f32 or i8, got {}", nameOf(program.kv.type));
  }
  if (program.kv.pageBytes % kAlignment != 0) {
    return invalidArgument("kv: expected page_bytes to be a multiple of {}, got {}", kAlignment,
                           program.kv.pageBytes);
  }
  return {};
}

Status verifyStepField(const Program &program, uint32_t index) {
  const StepField &field = program.step.fields[index];
  uint64_t length = lengthOf(kStepFields[index], program.limits);
  uint64_t headerOffset = index * kStepElementBytes;
  if (index < kNumStepHeaderFields && field.offset != headerOffset) {
    return invalidArgument("step: field '{}': expected offset {}, got {}", kStepFields[index].name,
                           headerOffset, field.offset);
  }
  if (field.length != length) {
    return invalidArgument("step: field '{}': expected length {}, got {}", kStepFields[index].name, length,
                           field.length);
  }
  if (field.offset % kStepElementBytes != 0 || field.offset > program.step.size ||
      length * kStepElementBytes > program.step.size - field.offset) {
    return invalidArgument("step: field '{}': {} elements at offset {} exceed the step buffer of {} bytes",
                           kStepFields[index].name, length, field.offset, program.step.size);
  }
  return {};
}

Status verifyStep(const Program &program) {
  if (program.step.size > kMaxStepBytes) {
    return invalidArgument("step: expected a size up to {} bytes, got {}", kMaxStepBytes, program.step.size);
  }
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < kNumStepFields; ++i) {
    CRIA_RETURN_IF_ERROR(verifyStepField(program, i));
    order.push_back(i);
  }
  const auto &fields = program.step.fields;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return fields[a].offset < fields[b].offset; });
  for (uint32_t i = 1; i < kNumStepFields; ++i) {
    const StepField &before = fields[order[i - 1]];
    if (before.offset + before.length * kStepElementBytes > fields[order[i]].offset) {
      return invalidArgument("step: the fields '{}' and '{}' overlap", kStepFields[order[i - 1]].name,
                             kStepFields[order[i]].name);
    }
  }
  return {};
}

Status verifyWeightShape(const ProgramWeight &weight) {
  bool isRowMajor = weight.layout == PhysicalLayout::Kind::rowMajor;
  size_t rank = weight.shape.size();
  if (rank != 2 && !(rank == 1 && isRowMajor)) {
    return invalidArgument("expected rank {} with layout {}, got {}", isRowMajor ? "1 or 2" : "2",
                           nameOf(weight.layout), rank);
  }
  uint64_t bytes = kMaxElementBytes;
  for (uint64_t extent : weight.shape) {
    if (extent == 0 || __builtin_mul_overflow(bytes, extent, &bytes) || bytes > kMaxProgramBytes) {
      return invalidArgument("expected positive dimensions with a product of at most 2^47, got [{}]",
                             fmt::join(weight.shape, ", "));
    }
  }
  return {};
}

/// The arrays of a weight are those of its format.
Status verifyWeight(const ProgramWeight &weight) {
  CRIA_RETURN_IF_ERROR(verifyWeightShape(weight));
  if (!hasLayout(traitsOf(weight.format), weight.layout)) {
    return invalidArgument("format {} cannot be held in layout {}", nameOf(weight.format),
                           nameOf(weight.layout));
  }
  std::vector<int64_t> shape(weight.shape.begin(), weight.shape.end());
  std::vector<ProgramWeightArray> expected = programArraysOf(weight.format, weight.layout, shape, "");
  if (weight.arrays.size() != expected.size()) {
    return invalidArgument("expected {} arrays in format {}, got {}", expected.size(), nameOf(weight.format),
                           weight.arrays.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const ProgramWeightArray &array = weight.arrays[i];
    if (array.suffix != expected[i].suffix || array.type != expected[i].type ||
        array.shape != expected[i].shape || array.size != expected[i].size) {
      return invalidArgument("array {}: expected '{}' of {}, shape [{}] and {} bytes in format {} and layout "
                             "{}, got '{}' of {}, shape [{}] and {} bytes",
                             i, expected[i].suffix, nameOf(expected[i].type),
                             fmt::join(expected[i].shape, ", "), expected[i].size, nameOf(weight.format),
                             nameOf(weight.layout), printable(array.suffix), nameOf(array.type),
                             fmt::join(array.shape, ", "), array.size);
    }
  }
  return {};
}

/// Checks that only the first dimension of a buffer depends on the step.
Status verifyBufferShape(const ProgramBuffer &buffer) {
  for (size_t i = 0; i < buffer.shape.size(); ++i) {
    ExtentKind kind = buffer.shape[i].kind;
    if (kind == ExtentKind::pages || (i > 0 && kind != ExtentKind::constant)) {
      return invalidArgument(
          "expected numbers for all dimensions but the first, and 'P' only for kv, got '{}'", symbolOf(kind));
    }
  }
  return {};
}

Status verifyBufferSize(const ProgramBuffer &buffer, const ProgramLimits &limits) {
  uint64_t bytes = sizeOf(buffer.type);
  for (const Extent &extent : buffer.shape) {
    uint64_t value = resolveExtent(extent, limits, limits.maxTokens, limits.maxOutputs, 0);
    if (__builtin_mul_overflow(bytes, value, &bytes)) {
      return invalidArgument("the size of the shape overflows");
    }
  }
  if (bytes > buffer.size || buffer.size - bytes >= kMaxSpareBytes) {
    return invalidArgument("expected a size of {} bytes for the shape at the maximum sizes, got {}", bytes,
                           buffer.size);
  }
  return {};
}

Status verifyArenaOffset(const ProgramBuffer &buffer) {
  if (buffer.offset % kAlignment != 0) {
    return invalidArgument("expected an arena offset that is a multiple of {}, got {}", kAlignment,
                           buffer.offset);
  }
  if (buffer.offset + buffer.size > kMaxArenaBytes) {
    return invalidArgument("expected an arena of at most {} bytes, got {}", kMaxArenaBytes,
                           buffer.offset + buffer.size);
  }
  return {};
}

Status verifyLogits(const ProgramBuffer &buffer, uint32_t vocabSize) {
  bool isLogits = buffer.type == ElementType::f32 && buffer.shape.size() == 2 &&
                  buffer.shape[0] == Extent{.kind = ExtentKind::outputs} &&
                  buffer.shape[1] == Extent{.value = vocabSize};
  return isLogits ? Status()
                  : invalidArgument("expected a result of type f32 and shape ['R', {}], the vocabulary",
                                    vocabSize);
}

Status verifyBuffer(const ProgramBuffer &buffer, const ProgramLimits &limits,
                    std::optional<uint32_t> vocabSize) {
  CRIA_RETURN_IF_ERROR(verifyBufferShape(buffer));
  CRIA_RETURN_IF_ERROR(verifyBufferSize(buffer, limits));
  if (buffer.kind == BufferKind::arena) {
    CRIA_RETURN_IF_ERROR(verifyArenaOffset(buffer));
  }
  if (buffer.kind == BufferKind::result && vocabSize) {
    CRIA_RETURN_IF_ERROR(verifyLogits(buffer, *vocabSize));
  }
  uint64_t dataBytes = buffer.data.size() * kStepElementBytes;
  if (buffer.kind == BufferKind::constant &&
      (dataBytes > buffer.size || buffer.size - dataBytes >= kAlignment)) {
    return invalidArgument("expected {} bytes of data, got {} words of 4", buffer.size, buffer.data.size());
  }
  return {};
}

Status verifyResults(const Program &program) {
  auto isResult = [](const ProgramBuffer &buffer) { return buffer.kind == BufferKind::result; };
  auto numResults = std::count_if(program.buffers.begin(), program.buffers.end(), isResult);
  return numResults == 1 ? Status()
                         : invalidArgument("expected one buffer of kind result, got {}", numResults);
}

Status verifyTokens(const Program &program, const ProgramEntry &entry) {
  uint32_t limit = program.limits.maxTokens;
  if (entry.name == "initialize") {
    return entry.minTokens == 0 && entry.maxTokens == 0
               ? Status()
               : invalidArgument("expected 0 tokens, got {} to {}", entry.minTokens, entry.maxTokens);
  }
  if (entry.minTokens == 0 || entry.minTokens > entry.maxTokens || entry.maxTokens > limit) {
    return invalidArgument("expected 1 to {} tokens, got {} to {}", limit, entry.minTokens, entry.maxTokens);
  }
  return {};
}

/// Checks the entry points that the runtime selects for the steps of a model.
Status verifyModelEntries(const Program &program) {
  static const std::set<std::string, std::less<>> kKnown = {"decode", "small", "prefill", "initialize"};
  for (const ProgramEntry &entry : program.entries) {
    if (!kKnown.contains(entry.name)) {
      return invalidArgument("expected the entry points decode, small, prefill and initialize, got '{}'",
                             printable(entry.name));
    }
  }
  const ProgramEntry *decode = program.findEntry("decode"), *prefill = program.findEntry("prefill");
  if (!decode || decode->maxTokens != 1 || decode->minTokens != 1) {
    return invalidArgument("expected an entry point 'decode' of 1 token");
  }
  if (!prefill || prefill->maxTokens != program.limits.maxTokens) {
    return invalidArgument("expected an entry point 'prefill' of up to max_tokens {} tokens",
                           program.limits.maxTokens);
  }
  return {};
}

/// Returns for every weight which of its arrays the entry point `initialize` writes.
std::vector<std::vector<bool>> initializedArrays(const Program &program) {
  std::vector<std::vector<bool>> written;
  for (const ProgramWeight &weight : program.weights) {
    written.emplace_back(weight.arrays.size());
  }
  const ProgramEntry *initialize = program.findEntry("initialize");
  for (size_t d = 0; initialize && d < initialize->dispatches.size(); ++d) {
    for (const ProgramBinding &binding : initialize->dispatches[d].bindings) {
      if (binding.buffer.space == BufferSpace::weight && (binding.access & CRIA_ACCESS_WRITE) != 0) {
        written[binding.buffer.index][binding.buffer.array] = true;
      }
    }
  }
  return written;
}

class ProgramVerifier {
public:
  ProgramVerifier(const Program &program, std::optional<uint32_t> vocabSize, ProgramPlace &place)
      : program_(program), vocabSize_(vocabSize), place_(place) {}

  Status verify() {
    CRIA_RETURN_IF_ERROR(verifyLimits(program_));
    place_ = {.part = Part::step};
    CRIA_RETURN_IF_ERROR(verifyStep(program_));
    CRIA_RETURN_IF_ERROR(verifyWeights());
    CRIA_RETURN_IF_ERROR(verifyBuffers());
    CRIA_RETURN_IF_ERROR(verifyEntryTokens());
    place_ = {};
    if (vocabSize_) {
      CRIA_RETURN_IF_ERROR(verifyModelEntries(program_));
    }
    CRIA_RETURN_IF_ERROR(verifyEntries());
    return verifyInitialized();
  }

private:
  using Part = ProgramPlace::Part;

  Status verifyWeights() {
    for (uint32_t i = 0; i < program_.weights.size(); ++i) {
      place_ = {.part = Part::weight, .index = i};
      const ProgramWeight &weight = program_.weights[i];
      CRIA_RETURN_IF_ERROR(
          verifyWeight(weight).withContext(fmt::format("weight '{}'", printable(weight.name))));
    }
    return {};
  }

  Status verifyBuffers() {
    for (uint32_t i = 0; i < program_.buffers.size(); ++i) {
      place_ = {.part = Part::buffer, .index = i};
      const ProgramBuffer &buffer = program_.buffers[i];
      Status status = verifyBuffer(buffer, program_.limits, vocabSize_);
      CRIA_RETURN_IF_ERROR(status.withContext(fmt::format("buffer '{}'", printable(buffer.name))));
    }
    place_ = {};
    return verifyResults(program_);
  }

  Status verifyEntryTokens() {
    std::set<std::string_view> seen;
    for (uint32_t i = 0; i < program_.entries.size(); ++i) {
      place_ = {.part = Part::entry, .index = i};
      const ProgramEntry &entry = program_.entries[i];
      if (!seen.insert(entry.name).second) {
        return invalidArgument("duplicate entry point '{}'", printable(entry.name));
      }
      CRIA_RETURN_IF_ERROR(verifyTokens(program_, entry).withContext(contextOf(entry)));
    }
    return {};
  }

  /// Checks that `initialize` writes every weight without a file.
  Status verifyInitialized() {
    std::vector<std::vector<bool>> written = initializedArrays(program_);
    for (uint32_t i = 0; i < program_.weights.size(); ++i) {
      place_ = {.part = Part::weight, .index = i};
      bool isWritten = std::find(written[i].begin(), written[i].end(), false) == written[i].end();
      if (program_.weights[i].file.empty() && !isWritten) {
        return invalidArgument("weight '{}': expected a file or an entry point 'initialize' that writes it",
                               printable(program_.weights[i].name));
      }
    }
    return {};
  }

  Status verifyEntries() {
    for (uint32_t i = 0; i < program_.entries.size(); ++i) {
      place_ = {.part = Part::entry, .index = i};
      const ProgramEntry &entry = program_.entries[i];
      CRIA_RETURN_IF_ERROR(verifyEntry(program_, entry, place_.dispatch).withContext(contextOf(entry)));
    }
    return {};
  }

  static std::string contextOf(const ProgramEntry &entry) {
    return fmt::format("entry '{}'", printable(entry.name));
  }

  const Program &program_;
  std::optional<uint32_t> vocabSize_;
  ProgramPlace &place_;
};
} // namespace

Status verifyProgram(const Program &program, std::optional<uint32_t> vocabSize, ProgramPlace *place) {
  ProgramPlace ignored;
  return ProgramVerifier(program, vocabSize, place ? *place : ignored).verify();
}

} // namespace cria
