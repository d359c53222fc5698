// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifies one entry point: each binding, then pairs of bindings of a dispatch, then lifetimes in the
// arena.
#include "format/EntryVerifier.h"

#include "format/ByteRanges.h"
#include "plugins/api/kernel_abi.h"
#include "support/Json.h"

#include <algorithm>
#include <limits>
#include <map>

namespace cria {

namespace {
constexpr size_t kMaxBindings = 64; // quadratic: pairs are compared
constexpr uint64_t kMaxGrid = INT32_MAX;
constexpr uint64_t kMaxWorkgroups = uint64_t(1) << 48;

bool isWritten(const ProgramBinding &binding) { return (binding.access & CRIA_ACCESS_WRITE) != 0; }
bool isRead(const ProgramBinding &binding) { return (binding.access & CRIA_ACCESS_READ) != 0; }

class EntryVerifier {
public:
  EntryVerifier(const Program &program, const ProgramEntry &entry, std::optional<uint32_t> &dispatch)
      : program_(program), entry_(entry), dispatch_(dispatch) {}
  Status verify();

private:
  Status verifyDispatch(const ProgramDispatch &dispatch);
  Status verifyGrid(const ProgramDispatch &dispatch) const;
  Status verifyBinding(const ProgramBinding &binding, bool isKernel) const;
  Status verifyAccess(const ProgramBinding &binding) const;
  Status verifyWindow(const ProgramBinding &binding, bool isKernel) const;
  Status verifyElements(const ProgramBinding &binding) const;
  std::optional<unsigned __int128> lastElement(const ProgramBinding &binding) const;
  std::pair<uint64_t, uint64_t> accessedBytes(const ProgramBinding &binding) const;
  Status verifyCount(const ProgramBinding &binding) const;
  Status verifyPairs(const ProgramDispatch &dispatch) const;
  Status verifyWrittenBefore(const ProgramBinding &binding) const;
  void noteUses(const ProgramDispatch &dispatch, uint32_t index);
  Status verifyResult() const;
  Status verifyLifetimes() const;

  uint64_t sizeOfBuffer(const BufferReference &buffer) const;
  const ProgramBuffer *planned(const ProgramBinding &binding) const;

  const Program &program_;
  const ProgramEntry &entry_;
  std::optional<uint32_t> &dispatch_; // that is being verified
  struct Uses {
    uint32_t first = 0, last = 0;
    bool used = false;
    ByteRanges written;
  };
  std::vector<Uses> uses_; // by buffer
};

/// The arena or result buffer of a binding; null for any other space.
const ProgramBuffer *EntryVerifier::planned(const ProgramBinding &binding) const {
  if (binding.buffer.space != BufferSpace::buffer) {
    return nullptr;
  }
  const ProgramBuffer &buffer = program_.buffers[binding.buffer.index];
  return buffer.kind == BufferKind::constant ? nullptr : &buffer;
}

uint64_t EntryVerifier::sizeOfBuffer(const BufferReference &buffer) const {
  switch (buffer.space) {
  case BufferSpace::weight:
    return program_.weights[buffer.index].arrays[buffer.array].size;
  case BufferSpace::step:
    return program_.step.size;
  case BufferSpace::kv:
    return program_.kv.pageBytes; // a pool has at least one page
  case BufferSpace::buffer:
    break;
  }
  return program_.buffers[buffer.index].size;
}

Status EntryVerifier::verify() {
  uses_.resize(program_.buffers.size());
  for (uint32_t i = 0; i < entry_.dispatches.size(); ++i) {
    const ProgramDispatch &dispatch = entry_.dispatches[i];
    dispatch_ = i;
    Status status = verifyDispatch(dispatch);
    CRIA_RETURN_IF_ERROR(status.withContext(
        fmt::format("dispatch {} ('{}')", i, printable(program_.kernels[dispatch.kernel].name))));
    noteUses(dispatch, i);
  }
  dispatch_ = std::nullopt;
  CRIA_RETURN_IF_ERROR(verifyResult());
  return verifyLifetimes();
}

Status EntryVerifier::verifyDispatch(const ProgramDispatch &dispatch) {
  if (dispatch.bindings.size() > kMaxBindings) {
    return invalidArgument("expected at most {} bindings, got {}", kMaxBindings, dispatch.bindings.size());
  }
  CRIA_RETURN_IF_ERROR(verifyGrid(dispatch));
  bool isKernel = program_.kernels[dispatch.kernel].kind == KernelKind::kernel;
  for (const ProgramBinding &binding : dispatch.bindings) {
    Status status = verifyBinding(binding, isKernel);
    CRIA_RETURN_IF_ERROR(status.withContext(fmt::format("binding '{}'", printable(binding.name))));
  }
  return verifyPairs(dispatch);
}

Status EntryVerifier::verifyGrid(const ProgramDispatch &dispatch) const {
  uint64_t workgroups = 1;
  for (const GridDimension &dimension : dispatch.grid) {
    uint64_t n = dimension.of == ExtentKind::constant ? 1 : entry_.maxTokens;
    uint64_t tiles = (n + dimension.tile - 1) / dimension.tile;
    uint64_t size = 0;
    if (__builtin_mul_overflow(dimension.times, tiles, &size) || size > kMaxGrid) {
      return invalidArgument("expected a grid dimension up to {}, got {} times {}", kMaxGrid, dimension.times,
                             tiles);
    }
    if (__builtin_mul_overflow(workgroups, size, &workgroups) || workgroups > kMaxWorkgroups) {
      return invalidArgument("expected a grid of at most 2^48 workgroups");
    }
  }
  return {};
}

Status EntryVerifier::verifyBinding(const ProgramBinding &binding, bool isKernel) const {
  CRIA_RETURN_IF_ERROR(verifyAccess(binding));
  CRIA_RETURN_IF_ERROR(verifyWindow(binding, isKernel));
  CRIA_RETURN_IF_ERROR(verifyElements(binding));
  CRIA_RETURN_IF_ERROR(verifyCount(binding));
  return verifyWrittenBefore(binding);
}

Status EntryVerifier::verifyAccess(const ProgramBinding &binding) const {
  bool initialize = entry_.name == "initialize";
  bool usesStep = binding.buffer.space == BufferSpace::step || binding.buffer.space == BufferSpace::kv;
  if (initialize && usesStep) {
    return invalidArgument("'{}' is not available in entry point 'initialize'", binding.bufferName);
  }
  if (!isWritten(binding)) {
    return {};
  }
  if (binding.buffer.space == BufferSpace::step) {
    return invalidArgument("writes 'step', which is read-only");
  }
  if (binding.buffer.space == BufferSpace::weight &&
      (!initialize || !program_.weights[binding.buffer.index].file.empty())) {
    return invalidArgument(
        "writes weight '{}': only 'initialize' writes weights, and only those without a file",
        printable(binding.bufferName));
  }
  if (binding.buffer.space == BufferSpace::buffer && !planned(binding)) {
    return invalidArgument("writes constant '{}', which is read-only", printable(binding.bufferName));
  }
  return {};
}

Status EntryVerifier::verifyWindow(const ProgramBinding &binding, bool isKernel) const {
  uint64_t size = sizeOfBuffer(binding.buffer);
  bool isKv = binding.buffer.space == BufferSpace::kv;
  if (binding.toEnd != isKv) {
    return invalidArgument("expected {} for the window of '{}'", isKv ? "size 'rest'" : "a size in bytes",
                           printable(binding.bufferName));
  }
  bool inside = binding.offset < size && (isKv || binding.size <= size - binding.offset);
  if (!inside) {
    return invalidArgument("the window of {} bytes at offset {} exceeds '{}' of {} bytes",
                           binding.toEnd ? "rest" : std::to_string(binding.size), binding.offset,
                           printable(binding.bufferName), size);
  }
  uint64_t alignment = isKernel ? CRIA_KERNEL_ALIGNMENT : sizeOf(binding.type);
  if (binding.offset % alignment != 0) {
    return invalidArgument("expected an offset that is a multiple of {}, got {}", alignment, binding.offset);
  }
  return {};
}

/// The last element at the maximum sizes, for kv the last one of the first page; nullopt if there are no
/// elements.
std::optional<unsigned __int128> EntryVerifier::lastElement(const ProgramBinding &binding) const {
  const ProgramLimits &limits = program_.limits;
  uint64_t outputs = std::min(entry_.maxTokens, limits.maxOutputs);
  unsigned __int128 last = 0;
  for (size_t i = 0; i < binding.shape.size(); ++i) {
    if (binding.shape[i].kind == ExtentKind::pages) {
      continue;
    }
    uint64_t value = resolveExtent(binding.shape[i], limits, entry_.maxTokens, outputs, 0);
    if (value == 0) {
      return std::nullopt;
    }
    last += static_cast<unsigned __int128>(value - 1) * binding.strides[i];
    last = std::min<unsigned __int128>(last, UINT64_MAX); // beyond any window; prevents overflow of the sum
  }
  return last;
}

/// Checks that at the maximum sizes the last element lies inside the window. For kv it suffices to check
/// the first page, since the stride between pages is at most a page.
Status EntryVerifier::verifyElements(const ProgramBinding &binding) const {
  bool isKv = binding.buffer.space == BufferSpace::kv;
  uint64_t window = isKv ? program_.kv.pageBytes - binding.offset : binding.size;
  bool overPages = false;
  for (size_t i = 0; i < binding.shape.size(); ++i) {
    const Extent &extent = binding.shape[i];
    if (extent.kind == ExtentKind::pages) {
      if (!isKv || overPages || binding.strides[i] > program_.kv.pageBytes / sizeOf(binding.type)) {
        return invalidArgument(
            "expected at most one dimension 'P', only for kv and with a stride of at most one page");
      }
      overPages = true;
    }
  }
  if (std::optional last = lastElement(binding); last && *last >= window / sizeOf(binding.type)) {
    return invalidArgument("the last element at the maximum sizes exceeds the window of {} bytes", window);
  }
  return {};
}

/// A stride of 0 repeats elements. An operand repeats its buffer at most once per row of the step, so that
/// the work on it is bounded by allocated memory.
Status EntryVerifier::verifyCount(const ProgramBinding &binding) const {
  uint64_t outputs = std::min(entry_.maxTokens, program_.limits.maxOutputs);
  unsigned __int128 count = 1;
  for (const Extent &extent : binding.shape) {
    bool isPages = extent.kind == ExtentKind::pages; // kv: elements per page
    count *= isPages ? 1 : resolveExtent(extent, program_.limits, entry_.maxTokens, outputs, 0);
    count = std::min<unsigned __int128>(count, UINT64_MAX);
  }
  uint64_t elements = sizeOfBuffer(binding.buffer) / sizeOf(binding.type);
  unsigned __int128 bound = static_cast<unsigned __int128>(elements) * std::max(entry_.maxTokens, 1u);
  if (count > bound) {
    return invalidArgument(
        "expected a shape of at most {} elements, the size of '{}' times the rows of the step, "
        "got {}",
        static_cast<uint64_t>(bound), printable(binding.bufferName), static_cast<uint64_t>(count));
  }
  return {};
}

/// Begin and end of the bytes that a binding may access, for kv in each page. Where the stride between pages
/// is not a page, that is all of them.
std::pair<uint64_t, uint64_t> EntryVerifier::accessedBytes(const ProgramBinding &binding) const {
  if (!binding.toEnd) {
    return {binding.offset, binding.offset + binding.size};
  }
  uint64_t size = sizeOf(binding.type);
  for (size_t i = 0; i < binding.shape.size(); ++i) {
    if (binding.shape[i].kind == ExtentKind::pages && binding.strides[i] != program_.kv.pageBytes / size) {
      return {0, program_.kv.pageBytes};
    }
  }
  std::optional last = lastElement(binding); // verifyElements() has checked that it lies inside a page
  return {binding.offset, binding.offset + (last ? (uint64_t(*last) + 1) * size : 0)};
}

/// Checks that no written binding overlaps another one, unless the dispatch is in place and both name the
/// same window.
Status EntryVerifier::verifyPairs(const ProgramDispatch &dispatch) const {
  for (size_t i = 0; i < dispatch.bindings.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const ProgramBinding &a = dispatch.bindings[j], &b = dispatch.bindings[i];
      bool sameBuffer = a.buffer == b.buffer;
      const auto [aBegin, aEnd] = accessedBytes(a);
      const auto [bBegin, bEnd] = accessedBytes(b);
      bool overlap = sameBuffer && aBegin < bEnd && bBegin < aEnd;
      bool sameWindow = a.offset == b.offset && a.size == b.size && a.toEnd == b.toEnd;
      if (overlap && (isWritten(a) || isWritten(b)) && !(dispatch.inPlace && sameWindow)) {
        return invalidArgument("bindings '{}' and '{}' overlap in '{}', and one of them is written",
                               printable(a.name), printable(b.name), printable(a.bufferName));
      }
    }
  }
  return {};
}

Status EntryVerifier::verifyWrittenBefore(const ProgramBinding &binding) const {
  uint64_t end = binding.offset + binding.size;
  if (planned(binding) && isRead(binding) &&
      !uses_[binding.buffer.index].written.covers(binding.offset, end)) {
    return invalidArgument("reads bytes {} to {} of '{}' before all of them are written", binding.offset, end,
                           printable(binding.bufferName));
  }
  return {};
}

void EntryVerifier::noteUses(const ProgramDispatch &dispatch, uint32_t index) {
  for (const ProgramBinding &binding : dispatch.bindings) {
    if (!planned(binding)) {
      continue;
    }
    Uses &uses = uses_[binding.buffer.index];
    uses.first = uses.used ? uses.first : index;
    uses.last = index;
    uses.used = true;
    if (isWritten(binding)) {
      uses.written.add(binding.offset, binding.offset + binding.size);
    }
  }
}

/// Checks that an entry point writes the result.
Status EntryVerifier::verifyResult() const {
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    bool isResult = program_.buffers[i].kind == BufferKind::result;
    if (isResult && entry_.name != "initialize" && uses_[i].written.empty()) {
      return invalidArgument("expected the entry point to write the result '{}'",
                             printable(program_.buffers[i].name));
    }
  }
  return {};
}

/// Checks that live buffers do not overlap in the arena. Visits the dispatches with the set of live
/// buffers, sorted by offset, so that a buffer is compared only with its two neighbors.
Status EntryVerifier::verifyLifetimes() const {
  std::vector<std::vector<uint32_t>> begins(entry_.dispatches.size()), ends(entry_.dispatches.size());
  for (uint32_t i = 0; i < uses_.size(); ++i) {
    if (uses_[i].used && program_.buffers[i].kind == BufferKind::arena) {
      begins[uses_[i].first].push_back(i);
      ends[uses_[i].last].push_back(i);
    }
  }
  std::map<uint64_t, uint32_t> living; // by offset
  auto overlap = [&](uint32_t a, uint32_t b) {
    const ProgramBuffer &x = program_.buffers[a], &y = program_.buffers[b];
    return x.offset < y.offset + y.size && y.offset < x.offset + x.size;
  };
  for (size_t dispatch = 0; dispatch < begins.size(); ++dispatch) {
    for (uint32_t buffer : begins[dispatch]) {
      auto next = living.lower_bound(program_.buffers[buffer].offset);
      auto clash = next != living.end() && overlap(next->second, buffer) ? next : living.end();
      if (next != living.begin() && overlap(std::prev(next)->second, buffer)) {
        clash = std::prev(next);
      }
      if (clash != living.end()) {
        return invalidArgument("buffers '{}' and '{}' overlap in the arena and are both live at dispatch {}",
                               printable(program_.buffers[clash->second].name),
                               printable(program_.buffers[buffer].name), dispatch);
      }
      living.emplace(program_.buffers[buffer].offset, buffer);
    }
    for (uint32_t buffer : ends[dispatch]) {
      living.erase(program_.buffers[buffer].offset);
    }
  }
  return {};
}
} // namespace

Status verifyEntry(const Program &program, const ProgramEntry &entry, std::optional<uint32_t> &dispatch) {
  return EntryVerifier(program, entry, dispatch).verify();
}

} // namespace cria
