// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria tokenize: prints the token ids of a text.
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {
namespace {

struct TokenizeOptions : OutputOptions {
  std::string model;
  std::string text;
  bool ids = false;
  bool pieces = false;
  bool noBos = false;
};

/// Opens the tokenizer of a package or a checkpoint, without compiling it.
StatusOr<std::unique_ptr<Tokenizer>> openTokenizer(const std::string &folder, int32_t &bosId) {
  if (isPackage(folder)) {
    CRIA_ASSIGN_OR_RETURN(const std::shared_ptr<const Package> package, Package::open(folder));
    bosId = static_cast<int32_t>(package->manifest().model.bosId);
    if (!package->hasTokenizer()) {
      return error(StatusCode::unsupported,
                   "'{}' has no tokenizer: it was compiled from a preset or with --no-tokenizer", folder);
    }
    return package->tokenizer();
  }
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer,
                        cria::openTokenizer(kSentencePieceKind, folder + "/tokenizer.model"));
  bosId = tokenizer->bosId();
  return tokenizer;
}

std::string idsLine(std::span<const int32_t> ids) { return fmt::format("{}\n", fmt::join(ids, " ")); }

void print(const TokenizeOptions &options, const Tokenizer &tokenizer, std::span<const int32_t> ids) {
  if (options.json) {
    auto rows = nlohmann::ordered_json::array();
    for (const int32_t id : ids) {
      rows.push_back({{"id", id}, {"piece", tokenizer.piece(id)}});
    }
    writeJson(rows);
  } else if (options.ids) {
    writeData(idsLine(ids));
  } else if (options.pieces) {
    for (const int32_t id : ids) {
      writeData(fmt::format("{}\n", tokenizer.piece(id)));
    }
  } else {
    for (const int32_t id : ids) {
      writeData(fmt::format("{:>7}  {}\n", id, tokenizer.piece(id)));
    }
  }
}

StatusOr<int> runTokenize(const TokenizeOptions &options) {
  int32_t bosId = -1;
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, openTokenizer(options.model, bosId));
  CRIA_ASSIGN_OR_RETURN(const std::string text,
                        options.text == "-" ? readTextFile("-") : StatusOr<std::string>(options.text));
  CRIA_ASSIGN_OR_RETURN(std::vector<int32_t> ids, tokenizer->encode(text));
  if (bosId >= 0 && !options.noBos) {
    ids.insert(ids.begin(), bosId);
  }
  print(options, *tokenizer, ids);
  return kExitSuccess;
}

} // namespace

void addTokenizeCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<TokenizeOptions>();
  CLI::App *command = app.add_subcommand("tokenize", "Print the token ids of a text");
  command->add_option("model", options->model, "Package or checkpoint")->required()->type_name("PATH");
  command->add_option("text", options->text, "Text; -: standard input")->required()->type_name("TEXT");
  CLI::Option *ids = command->add_flag("--ids", options->ids, "Print only the ids, on one line");
  command->add_flag("--pieces", options->pieces, "Print only the pieces, one per line")->excludes(ids);
  command->add_flag("--no-bos", options->noBos, "Omit the BOS token");
  addOutputOptions(*command, *options, "Print a JSON array of {id, piece}");
  command->footer("Example:\n  cria tokenize stories.cria 'Hello world' --ids");
  command->callback([options, &action] { action = [options] { return runTokenize(*options); }; });
}

} // namespace cria::cli
