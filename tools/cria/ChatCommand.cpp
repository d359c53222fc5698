// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria chat: a conversation on the terminal. Ctrl-C stops the answer, not the program.
#include "ChatConversation.h"
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "Interrupt.h"
#include "LineEditor.h"
#include "SamplingOptions.h"
#include "runtime/exec/Generator.h"
#include "runtime/exec/Session.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>

namespace cria::cli {
namespace {

struct ChatOptions {
  CommonOptions common;
  SamplingOptions sampling;
  std::string system;
  std::string chatTemplate;
};

constexpr std::string_view kHelp = R"(/help           this text
/system TEXT    set the system prompt and start anew; without TEXT: show it; none: remove it
/reset          start the conversation anew
/quit           leave (also Ctrl-D)
Ctrl-C          stop the answer
)";

/// Share of the context kept free for an answer before old pairs are dropped.
constexpr uint32_t kReserveFraction = 4;

/// The options that chat.json has, for the checkpoint's template.
std::vector<PluginArgument> ownOptions(const ChatConfig &config) {
  std::vector<PluginArgument> arguments;
  for (const auto &[name, value] : config.options) {
    arguments.push_back({.name = name, .value = value});
  }
  return arguments;
}

/// Whether the call is of the plugin jinja without a template of its own.
bool asksForOwnSource(const std::vector<PluginCallExpression> &calls) {
  return calls.size() == 1 && calls[0].name == "jinja" &&
         std::ranges::none_of(calls[0].arguments, [](const PluginArgument &argument) {
           return argument.name.empty() || argument.name == "template"; // which is the first one
         });
}

/// The template that --chat-template names; `jinja` runs the text that the package keeps unless it is given
/// one.
StatusOr<ChatTemplate> openNamedTemplate(const std::string &expression, const OpenedModel &opened) {
  const ChatConfig &config = opened.package->chat();
  CRIA_ASSIGN_OR_RETURN(const std::vector<PluginCallExpression> calls, parsePluginExpression(expression));
  if (asksForOwnSource(calls) && !config.source) {
    return invalidArgument(
        "the package keeps no template for jinja: {}; give a text as in jinja(template=\"...\")",
        config.templateName
            ? fmt::format("the checkpoint's own is known as '{}', which is used without --chat-template",
                          *config.templateName)
            : "the checkpoint has none");
  }
  if (!asksForOwnSource(calls)) {
    return ChatTemplate::create(*opened.registry, expression, opened.vocabulary->view());
  }
  std::vector<PluginArgument> arguments = calls[0].arguments;
  std::vector<PluginArgument> own = ownOptions(config);
  own.push_back({.name = "template", .value = *config.source});
  for (PluginArgument &argument : own) {
    if (std::ranges::find(arguments, argument.name, &PluginArgument::name) == arguments.end()) {
      arguments.push_back(std::move(argument));
    }
  }
  return ChatTemplate::create(*opened.registry, "jinja", arguments, opened.vocabulary->view());
}

StatusOr<ChatTemplate> openTemplate(const ChatOptions &options, const OpenedModel &opened) {
  if (!options.chatTemplate.empty()) {
    return openNamedTemplate(options.chatTemplate, opened);
  }
  const ChatConfig &config = opened.package->chat();
  if (config.templateName) {
    return ChatTemplate::create(*opened.registry, *config.templateName, ownOptions(config),
                                opened.vocabulary->view());
  }
  if (config.source) {
    return invalidArgument(
        "the checkpoint's chat template is none that is known; name one with --chat-template, e.g. "
        "--chat-template llama2 ('cria plugins' lists them), or run the checkpoint's own with "
        "--chat-template jinja");
  }
  return invalidArgument("the checkpoint states no chat template; name one with --chat-template, e.g. "
                         "--chat-template llama2 ('cria plugins' lists them)");
}

std::string historyFile() {
  const StatusOr<std::filesystem::path> folder = cacheFolder();
  std::error_code problem;
  if (folder.ok()) {
    std::filesystem::create_directories(*folder, problem);
  }
  return folder.ok() && !problem ? (*folder / "chat_history").string() : "";
}

/// The loop of reading and answering.
class Chat {
public:
  Chat(const ChatOptions &options, const OpenedModel &opened, const ChatTemplate &chat)
      : options_(options), opened_(opened), chat_(chat), conversation_(chat, *opened.tokenizer),
        session_(*opened.model), generator_(*opened.model, opened.tokenizer.get()) {}

  /// Whether a message could not be answered.
  bool failed() const { return failed_; }

  /// On a terminal Ctrl-C stops an answer and not the program; elsewhere nobody is there to go on, and it
  /// ends both.
  Status run() {
    const bool isTalk = isTerminal(stdin);
    InterruptScope interrupt(isTalk ? SecondInterrupt::isIgnored : SecondInterrupt::endsProgram);
    LineEditor editor("> ", historyFile());
    while (std::optional<std::string> line = editor.read(interrupt)) {
      const std::string text = trimmed(*line);
      if (text == "/quit" || text == "/exit") {
        break;
      }
      if (text.starts_with('/')) {
        obey(text);
      } else if (!text.empty()) {
        CRIA_RETURN_IF_ERROR(answer(*line, interrupt.flag()));
      }
      if (interrupt.interrupted() && !isTalk) {
        break;
      }
    }
    return interrupt.interrupted() && !isTalk ? error(StatusCode::cancelled, "interrupted") : Status();
  }

  /// Checks and takes a system prompt. Errors: not UTF-8, or too long for the context.
  Status setSystem(std::string text) {
    warnOfTags(text);
    return conversation_.setSystem(std::move(text), opened_.model->context());
  }

private:
  static std::string trimmed(const std::string &line) {
    constexpr const char *kBlank = " \t\r";
    const size_t first = line.find_first_not_of(kBlank);
    return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(kBlank) - first + 1);
  }

  void obey(const std::string &line) {
    if (line == "/help") {
      talk(false, "{}", kHelp);
    } else if (line == "/reset") {
      conversation_.reset();
      talk(options_.common.quiet, "(a new conversation)");
    } else if (line == "/system") {
      talk(false, "(system prompt: {})", conversation_.system().empty() ? "none" : conversation_.system());
    } else if (line.starts_with("/system ")) {
      const std::string text = trimmed(line.substr(std::string_view("/system ").size()));
      if (const Status status = setSystem(text == "none" ? "" : text); !status.ok()) {
        refuse(status);
      } else {
        conversation_.reset();
        talk(options_.common.quiet, "(system prompt {}; a new conversation)",
             text == "none" ? "removed" : "set");
      }
    } else {
      talk(false, "unknown command '{}'\n{}", line, kHelp);
    }
  }

  // What cannot be done is said, and the conversation goes on.
  void refuse(const Status &status) {
    talk(false, "error: {}", status.message());
    failed_ = true;
  }

  void warnOfTags(const std::string &text) {
    const StatusOr<std::optional<std::string>> tags = chat_.findTags(text);
    if (tags.ok() && *tags) {
      talk(options_.common.quiet, "warning: {}", **tags);
    }
  }

  // A message that cannot be answered is said, and the conversation goes on.
  Status answer(const std::string &text, const CancelFlag *cancel) {
    warnOfTags(text);
    const uint32_t context = opened_.model->context();
    StatusOr<ChatTurn> turn = conversation_.ask(text, context, context / kReserveFraction);
    if (!turn.ok()) {
      refuse(turn.status());
      return {};
    }
    if (turn->droppedPairs > 0) {
      talk(options_.common.quiet, "(the context is full: dropped the oldest {}, the system prompt stays)",
           countOf(turn->droppedPairs, "pair"));
    }
    CRIA_ASSIGN_OR_RETURN(GenerateRequest request, makeRequest(options_.sampling, opened_));
    request.prompt = std::move(turn->ids);
    request.stopTexts.insert(request.stopTexts.end(), turn->stopTexts.begin(), turn->stopTexts.end());
    request.stopTokens = std::move(turn->stopIds);
    request.continuesText = false;
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
      talk(options_.common.quiet, "(stopped)");
    } else if (result.reason == FinishReason::context) {
      talk(options_.common.quiet, "(the answer filled the context)");
    }
    conversation_.answer(std::move(result.text));
  }

  const ChatOptions &options_;
  const OpenedModel &opened_;
  const ChatTemplate &chat_;
  ChatConversation conversation_;
  Session session_;
  Generator generator_;
  bool failed_ = false;
};

StatusOr<int> runChat(const ChatOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<OpenedModel> opened, openModel(options.common));
  CRIA_RETURN_IF_ERROR(requireTokenizer(*opened, "'cria chat'").status());
  CRIA_ASSIGN_OR_RETURN(const ChatTemplate chat, openTemplate(options, *opened));
  CRIA_RETURN_IF_ERROR(
      makeRequest(options.sampling, *opened).status()); // bad sampling options are said at once
  if (isTerminal(stdin)) {
    talk(options.common.quiet, "{} with template {}; /help lists commands",
         opened->package->manifest().model.name, chat.name());
  }
  Chat conversation(options, *opened, chat);
  CRIA_RETURN_IF_ERROR(conversation.setSystem(options.system));
  CRIA_RETURN_IF_ERROR(conversation.run());
  // A person has seen the message and went on; a script has only the exit code.
  return conversation.failed() && !isTerminal(stdin) ? kExitError : kExitSuccess;
}

} // namespace

void addChatCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App *command = app.add_subcommand("chat", "Talk with a chat model");
  addCommonOptions(*command, options->common, "Each answer as an object on a line of its own");
  command->add_option("--system", options->system, "System prompt")->type_name("TEXT");
  command
      ->add_option("--chat-template", options->chatTemplate,
                   "Chat template plugin; default: the checkpoint's")
      ->type_name("NAME");
  addSamplingOptions(*command, options->sampling);
  command->footer("Example:\n  cria chat stories.cria --system 'Answer in one sentence.'");
  command->callback([options, &action] { action = [options] { return runChat(*options); }; });
}

} // namespace cria::cli
