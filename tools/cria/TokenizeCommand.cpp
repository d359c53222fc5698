// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria tokenize: prints the token ids of a text.
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "frontends/FrontendRegistry.h"
#include "runtime/text/ResolveTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include <filesystem>

namespace cria::cli {
namespace {

struct TokenizeOptions : OutputOptions {
  std::string model;
  std::string text;
  bool ids = false;
  bool pieces = false;
  bool noBos = false;
  bool specialTokens = false;
};

struct OpenedTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  int64_t bosId = -1; // begins every prompt; -1: none
};

StatusOr<OpenedTokenizer> openOfPackage(const std::string &folder) {
  CRIA_ASSIGN_OR_RETURN(const std::shared_ptr<const Package> package, Package::open(folder));
  if (!package->hasTokenizer()) {
    return error(StatusCode::unsupported,
                 "'{}' has no tokenizer: it was compiled from a preset or with --no-tokenizer", folder);
  }
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer, package->tokenizer());
  return OpenedTokenizer{std::move(tokenizer), package->manifest().model.bosId};
}

/// Opens a tokenizer.model that lies in a folder without a configuration.
StatusOr<OpenedTokenizer> openAlone(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer, openTokenizer(kSentencePieceKind, path));
  const int64_t bosId = tokenizer->bosId();
  const int32_t eosId = tokenizer->eosId();
  CRIA_ASSIGN_OR_RETURN(tokenizer, withAddedTokens(std::move(tokenizer), {.tokens = {}, .eosId = eosId}));
  return OpenedTokenizer{std::move(tokenizer), bosId};
}

/// Opens the tokenizer of a checkpoint as `cria compile` does.
StatusOr<OpenedTokenizer> openOfCheckpoint(const TokenizeOptions &options) {
  const std::string file = options.model + "/tokenizer.model";
  std::error_code failed;
  if (findFrontend(options.model) == nullptr && std::filesystem::exists(file, failed)) {
    return openAlone(file);
  }
  CRIA_ASSIGN_OR_RETURN(const Checkpoint checkpoint, openCheckpoint(options.model, {.onlyTokenizer = true}));
  const TokenizerData &data = checkpoint.tokenizer;
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> base, loadTokenizer(data.kind, data.model, data.where));
  std::vector<std::string> notes = checkpoint.notes;
  ResolvedTokens tokens = resolveTokens(*base, data.tokens, checkpoint.config, data.where, notes);
  for (const std::string &note : notes) {
    logInfo(options.quiet, "note: {}", note);
  }
  CRIA_ASSIGN_OR_RETURN(base, withAddedTokens(std::move(base), std::move(tokens.layer)));
  return OpenedTokenizer{std::move(base), tokens.bosId};
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
  CRIA_ASSIGN_OR_RETURN(const OpenedTokenizer opened,
                        isPackage(options.model) ? openOfPackage(options.model) : openOfCheckpoint(options));
  CRIA_ASSIGN_OR_RETURN(const std::string text,
                        options.text == "-" ? readTextFile("-") : StatusOr<std::string>(options.text));
  const SpecialTokens specials = options.specialTokens ? SpecialTokens::asTokens : SpecialTokens::asText;
  CRIA_ASSIGN_OR_RETURN(std::vector<int32_t> ids,
                        opened.tokenizer->encode(text, TextPosition::startOfText, specials));
  const auto bosId = static_cast<int32_t>(opened.bosId);
  if (bosId >= 0 && !options.noBos && (ids.empty() || ids[0] != bosId)) {
    ids.insert(ids.begin(), bosId);
  }
  print(options, *opened.tokenizer, ids);
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
  command->add_flag("--special-tokens", options->specialTokens,
                    "Encode names of special tokens in the text, such as </s>, as these tokens");
  addOutputOptions(*command, *options, "Print a JSON array of {id, piece}");
  command->footer("Example:\n  cria tokenize stories.cria 'Hello world' --ids");
  command->callback([options, &action] { action = [options] { return runTokenize(*options); }; });
}

} // namespace cria::cli
