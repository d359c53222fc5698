// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-compile/ConsoleObserver.h"

#include "tools/terminal/Terminal.h"

namespace cria {

void ConsoleObserver::stageStarted(std::string_view stage) { progress_.stage(stage); }

void ConsoleObserver::stageFinished(std::string_view stage, double seconds,
                                    std::optional<uint64_t> codeBytes) {
  const std::string bytes = codeBytes ? fmt::format(", {} bytes", *codeBytes) : "";
  cli::logInfo(!verbose_, "{}: {:.2f} s{}", stage, seconds, bytes);
}

void ConsoleObserver::progress(uint64_t done, uint64_t total) { progress_.update(done, total); }

void ConsoleObserver::note(std::string_view text) { cli::logInfo(quiet_, "note: {}", text); }

void ConsoleObserver::remark(std::string_view text) { cli::writeMessage(fmt::format("{}\n", text)); }

} // namespace cria
