// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria chat: a conversation on the terminal. Ctrl-C stops the answer, not the program.
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "Interrupt.h"
#include "LineEditor.h"
#include "OpenModel.h"
#include "SamplingOptions.h"
#include "runtime/exec/Generator.h"
#include "runtime/exec/Session.h"
#include "runtime/serve/Conversation.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {
namespace {

struct ChatOptions {
  CommonOptions common;
  SamplingOptions sampling;
  std::string system;
  std::string chatTemplate;
};

constexpr std::string_view kHelp = R"(/help           print this text
/system TEXT    set the system prompt and start a new conversation; without TEXT: show it; none: remove it
/reset          start a new conversation
/quit           exit (also Ctrl-D)
//TEXT          send /TEXT, a message that begins with a slash
Ctrl-C          stop the answer
)";

/// A fraction (1/4) of the context is kept free for an answer; the oldest pairs are dropped for it.
constexpr uint32_t kReserveFraction = 4;

std::string historyFile() {
  const StatusOr<std::filesystem::path> folder = cacheFolder();
  std::error_code problem;
  if (folder.ok()) {
    std::filesystem::create_directories(*folder, problem);
  }
  return folder.ok() && !problem ? (*folder / "chat_history").string() : "";
}

/// Reads messages and answers them.
class Chat {
public:
  Chat(const ChatOptions &options, const RequestOptions &requestOptions, const LoadedModel &model,
       const ChatTemplate &chat)
      : options_(options), requestOptions_(requestOptions), model_(model), chat_(chat),
        conversation_(chat, *model.tokenizer(), model.model().context()), session_(model.model()),
        generator_(model.model(), model.tokenizer()) {
    requestOptions_.seed = requestOptions.seed.value_or(randomSeed()); // one for the whole chat, to repeat it
  }

  /// True if any message could not be answered.
  bool failed() const { return failed_; }

  /// On a terminal Ctrl-C ends the answer and not the program; elsewhere it ends both. Commands exist on a
  /// terminal alone.
  Status run() {
    const bool isInteractive = isTerminal(stdin);
    InterruptScope interrupt(isInteractive ? SecondInterrupt::isIgnored : SecondInterrupt::endsProgram);
    LineEditor editor("> ", historyFile());
    while (std::optional<std::string> line = editor.read(interrupt)) {
      const std::string text = trimmed(*line);
      const bool isCommand = isInteractive && text.starts_with('/') && !text.starts_with("//");
      if (isCommand && (text == "/quit" || text == "/exit")) {
        break;
      }
      if (isCommand) {
        runCommand(text);
      } else if (!text.empty()) {
        const bool isEscaped = isInteractive && text.starts_with("//");
        CRIA_RETURN_IF_ERROR(answer(isEscaped ? text.substr(1) : *line, interrupt.flag()));
      }
      if (interrupt.isEnding() || (interrupt.interrupted() && !isInteractive)) {
        break;
      }
    }
    const bool isCut = interrupt.isEnding() || (interrupt.interrupted() && !isInteractive);
    return isCut ? error(StatusCode::cancelled, "interrupted") : Status();
  }

  /// Sets the system prompt. Errors: those of Conversation::setSystem().
  Status setSystem(std::string text) {
    warnOfTags(text);
    return conversation_.setSystem(std::move(text));
  }

private:
  static std::string trimmed(const std::string &line) {
    constexpr const char *kBlank = " \t\r";
    const size_t first = line.find_first_not_of(kBlank);
    return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(kBlank) - first + 1);
  }

  void runCommand(const std::string &line) {
    if (line == "/help") {
      logInfo(false, "{}", kHelp);
    } else if (line == "/reset") {
      conversation_.reset();
      logInfo(options_.common.quiet, "(a new conversation)");
    } else if (line == "/system") {
      logInfo(false, "(system prompt: {})", conversation_.system().empty() ? "none" : conversation_.system());
    } else if (line.starts_with("/system ")) {
      const std::string text = trimmed(line.substr(std::string_view("/system ").size()));
      if (const Status status = setSystem(text == "none" ? "" : text); !status.ok()) {
        refuse(status);
      } else {
        conversation_.reset();
        logInfo(options_.common.quiet, "(system prompt {}; a new conversation)",
                text == "none" ? "removed" : "set");
      }
    } else {
      logInfo(false, "unknown command '{}'; '/{}' sends it as a message\n{}", line, line, kHelp);
    }
  }

  // Reports an error; the conversation continues.
  void refuse(const Status &status) {
    logError("{}", status.message());
    failed_ = true;
  }

  void warnOfTags(const std::string &text) {
    const StatusOr<std::optional<std::string>> tags = chat_.findTags(text);
    if (tags.ok() && *tags) {
      logInfo(options_.common.quiet, "warning: {}", **tags);
    }
  }

  Status answer(const std::string &text, const CancelFlag *cancel) {
    warnOfTags(text);
    StatusOr<ChatTurn> turn = conversation_.ask(text, model_.model().context() / kReserveFraction);
    if (!turn.ok()) {
      refuse(turn.status());
      return {};
    }
    if (turn->droppedPairs > 0) {
      logInfo(options_.common.quiet, "(the context is full: dropped the oldest {}, kept the system prompt)",
              countOf(turn->droppedPairs, "pair"));
    }
    CRIA_ASSIGN_OR_RETURN(GenerateRequest request, model_.makeRequest(requestOptions_, *turn));
    request.session = &session_;
    GenerateResult result = generate(request, cancel);
    if (options_.common.json && result.reason != FinishReason::error) {
      writeAnswer(request, result, turn->droppedPairs);
    }
    finish(std::move(result));
    return {};
  }

  GenerateResult generate(const GenerateRequest &request, const CancelFlag *cancel) {
    const bool streams = !options_.common.json;
    GenerateResult result = generator_.generate(
        request, [&](const GenerateEvent &event) { writeData(streams ? event.text : ""); }, cancel);
    writeData(streams ? "\n" : "");
    return result;
  }

  static void writeAnswer(const GenerateRequest &request, const GenerateResult &result,
                          uint32_t droppedPairs) {
    writeJson({{"answer", result.text},
               {"finish_reason", finishReasonName(result.reason)},
               {"prompt_tokens", request.prompt.size()},
               {"generated_tokens", result.tokens.size()},
               {"dropped_pairs", droppedPairs},
               {"seed", request.seed}});
  }

  void finish(GenerateResult result) {
    if (result.reason == FinishReason::error) {
      refuse(result.status);
      conversation_.retract();
      return;
    }
    if (result.reason == FinishReason::cancelled) {
      logInfo(options_.common.quiet, "(stopped)");
    } else if (result.reason == FinishReason::context) {
      logInfo(options_.common.quiet, "(the answer filled the context)");
    }
    conversation_.answer(std::move(result.text));
  }

  const ChatOptions &options_;
  RequestOptions requestOptions_;
  const LoadedModel &model_;
  const ChatTemplate &chat_;
  Conversation conversation_;
  Session session_;
  Generator generator_;
  bool failed_ = false;
};

StatusOr<int> runChat(const ChatOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const OpenedModel model, openModel(options.common));
  CRIA_RETURN_IF_ERROR(model->requireTokenizer("'cria chat'"));
  CRIA_ASSIGN_OR_RETURN(const ChatTemplate chat, model->openTemplate(options.chatTemplate));
  CRIA_ASSIGN_OR_RETURN(const RequestOptions request, requestOptions(options.sampling));
  CRIA_RETURN_IF_ERROR(model->makeRequest(request).status()); // reports bad sampling options at once
  if (isTerminal(stdin)) {
    logInfo(options.common.quiet, "{} with template {}; /help lists commands",
            model->package().manifest().model.name, chat.name());
  }
  Chat conversation(options, request, *model, chat);
  CRIA_RETURN_IF_ERROR(conversation.setSystem(options.system));
  CRIA_RETURN_IF_ERROR(conversation.run());
  // A script sees an error in the exit code.
  return conversation.failed() && !isTerminal(stdin) ? kExitError : kExitSuccess;
}

} // namespace

void addChatCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App *command = app.add_subcommand("chat", "Chat with a model");
  addCommonOptions(*command, options->common, "Print each answer as a JSON object on one line");
  command->add_option("--system", options->system, "System prompt")->type_name("TEXT");
  command
      ->add_option("--chat-template", options->chatTemplate,
                   "Chat template plugin; default: that of the checkpoint")
      ->type_name("NAME")
      ->check(notEmpty("the name of a plugin"));
  addSamplingOptions(*command, options->sampling);
  command->footer("Example:\n  cria chat stories.cria --system 'Answer in one sentence.'");
  command->callback([options, &action] { action = [options] { return runChat(*options); }; });
}

} // namespace cria::cli
