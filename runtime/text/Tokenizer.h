// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokenizer: the interface of all tokenizers, which encode text as token ids and decode ids to text. Callers
// get one from Package::tokenizer() or from loadTokenizer() (runtime/text/TokenizerRegistry.h).
//
// Thread-safe: a tokenizer is immutable.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// The kind of a token id; the values are CRIA_TOKEN_*.
enum class TokenKind : uint8_t {
  normal = CRIA_TOKEN_NORMAL,
  unknown = CRIA_TOKEN_UNKNOWN,
  control = CRIA_TOKEN_CONTROL,
  byte = CRIA_TOKEN_BYTE,
  unused = CRIA_TOKEN_UNUSED,
};

/// Where a text stands. A tokenizer that marks the beginnings of words with a space encodes "Hello" at the
/// start of a text as " Hello", and removes that space when it decodes the ids.
enum class TextPosition : uint8_t {
  startOfText,  ///< No text precedes it.
  continuation, ///< It continues a text.
  /// A token precedes it: as startOfText, but a text that begins with a space gets no second one, unless the
  /// tokenizer normalizes texts, which follow SentencePiece alone.
  afterToken,
};

/// How the name of a control token in a text is encoded.
enum class SpecialTokens : uint8_t {
  asText,   ///< As its characters.
  asTokens, ///< As the token.
};

/// How a token stands in a text, by the rules of Hugging Face tokenizers.
struct TokenFlags {
  bool stripsLeft = false;   ///< Takes the white space before it.
  bool stripsRight = false;  ///< Takes the white space after it.
  bool isWord = false;       ///< Only where no character of a word is next to it.
  bool isNormalized = false; ///< After the tokens that are not normalized, in what they leave.
};

class Tokenizer {
public:
  virtual ~Tokenizer() = default;

  /// The number of ids: 0 to size() - 1 are valid. A model's vocabulary may be larger because of padding.
  virtual int32_t size() const = 0;
  /// The ids of the begin-of-text, end-of-text and unknown token; -1 if the tokenizer has none.
  virtual int32_t bosId() const = 0;
  virtual int32_t eosId() const = 0;
  virtual int32_t unknownId() const = 0;

  /// The name of an id, e.g. "<s>", "<0x0A>" or "the"; empty for ids outside the tokenizer.
  virtual std::string_view piece(int32_t id) const = 0;
  /// The bytes that an id stands for in a text: one byte for a byte token, none for a control token and for
  /// an id outside the tokenizer. They need not be complete UTF-8.
  virtual std::string_view surface(int32_t id, TextPosition position = TextPosition::continuation) const = 0;
  /// TokenKind::unused for ids outside the tokenizer.
  virtual TokenKind kind(int32_t id) const = 0;
  /// How the token stands in a text; no flags for ids outside the tokenizer.
  virtual TokenFlags flags(int32_t) const { return {}; }
  /// The id with this name, e.g. "<s>".
  virtual std::optional<int32_t> find(std::string_view piece) const = 0;
  /// The text that encode() puts in front of a text at TextPosition::startOfText; empty if it adds none.
  virtual std::string_view textPrefix() const = 0;

  /// Whether decode() removes the space of every token at the start of a text, and not that of the first
  /// alone.
  virtual bool removesLeadingSpaces() const { return false; }

  /// Names of tokens that are not control tokens and that every text is split at.
  virtual std::vector<std::string_view> textTokens() const { return {}; }

  /// Returns the ids of `text`, to which neither BOS nor EOS is added. With SpecialTokens::asText they
  /// include no control token: "<s>" in `text` is encoded as three characters. Empty text has no ids. Errors:
  /// invalidArgument with the offset of the first byte that is not UTF-8.
  StatusOr<std::vector<int32_t>> encode(std::string_view text,
                                        TextPosition position = TextPosition::startOfText,
                                        SpecialTokens specials = SpecialTokens::asText) const;

  /// Returns the text of all `ids` together. Control tokens and ids outside the tokenizer have no text; each
  /// byte that does not belong to a UTF-8 character becomes U+FFFD.
  std::string decode(std::span<const int32_t> ids, TextPosition position = TextPosition::startOfText) const;

private:
  /// Encodes valid UTF-8 of 1 to 2^28 - 1 bytes. A tokenizer that has no layer of added tokens may take the
  /// names of control tokens for text in any case.
  virtual StatusOr<std::vector<int32_t>> encodeText(std::string_view text, TextPosition position,
                                                    SpecialTokens specials) const = 0;
};

} // namespace cria
