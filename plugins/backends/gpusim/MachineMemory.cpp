// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine's memory accesses: address spaces, races, pending asynchronous copies.
#include "plugins/backends/gpusim/Machine.h"

#include <cstring>
#include <fmt/format.h>

namespace cria::gpusim {

void Machine::accessGlobal(Thread &thread, uintptr_t address, uint64_t size, Access access,
                           const Site &site) {
  ++counters_->globalAccesses;
  if (!job_->options.checks ||
      global_.access(blockIndex_, address, size, access, site.alignment, site.window, fault_)) {
    return;
  }
  if (fault_.place == Place::unknown && stacks_.contains(thread.index, address)) {
    return; // a local variable
  }
  finding_ = describe(fault_, job_->launch->kernel, thread, site);
  abandon();
}

void Machine::accessShared(Thread &thread, uintptr_t address, uint64_t size, Access access,
                           const Site &site) {
  ++counters_->sharedAccesses;
  if (job_->options.countBankConflicts && site.size != 0) {
    conflicts_.note(thread, site, address - reinterpret_cast<uintptr_t>(shared_.data()));
  }
  checkShared(thread, address, size, access, site.alignment, site);
}

void Machine::checkShared(Thread &thread, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
                          const Site &site) {
  if (!job_->options.checks || shared_.access(thread, address, size, access, alignment, fault_)) {
    return;
  }
  finding_ = describe(fault_, job_->launch->kernel, thread, site);
  abandon();
}

void Machine::accessGeneric(Thread &thread, uintptr_t address, uint64_t size, Access access,
                            const Site &site) {
  if (shared_.contains(address)) {
    accessShared(thread, address, size, access, site);
  } else {
    accessGlobal(thread, address, size, access, site);
  }
}

/// Reads the source now, and writes the destination when the copy has been waited for: the earliest and the
/// latest time at which the hardware may do so.
void Machine::copyAsync(Thread &thread, uintptr_t destination, uintptr_t source, uint32_t sourceSize,
                        const Site &site) {
  ++counters_->asyncCopies;
  if (sourceSize > site.size) {
    report("invalid cp.async", thread, site, fmt::format("takes {} bytes for {}", sourceSize, site.size));
    abandon();
  }
  if (sourceSize != 0) {
    accessGlobal(thread, source, sourceSize, Access::read, site);
  }
  accessShared(thread, destination, site.size, Access::write, site);
  AsyncCopy copy{.offset = destination - reinterpret_cast<uintptr_t>(shared_.data()),
                 .size = site.size,
                 .group = thread.committedGroups};
  std::memcpy(copy.data.data(), reinterpret_cast<const void *>(source), sourceSize);
  shared_.markPending(copy.offset, copy.size);
  thread.copies.push_back(copy);
}

void Machine::commitCopies(Thread &thread) { ++thread.committedGroups; }

void Machine::waitForCopies(Thread &thread, uint32_t pendingGroups) {
  const uint32_t done = thread.committedGroups > pendingGroups ? thread.committedGroups - pendingGroups : 0;
  auto rest = thread.copies.begin();
  for (; rest != thread.copies.end() && rest->group < done; ++rest) {
    shared_.complete(thread, rest->offset, rest->size, rest->data.data());
  }
  thread.copies.erase(thread.copies.begin(), rest);
}

} // namespace cria::gpusim
