// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Allocates the buffers of a program. Steps allocate nothing.
#include "runtime/exec/ModelMemory.h"

#include "format/ElementConversion.h"
#include "format/KvType.h"
#include "support/Json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

namespace cria {

namespace {
constexpr uint64_t kDefaultKvBytes = uint64_t(1) << 30;
constexpr uint32_t kQuietNan = 0x7fc00000;
constexpr uint64_t kMinBufferBytes = 64;

uint64_t roundUpToWord(uint64_t size) { return (size + 3) / 4 * 4; }

/// The default number of pages: full contexts for all sequences of a step within kDefaultKvBytes, at least
/// one.
uint64_t defaultPages(const Program &program, uint64_t pagesPerContext) {
  uint64_t affordable = kDefaultKvBytes / program.kv.pageBytes;
  return std::max(pagesPerContext, std::min(affordable, pagesPerContext * program.limits.maxSequences));
}

/// The bytes of step buffer, logits and constants.
uint64_t otherBytes(const Program &program) {
  uint64_t bytes = program.step.size + program.result().size;
  for (const ProgramBuffer &buffer : program.buffers) {
    bytes += buffer.kind == BufferKind::constant ? buffer.size : 0;
  }
  return bytes;
}

MemoryUse planUse(const Program &program, const KvPlan &plan) {
  return {.weights = program.weightBytes(),
          .arena = std::max(roundUpToWord(program.arenaBytes()), kMinBufferBytes),
          .kv = plan.numPages * program.kv.pageBytes,
          .other = otherBytes(program)};
}
} // namespace

Status checkFits(const Program &program, const KvPlan &plan, const DeviceMemory &memory) {
  MemoryUse use = planUse(program, plan);
  uint64_t needed = use.weights + use.arena + use.kv + use.other;
  if (memory.freeBytes == 0 || needed <= memory.freeBytes) {
    return {};
  }
  return error(
      StatusCode::outOfMemory,
      "the model requires {} bytes of device memory ({} for weights, {} for {} KV pages, {} for the rest), "
      "{} has {}{} free; reduce --kv-memory or --context, use another --device, or stop other "
      "programs that use it",
      needed, use.weights, use.kv, plan.numPages, use.arena + use.other, memory.name, memory.freeBytes,
      memory.totalBytes == 0 ? "" : fmt::format(" of {}", memory.totalBytes));
}

HostMemoryUse hostMemoryUse(const Program &program, const KvPlan &plan, bool isHost, bool canImport) {
  const MemoryUse use = planUse(program, plan);
  if (!isHost) {
    return {.other = WeightBuffers::kUploadBytes + program.step.size + program.result().size};
  }
  HostMemoryUse host = {.kv = use.kv, .other = use.arena + use.other};
  for (const ProgramWeight &weight : program.weights) {
    const bool isMapped = canImport && !weight.file.empty();
    (isMapped ? host.mapped : host.weights) += weight.size();
  }
  return host;
}

StatusOr<KvPlan> planKv(const Program &program, const ModelOptions &options) {
  uint32_t context = options.context == 0 ? program.limits.context : options.context;
  if (context > program.limits.context) {
    return invalidArgument("expected a context of at most {}, the maximum that the package was compiled for, "
                           "got {}; compile with a longer --context if the model has one",
                           program.limits.context, context);
  }
  uint64_t pagesPerContext = (uint64_t(context) + program.kv.pageTokens - 1) / program.kv.pageTokens;
  uint64_t pages = defaultPages(program, pagesPerContext);
  if (options.kvMemoryBytes != 0) {
    pages = options.kvMemoryBytes / program.kv.pageBytes;
  }
  if (pages == 0) {
    return invalidArgument(
        "expected KV memory for at least one page of {} bytes ({} positions), got {} bytes",
        program.kv.pageBytes, program.kv.pageTokens, options.kvMemoryBytes);
  }
  pages = std::min<uint64_t>(pages, INT32_MAX / program.kv.pageTokens); // slots have 32 bits
  uint64_t positions = std::min<uint64_t>(context, pages * program.kv.pageTokens);
  return KvPlan{.numPages = static_cast<uint32_t>(pages), .context = static_cast<uint32_t>(positions)};
}

StatusOr<std::unique_ptr<ModelMemory>> ModelMemory::allocate(const Package &package, const Program &program,
                                                             Device &device, const KvPlan &plan,
                                                             const WeightBuffers::Progress &progress) {
  std::unique_ptr<ModelMemory> memory(new ModelMemory(program, device));
  memory->use_ = planUse(program, plan);
  CRIA_RETURN_IF_ERROR(memory->loadWeights(package, progress));
  CRIA_RETURN_IF_ERROR(memory->allocateBuffers());
  CRIA_RETURN_IF_ERROR(memory->allocateKv(plan.numPages));
  return memory;
}

Status ModelMemory::loadWeights(const Package &package, const WeightBuffers::Progress &progress) {
  CRIA_ASSIGN_OR_RETURN(weights_, WeightBuffers::load(package, program_, device_, progress));
  for (size_t i = 0; i < weights_.size(); ++i) {
    std::vector<BoundBuffers::Place> &places = bound_.weights.emplace_back();
    for (const DeviceBuffer &array : weights_[i]) {
      places.push_back({.buffer = array.get()});
    }
  }
  use_.importedWeights = weights_.importedBytes();
  return {};
}

Status ModelMemory::allocateBuffers() {
  CRIA_ASSIGN_OR_RETURN(arena_, device_.allocate(use_.arena, CRIA_BUFFER_ARENA, "the arena"));
  CRIA_ASSIGN_OR_RETURN(
      step_, device_.allocate(roundUpToWord(program_.step.size), CRIA_BUFFER_STEP, "the step inputs"));
  CRIA_ASSIGN_OR_RETURN(
      result_, device_.allocate(roundUpToWord(program_.result().size), CRIA_BUFFER_STEP, "the logits"));
  bound_.step = {.buffer = step_.get()};
  for (const ProgramBuffer &buffer : program_.buffers) {
    if (buffer.kind == BufferKind::arena) {
      bound_.buffers.push_back({.buffer = arena_.get(), .offset = buffer.offset});
    } else if (buffer.kind == BufferKind::result) {
      bound_.buffers.push_back({.buffer = result_.get()});
    } else {
      CRIA_RETURN_IF_ERROR(allocateConstant(buffer));
    }
  }
  return {};
}

Status ModelMemory::allocateConstant(const ProgramBuffer &buffer) {
  std::vector<uint32_t> words = buffer.data;
  words.resize(roundUpToWord(buffer.size) / sizeof(uint32_t));
  CRIA_ASSIGN_OR_RETURN(DeviceBuffer constant,
                        device_.allocate(words.size() * sizeof(uint32_t), CRIA_BUFFER_WEIGHTS,
                                         fmt::format("constant '{}'", printable(buffer.name))));
  CRIA_RETURN_IF_ERROR(device_.upload(constant, 0, words.data(), words.size() * sizeof(uint32_t)));
  bound_.buffers.push_back({.buffer = constant.get()});
  constants_.push_back(std::move(constant));
  return {};
}

Status ModelMemory::allocateKv(uint32_t numPages) {
  StatusOr<DeviceBuffer> pages =
      device_.allocate(use_.kv, CRIA_BUFFER_KV_CACHE, fmt::format("{} KV pages", numPages));
  if (!pages.ok()) {
    return Status(pages.status().code(), pages.status().message() + "; reduce --context or --kv-memory");
  }
  kv_ = std::move(*pages);
  bound_.kv = {.buffer = kv_.get()};
  bound_.numPages = numPages;
  return {};
}

Status ModelMemory::poisonBuffers() {
  CRIA_RETURN_IF_ERROR(device_.fill(arena_, 0, use_.arena, kQuietNan));
  return device_.fill(result_, 0, roundUpToWord(program_.result().size), kQuietNan);
}

/// The parts of a page that hold floats: offsets and sizes in bytes. Of a cache of codes, these are the
/// scales, which dispatches bind.
static std::map<uint64_t, uint64_t> floatsOfPage(const Program &program) {
  if (!hasKvScales(program.kv.type)) {
    return {{0, program.kv.pageBytes}};
  }
  std::map<uint64_t, uint64_t> scales;
  for (const ProgramEntry &entry : program.entries) {
    for (const ProgramDispatch &dispatch : entry.dispatches) {
      for (const ProgramBinding &binding : dispatch.bindings) {
        if (binding.buffer.space == BufferSpace::kv && binding.type == kKvScaleType) {
          uint64_t &size = scales[binding.offset] = sizeOf(kKvScaleType);
          for (size_t i = 1; i < binding.shape.size(); ++i) {
            size *= binding.shape[i].value; // dense, after the dimension of the pages
          }
        }
      }
    }
  }
  return scales;
}

static bool areFinite(std::span<const std::byte> elements, ElementType type) {
  std::vector<float> values(elements.size() / sizeOf(type));
  convertElements(type, elements.data(), ElementType::f32, reinterpret_cast<std::byte *>(values.data()),
                  values.size());
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

StatusOr<bool> ModelMemory::hasOverflow(uint32_t page) {
  const KvFormat &kv = program_.kv;
  std::vector<std::byte> elements(kv.pageBytes);
  CRIA_RETURN_IF_ERROR(device_.download(kv_, page * kv.pageBytes, elements.data(), kv.pageBytes));
  CRIA_RETURN_IF_ERROR(device_.finish());
  const ElementType type = hasKvScales(kv.type) ? kKvScaleType : kv.type;
  for (const auto &[offset, size] : floatsOfPage(program_)) {
    const uint64_t inPage = std::min(size, kv.pageBytes - offset); // strides of 0 repeat elements
    if (!areFinite(std::span(elements).subspan(offset, inPage), type)) {
      return true;
    }
  }
  return false;
}

Status ModelMemory::zeroPage(uint32_t page) {
  return device_.fill(kv_, page * program_.kv.pageBytes, program_.kv.pageBytes, 0);
}

Status ModelMemory::copyPage(uint32_t destination, uint32_t source) {
  uint64_t bytes = program_.kv.pageBytes;
  return device_.copy(kv_, destination * bytes, source * bytes, bytes);
}

} // namespace cria
