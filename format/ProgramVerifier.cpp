// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What holds for a program as a whole and for each of its parts alone. What dispatches of an entry do to each
// other is in EntryVerifier.cpp.
#include "format/ProgramVerifier.h"

#include "format/EntryVerifier.h"
#include "plugins/api/kernel_abi.h"
#include "support/Json.h"

#include <algorithm>
#include <set>

namespace cria {

namespace {
constexpr uint64_t kAlignment = CRIA_KERNEL_ALIGNMENT;
constexpr uint64_t kElementBytes = 4;                 // of all step arrays
constexpr uint64_t kMaxStepBytes = uint64_t(1) << 28; // held on the host, uploaded each step
constexpr uint64_t kMaxArenaBytes = uint64_t(1)
                                    << 38; // far above any plan; keeps a hostile one from being tried
constexpr uint64_t kMaxSpareBytes = 4096;  // rounding at the end of a buffer

Status verifyLimits(const Program &program) {
  const ProgramLimits &limits = program.limits;
  if (uint64_t(limits.maxPagesPerSequence) * program.kv.pageTokens < limits.context) {
    return invalidArgument(
        "limits: expected max_pages_per_sequence {} of {} positions to hold the context {}",
        limits.maxPagesPerSequence, program.kv.pageTokens, limits.context);
  }
  if (limits.maxOutputs > limits.maxTokens) {
    return invalidArgument("limits: expected max_outputs to be at most max_tokens {}, got {}",
                           limits.maxTokens, limits.maxOutputs);
  }
  if (program.kv.type != DataType::f16 && program.kv.type != DataType::f32) {
    return invalidArgument("kv: expected type f16 or f32, got {}", nameOf(program.kv.type));
  }
  if (program.kv.pageBytes % kAlignment != 0) {
    return invalidArgument("kv: expected page_bytes to be a multiple of {}, got {}", kAlignment,
                           program.kv.pageBytes);
  }
  return {};
}

uint64_t stepFieldLength(const ProgramLimits &limits, StepFieldKind kind) {
  switch (kind) {
  case StepFieldKind::numTokens:
  case StepFieldKind::numOutputs:
  case StepFieldKind::numSequences:
    return 1;
  case StepFieldKind::sequenceStarts:
    return uint64_t(limits.maxSequences) + 1;
  case StepFieldKind::blockTable:
    return uint64_t(limits.maxSequences) * limits.maxPagesPerSequence;
  case StepFieldKind::outputs:
    return limits.maxOutputs;
  default:
    return limits.maxTokens;
  }
}

Status verifyStepField(const Program &program, uint32_t index) {
  const StepField &field = program.step.fields[index];
  uint64_t length = stepFieldLength(program.limits, static_cast<StepFieldKind>(index));
  uint64_t headerOffset = index * kElementBytes;
  if (index <= static_cast<uint32_t>(StepFieldKind::numSequences) && field.offset != headerOffset) {
    return invalidArgument("step: field '{}': expected offset {}, got {}", kStepFieldNames[index],
                           headerOffset, field.offset);
  }
  if (field.length != length) {
    return invalidArgument("step: field '{}': expected length {}, got {}", kStepFieldNames[index], length,
                           field.length);
  }
  if (field.offset % kElementBytes != 0 || field.offset > program.step.size ||
      length * kElementBytes > program.step.size - field.offset) {
    return invalidArgument(
        "step: field '{}': {} elements at offset {} do not lie in the step buffer of {} bytes",
        kStepFieldNames[index], length, field.offset, program.step.size);
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
    if (before.offset + before.length * kElementBytes > fields[order[i]].offset) {
      return invalidArgument("step: the fields '{}' and '{}' overlap", kStepFieldNames[order[i - 1]],
                             kStepFieldNames[order[i]]);
    }
  }
  return {};
}

Status verifyWeight(const ProgramWeight &weight) {
  CRIA_ASSIGN_OR_RETURN(std::vector<int64_t> shape, physicalShape(weight));
  uint64_t bytes = sizeOf(weight.type);
  for (int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes)) {
      return invalidArgument("the size overflows");
    }
  }
  if (bytes != weight.size) {
    return invalidArgument("expected size {} for shape [{}] in layout {} of {}, got {}", bytes,
                           fmt::join(weight.shape, ", "), weight.layout, nameOf(weight.type), weight.size);
  }
  return {};
}

/// Elements of a buffer at the maxima; nothing on overflow.
std::optional<uint64_t> numElements(const ProgramBuffer &buffer, const ProgramLimits &limits) {
  uint64_t count = 1;
  for (Extent extent : buffer.shape) {
    uint64_t value = resolveExtent(extent, limits, limits.maxTokens, limits.maxOutputs, 0);
    if (extent.kind == ExtentKind::pages || __builtin_mul_overflow(count, value, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

Status verifyBufferSize(const ProgramBuffer &buffer, const ProgramLimits &limits) {
  std::optional<uint64_t> count = numElements(buffer, limits);
  uint64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, sizeOf(buffer.type), &bytes)) {
    return invalidArgument("the shape overflows or has an extent 'P', which only kv may have");
  }
  if (bytes > buffer.size || buffer.size - bytes >= kMaxSpareBytes) {
    return invalidArgument("expected a size of {} bytes for the shape at the maxima, got {}", bytes,
                           buffer.size);
  }
  return {};
}

Status verifyBuffer(const ProgramBuffer &buffer, const ProgramLimits &limits, uint32_t vocabSize) {
  CRIA_RETURN_IF_ERROR(verifyBufferSize(buffer, limits));
  if (buffer.kind == BufferKind::arena) {
    if (buffer.offset % kAlignment != 0) {
      return invalidArgument("expected an arena offset that is a multiple of {}, got {}", kAlignment,
                             buffer.offset);
    }
    if (buffer.offset + buffer.size > kMaxArenaBytes) {
      return invalidArgument("expected an arena of at most {} bytes, got {}", kMaxArenaBytes,
                             buffer.offset + buffer.size);
    }
  }
  bool isLogits = buffer.type == DataType::f32 && buffer.shape.size() == 2 &&
                  buffer.shape[0].kind == ExtentKind::outputs &&
                  buffer.shape[1].kind == ExtentKind::constant && buffer.shape[1].value == vocabSize;
  if (buffer.kind == BufferKind::result && !isLogits) {
    return invalidArgument("expected a result of type f32 and shape ['R', {}], the vocabulary", vocabSize);
  }
  if (buffer.kind == BufferKind::constant && (buffer.data.size() * kElementBytes > buffer.size ||
                                              buffer.size - buffer.data.size() * kElementBytes >= 64)) {
    return invalidArgument("expected {} bytes of data, got {} words of 4", buffer.size, buffer.data.size());
  }
  return {};
}

Status verifyBuffers(const Program &program, uint32_t vocabSize) {
  size_t numResults = 0;
  for (const ProgramBuffer &buffer : program.buffers) {
    Status status = verifyBuffer(buffer, program.limits, vocabSize);
    CRIA_RETURN_IF_ERROR(status.withContext(fmt::format("buffer '{}'", printable(buffer.name))));
    numResults += buffer.kind == BufferKind::result;
  }
  if (numResults != 1) {
    return invalidArgument("expected one buffer of kind result, got {}", numResults);
  }
  return {};
}

Status verifyEntryNames(const Program &program) {
  static const std::set<std::string, std::less<>> kKnown = {"decode", "small", "prefill", "initialize"};
  std::set<std::string> seen;
  for (const ProgramEntry &entry : program.entries) {
    if (!kKnown.contains(entry.name)) {
      return invalidArgument("expected entries decode, small, prefill and initialize, got '{}'",
                             printable(entry.name));
    }
    if (!seen.insert(entry.name).second) {
      return invalidArgument("the entry '{}' is there twice", entry.name);
    }
    if (entry.maxTokens > program.limits.maxTokens || (entry.minTokens == 0 && entry.name != "initialize")) {
      return invalidArgument("entry '{}': expected 1 to {} tokens, got {} to {}", entry.name,
                             program.limits.maxTokens, entry.minTokens, entry.maxTokens);
    }
  }
  const ProgramEntry *decode = program.findEntry("decode"), *prefill = program.findEntry("prefill");
  if (!decode || decode->maxTokens != 1 || decode->minTokens != 1) {
    return invalidArgument("expected an entry 'decode' of 1 token");
  }
  if (!prefill || prefill->maxTokens != program.limits.maxTokens) {
    return invalidArgument("expected an entry 'prefill' of up to max_tokens {} tokens",
                           program.limits.maxTokens);
  }
  return {};
}

/// Every weight without a file is made by `initialize`.
Status verifyInitialized(const Program &program) {
  const ProgramEntry *initialize = program.findEntry("initialize");
  std::vector<bool> written(program.weights.size());
  for (size_t d = 0; initialize && d < initialize->dispatches.size(); ++d) {
    for (const ProgramBinding &binding : initialize->dispatches[d].bindings) {
      if (binding.buffer.space == BufferSpace::weight && (binding.access & CRIA_ACCESS_WRITE) != 0) {
        written[binding.buffer.index] = true;
      }
    }
  }
  for (size_t i = 0; i < program.weights.size(); ++i) {
    if (program.weights[i].file.empty() && !written[i]) {
      return invalidArgument("weight '{}' has no file, and no entry 'initialize' makes it",
                             printable(program.weights[i].name));
    }
  }
  return {};
}
} // namespace

StatusOr<std::vector<int64_t>> physicalShape(const ProgramWeight &weight) {
  std::vector<int64_t> shape(weight.shape.begin(), weight.shape.end());
  if (weight.layout == "row_major" && (shape.size() == 1 || shape.size() == 2)) {
    return shape;
  }
  if (weight.layout == "panel16" && shape.size() == 2) {
    return std::vector<int64_t>{(shape[0] + 63) / 64 * 4, shape[1], 16};
  }
  if (weight.layout == "row_padded" && shape.size() == 2) {
    return std::vector<int64_t>{(shape[0] + 127) / 128 * 128, (shape[1] + 63) / 64 * 64};
  }
  return invalidArgument(
      "expected layout row_major of 1 or 2 extents, panel16 or row_padded of 2, got '{}' of {}",
      printable(weight.layout), shape.size());
}

Status verifyProgram(const Program &program, uint32_t vocabSize) {
  CRIA_RETURN_IF_ERROR(verifyLimits(program));
  CRIA_RETURN_IF_ERROR(verifyStep(program));
  for (const ProgramWeight &weight : program.weights) {
    CRIA_RETURN_IF_ERROR(
        verifyWeight(weight).withContext(fmt::format("weight '{}'", printable(weight.name))));
  }
  CRIA_RETURN_IF_ERROR(verifyBuffers(program, vocabSize));
  CRIA_RETURN_IF_ERROR(verifyEntryNames(program));
  CRIA_RETURN_IF_ERROR(verifyInitialized(program));
  for (const ProgramEntry &entry : program.entries) {
    CRIA_RETURN_IF_ERROR(verifyEntry(program, entry).withContext(fmt::format("entry '{}'", entry.name)));
  }
  return {};
}

} // namespace cria
