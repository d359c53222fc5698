// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Terminal.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace cria::cli {

void endWithClosedPipe() { std::signal(SIGPIPE, SIG_DFL); }

void openStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool isClosed = fcntl(stream, F_GETFD) < 0 && errno == EBADF;
    if (isClosed) { // open() returns the lowest free descriptor, which is this one
      (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
}

bool isTerminal(std::FILE *stream) { return isatty(fileno(stream)) == 1; }

bool writeData(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

bool finishData() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

void writeMessage(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

std::string formatBytes(uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string formatCount(uint64_t count) {
  constexpr double kMillion = 1e6;
  constexpr double kBillion = 1e9;
  const auto value = static_cast<double>(count);
  return count < kMillion   ? fmt::format("{}", count)
         : count < kBillion ? fmt::format("{:.2f} M", value / kMillion)
                            : fmt::format("{:.2f} B", value / kBillion);
}

std::string uncapitalize(std::string message) {
  const auto isCapital = [&](size_t i) {
    return i < message.size() && message[i] >= 'A' && message[i] <= 'Z';
  };
  if (isCapital(0) && !isCapital(1)) {
    message[0] += 'a' - 'A';
  }
  return message;
}

std::string countOf(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

} // namespace cria::cli
