// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads /proc and /sys. Every value has a fallback.
#include "Machine.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sched.h>
#include <set>
#include <string_view>
#include <thread>
#include <tuple>

namespace cria::cpu {
namespace {

/// Returns the value of the first line "key<blanks>: value" of a file; empty if there is none.
std::string readField(const char *path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && line.compare(0, key.size(), key) == 0) {
      const size_t value = line.find_first_not_of(" \t", colon + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
  }
  return "";
}

int readTopology(int processor, const char *name) {
  std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/" + name);
  int value = -1;
  file >> value;
  return file ? value : -1;
}

/// Fields of /proc/meminfo are in KiB.
uint64_t readMeminfo(std::string_view key) {
  return std::strtoull(readField("/proc/meminfo", key).c_str(), nullptr, 10) * 1024;
}

} // namespace

std::string processorName() {
  const std::string name = readField("/proc/cpuinfo", "model name");
#if defined(__x86_64__)
  return name.empty() ? "x86-64 processor" : name;
#else
  return name.empty() ? "AArch64 processor" : name;
#endif
}

uint32_t availableCores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) { // more than 1024 processors
    return std::max(1u, std::thread::hardware_concurrency());
  }
  std::set<std::tuple<int, int, int>>
      cores; // package, core, and the processor itself where the core is unknown
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &mask)) {
      const int core = readTopology(processor, "core_id");
      cores.emplace(readTopology(processor, "physical_package_id"), core, core < 0 ? processor : -1);
    }
  }
  return cores.empty() ? 1 : static_cast<uint32_t>(cores.size());
}

Memory readMemory() { return {readMeminfo("MemTotal"), readMeminfo("MemAvailable")}; }

} // namespace cria::cpu
