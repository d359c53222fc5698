// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Talk on stderr and data on stdout.
#pragma once

#include <cstdio>
#include <fmt/format.h>
#include <string_view>

namespace cria::cli {

/// Whether a stream is a terminal.
bool isTerminal(std::FILE *stream);

/// Writes data to stdout at once. Returns false when stdout is closed or full.
bool writeData(std::string_view text);

/// One line of talk.
template <typename... Args> void talk(bool quiet, fmt::format_string<Args...> format, Args &&...args) {
  if (!quiet) {
    fmt::print(stderr, "{}\n", fmt::format(format, std::forward<Args>(args)...));
  }
}

/// "1.5 MiB"
std::string formatBytes(uint64_t bytes);

/// "1.37 M", "13.02 B": millions and (short-scale) billions, as model sizes are told.
std::string formatCount(uint64_t count);

/// "1 package", "2 packages"
std::string countOf(uint64_t count, std::string_view noun);

} // namespace cria::cli
