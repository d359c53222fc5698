// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads lines from a terminal with editing and history (libedit), or plainly from a pipe.
#pragma once

#include "Interrupt.h"

#include <memory>
#include <optional>
#include <string>

namespace cria::cli {

class LineEditor {
public:
  /// prompt: shown before each line on a terminal. historyFile: kept across runs; empty: none.
  LineEditor(std::string prompt, std::string historyFile);
  ~LineEditor();
  LineEditor(const LineEditor &) = delete;
  LineEditor &operator=(const LineEditor &) = delete;

  /// The next line without its end; nothing at the end of input. Ctrl-C on a terminal drops the line begun;
  /// elsewhere it ends the input, and `interrupt` tells. An interrupt from before is forgotten, one that
  /// comes after the line is not.
  std::optional<std::string> read(InterruptScope &interrupt);

private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_; // null: input is no terminal
};

} // namespace cria::cli
