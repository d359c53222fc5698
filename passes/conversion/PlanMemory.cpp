// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assigns every arena buffer an offset. Entry points never run at the same time and share one arena; within
// an entry point, buffers with overlapping lifetimes do not overlap in memory. Buffers are placed in
// descending order of size, each in the lowest gap that it fits into.

#include "passes/Passes.h"

#include "ir/ProgramOps.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cria {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/Passes.h.inc"

namespace {

/// From the first to the last dispatch of one entry point that uses a buffer.
struct Lifetime {
  program::EntryOp entry;
  int64_t first, last;

  bool overlaps(const Lifetime &other) const {
    return entry == other.entry && first <= other.last && other.first <= last;
  }
};

struct Plan {
  program::BufferOp buffer;
  SmallVector<Lifetime, 1> lifetimes;
  int64_t size;
  int64_t offset = 0;

  int64_t end() const { return offset + size; }
  bool livesWith(const Plan &other) const {
    return llvm::any_of(lifetimes, [&](const Lifetime &lifetime) {
      return llvm::any_of(other.lifetimes,
                          [&](const Lifetime &candidate) { return lifetime.overlaps(candidate); });
    });
  }
};

/// Arena buffers in the order of the module, with their lifetimes. A buffer without a use has none.
SmallVector<Plan> collectPlans(ModuleOp module) {
  SmallVector<Plan> plans;
  llvm::StringMap<size_t> indices;
  for (auto buffer : module.getOps<program::BufferOp>()) {
    if (buffer.getKind() == program::BufferKind::arena) {
      indices[buffer.getSymName()] = plans.size();
      plans.push_back({buffer, {}, int64_t(llvm::alignTo(buffer.getSize(), program::kAlignment))});
    }
  }
  for (auto entry : module.getOps<program::EntryOp>()) {
    for (auto [position, dispatch] : llvm::enumerate(entry.getDispatches())) {
      for (program::BindingAttr binding : dispatch.getBindingAttrs()) {
        auto known = indices.find(binding.getBuffer().getValue());
        if (known == indices.end()) {
          continue;
        }
        SmallVector<Lifetime, 1> &lifetimes = plans[known->second].lifetimes;
        if (lifetimes.empty() || lifetimes.back().entry != entry) {
          lifetimes.push_back({entry, int64_t(position), int64_t(position)});
        }
        lifetimes.back().last = position;
      }
    }
  }
  return plans;
}

/// The lowest offset at which `plan` overlaps no buffer with an overlapping lifetime. `placed` is sorted by
/// offset.
int64_t firstFit(const Plan &plan, ArrayRef<Plan *> placed) {
  int64_t offset = 0;
  for (const Plan *other : placed) {
    if (!plan.livesWith(*other)) {
      continue;
    }
    if (offset + plan.size <= other->offset) {
      break;
    }
    offset = std::max(offset, other->end());
  }
  return offset;
}

/// Returns the size of the arena.
int64_t placeAll(MutableArrayRef<Plan> plans) {
  SmallVector<Plan *> order, placed;
  for (Plan &plan : plans) {
    order.push_back(&plan);
  }
  llvm::stable_sort(order, [](const Plan *a, const Plan *b) { return a->size > b->size; });
  int64_t end = 0;
  for (Plan *plan : order) {
    plan->offset = firstFit(*plan, placed);
    end = std::max(end, plan->end());
    auto after =
        llvm::upper_bound(placed, plan, [](const Plan *a, const Plan *b) { return a->offset < b->offset; });
    placed.insert(after, plan);
  }
  return end;
}

struct PlanMemory : impl::PlanMemoryPassBase<PlanMemory> {
  using PlanMemoryPassBase::PlanMemoryPassBase;

  void runOnOperation() override {
    SmallVector<Plan> plans = collectPlans(getOperation());
    int64_t withReuse = placeAll(plans), withoutReuse = 0;
    Builder builder(&getContext());
    for (Plan &plan : plans) {
      plan.buffer.setOffsetAttr(builder.getI64IntegerAttr(plan.offset));
      withoutReuse += plan.size;
    }
    numBuffers += plans.size();
    arenaBytes += withReuse;
    bytesWithoutReuse += withoutReuse;
    if (report) {
      getOperation().emitRemark() << plans.size() << " arena buffers take " << withReuse << " bytes, "
                                  << withoutReuse << " without reuse";
    }
  }
};

} // namespace
} // namespace cria
