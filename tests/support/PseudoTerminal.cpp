// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PseudoTerminal.h"

#include "Process.h"

#include <array>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace cria::test {
namespace {
constexpr int kPatienceMs = 30000;
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

bool PseudoTerminal::readMore() {
  pollfd waiting{.fd = terminal_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, kPatienceMs) <= 0) {
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
  size_t found = 0;
  while ((found = shown_.find(text, waitedFor_)) == std::string::npos) {
    if (!readMore()) {
      return false;
    }
  }
  waitedFor_ = found + text.size();
  return true;
}

int PseudoTerminal::waitForExit() {
  while (readMore()) {
  }
  int state = 0;
  if (waitpid(child_, &state, WNOHANG) != child_) {
    constexpr useconds_t kGraceUs = 500000; // between the end of its output and its own
    usleep(kGraceUs);
    if (waitpid(child_, &state, WNOHANG) != child_) {
      return -1;
    }
  }
  child_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

} // namespace cria::test
