// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LineEditor.h"

#include "support/Descriptor.h"
#include "tools/terminal/Terminal.h"

#include <array>
#include <atomic>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <fcntl.h>
#include <filesystem>
#include <histedit.h>
#include <iostream>
#include <iterator>
#include <langinfo.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace cria::cli {
namespace {

constexpr int kHistoryLines = 1000;

/// Globals, because signal handlers use them.
std::atomic<bool> windowChanged = false;
std::atomic<bool> stopRequested = false;
std::atomic<int> editingWakeDescriptor = -1;

void onWindowChange(int) {
  windowChanged = true;
  wake(editingWakeDescriptor);
}

void onStopRequest(int) {
  stopRequested = true;
  wake(editingWakeDescriptor);
}

void handle(int signal, void (*handler)(int), struct sigaction *before = nullptr) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigaction(signal, &action, before);
}

/// Handles Ctrl-C, Ctrl-Z and changes of the window size while a line is edited. The handlers may run on any
/// thread at any time; a pipe wakes the thread that waits for input. (libedit's own handlers run once per
/// line and signal the whole process group.)
class EditingSignals {
public:
  explicit EditingSignals(InterruptScope &interrupt) : interrupt_(interrupt) {
    if (pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      pipe_ = {-1, -1}; // no descriptors left: signals then only interrupt the wait
    }
    editingWakeDescriptor = pipe_[1];
    interrupt_.setWakeDescriptor(pipe_[1]);
    handle(SIGWINCH, onWindowChange, &beforeWindow_);
    handle(SIGTSTP, onStopRequest, &beforeStop_);
  }
  ~EditingSignals() {
    sigaction(SIGWINCH, &beforeWindow_, nullptr);
    sigaction(SIGTSTP, &beforeStop_, nullptr);
    interrupt_.setWakeDescriptor(-1);
    editingWakeDescriptor = -1;
    close(pipe_[0]);
    close(pipe_[1]);
  }
  EditingSignals(const EditingSignals &) = delete;
  EditingSignals &operator=(const EditingSignals &) = delete;

  /// Waits for input. Returns false after a signal.
  bool waitForInput() const {
    pollfd sources[] = {{.fd = pipe_[0], .events = POLLIN, .revents = 0},
                        {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
    if (poll(sources, std::size(sources), -1) < 0) {
      return false;
    }
    std::array<char, 64> bytes;
    return sources[0].revents == 0 || ::read(pipe_[0], bytes.data(), bytes.size()) <= 0;
  }

private:
  InterruptScope &interrupt_;
  std::array<int, 2> pipe_{};
  struct sigaction beforeWindow_{};
  struct sigaction beforeStop_{};
};

/// Restores the terminal and stops the program, as Ctrl-Z does; returns when it is continued.
void stopProgram(EditLine *editor) {
  el_set(editor, EL_PREP_TERM, 0);
  handle(SIGTSTP, SIG_DFL);
  raise(SIGTSTP);
  handle(SIGTSTP, onStopRequest);
  el_set(editor, EL_PREP_TERM, 1);
  el_set(editor, EL_REFRESH);
}

void obeySignals(EditLine *editor) {
  if (stopRequested.exchange(false)) {
    stopProgram(editor);
  }
  if (windowChanged.exchange(false)) {
    el_resize(editor);
    // Otherwise libedit keeps the old column of the cursor, which may be outside a narrower window.
    el_set(editor, EL_REFRESH);
  }
}

std::optional<std::string> readPlainLine(InterruptScope &interrupt) {
  std::string line;
  interrupt.setEndsWaiting(true);
  const bool isRead = static_cast<bool>(std::getline(std::cin, line));
  interrupt.setEndsWaiting(false);
  return isRead ? std::optional(line) : std::nullopt;
}

} // namespace

struct LineEditor::Terminal {
  std::string prompt;
  std::string historyFile;
  EditLine *editor = nullptr;
  History *history = nullptr;
  HistEvent event{};
  std::vector<std::string> entered; // lines that are not in the file
  // State of the current line:
  const InterruptScope *interrupt = nullptr;
  const EditingSignals *signals = nullptr;

  static Terminal &of(EditLine *editor) {
    void *self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Terminal *>(self);
  }

  static char *promptOf(EditLine *editor) { return of(editor).prompt.data(); }

  // Reads one character for libedit. Returns 1, 0 at the end of input, -1 on Ctrl-C or an error.
  static int readCharacter(EditLine *editor, wchar_t *out) {
    const Terminal &self = of(editor);
    std::mbstate_t state{};
    while (!self.interrupt->interrupted()) {
      if (!self.signals->waitForInput()) {
        obeySignals(editor);
        continue;
      }
      char byte = 0;
      const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
      if (count <= 0) {
        return static_cast<int>(count);
      }
      switch (std::mbrtowc(out, &byte, 1, &state)) {
      case static_cast<size_t>(-2): // more bytes to come
        break;
      case static_cast<size_t>(-1): // an invalid byte is dropped
        state = {};
        break;
      default:
        return 1;
      }
    }
    return -1;
  }

  // libedit drops characters that the locale cannot express; without a locale, use UTF-8.
  static void setUpLocale() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") {
      std::setlocale(LC_CTYPE, "C.UTF-8");
    }
  }

  void setUp() {
    setUpLocale();
    editor = el_init("cria", stdin, stderr, stderr); // stdout is for answers
    el_set(editor, EL_CLIENTDATA, this);
    el_set(editor, EL_PROMPT, promptOf);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_GETCFN, readCharacter);
    history = openHistory();
    el_set(editor, EL_HIST, ::history, history);
  }

  // Returns a history with the lines of the file.
  History *openHistory() {
    History *opened = history_init();
    ::history(opened, &event, H_SETSIZE, kHistoryLines);
    ::history(opened, &event, H_SETUNIQUE, 1);
    std::error_code absent;
    // libedit would wait for the writer of a FIFO.
    if (std::filesystem::is_regular_file(historyFile, absent)) {
      ::history(opened, &event, H_LOAD, historyFile.c_str());
    }
    return opened;
  }

  // Adds the lines to the file, which other chats may have changed. Without a lock, two that end at once
  // would mix their lines.
  void saveHistory() {
    constexpr mode_t kOwnerOnly = 0600;
    const Descriptor file(open(historyFile.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, kOwnerOnly));
    struct stat status{};
    if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        flock(file.get(), LOCK_EX) != 0) {
      return;
    }
    History *merged = openHistory();
    for (const std::string &line : entered) {
      ::history(merged, &event, H_ENTER, line.c_str());
    }
    ::history(merged, &event, H_SAVE, historyFile.c_str());
    history_end(merged);
  }

  std::optional<std::string> readLine(InterruptScope &scope) {
    const EditingSignals editing(scope);
    interrupt = &scope;
    signals = &editing;
    // libedit prints the prompt before it sets the terminal; keys typed in between would be echoed by the
    // terminal.
    el_set(editor, EL_PREP_TERM, 1);
    int count = 0;
    const char *text = el_gets(editor, &count);
    if (text == nullptr && scope.interrupted()) {
      el_set(editor, EL_PREP_TERM, 0);
      el_reset(editor);
      std::fputc('\n', stderr);
      return "";
    }
    if (text == nullptr) {
      std::fputc('\n', stderr);
      return std::nullopt;
    }
    std::string line(text, static_cast<size_t>(count));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
      line.pop_back();
    }
    if (!line.empty()) {
      ::history(history, &event, H_ENTER, line.c_str());
      entered.push_back(line);
    }
    return line;
  }

  ~Terminal() {
    if (!historyFile.empty() && !entered.empty()) {
      saveHistory();
    }
    history_end(history);
    el_end(editor);
  }
};

LineEditor::LineEditor(std::string prompt, std::string historyFile) {
  if (isTerminal(stdin)) {
    terminal_ = std::make_unique<Terminal>();
    terminal_->prompt = std::move(prompt);
    terminal_->historyFile = std::move(historyFile);
    terminal_->setUp();
  }
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read(InterruptScope &interrupt) {
  interrupt.clear();
  return terminal_ != nullptr ? terminal_->readLine(interrupt) : readPlainLine(interrupt);
}

} // namespace cria::cli
