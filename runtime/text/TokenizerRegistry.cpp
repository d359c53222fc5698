// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TokenizerRegistry.h"

#include "runtime/text/SentencePieceTokenizer.h"
#include "support/File.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

namespace {
struct Kind {
  std::string_view name;
  StatusOr<std::unique_ptr<Tokenizer>> (*load)(std::string_view file, std::string_view where);
};

constexpr Kind kKinds[] = {
    {kSentencePieceKind, loadSentencePieceTokenizer},
};
} // namespace

static std::string kindNames() {
  std::string names;
  for (const Kind &kind : kKinds) {
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", kind.name);
  }
  return names;
}

StatusOr<std::unique_ptr<Tokenizer>> loadTokenizer(std::string_view kind, std::string_view file,
                                                   std::string_view where) {
  const auto *row = std::ranges::find(kKinds, kind, &Kind::name);
  if (row == std::end(kKinds)) {
    return error(StatusCode::unsupported, "tokenizer '{}': expected the kind {}, got '{}'; use a newer cria",
                 where, kindNames(), printable(kind));
  }
  return row->load(file, where);
}

StatusOr<std::unique_ptr<Tokenizer>> openTokenizer(std::string_view kind, const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const std::string file, readFile(path));
  return loadTokenizer(kind, file, path);
}

} // namespace cria
