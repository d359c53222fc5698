// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LineEditor.h"

#include "tools/terminal/Terminal.h"

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <histedit.h>
#include <iostream>
#include <langinfo.h>
#include <unistd.h>

namespace cria::cli {
namespace {

constexpr int kHistoryLines = 1000;

// A signal handler can only tell through a global.
volatile std::sig_atomic_t wasInterrupted = 0;

void onInterrupt(int) { wasInterrupted = 1; }

class ReadInterruptible {
public:
  ReadInterruptible() {
    wasInterrupted = 0;
    struct sigaction action {};
    action.sa_handler = onInterrupt;
    sigaction(SIGINT, &action, &previous_);
  }
  ~ReadInterruptible() { sigaction(SIGINT, &previous_, nullptr); }

private:
  struct sigaction previous_ {};
};

// One character for libedit: 1, 0 at the end, -1 on Ctrl-C or an error. libedit's own reader goes on after
// the first signal.
int readCharacter(EditLine *, wchar_t *out) {
  std::mbstate_t state{};
  for (;;) {
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count < 0 && errno == EINTR && wasInterrupted == 0) {
      continue; // the window changed, or the program was stopped and goes on
    }
    if (count <= 0) {
      return static_cast<int>(count);
    }
    switch (std::mbrtowc(out, &byte, 1, &state)) {
    case static_cast<size_t>(-2): // more bytes to come
      break;
    case static_cast<size_t>(-1): // no character: dropped
      state = {};
      break;
    default:
      return 1;
    }
  }
}

} // namespace

struct LineEditor::Terminal {
  std::string prompt;
  std::string historyFile;
  EditLine *editor = nullptr;
  History *history = nullptr;
  HistEvent event{};

  static char *promptOf(EditLine *editor) {
    void *self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return static_cast<Terminal *>(self)->prompt.data();
  }

  // libedit drops what the locale cannot express; without one, text is UTF-8.
  static void setUpLocale() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") {
      std::setlocale(LC_CTYPE, "C.UTF-8");
    }
  }

  void setUp() {
    setUpLocale();
    editor = el_init("cria", stdin, stderr, stderr); // stdout carries answers alone
    el_set(editor, EL_CLIENTDATA, this);
    el_set(editor, EL_PROMPT, promptOf);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_SIGNAL, 1); // puts the terminal right around Ctrl-Z and when its window changes
    el_set(editor, EL_GETCFN, readCharacter);
    history = history_init();
    ::history(history, &event, H_SETSIZE, kHistoryLines);
    ::history(history, &event, H_SETUNIQUE, 1);
    el_set(editor, EL_HIST, ::history, history);
    if (!historyFile.empty()) {
      ::history(history, &event, H_LOAD, historyFile.c_str());
    }
  }

  ~Terminal() {
    if (!historyFile.empty()) {
      ::history(history, &event, H_SAVE, historyFile.c_str());
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

std::optional<std::string> LineEditor::read() {
  std::string line;
  if (terminal_ == nullptr) {
    return std::getline(std::cin, line) ? std::optional(line) : std::nullopt;
  }
  const ReadInterruptible scope;
  // libedit would show the prompt first and set the terminal after: keys in between would be the terminal's.
  el_set(terminal_->editor, EL_PREP_TERM, 1);
  int count = 0;
  const char *text = el_gets(terminal_->editor, &count);
  if (text == nullptr && count < 0) { // Ctrl-C
    el_reset(terminal_->editor);
    std::fputc('\n', stderr);
    return "";
  }
  if (text == nullptr) {
    return std::nullopt;
  }
  line.assign(text, static_cast<size_t>(count));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.pop_back();
  }
  if (!line.empty()) {
    ::history(terminal_->history, &terminal_->event, H_ENTER, line.c_str());
  }
  return line;
}

} // namespace cria::cli
