// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Data on stdout and talk on stderr. Nothing here throws: a full or closed stream is no reason to end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace cria::cli {

/// Opens /dev/null in place of a standard stream that is closed, so that no file of ours takes its number;
/// reading and writing it still fails. The first thing a program does.
void openStandardStreams();

/// Whether a stream is a terminal.
bool isTerminal(std::FILE *stream);

/// Writes data to stdout at once. Returns false when stdout is closed or full.
bool writeData(std::string_view text);
/// Whether all data got out. The last thing a program asks.
bool finishData();

/// Writes to stderr; what cannot be written is lost.
void writeTalk(std::string_view text);

/// One line of talk.
template <typename... Args> void talk(bool quiet, fmt::format_string<Args...> format, Args &&...args) {
  if (!quiet) {
    writeTalk(fmt::format(format, std::forward<Args>(args)...) + "\n");
  }
}

/// "1.5 MiB"
std::string formatBytes(uint64_t bytes);

/// "1.37 M", "13.02 B": millions and (short-scale) billions, as model sizes are told.
std::string formatCount(uint64_t count);

/// "1 package", "2 packages"
std::string countOf(uint64_t count, std::string_view noun);

} // namespace cria::cli
