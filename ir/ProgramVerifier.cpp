// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole-program checks: references, bounds, access, aliasing, write-before-read, and overlap in the arena.

#include "ir/ProgramVerifier.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace cria::program {

namespace {

/// Half-open ranges of bytes, sorted and merged.
class Bytes {
public:
  void add(int64_t begin, int64_t end) {
    SmallVector<std::pair<int64_t, int64_t>> merged;
    for (auto [first, last] : ranges_) {
      if (last < begin || first > end) {
        merged.push_back({first, last});
        continue;
      }
      begin = std::min(begin, first);
      end = std::max(end, last);
    }
    merged.push_back({begin, end});
    llvm::sort(merged);
    ranges_ = std::move(merged);
  }
  bool covers(int64_t begin, int64_t end) const {
    return llvm::any_of(ranges_, [&](auto range) { return range.first <= begin && end <= range.second; });
  }
  bool empty() const { return ranges_.empty(); }

private:
  SmallVector<std::pair<int64_t, int64_t>> ranges_;
};

bool isWritten(BindingAttr binding) { return binding.getAccess() != Access::read; }
bool isRead(BindingAttr binding) { return binding.getAccess() != Access::write; }

/// What a binding's name refers to.
struct Target {
  enum class Kind { step, kv, weight, buffer } kind;
  Operation *op = nullptr;
  int64_t size = 0; ///< kv: of one page

  BufferOp buffer() const { return dyn_cast_or_null<BufferOp>(op); }
  bool isPlanned() const { return kind == Kind::buffer && buffer().getKind() != BufferKind::constant; }
};

struct Lifetime {
  BufferOp buffer;
  int64_t first, last;
};

class ProgramVerifier {
public:
  explicit ProgramVerifier(ModuleOp module) : module_(module), symbols_(module) {}
  LogicalResult verify();

private:
  LogicalResult verifyModule();
  LogicalResult verifyBuffers();
  LogicalResult verifyKernels();
  LogicalResult verifyEntry(EntryOp entry);
  LogicalResult verifyDispatch(DispatchOp dispatch, EntryOp entry);
  LogicalResult verifyBinding(DispatchOp dispatch, BindingAttr binding, EntryOp entry);
  LogicalResult verifyWindow(DispatchOp dispatch, BindingAttr binding, const Target &target);
  LogicalResult verifyElements(DispatchOp dispatch, BindingAttr binding, const Target &target);
  LogicalResult verifyAccess(DispatchOp dispatch, BindingAttr binding, const Target &target, EntryOp entry);
  LogicalResult verifyPairs(DispatchOp dispatch);
  LogicalResult verifyWritten(EntryOp entry);
  LogicalResult verifyLifetimes(EntryOp entry);
  LogicalResult verifyFilled();
  std::optional<Target> lookup(StringRef name);

  ModuleOp module_;
  SymbolTable symbols_;
  LimitsAttr limits_;
  KvAttr kv_;
  llvm::StringMap<Bytes> written_; // of one entry
  llvm::StringSet<> filled_;       // weights that `initialize` writes
};

InFlightDiagnostic errorAt(DispatchOp dispatch, BindingAttr binding) {
  return dispatch.emitOpError() << "binding '" << binding.getName() << "' ";
}

LogicalResult ProgramVerifier::verify() {
  if (failed(verifyModule()) || failed(verifyBuffers()) || failed(verifyKernels())) {
    return failure();
  }
  for (auto entry : module_.getOps<EntryOp>()) {
    if (failed(verifyEntry(entry))) {
      return failure();
    }
  }
  return verifyFilled();
}

LogicalResult ProgramVerifier::verifyModule() {
  limits_ = module_->getAttrOfType<LimitsAttr>(ProgramDialect::kLimitsAttr);
  kv_ = module_->getAttrOfType<KvAttr>(ProgramDialect::kKvAttr);
  if (!limits_ || !kv_ || !module_->hasAttrOfType<StringAttr>(ProgramDialect::kTargetAttr)) {
    return module_.emitError() << "expected a program to have the attributes '" << ProgramDialect::kTargetAttr
                               << "', '" << ProgramDialect::kLimitsAttr << "' and '"
                               << ProgramDialect::kKvAttr << "'";
  }
  int64_t steps = llvm::range_size(module_.getOps<StepOp>());
  if (steps != 1 || !symbols_.lookup<StepOp>(ProgramDialect::kStepBuffer)) {
    return module_.emitError() << "expected a program to have one 'program.step' named '"
                               << ProgramDialect::kStepBuffer << "', got " << steps;
  }
  auto isResult = [](BufferOp buffer) { return buffer.getKind() == BufferKind::result; };
  int64_t results = llvm::count_if(module_.getOps<BufferOp>(), isResult);
  if (results != 1) {
    return module_.emitError() << "expected a program to have one result buffer, got " << results;
  }
  if (Operation *taken = symbols_.lookup(ProgramDialect::kKvBuffer)) {
    return taken->emitError() << "expected no symbol named '" << ProgramDialect::kKvBuffer
                              << "', the name of the KV pages";
  }
  return success();
}

LogicalResult ProgramVerifier::verifyBuffers() {
  for (auto buffer : module_.getOps<BufferOp>()) {
    if (buffer.getKind() == BufferKind::arena && !buffer.getOffset()) {
      return buffer.emitOpError() << "expected an offset in the arena: run program-plan-memory first";
    }
    ArrayRef<int64_t> shape = buffer.getShape();
    if (llvm::is_contained(shape, int64_t(kExtentP)) ||
        llvm::any_of(shape.drop_front(shape.empty() ? 0 : 1), [](int64_t extent) { return extent < 0; })) {
      return buffer.emitOpError() << "expected numbers for all extents but the first, and no extent P";
    }
    int64_t bytes = spanBytes(buffer.getType(), shape, denseStrides(shape), limits_);
    if (bytes > int64_t(buffer.getSize())) {
      return buffer.emitOpError() << "expected a size of at least " << bytes
                                  << " bytes for its shape at the limits, got " << buffer.getSize();
    }
  }
  return success();
}

LogicalResult ProgramVerifier::verifyKernels() {
  auto code = symbols_.lookup<ModuleOp>(ProgramDialect::kKernelsModule);
  for (auto kernel : module_.getOps<KernelOp>()) { // kernel_c4
    if (code && kernel.getSymbol() && !SymbolTable::lookupSymbolIn(code, *kernel.getSymbol())) {
      return kernel.emitOpError() << "expected module '" << ProgramDialect::kKernelsModule
                                  << "' to have a function '" << *kernel.getSymbol() << "'";
    }
  }
  return success();
}

std::optional<Target> ProgramVerifier::lookup(StringRef name) {
  if (name == ProgramDialect::kKvBuffer) {
    return Target{Target::Kind::kv, nullptr, kv_.getPageBytes()};
  }
  Operation *op = symbols_.lookup(name);
  if (auto step = dyn_cast_or_null<StepOp>(op)) {
    return Target{Target::Kind::step, op, int64_t(step.getSize())};
  }
  if (auto weight = dyn_cast_or_null<WeightOp>(op)) {
    return Target{Target::Kind::weight, op, int64_t(weight.getSize())};
  }
  if (auto buffer = dyn_cast_or_null<BufferOp>(op)) {
    return Target{Target::Kind::buffer, op, int64_t(buffer.getSize())};
  }
  return std::nullopt;
}

LogicalResult ProgramVerifier::verifyEntry(EntryOp entry) {
  written_.clear();
  if (int64_t(entry.getMaxTokens()) > limits_.getMaxTokens()) {
    return entry.emitOpError() << "expected max_tokens of at most the limit " << limits_.getMaxTokens()
                               << ", got " << entry.getMaxTokens();
  }
  bool isInitialize = entry.getSymName() == EntryOp::kInitialize;
  if ((entry.getMinTokens() == 0) != isInitialize) {
    return entry.emitOpError() << "expected '" << EntryOp::kInitialize
                               << "', and no other entry, to take 0 tokens";
  }
  for (DispatchOp dispatch : entry.getDispatches()) {
    if (failed(verifyDispatch(dispatch, entry))) {
      return failure();
    }
  }
  return success(succeeded(verifyWritten(entry)) && succeeded(verifyLifetimes(entry)));
}

LogicalResult ProgramVerifier::verifyDispatch(DispatchOp dispatch, EntryOp entry) {
  if (!symbols_.lookup<KernelOp>(dispatch.getKernel())) {
    return dispatch.emitOpError() << "names kernel '" << dispatch.getKernel() << "', which does not exist";
  }
  for (BindingAttr binding : dispatch.getBindingAttrs()) {
    if (failed(verifyBinding(dispatch, binding, entry))) {
      return failure();
    }
  }
  if (failed(verifyPairs(dispatch))) {
    return failure();
  }
  for (BindingAttr binding : dispatch.getBindingAttrs()) {
    if (isWritten(binding) && binding.getSize() != kRest) {
      written_[binding.getBuffer().getValue()].add(binding.getOffset(),
                                                   binding.getOffset() + binding.getSize());
    }
  }
  return success();
}

LogicalResult ProgramVerifier::verifyBinding(DispatchOp dispatch, BindingAttr binding, EntryOp entry) {
  std::optional<Target> target = lookup(binding.getBuffer().getValue());
  if (!target) {
    return errorAt(dispatch, binding)
           << "names buffer '" << binding.getBuffer().getValue() << "', which does not exist";
  }
  if (failed(verifyWindow(dispatch, binding, *target)) ||
      failed(verifyElements(dispatch, binding, *target)) ||
      failed(verifyAccess(dispatch, binding, *target, entry))) {
    return failure();
  }
  int64_t begin = binding.getOffset(), end = begin + binding.getSize();
  if (target->isPlanned() && isRead(binding) &&
      !written_[binding.getBuffer().getValue()].covers(begin, end)) {
    return errorAt(dispatch, binding)
           << "reads bytes " << begin << " to " << end << " of '" << binding.getBuffer().getValue()
           << "', which were not all written before in entry '" << entry.getSymName() << "'";
  }
  return success();
}

LogicalResult ProgramVerifier::verifyWindow(DispatchOp dispatch, BindingAttr binding, const Target &target) {
  bool isKv = target.kind == Target::Kind::kv;
  if (isKv != (binding.getSize() == kRest)) {
    return errorAt(dispatch, binding) << "expected size 'rest' for the KV pages, and for nothing else";
  }
  int64_t offset = binding.getOffset(), size = isKv ? 0 : binding.getSize();
  if (offset > target.size || size > target.size - offset || (isKv && offset == target.size)) {
    return errorAt(dispatch, binding)
           << "expected the window of " << size << " bytes at " << offset << " to lie inside "
           << (isKv ? "a page" : "the buffer") << " of " << target.size << " bytes";
  }
  auto kernel = symbols_.lookup<KernelOp>(dispatch.getKernel());
  int64_t alignment = kernel.getSymbol() ? kAlignment : elementTypeBytes(binding.getType());
  if (offset % alignment != 0) {
    return errorAt(dispatch, binding)
           << "expected an offset that is a multiple of " << alignment << ", got " << offset;
  }
  return success();
}

/// Bytes are counted in 128 bits: strides and extents are any numbers.
LogicalResult ProgramVerifier::verifyElements(DispatchOp dispatch, BindingAttr binding,
                                              const Target &target) {
  bool isKv = target.kind == Target::Kind::kv;
  int64_t elementBytes = elementTypeBytes(binding.getType());
  int64_t window = isKv ? target.size - binding.getOffset() : binding.getSize();
  __int128 last = 0;
  bool overPages = false;
  for (auto [extent, stride] : llvm::zip_equal(binding.getShape(), binding.getStrides())) {
    if (extent == kExtentP && (!isKv || overPages || stride > target.size / elementBytes)) {
      return errorAt(dispatch, binding)
             << "expected extent P for the KV pages alone, once, with a stride of at most a page";
    }
    overPages |= extent == kExtentP;
    int64_t count = maximumExtent(extent, limits_);
    if (count == 0) {
      return success();
    }
    last += __int128(count - 1) * stride;
  }
  if ((last + 1) * elementBytes > window) {
    return errorAt(dispatch, binding)
           << "expected the last element at the limits to lie inside the window of " << window << " bytes";
  }
  return success();
}

LogicalResult ProgramVerifier::verifyAccess(DispatchOp dispatch, BindingAttr binding, const Target &target,
                                            EntryOp entry) {
  bool isInitialize = entry.getSymName() == EntryOp::kInitialize;
  if (isInitialize && (target.kind == Target::Kind::kv || target.kind == Target::Kind::step)) {
    return errorAt(dispatch, binding) << "uses '" << binding.getBuffer().getValue() << "', which '"
                                      << EntryOp::kInitialize << "' does not have";
  }
  if (!isWritten(binding) || target.kind == Target::Kind::kv || target.isPlanned()) {
    return success();
  }
  if (auto weight = dyn_cast<WeightOp>(target.op); weight && isInitialize && weight.getInitialized()) {
    return success();
  }
  return errorAt(dispatch, binding) << "writes '" << binding.getBuffer().getValue()
                                    << "', which is read only in entry '" << entry.getSymName() << "'";
}

LogicalResult ProgramVerifier::verifyPairs(DispatchOp dispatch) {
  SmallVector<BindingAttr> bindings(dispatch.getBindingAttrs());
  auto end = [](BindingAttr b) { return b.getSize() == kRest ? INT64_MAX : b.getOffset() + b.getSize(); };
  for (size_t i = 0; i < bindings.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      BindingAttr a = bindings[j], b = bindings[i];
      bool overlap = a.getBuffer() == b.getBuffer() && a.getOffset() < end(b) && b.getOffset() < end(a);
      bool sameWindow = a.getOffset() == b.getOffset() && a.getSize() == b.getSize();
      if (overlap && (isWritten(a) || isWritten(b)) && !(dispatch.getInPlace() && sameWindow)) {
        return errorAt(dispatch, b) << "overlaps binding '" << a.getName() << "' in '"
                                    << a.getBuffer().getValue() << "', and one of them is written";
      }
    }
  }
  return success();
}

LogicalResult ProgramVerifier::verifyWritten(EntryOp entry) {
  if (entry.getSymName() != EntryOp::kInitialize) {
    for (auto buffer : module_.getOps<BufferOp>()) {
      if (buffer.getKind() == BufferKind::result && written_[buffer.getSymName()].empty()) {
        return entry.emitOpError() << "expected the entry to write the result '" << buffer.getSymName()
                                   << "'";
      }
    }
    return success();
  }
  for (auto weight : module_.getOps<WeightOp>()) {
    if (!written_[weight.getSymName()].empty()) {
      filled_.insert(weight.getSymName());
    }
  }
  return success();
}

LogicalResult ProgramVerifier::verifyFilled() {
  for (auto weight : module_.getOps<WeightOp>()) {
    if (weight.getInitialized() && !filled_.contains(weight.getSymName())) {
      return weight.emitOpError() << "expected an entry '" << EntryOp::kInitialize << "' to write it";
    }
  }
  return success();
}

LogicalResult ProgramVerifier::verifyLifetimes(EntryOp entry) {
  SmallVector<Lifetime> lifetimes;
  llvm::StringMap<size_t> indices;
  for (auto [position, dispatch] : llvm::enumerate(entry.getDispatches())) {
    for (BindingAttr binding : dispatch.getBindingAttrs()) {
      auto buffer = symbols_.lookup<BufferOp>(binding.getBuffer().getValue());
      if (!buffer || buffer.getKind() != BufferKind::arena) {
        continue;
      }
      auto [known, isNew] = indices.try_emplace(buffer.getSymName(), lifetimes.size());
      if (isNew) {
        lifetimes.push_back({buffer, int64_t(position), int64_t(position)});
      }
      lifetimes[known->second].last = position;
    }
  }
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    for (size_t j = i + 1; j < lifetimes.size() && lifetimes[j].first <= lifetimes[i].last; ++j) {
      BufferOp a = lifetimes[i].buffer, b = lifetimes[j].buffer;
      if (*a.getOffset() < *b.getOffset() + b.getSize() && *b.getOffset() < *a.getOffset() + a.getSize()) {
        InFlightDiagnostic error = b.emitOpError() << "overlaps buffer '" << a.getSymName()
                                                   << "' in the arena, and both are alive at"
                                                   << " dispatch " << lifetimes[j].first << " of entry '"
                                                   << entry.getSymName() << "'";
        error.attachNote(a.getLoc()) << "the other buffer";
        return error;
      }
    }
  }
  return success();
}

} // namespace

LogicalResult verifyProgram(ModuleOp module) { return ProgramVerifier(module).verify(); }

} // namespace cria::program
