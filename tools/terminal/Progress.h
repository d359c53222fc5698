// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Progress on stderr, drawn on terminals only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cria::cli {

/// One line that is redrawn in place, and erased by the destructor.
class Progress {
public:
  Progress(std::string label, bool quiet);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Draws a bar of the bytes done, when the percentage has changed.
  void update(uint64_t done, uint64_t total);
  /// Draws the name of a stage whose length is unknown.
  void stage(std::string_view what);

private:
  void draw(std::string_view line);

  std::string label_;
  bool shown_;
  bool isDrawn_ = false;
  int percent_ = -1;
};

} // namespace cria::cli
