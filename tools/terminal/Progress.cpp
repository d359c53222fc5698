// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Progress.h"

#include "tools/terminal/Terminal.h"

#include <algorithm>

namespace cria::cli {

Progress::Progress(std::string label, bool quiet)
    : label_(std::move(label)), shown_(!quiet && isTerminal(stderr)) {}

Progress::~Progress() {
  if (percent_ >= 0) {
    fmt::print(stderr, "\r\x1b[K");
  }
}

void Progress::update(uint64_t done, uint64_t total) {
  constexpr int kWidth = 30;
  const int percent = total == 0 ? 100 : static_cast<int>(std::min(done, total) * 100 / total);
  if (!shown_ || percent == percent_) {
    return;
  }
  percent_ = percent;
  const int filled = percent * kWidth / 100;
  fmt::print(stderr, "\r{} [{}{}] {:3}% of {}\x1b[K", label_, std::string(filled, '#'),
             std::string(kWidth - filled, ' '), percent, formatBytes(total));
  std::fflush(stderr);
}

} // namespace cria::cli
