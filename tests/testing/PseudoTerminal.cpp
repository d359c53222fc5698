// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/PseudoTerminal.h"

#include "tests/testing/Process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cria::test {
namespace {
constexpr std::chrono::seconds kPatience(60);

std::chrono::steady_clock::time_point deadline() { return std::chrono::steady_clock::now() + kPatience; }
} // namespace

PseudoTerminal::PseudoTerminal(const std::string &program, const std::vector<std::string> &arguments,
                               const std::vector<std::string> &environment) {
  child_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
  if (child_ < 0) {
    throw std::runtime_error("cannot make a pseudo terminal");
  }
  if (child_ == 0) {
    execute(program, arguments, environment);
  }
}

PseudoTerminal::~PseudoTerminal() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close(terminal_);
}

void PseudoTerminal::type(const std::string &keys) {
  if (write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("cannot type on the pseudo terminal");
  }
}

void PseudoTerminal::resize(uint16_t rows, uint16_t columns) {
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  if (ioctl(terminal_, TIOCSWINSZ, &size) != 0) {
    throw std::runtime_error("cannot resize the pseudo terminal");
  }
}

bool PseudoTerminal::readMore(Deadline deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd waiting{.fd = terminal_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left.count(), 0))) <= 0) {
    return false;
  }
  std::array<char, 4096> part;
  const ssize_t count = read(terminal_, part.data(), part.size()); // an error once the program has ended
  if (count > 0) {
    shown_.append(part.data(), static_cast<size_t>(count));
  }
  return count > 0;
}

bool PseudoTerminal::waitFor(const std::string &text) {
  const Deadline end = deadline();
  size_t found = 0;
  while ((found = shown_.find(text, waitedFor_)) == std::string::npos) {
    if (!readMore(end)) {
      return false;
    }
  }
  waitedFor_ = found + text.size();
  return true;
}

int PseudoTerminal::waitForExit() {
  const Deadline end = deadline();
  while (readMore(end)) {
  }
  int state = 0;
  while (waitpid(child_, &state, WNOHANG) != child_) { // its end may come a little after that of its output
    if (std::chrono::steady_clock::now() > end) {
      return -1;
    }
    usleep(1000);
  }
  child_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

} // namespace cria::test
