// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Progress.h"

#include "tools/terminal/Terminal.h"

#include <algorithm>

namespace cria::cli {

Progress::Progress(std::string label, bool quiet)
    : label_(std::move(label)), shown_(!quiet && isTerminal(stderr)) {}

Progress::~Progress() {
  if (isDrawn_) {
    writeMessage("\r\x1b[K");
  }
}

void Progress::update(uint64_t done, uint64_t total) {
  constexpr int kWidth = 30;
  const int percent = total == 0 ? 100 : static_cast<int>(std::min(done, total) * 100 / total);
  if (percent == percent_) {
    return;
  }
  percent_ = percent;
  const int filled = percent * kWidth / 100;
  draw(fmt::format("{} [{}{}] {:3}% of {}", label_, std::string(filled, '#'),
                   std::string(kWidth - filled, ' '), percent, formatBytes(total)));
}

void Progress::stage(std::string_view what) { draw(fmt::format("{}: {}", label_, what)); }

void Progress::draw(std::string_view line) {
  if (shown_) {
    writeMessage(fmt::format("\r{}\x1b[K", line));
    std::fflush(stderr);
    isDrawn_ = true;
  }
}

} // namespace cria::cli
