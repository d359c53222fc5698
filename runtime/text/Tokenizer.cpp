// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one file that knows SentencePiece. It is used for encoding alone; ids, pieces and decoding come from
// our tables.
#include "runtime/text/Tokenizer.h"

#include "runtime/text/SentenceModel.h"
#include "runtime/text/StreamingDecoder.h"
#include "support/Utf8.h"

#include <exception>
#include <fstream>
#include <limits>
#include <mutex>
#include <sentencepiece_processor.h>
#include <unordered_map>

namespace cria {

using Processor = sentencepiece::SentencePieceProcessor;

namespace {

struct Entry {
  std::string piece;
  std::string printed;
  TokenKind kind = TokenKind::normal;
};

} // namespace

struct Tokenizer::Impl {
  SentenceModel model; // its pieces moved to `entries` after loading
  std::vector<Entry> entries;
  std::unordered_map<std::string_view, int32_t> idOfPiece; // views into entries
  int32_t bosId = -1;
  int32_t eosId = -1;
  int32_t unknownId = -1;
  Processor asModel; // with the dummy prefix if the model has one
  // No dummy prefix needs a second processor, made on first use: few programs ask for it.
  std::string modelWithoutPrefix;
  std::once_flag madeWithoutPrefix;
  Processor withoutPrefix;
  Status withoutPrefixStatus;

  const Entry *entry(int32_t id) const {
    return id >= 0 && static_cast<size_t>(id) < entries.size() ? &entries[static_cast<size_t>(id)] : nullptr;
  }
  void fillTables();
  StatusOr<const Processor *> processor(bool dummyPrefix);
};

static TokenKind kindOf(SentenceModel::PieceType type) {
  switch (type) {
  case SentenceModel::PieceType::unknown:
    return TokenKind::unknown;
  case SentenceModel::PieceType::control:
    return TokenKind::control;
  case SentenceModel::PieceType::unused:
    return TokenKind::unused;
  case SentenceModel::PieceType::byte:
    return TokenKind::byte;
  case SentenceModel::PieceType::normal:
  case SentenceModel::PieceType::userDefined:
    break;
  }
  return TokenKind::normal;
}

static std::string spacesOf(std::string_view piece) {
  constexpr std::string_view mark = "\xE2\x96\x81"; // U+2581
  std::string result;
  for (size_t at = 0; at < piece.size();) {
    if (piece.substr(at).starts_with(mark)) {
      result += ' ';
      at += mark.size();
    } else {
      result += piece[at++];
    }
  }
  return result;
}

static std::string printedOf(const SentenceModel &model, const SentenceModel::Piece &piece) {
  switch (kindOf(piece.type)) {
  case TokenKind::control:
    return "";
  case TokenKind::unknown:
    return model.unknownSurface;
  case TokenKind::byte:
    return std::string(1, static_cast<char>(byteOfPiece(piece.text)));
  default:
    return spacesOf(piece.text);
  }
}

void Tokenizer::Impl::fillTables() {
  entries.reserve(model.pieces.size()); // idOfPiece holds views into it
  for (SentenceModel::Piece &piece : model.pieces) {
    const auto id = static_cast<int32_t>(entries.size());
    const TokenKind kind = kindOf(piece.type);
    std::string printed = printedOf(model, piece);
    entries.push_back({std::move(piece.text), std::move(printed), kind});
    idOfPiece.emplace(entries.back().piece, id);
    if (kind == TokenKind::unknown) {
      unknownId = id;
    }
  }
  model.pieces.clear();
  const auto controlId = [&](const std::string &piece) {
    const auto found = idOfPiece.find(piece);
    return found != idOfPiece.end() && entries[static_cast<size_t>(found->second)].kind == TokenKind::control
               ? found->second
               : -1;
  };
  bosId = controlId(model.bosPiece);
  eosId = controlId(model.eosPiece);
}

// SentencePiece may throw from its dependencies (allocation, tries); nothing else here does.
static Status loadProcessor(Processor &processor, const std::string &model) {
  try {
    const auto status = processor.LoadFromSerializedProto(model);
    return status.ok() ? Status() : invalidArgument("SentencePiece refuses the model: {}", status.ToString());
  } catch (const std::exception &exception) {
    return invalidArgument("SentencePiece refuses the model: {}", exception.what());
  }
}

StatusOr<const Processor *> Tokenizer::Impl::processor(bool dummyPrefix) {
  if (dummyPrefix || !model.addDummyPrefix) {
    return &asModel;
  }
  std::call_once(madeWithoutPrefix, [&] {
    withoutPrefixStatus = loadProcessor(withoutPrefix, modelWithoutPrefix);
    modelWithoutPrefix = {};
  });
  CRIA_RETURN_IF_ERROR(withoutPrefixStatus);
  return &withoutPrefix;
}

static StatusOr<std::string> readFile(const std::filesystem::path &path) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) {
    return error(StatusCode::io, "'{}' is not a readable file, expected a SentencePiece model",
                 path.string());
  }
  if (const auto size = std::filesystem::file_size(path, failure);
      failure || size > SentenceModel::kMaxFileBytes) {
    return invalidArgument("'{}' has {} bytes, expected a SentencePiece model of at most {}", path.string(),
                           failure ? 0 : size, SentenceModel::kMaxFileBytes);
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) {
    return error(StatusCode::io, "cannot read '{}'", path.string());
  }
  return bytes;
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::open(const std::filesystem::path &path) {
  CRIA_ASSIGN_OR_RETURN(const std::string bytes, readFile(path));
  return load(bytes, path.string());
}

StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::load(std::string_view model, std::string_view where) {
  StatusOr<SentenceModel> parsed = SentenceModel::parse(model);
  if (!parsed.ok()) {
    return parsed.status().withContext(fmt::format("tokenizer '{}'", where));
  }
  auto impl = std::make_unique<Impl>();
  impl->model = std::move(parsed).value();
  CRIA_RETURN_IF_ERROR(loadProcessor(impl->asModel, impl->model.serialize(impl->model.addDummyPrefix))
                           .withContext(fmt::format("tokenizer '{}'", where)));
  impl->modelWithoutPrefix = impl->model.serialize(false);
  impl->fillTables();
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

int32_t Tokenizer::size() const { return static_cast<int32_t>(impl_->entries.size()); }
int32_t Tokenizer::bosId() const { return impl_->bosId; }
int32_t Tokenizer::eosId() const { return impl_->eosId; }
int32_t Tokenizer::unknownId() const { return impl_->unknownId; }

static Status checkText(std::string_view text) {
  if (const size_t at = utf8::findInvalid(text); at != std::string_view::npos) {
    return invalidArgument("text is not UTF-8 at byte {} (0x{:02X}); convert it to UTF-8", at,
                           static_cast<uint8_t>(text[at]));
  }
  // SentencePiece counts in int; a byte may become a token and a space three bytes.
  constexpr size_t kMaxTextBytes = std::numeric_limits<int32_t>::max() / 8;
  if (text.size() > kMaxTextBytes) {
    return invalidArgument("text has {} bytes, expected at most {}; split it", text.size(), kMaxTextBytes);
  }
  return {};
}

StatusOr<std::vector<int32_t>> Tokenizer::encode(std::string_view text, bool dummyPrefix) const {
  CRIA_RETURN_IF_ERROR(checkText(text));
  CRIA_ASSIGN_OR_RETURN(const Processor *processor, impl_->processor(dummyPrefix));
  std::vector<int> ids;
  try {
    if (const auto status = processor->Encode(text, &ids); !status.ok()) {
      return error(StatusCode::internal, "SentencePiece cannot encode the text: {}", status.ToString());
    }
  } catch (const std::exception &exception) {
    return error(StatusCode::outOfMemory, "SentencePiece cannot encode the text: {}", exception.what());
  }
  for (const int id : ids) { // a model may name a control piece like a character: text must not reach it
    if (impl_->entry(id) == nullptr || impl_->entry(id)->kind == TokenKind::control) {
      return invalidArgument("the tokenizer model gives text the control id {}; its pieces are contradictory",
                             id);
    }
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool keepLeadingSpace) const {
  StreamingDecoder decoder(*this, keepLeadingSpace);
  std::string text;
  for (const int32_t id : ids) {
    text += decoder.push(id);
  }
  return text + decoder.finish();
}

std::string_view Tokenizer::piece(int32_t id) const {
  const Entry *entry = impl_->entry(id);
  return entry == nullptr ? std::string_view() : entry->piece;
}

std::string_view Tokenizer::printed(int32_t id) const {
  const Entry *entry = impl_->entry(id);
  return entry == nullptr ? std::string_view() : entry->printed;
}

TokenKind Tokenizer::kind(int32_t id) const {
  const Entry *entry = impl_->entry(id);
  return entry == nullptr ? TokenKind::unused : entry->kind;
}

std::optional<int32_t> Tokenizer::find(std::string_view piece) const {
  const auto found = impl_->idOfPiece.find(piece);
  return found == impl_->idOfPiece.end() ? std::nullopt : std::optional(found->second);
}

bool Tokenizer::stripsLeadingSpace() const {
  return impl_->model.addDummyPrefix || impl_->model.removeExtraWhitespaces;
}

} // namespace cria
