// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokenizer: text to token ids and back, by a SentencePiece model. The model file may be hostile: it is
// checked and rebuilt from its checked fields before SentencePiece sees it.
//
// Threads: a loaded tokenizer is immutable; any number of threads may use it at once.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// What an id is; the values are CRIA_TOKEN_*.
enum class TokenKind : uint8_t {
  normal = CRIA_TOKEN_NORMAL,
  unknown = CRIA_TOKEN_UNKNOWN,
  control = CRIA_TOKEN_CONTROL,
  byte = CRIA_TOKEN_BYTE,
  unused = CRIA_TOKEN_UNUSED,
};

class Tokenizer {
public:
  /// Reads `path` (a tokenizer.model). Errors: io; invalidArgument or unsupported, with the path and what is
  /// wrong.
  static StatusOr<std::unique_ptr<Tokenizer>> open(const std::filesystem::path &path);
  /// From the bytes of a tokenizer.model, copied. `where` names them in errors.
  static StatusOr<std::unique_ptr<Tokenizer>> load(std::string_view model, std::string_view where);
  ~Tokenizer();

  /// Number of ids the tokenizer knows: 0 to size() - 1. A model's vocabulary may be larger (padding).
  int32_t size() const;
  /// Ids of control tokens as the model states them; -1: none.
  int32_t bosId() const;
  int32_t eosId() const;
  int32_t unknownId() const;

  /// Ids of `text`, without BOS or EOS. All of it is text: `<s>` typed by a user gives no control id. Empty
  /// text gives no id. dummyPrefix: with the leading space the model asks for (false only right after a
  /// special token that asks so). Errors: invalidArgument naming the offset of the first byte that is not
  /// UTF-8.
  StatusOr<std::vector<int32_t>> encode(std::string_view text, bool dummyPrefix = true) const;

  /// The text that `ids` mean together. Only the first piece loses its leading space (unless
  /// keepLeadingSpace, as for the continuation of a text); control ids and ids outside the tokenizer print
  /// nothing; undecodable bytes become U+FFFD each.
  std::string decode(std::span<const int32_t> ids, bool keepLeadingSpace = false) const;

  /// An id's name in the model, e.g. "<s>", "<0x0A>", "▁the"; empty for ids outside.
  std::string_view piece(int32_t id) const;
  /// The bytes the id prints inside a text: "▁" is a space, a byte token one byte, a control id nothing.
  std::string_view printed(int32_t id) const;
  /// unused for ids outside.
  TokenKind kind(int32_t id) const;
  /// The id of a piece by its name, e.g. "<s>".
  std::optional<int32_t> find(std::string_view piece) const;
  /// Whether the first piece of a text loses one leading space when decoded.
  bool stripsLeadingSpace() const;

private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace cria
