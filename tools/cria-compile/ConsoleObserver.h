// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Progress, notes and timings of a compilation on stderr.
#pragma once

#include "passes/driver/CompileJob.h"
#include "tools/terminal/Progress.h"

namespace cria {

class ConsoleObserver : public CompileObserver {
public:
  ConsoleObserver(bool quiet, bool verbose)
      : quiet_(quiet), verbose_(verbose), progress_("compiling", quiet) {}

  void stageStarted(std::string_view stage) override;
  void stageFinished(std::string_view stage, double seconds, std::optional<uint64_t> codeBytes) override;
  void progress(uint64_t done, uint64_t total) override;
  void note(std::string_view text) override;
  void remark(std::string_view text) override;

private:
  bool quiet_, verbose_;
  cli::Progress progress_;
};

} // namespace cria
