// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a program on a pseudo terminal, on which a test types and reads the output.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cria::test {

class PseudoTerminal {
public:
  /// Starts `program` on a new terminal, which is its standard input, output and error. `environment`
  /// ("NAME=value") is added to this process's.
  PseudoTerminal(const std::string &program, const std::vector<std::string> &arguments,
                 const std::vector<std::string> &environment);
  /// Ends the program if it still runs.
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal &) = delete;
  PseudoTerminal &operator=(const PseudoTerminal &) = delete;

  /// Types these bytes. "\r" is the return key, "\x03" Ctrl-C.
  void type(const std::string &keys);
  /// Reads until `text` appears after the text of the previous call. Returns false if the program ends or a
  /// minute passes before.
  bool waitFor(const std::string &text);
  /// Reads until the program ends. Returns its exit code, or 128 + signal; -1 if it does not end in a minute.
  int waitForExit();
  /// Changes the size of the window.
  void resize(uint16_t rows, uint16_t columns);
  /// Returns all output so far.
  const std::string &shown() const { return shown_; }

private:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Waits for output and reads it. Returns false at the end of the program and after the deadline.
  bool readMore(Deadline deadline);

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string shown_;
  size_t waitedFor_ = 0;
};

} // namespace cria::test
