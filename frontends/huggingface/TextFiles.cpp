// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TextFiles.h"

#include "format/TokenizerKinds.h"
#include "frontends/huggingface/CheckpointFiles.h"
#include "frontends/huggingface/GenerationConfig.h"
#include "frontends/huggingface/TokenizerConfig.h"

namespace cria::huggingface {

/// Reads the files beside the tokenizer that are there.
static StatusOr<TokenizerFiles> readTokenizerFiles(const std::string &folder) {
  TokenizerFiles files{.hasModel = isThere(inFolder(folder, "tokenizer.model")), .folder = folder};
  struct Place {
    const char *name;
    Json *json;
    OrderedJson *inOrder = nullptr;
  };
  for (const Place &place : {Place{"tokenizer_config.json", &files.config, &files.orderedConfig},
                             {"special_tokens_map.json", &files.specialMap, &files.orderedMap},
                             {"added_tokens.json", &files.addedTokens},
                             {"tokenizer.json", &files.tokenizer},
                             {"config.json", &files.model}}) {
    if (const std::string path = inFolder(folder, place.name); isThere(path)) {
      CRIA_ASSIGN_OR_RETURN(*place.json, readCheckpointJson(path, place.inOrder));
    }
  }
  return files;
}

/// chat_template.jinja replaces the member chat_template of tokenizer_config.json in newer checkpoints.
static Status readChatTemplate(const TokenizerFiles &files, Checkpoint &checkpoint) {
  std::string where = inFolder(checkpoint.path, "chat_template.jinja");
  std::optional<std::string> text;
  if (isThere(where)) {
    CRIA_ASSIGN_OR_RETURN(text, readCheckpointFile(where, FileContent::text));
  } else {
    where = inFolder(checkpoint.path, "tokenizer_config.json");
    CRIA_ASSIGN_OR_RETURN(text, readChatTemplate(files.config, where, checkpoint.notes));
  }
  if (text) {
    chooseChatTemplate(*text, checkpoint.tokenizer.tokens, where, checkpoint.chat, checkpoint.notes);
  } else if (isThere(inFolder(checkpoint.path, "chat_template.json"))) {
    checkpoint.notes.push_back(
        fmt::format("{}: not read, as transformers reads it for processors alone; its template belongs in "
                    "chat_template.jinja",
                    inFolder(checkpoint.path, "chat_template.json")));
  }
  return {};
}

/// As transformers, reads the settings of generation from config.json if they have no file of their own.
static Status readGeneration(Checkpoint &checkpoint) {
  const std::string configFile = inFolder(checkpoint.path, "config.json");
  const std::string ownFile = inFolder(checkpoint.path, "generation_config.json");
  CRIA_ASSIGN_OR_RETURN(Json json, readCheckpointJson(configFile));
  const bool isOwn = isThere(ownFile);
  if (isOwn) {
    const Json config = std::move(json);
    CRIA_ASSIGN_OR_RETURN(json, readCheckpointJson(ownFile));
    noteOtherIds(json, config, ownFile, checkpoint.notes);
    CRIA_RETURN_IF_ERROR(applyEosIds(json, ownFile, checkpoint.config, checkpoint.notes));
  }
  CRIA_ASSIGN_OR_RETURN(
      checkpoint.chat.generation,
      readGenerationDefaults(json, isOwn ? ownFile : configFile, checkpoint.config, checkpoint.notes));
  return {};
}

Status readTextFiles(Checkpoint &checkpoint) {
  CRIA_RETURN_IF_ERROR(readGeneration(checkpoint));
  CRIA_ASSIGN_OR_RETURN(const TokenizerFiles files, readTokenizerFiles(checkpoint.path));
  CRIA_ASSIGN_OR_RETURN(checkpoint.tokenizer.tokens, readStatedTokens(files, checkpoint.notes));
  return readChatTemplate(files, checkpoint);
}

Status readTokenizerModel(const OpenOptions &options, Checkpoint &checkpoint) {
  const std::string path = inFolder(checkpoint.path, "tokenizer.model");
  if (isThere(path)) {
    checkpoint.tokenizer.kind = kSentencePieceKind;
    checkpoint.tokenizer.file = "tokenizer.model";
    checkpoint.tokenizer.where = path;
    CRIA_ASSIGN_OR_RETURN(checkpoint.tokenizer.model, readCheckpointFile(path, FileContent::bytes));
    return {};
  }
  if (!options.requireTokenizer) {
    return {};
  }
  const std::string partial = findPartialDownload(path);
  if (!partial.empty()) {
    return error(StatusCode::notFound,
                 "{}: no such file; its download was not completed, and left '{}': continue it", path,
                 printable(partial));
  }
  // transformers 5 saves tokenizer.json alone.
  const bool hasOther = isThere(inFolder(checkpoint.path, "tokenizer.json"));
  return error(
      StatusCode::notFound,
      "{}: no such file: the checkpoint needs its SentencePiece tokenizer{}; --no-tokenizer compiles "
      "without one, for bench and logits only",
      path,
      hasOther ? ", and tokenizer.json does not replace it: copy the tokenizer.model of the model that "
                 "this one was made from into the folder, if its tokenizer is the same"
               : "");
}

} // namespace cria::huggingface
