// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// grammar(gbnf) and grammar(json_schema=...): keeps the tokens with which the answer is a prefix of a text of
// the grammar; allows EOS where the answer is a complete text (docs/grammars.md).
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/TokenFilter.h"
#include "plugins/sdk/cria_sampler.hpp"

#include <mutex>

namespace {

using cria::grammar::Position;
using cria::grammar::TokenFilter;
using cria::plugin::Refusal;

/// The state that a sampler and its clones share.
struct Shared {
  Shared(cria::grammar::Grammar grammar, const cria_vocabulary &vocabulary)
      : filter(std::move(grammar), vocabulary) {}

  std::mutex mutex; // guards `filter`, which caches what it computes
  TokenFilter filter;
};

cria::grammar::Grammar readGrammar(std::string_view gbnf, std::string_view schema, std::string_view root,
                                   const cria::grammar::SchemaOptions &schemaOptions,
                                   const cria_vocabulary &vocabulary) {
  if (gbnf.empty() == schema.empty()) {
    throw Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                  "expected exactly one of the options 'gbnf' and 'json_schema'");
  }
  if (schema.empty() && !schemaOptions.documents.empty()) {
    throw Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                  "option 'schema_documents' requires 'json_schema', which refers to the documents");
  }
  if (schema.empty()) {
    return cria::grammar::parseGbnf(gbnf, root, &vocabulary);
  }
  const std::string written = cria::grammar::grammarOfJsonSchema(schema, schemaOptions);
  try {
    return cria::grammar::parseGeneratedGbnf(written);
  } catch (const cria::grammar::NoValue &) {
    throw;
  } catch (const Refusal &refusal) { // names a position in a grammar that the user has not written
    throw Refusal(CRIA_STATUS_UNSUPPORTED,
                  std::string("JSON Schema: the generated grammar is too large: ") + refusal.what());
  }
}

class GrammarSampler {
public:
  struct Options {
    cria::plugin::TextOption gbnf{"gbnf", "The grammar in GBNF", ""};
    cria::plugin::TextOption jsonSchema{
        "json_schema", "A JSON Schema that the answer conforms to, in place of a grammar", ""};
    cria::plugin::TextOption schemaDocuments{
        "schema_documents",
        "Documents that a JSON Schema may refer to: a JSON object of schemas, or of their texts, by URI", ""};
    cria::plugin::TextOption root{"root", "The start rule of the grammar", "root"};
    cria::plugin::FlagOption exactFormats{"exact_formats",
                                          "Enforce every format of a JSON Schema, or refuse it", false};
    cria::plugin::FlagOption openApi{"openapi", "Read nullable in a JSON Schema as OpenAPI 3.0 defines it",
                                     false};
    cria::plugin::FlagOption openObjects{
        "open_objects", "Allow properties that a JSON Schema does not declare where it does not forbid them",
        false};
    cria::plugin::FlagOption endsLast{
        "ends_last", "Allow the answer to end only where the grammar allows nothing else", false};
    cria::plugin::FlagOption skipFirstSpace{"skip_first_space", "Ignore a leading space of the first token",
                                            false};
  };
  GrammarSampler(const Options &options, const cria_vocabulary &vocabulary)
      : shared_(std::make_shared<Shared>(readGrammar(options.gbnf.value, options.jsonSchema.value,
                                                     options.root.value,
                                                     {.hasExactFormats = options.exactFormats.value,
                                                      .isOpenApi = options.openApi.value,
                                                      .hasOpenObjects = options.openObjects.value,
                                                      .documents = options.schemaDocuments.value},
                                                     vocabulary),
                                         vocabulary)),
        skipsFirstSpace_(options.skipFirstSpace.value), endsLast_(options.endsLast.value) {
    reset();
  }

  void reset() {
    position_ = shared_->filter.matcher().start();
    isFirst_ = true;
    hasEnded_ = false;
  }

  void accept(int32_t token, uint32_t origin) {
    if (origin != CRIA_ORIGIN_GENERATED) {
      return; // the prompt is not part of the answer
    }
    const std::lock_guard lock(shared_->mutex);
    TokenFilter &filter = shared_->filter;
    if (filter.isEnd(token)) {
      if (!hasEnded_ && !filter.matcher().isComplete(position_)) {
        refuse(token);
      }
      hasEnded_ = true;
      return;
    }
    const std::string_view piece = filter.pieceOf(token);
    Position next = filter.afterToken(position_, token);
    if (next.state == cria::grammar::kDead && isFirst_ && skipsFirstSpace_ && piece.starts_with(' ')) {
      next = filter.after(position_, piece.substr(1));
    }
    if (next.state == cria::grammar::kDead || hasEnded_) {
      refuse(token);
    }
    position_ = next;
    isFirst_ = false;
  }

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    const std::lock_guard lock(shared_->mutex);
    const bool mayEnd = hasEnded_ || shared_->filter.matcher().isComplete(position_);
    const std::vector<bool> first =
        isFirst_ && skipsFirstSpace_ ? shared_->filter.allowedFirst() : std::vector<bool>();
    const std::vector<bool> &allowed = first.empty() ? shared_->filter.allowedAfter(position_) : first;
    const auto isText = [&](size_t i) {
      const auto id = static_cast<uint32_t>(candidates.ids[i]);
      return !hasEnded_ && id < allowed.size() && allowed[id] && std::isfinite(candidates.logits[i]);
    };
    const bool endsHere = mayEnd && !(endsLast_ && isAny(candidates, isText));
    const auto stays = [&](size_t i) {
      const bool isEnd = endsHere && shared_->filter.isEnd(candidates.ids[i]);
      return isText(i) || (isEnd && std::isfinite(candidates.logits[i]));
    };
    if (!isAny(candidates, stays)) {
      throw Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                    std::string("none of ") + std::to_string(candidates.size) +
                        " candidates is allowed by the grammar" +
                        (mayEnd
                             ? ", which the answer matches, and no token that ends it is among them; an end "
                               "must not be forbidden there, as by min_tokens or logit_bias"
                             : "; place grammar before samplers that drop candidates"));
    }
    cria::plugin::keepIf(candidates, stays);
  }

private:
  template <typename Condition> static bool isAny(const cria_candidates &candidates, Condition condition) {
    size_t i = 0;
    while (i < candidates.size && !condition(i)) {
      ++i;
    }
    return i < candidates.size;
  }

  [[noreturn]] void refuse(int32_t token) const {
    throw Refusal(CRIA_STATUS_INVALID_ARGUMENT, "token " + std::to_string(token) + " ('" +
                                                    std::string(shared_->filter.pieceOf(token)) +
                                                    "') is not allowed by the grammar at this position");
  }

  std::shared_ptr<Shared> shared_;
  bool skipsFirstSpace_, endsLast_;
  Position position_;
  bool isFirst_ = true;   // no token has been accepted
  bool hasEnded_ = false; // an EOS token has been accepted
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<GrammarSampler>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Keep the tokens that a grammar or a JSON Schema allows");
}
