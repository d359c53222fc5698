// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CacheLimits.h"

#include "CommonOptions.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace cria::cli {

/// A package that was made or found within this time may not be open yet in another process.
constexpr std::chrono::minutes kOpening(2);

static StatusOr<std::chrono::hours> daysOf(std::string_view text) {
  constexpr int kMaxDays = 100'000;
  int days = 0;
  const char *begin = text.data(), *end = begin + text.size();
  const auto [rest, problem] = std::from_chars(begin, end, days);
  if (problem != std::errc() || rest != end || days < 0 || days > kMaxDays) {
    return invalidArgument("CRIA_CACHE_DAYS: expected a number of days from 0 to {}, got '{}'", kMaxDays,
                           text);
  }
  return std::chrono::hours(std::chrono::days(days));
}

StatusOr<CacheLimits> CacheLimits::ofEnvironment() {
  CacheLimits limits;
  if (const char *size = std::getenv("CRIA_CACHE_SIZE"); size != nullptr && *size != '\0') {
    const std::optional<uint64_t> bytes = parseMemorySize(size);
    if (!bytes) {
      return invalidArgument("CRIA_CACHE_SIZE: expected a size such as 512M or 20G, got '{}'", size);
    }
    limits.bytes = *bytes;
  }
  if (const char *days = std::getenv("CRIA_CACHE_DAYS"); days != nullptr && *days != '\0') {
    CRIA_ASSIGN_OR_RETURN(limits.age, daysOf(days));
  }
  return limits;
}

std::vector<CacheEntry> entriesBeyond(const CacheLimits &limits, std::vector<CacheEntry> entries,
                                      const std::filesystem::path &keep,
                                      std::filesystem::file_time_type now) {
  std::sort(entries.begin(), entries.end(), [](const CacheEntry &a, const CacheEntry &b) {
    return std::tie(b.lastUsed, a.path) < std::tie(a.lastUsed, b.path); // most recent first
  });
  const auto stays = [&](const CacheEntry &entry) {
    return entry.path == keep || now - entry.lastUsed < kOpening;
  };
  uint64_t total = 0;
  for (const CacheEntry &entry : entries) {
    total += stays(entry) ? entry.bytes : 0;
  }
  std::vector<CacheEntry> removed;
  for (const CacheEntry &entry : entries) {
    if (stays(entry)) {
      continue;
    }
    const bool fits = entry.bytes <= limits.bytes && total <= limits.bytes - entry.bytes;
    if (!fits || now - entry.lastUsed > limits.age) {
      removed.push_back(entry);
    } else {
      total += entry.bytes;
    }
  }
  return removed;
}

} // namespace cria::cli
