// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/HostMemory.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace cria {
namespace {

constexpr uint64_t kUnknown = UINT64_MAX;

std::optional<uint64_t> parseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() ? std::optional(value) : std::nullopt; // "max" is no number
}

/// The number after `name` in a file with lines "name value".
std::optional<uint64_t> readValue(const std::string &path, std::string_view name) {
  std::ifstream file(path);
  for (std::string key, value; file >> key >> value; file.ignore(4096, '\n')) {
    if (key == name) {
      return parseNumber(value);
    }
  }
  return std::nullopt;
}

/// The only number of a file; nullopt for "max".
std::optional<uint64_t> readNumber(const std::string &path) {
  std::ifstream file(path);
  std::string value;
  return file >> value ? parseNumber(value) : std::nullopt;
}

/// The names of the files of a version of control groups.
struct GroupFiles {
  const char *mount, *limit, *usage;
  const char *inactive, *active; // caches of files, in memory.stat
};
constexpr GroupFiles kVersion2{"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file",
                               "active_file"};
constexpr GroupFiles kVersion1{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file", "total_active_file"};

/// What the control group in a folder leaves.
uint64_t remainingOf(const std::string &folder, const GroupFiles &files) {
  const std::optional<uint64_t> limit = readNumber(folder + "/" + files.limit);
  const std::optional<uint64_t> usage = readNumber(folder + "/" + files.usage);
  if (!limit || !usage) {
    return kUnknown;
  }
  const std::string statistics = folder + "/memory.stat";
  const uint64_t caches =
      readValue(statistics, files.inactive).value_or(0) + readValue(statistics, files.active).value_or(0);
  const uint64_t held = *usage - std::min(*usage, caches);
  return *limit - std::min(*limit, held);
}

/// The smallest of a group and the groups that contain it.
uint64_t remainingUpFrom(const std::string &root, std::string group, const GroupFiles &files) {
  uint64_t least = kUnknown;
  for (;;) {
    least = std::min(least, remainingOf(root + files.mount + group, files));
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos) {
      return least;
    }
    group.resize(slash);
  }
}

/// Reads the lines "number:controllers:/group" of this process.
uint64_t remainingOfGroups(const std::string &root) {
  uint64_t least = kUnknown;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controllers == ",,") {
      least = std::min(least, remainingUpFrom(root, line.substr(second + 1), kVersion2));
    } else if (controllers.find(",memory,") != std::string::npos) {
      least = std::min(least, remainingUpFrom(root, line.substr(second + 1), kVersion1));
    }
  }
  return least;
}

uint64_t remainingAddressSpace(const std::string &root) {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return kUnknown;
  }
  const uint64_t used =
      readNumber(root + "/proc/self/statm").value_or(0) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return limit.rlim_cur - std::min<uint64_t>(limit.rlim_cur, used);
}

std::string bytesText(uint64_t bytes) {
  constexpr double kGiB = 1 << 30;
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / kGiB);
}

Status refusal(const HostMemoryUse &use, uint64_t needed, uint64_t available, std::string_view limit) {
  return error(
      StatusCode::outOfMemory,
      "the model requires {} of memory ({} for weights, {} for the KV cache, {} for the rest), {} are "
      "left ({}); reduce --kv-memory or --context, use a smaller model or weight format, or try it "
      "with --ignore-memory",
      bytesText(needed), bytesText(needed - use.kv - use.other), bytesText(use.kv), bytesText(use.other),
      bytesText(available), limit);
}

} // namespace

HostMemory HostMemory::read(const std::string &root) {
  constexpr uint64_t kKiB = 1024;
  HostMemory memory;
  if (const auto available = readValue(root + "/proc/meminfo", "MemAvailable:")) {
    memory.availableBytes = *available * kKiB;
    memory.limit = "MemAvailable of /proc/meminfo";
  }
  if (const uint64_t remaining = remainingOfGroups(root); remaining < memory.availableBytes) {
    memory.availableBytes = remaining;
    memory.limit = "the memory limit of the control group";
  }
  memory.addressBytes = remainingAddressSpace(root);
  return memory;
}

Status checkFits(const HostMemoryUse &use, const HostMemory &memory) {
  const uint64_t addresses = use.total() + use.mapped;
  const bool isWithinMemory = use.total() <= memory.availableBytes;
  if (addresses > memory.addressBytes && (isWithinMemory || memory.addressBytes < memory.availableBytes)) {
    return refusal(use, addresses, memory.addressBytes, "the limit RLIMIT_AS, see ulimit -v");
  }
  return isWithinMemory ? Status() : refusal(use, use.total(), memory.availableBytes, memory.limit);
}

std::string noteOnMappedWeights(const HostMemoryUse &use, const HostMemory &memory) {
  const uint64_t left = memory.availableBytes - std::min(memory.availableBytes, use.total());
  if (use.mapped <= left) {
    return "";
  }
  return fmt::format("the weights in files take {}, and {} of memory are left for them ({}): every step will "
                     "read weights from the disk; use a smaller weight format to avoid it",
                     bytesText(use.mapped), bytesText(left), memory.limit);
}

} // namespace cria
