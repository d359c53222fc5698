// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Progress on stderr, drawn on terminals only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cria::cli {

/// One line that is drawn over, and erased when the object goes.
class Progress {
public:
  Progress(std::string label, bool quiet);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// A bar of bytes done; redrawn when the percentage changes.
  void update(uint64_t done, uint64_t total);
  /// What is being done now, where nobody knows how much of it there is.
  void stage(std::string_view what);

private:
  void draw(std::string_view line);

  std::string label_;
  bool shown_;
  bool isDrawn_ = false;
  int percent_ = -1;
};

} // namespace cria::cli
