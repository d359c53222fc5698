// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Results on stdout, progress and messages on stderr. Nothing here throws: a program continues when a stream
// is full or closed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace cria::cli {

/// Lets a write to a pipe that its reader has closed end the program by SIGPIPE, with 141 in a shell, as
/// other tools do, also where the parent ignores the signal.
void endWithClosedPipe();

/// Opens /dev/null for each standard stream that is closed, so that no other file gets its descriptor.
/// Reading or writing the stream still fails. Call it first in main().
void openStandardStreams();

/// Whether a stream is a terminal.
bool isTerminal(std::FILE *stream);

/// Writes data to stdout at once. Returns false when stdout is closed or full.
bool writeData(std::string_view text);
/// Whether all data was written. Call it last in main().
bool finishData();

/// Writes to stderr; ignores errors.
void writeMessage(std::string_view text);

/// Writes one line to stderr, unless `quiet`.
template <typename... Args> void logInfo(bool quiet, fmt::format_string<Args...> format, Args &&...args) {
  if (!quiet) {
    writeMessage(fmt::format(format, std::forward<Args>(args)...) + "\n");
  }
}

/// Writes one line to stderr that begins with "error: ".
template <typename... Args> void logError(fmt::format_string<Args...> format, Args &&...args) {
  writeMessage("error: " + fmt::format(format, std::forward<Args>(args)...) + "\n");
}

/// "1.5 MiB"
std::string formatBytes(uint64_t bytes);

/// "1.37 M", "13.02 B": millions and (short-scale) billions, as model sizes are given.
std::string formatCount(uint64_t count);

/// Returns a message of another library in the form of ours: it begins with a lower-case letter, except
/// where it begins with a word in capitals.
std::string uncapitalize(std::string message);

/// "1 package", "2 packages"
std::string countOf(uint64_t count, std::string_view noun);

} // namespace cria::cli
