// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resolves all sizes of an entry point: grids, shapes and the places of operands. A step then only looks up
// (entry point, T, R).
#include "runtime/exec/CommandBuffers.h"

#include <algorithm>
#include <deque>

namespace cria {

namespace {
bool isAny(const ProgramDispatch &) { return true; }

/// Builds the structs of the plugin ABI for an entry point. Addresses in a deque stay valid while it grows.
class EntryResolver {
public:
  EntryResolver(const Program &program, const BoundBuffers &bound, uint32_t numTokens, uint32_t numOutputs)
      : program_(program), bound_(bound), numTokens_(numTokens), numOutputs_(numOutputs) {}

  /// Returns false if the grid is empty.
  bool add(const ProgramDispatch &dispatch);
  cria_record_info info() const {
    return {.struct_size = sizeof(cria_record_info),
            .num_entries = static_cast<uint32_t>(entryPointers_.size()),
            .entries = entryPointers_.data()};
  }

private:
  const cria_operand *addOperand(const ProgramBinding &binding, KernelKind kind);
  const cria_attribute *addAttribute(const ProgramAttribute &attribute);
  BoundBuffers::Place placeOf(const BufferReference &buffer) const;

  const Program &program_;
  const BoundBuffers &bound_;
  uint64_t numTokens_, numOutputs_;
  std::deque<cria_entry> entries_;
  std::deque<cria_operand> operands_;
  std::deque<cria_attribute> attributes_;
  std::deque<std::vector<uint64_t>> shapes_;
  std::deque<std::vector<const cria_operand *>> operandLists_;
  std::deque<std::vector<const cria_attribute *>> attributeLists_;
  std::vector<const cria_entry *> entryPointers_;
};

BoundBuffers::Place EntryResolver::placeOf(const BufferReference &buffer) const {
  switch (buffer.space) {
  case BufferSpace::weight:
    return bound_.weights[buffer.index][buffer.array];
  case BufferSpace::step:
    return bound_.step;
  case BufferSpace::kv:
    return bound_.kv;
  case BufferSpace::buffer:
    break;
  }
  return bound_.buffers[buffer.index];
}

const cria_operand *EntryResolver::addOperand(const ProgramBinding &binding, KernelKind kind) {
  std::vector<uint64_t> &shape = shapes_.emplace_back();
  for (const Extent &extent : binding.shape) {
    shape.push_back(resolveExtent(extent, program_.limits, numTokens_, numOutputs_, bound_.numPages));
  }
  BoundBuffers::Place place = placeOf(binding.buffer);
  uint64_t poolBytes = program_.kv.pageBytes * bound_.numPages;
  bool isResult = (binding.access & CRIA_ACCESS_WRITE) != 0;
  cria_operand &operand = operands_.emplace_back();
  operand = {.struct_size = sizeof(cria_operand),
             .access = binding.access,
             .buffer = place.buffer,
             .offset = place.offset + binding.offset,
             .size = binding.toEnd ? poolBytes - binding.offset : binding.size,
             .type = static_cast<uint32_t>(binding.type),
             .rank = static_cast<uint32_t>(shape.size()),
             .required = kind == KernelKind::op,
             .is_result = isResult,
             .name = abiString(binding.name),
             .shape = shape.data(),
             .strides = binding.strides.data()};
  return &operand;
}

const cria_attribute *EntryResolver::addAttribute(const ProgramAttribute &attribute) {
  cria_attribute &result = attributes_.emplace_back();
  result = {.struct_size = sizeof(cria_attribute), .name = abiString(attribute.name)};
  if (const int64_t *integer = std::get_if<int64_t>(&attribute.value)) {
    result.type = CRIA_ATTRIBUTE_INT;
    result.integer = *integer;
  } else if (const double *number = std::get_if<double>(&attribute.value)) {
    result.type = CRIA_ATTRIBUTE_FLOAT;
    result.number = *number;
  } else {
    result.type = CRIA_ATTRIBUTE_STRING;
    result.text = abiString(std::get<std::string>(attribute.value));
  }
  return &result;
}

bool EntryResolver::add(const ProgramDispatch &dispatch) {
  const ProgramKernel &kernel = program_.kernels[dispatch.kernel];
  cria_entry entry = {.struct_size = sizeof(cria_entry)};
  for (size_t i = 0; i < dispatch.grid.size(); ++i) {
    entry.grid[i] = static_cast<uint32_t>(resolveGrid(dispatch.grid[i], numTokens_, numOutputs_));
    if (entry.grid[i] == 0) {
      return false;
    }
  }
  auto &operands = operandLists_.emplace_back();
  for (const ProgramBinding &binding : dispatch.bindings) {
    operands.push_back(addOperand(binding, kernel.kind));
  }
  auto &attributes = attributeLists_.emplace_back();
  for (const ProgramAttribute &attribute : kernel.attributes) {
    attributes.push_back(addAttribute(attribute));
  }
  bool isKernel = kernel.kind == KernelKind::kernel;
  entry.kind = isKernel ? CRIA_ENTRY_KERNEL : CRIA_ENTRY_OP;
  entry.name = abiString(isKernel ? kernel.symbol : kernel.op);
  entry.scratch_bytes = kernel.scratchBytes;
  std::copy(kernel.block.begin(), kernel.block.end(), entry.block);
  entry.num_operands = static_cast<uint32_t>(operands.size());
  entry.operands = operands.data();
  entry.num_attributes = static_cast<uint32_t>(attributes.size());
  entry.attributes = attributes.data();
  entryPointers_.push_back(&entries_.emplace_back(entry));
  return true;
}
} // namespace

StatusOr<CommandBuffer> CommandBuffers::make(const ProgramEntry &entry, uint32_t numTokens,
                                             uint32_t numOutputs, const Filter &isWanted) const {
  CommandBuffer commandBuffer;
  commandBuffer.entry = &entry;
  commandBuffer.numTokens = numTokens;
  commandBuffer.numOutputs = numOutputs;
  EntryResolver resolver(program_, bound_, numTokens, numOutputs);
  for (uint32_t i = 0; i < entry.dispatches.size(); ++i) {
    if (isWanted(entry.dispatches[i]) && resolver.add(entry.dispatches[i])) {
      commandBuffer.dispatches.push_back(i);
    }
  }
  StatusOr<DeviceCommandBuffer> handle = device_.record(code_, resolver.info());
  if (!handle.ok()) {
    return handle.status().withContext(
        fmt::format("entry '{}' of program '{}'", entry.name, program_.target));
  }
  commandBuffer.handle = std::move(*handle);
  return commandBuffer;
}

StatusOr<CommandBuffer> CommandBuffers::makeForKernel(const CommandBuffer &step, uint32_t kernel) const {
  return make(*step.entry, step.numTokens, step.numOutputs,
              [&](const ProgramDispatch &dispatch) { return dispatch.kernel == kernel; });
}

StatusOr<CommandBuffer> CommandBuffers::makePart(const CommandBuffer &step, size_t first, size_t end) const {
  const ProgramDispatch *dispatches = step.entry->dispatches.data();
  return make(*step.entry, step.numTokens, step.numOutputs, [=](const ProgramDispatch &dispatch) {
    return &dispatch >= dispatches + first && &dispatch < dispatches + end;
  });
}

Status CommandBuffers::check() const {
  for (const ProgramEntry &entry : program_.entries) {
    uint32_t numOutputs = std::min(entry.maxTokens, program_.limits.maxOutputs);
    CRIA_RETURN_IF_ERROR(make(entry, entry.maxTokens, numOutputs, isAny).status());
  }
  return {};
}

/// Returns the place of a new command buffer: an unused one, or that of the least recently used.
CommandBuffer *CommandBuffers::makeRoom() {
  if (kept_.size() < capacity_) {
    return &kept_.emplace_back();
  }
  return &*std::min_element(kept_.begin(), kept_.end(), [](const CommandBuffer &a, const CommandBuffer &b) {
    return a.lastUse < b.lastUse;
  });
}

StatusOr<const CommandBuffer *> CommandBuffers::get(const ProgramEntry &entry, uint32_t numTokens,
                                                    uint32_t numOutputs) {
  auto isWanted = [&](const CommandBuffer &commandBuffer) {
    return commandBuffer.entry == &entry && commandBuffer.numTokens == numTokens &&
           commandBuffer.numOutputs == numOutputs;
  };
  auto found = std::find_if(kept_.begin(), kept_.end(), isWanted);
  if (found == kept_.end()) {
    CRIA_ASSIGN_OR_RETURN(CommandBuffer commandBuffer, make(entry, numTokens, numOutputs, isAny));
    CommandBuffer *place = makeRoom();
    *place = std::move(commandBuffer);
    found = kept_.begin() + (place - kept_.data());
  }
  found->lastUse = ++clock_;
  return &*found;
}

} // namespace cria
