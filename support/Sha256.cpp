// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Uses the EVP interface of libcrypto, which uses the SHA instructions of the processor.
#include "support/Sha256.h"

#include "support/File.h"

#include <cerrno>
#include <cstring>
#include <openssl/evp.h>
#include <unistd.h>
#include <vector>

namespace cria {

namespace {
constexpr size_t kPieceBytes = size_t(1) << 20;
}

struct Sha256::Context {
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(digest); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->digest, EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256 &&) noexcept = default;
Sha256 &Sha256::operator=(Sha256 &&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(context_->digest, bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_->digest, digest, &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

std::string Sha256::of(std::string_view bytes) {
  Sha256 digest;
  digest.update(std::as_bytes(std::span(bytes)));
  return digest.finish();
}

StatusOr<std::string> sha256OfFile(const std::string &path, const std::function<void(uint64_t)> &progress) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  Sha256 digest;
  std::vector<std::byte> piece(kPieceBytes);
  ssize_t count = 0;
  while ((count = read(file.descriptor.get(), piece.data(), piece.size())) != 0) {
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return error(StatusCode::io, "{}: cannot read: {}", path, std::strerror(errno));
    }
    digest.update(std::span(piece).first(size_t(count)));
    if (progress) {
      progress(uint64_t(count));
    }
  }
  return digest.finish();
}

} // namespace cria
