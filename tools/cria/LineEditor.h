// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads lines from a terminal with editing and history (libedit), or from a pipe without.
#pragma once

#include "Interrupt.h"

#include <memory>
#include <optional>
#include <string>

namespace cria::cli {

class LineEditor {
public:
  /// prompt: printed before each line on a terminal. historyFile: keeps the history across runs; empty: none.
  LineEditor(std::string prompt, std::string historyFile);
  ~LineEditor();
  LineEditor(const LineEditor &) = delete;
  LineEditor &operator=(const LineEditor &) = delete;

  /// Returns the next line without its line break; nothing at the end of input. On a terminal Ctrl-C discards
  /// the current line; elsewhere it ends the input and sets `interrupt`. A request to end discards the line
  /// too. Clears an earlier interrupt, but keeps one that comes after the line, and requests to end.
  std::optional<std::string> read(InterruptScope &interrupt);

private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_; // null: the input is not a terminal
};

} // namespace cria::cli
