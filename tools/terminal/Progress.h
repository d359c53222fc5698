// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A progress bar on stderr, drawn on terminals only.
#pragma once

#include <cstdint>
#include <string>

namespace cria::cli {

/// Redraws when the percentage changes; the bar is erased when the object goes.
class Progress {
public:
  Progress(std::string label, bool quiet);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void update(uint64_t done, uint64_t total);

private:
  std::string label_;
  bool shown_;
  int percent_ = -1;
};

} // namespace cria::cli
