// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/HostServices.h"

#include "runtime/plugin/PluginCall.h"

#include <cstdio>
#include <cstdlib>

namespace cria {

static uint32_t highestLevel() {
  const char *setting = std::getenv("CRIA_LOG");
  const std::string_view level = setting == nullptr ? "" : setting;
  return level == "debug" ? CRIA_LOG_DEBUG : level == "info" ? CRIA_LOG_INFO : CRIA_LOG_WARNING;
}

static void writeLog(void *, uint32_t level, cria_string text) {
  if (level > highestLevel()) {
    return;
  }
  constexpr std::string_view names[] = {"error", "warning", "info", "debug"};
  const std::string line = fmt::format("{}: {}\n", names[level], view(text));
  std::fwrite(line.data(), 1, line.size(), stderr); // one call, so that lines of several threads do not mix
}

const cria_host &hostServices() {
  static constexpr cria_host kHost{sizeof(cria_host), kHostAbiMajor, kHostAbiMinorMin,
                                   kHostAbiMinorMax,  nullptr,       writeLog};
  return kHost;
}

std::string abiRange(uint32_t major, uint32_t minorMin, uint32_t minorMax) {
  return minorMin == minorMax ? fmt::format("{}.{}", major, minorMin)
                              : fmt::format("{}.{} to {}.{}", major, minorMin, major, minorMax);
}

} // namespace cria
