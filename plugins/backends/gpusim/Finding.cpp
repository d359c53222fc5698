// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts of findings. The name of a finding comes first. It is stable, since tests and users search for it.
#include "plugins/backends/gpusim/Finding.h"

#include <fmt/format.h>

namespace cria::gpusim {
namespace {

std::string memoryText(const Fault &fault) {
  switch (fault.place) {
  case Place::buffer:
    return fmt::format("buffer '{}'", *fault.buffer);
  case Place::shared:
    return "shared memory";
  case Place::unknown:
    break;
  }
  return "no known memory";
}

std::string nameText(const Fault &fault) {
  const char *verb = fault.isWrite ? "write" : "read";
  const std::string memory = memoryText(fault);
  switch (fault.kind) {
  case FaultKind::outOfBounds:
    return fmt::format("out-of-bounds {} of {}", verb, memory);
  case FaultKind::readOnly:
    return fmt::format("write to read-only {}", memory);
  case FaultKind::misaligned:
    return fmt::format("misaligned {} of {}", verb, memory);
  case FaultKind::uninitialised:
    return fmt::format("uninitialized read of {}",
                       fault.place == Place::shared ? memory : "global memory, " + memory);
  case FaultKind::pendingCopy:
    return fmt::format("{} of shared memory with a pending cp.async", verb);
  case FaultKind::sharedRace:
    return "race on shared memory";
  case FaultKind::blockRace:
    return fmt::format("race between blocks on {}", memory);
  case FaultKind::none:
    break;
  }
  return "no fault";
}

std::string rangeText(const Fault &fault, const Site &site) {
  if (fault.place == Place::unknown) {
    return fmt::format("{} bytes at address {:#x}", fault.size, fault.address);
  }
  std::string text = fmt::format("{} bytes at offset {} of {}", fault.size,
                                 static_cast<int64_t>(fault.offset), fault.memorySize);
  if (fault.kind == FaultKind::misaligned) {
    text += fmt::format(", which must be a multiple of {}", site.alignment);
  }
  return text;
}

std::string otherText(const Fault &fault, const Thread &thread) {
  const bool threads = fault.kind == FaultKind::sharedRace;
  if (!threads && fault.kind != FaultKind::blockRace) {
    return "";
  }
  if (fault.other == Fault::kSeveral) {
    return threads ? ", others: several threads" : ", others: several blocks";
  }
  const auto other = static_cast<uint64_t>(fault.other);
  return threads ? ", other: thread " + indexText(other, thread.ntid)
                 : ", other: block " + indexText(other, thread.nctaid);
}

} // namespace

std::string indexText(const uint32_t (&index)[3]) {
  return fmt::format("({},{},{})", index[0], index[1], index[2]);
}

std::string indexText(uint64_t index, const uint32_t (&dimensions)[3]) {
  return fmt::format("({},{},{})", index % dimensions[0], index / dimensions[0] % dimensions[1],
                     index / dimensions[0] / dimensions[1]);
}

std::string placeText(const Site &site) {
  std::string text;
  if (!site.location.empty()) {
    text += " at " + site.location;
  }
  if (!site.instruction.empty()) {
    text += ": " + site.instruction;
  }
  return text;
}

std::string whoText(const std::string &kernel, const Thread &thread) {
  return fmt::format("kernel '{}', block {}, thread {}", kernel, indexText(thread.ctaid),
                     indexText(thread.tid));
}

std::string describe(const Fault &fault, const std::string &kernel, const Thread &thread, const Site &site) {
  return fmt::format("{}: {}: {}{}{}", nameText(fault), whoText(kernel, thread), rangeText(fault, site),
                     otherText(fault, thread), placeText(site));
}

} // namespace cria::gpusim
