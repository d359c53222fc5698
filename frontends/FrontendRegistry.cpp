// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of frontends.
#include "frontends/FrontendRegistry.h"

#include "frontends/UnsupportedWeights.h"
#include "frontends/huggingface/HuggingFaceFrontend.h"
#include "support/Json.h"

#include <filesystem>

namespace cria {

namespace fs = std::filesystem;

using FrontendGetter = const Frontend &();

/// A path is offered to them in this order.
static constexpr FrontendGetter *kFrontends[] = {huggingface::frontend};

static std::string descriptions() {
  std::string text;
  for (FrontendGetter *frontend : kFrontends) {
    text += fmt::format("{}{}", text.empty() ? "" : ", or ", frontend().description());
  }
  return text;
}

/// Why no frontend accepts `path`.
static Status refusal(const std::string &path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) {
    return error(StatusCode::notFound, "{}: no such checkpoint", path);
  }
  if (!fs::is_directory(path, failed)) {
    CRIA_RETURN_IF_ERROR(refuseFile(path));
    return error(StatusCode::unsupported, "{}: expected {}, got a file", path, descriptions());
  }
  CRIA_RETURN_IF_ERROR(refuseOtherWeights(path));
  return invalidArgument("{}: not a checkpoint: expected {}", path, descriptions());
}

const Frontend *findFrontend(const std::string &path) {
  for (FrontendGetter *frontend : kFrontends) {
    if (frontend().accepts(path)) {
      return &frontend();
    }
  }
  return nullptr;
}

StatusOr<Checkpoint> openCheckpoint(const std::string &path, const OpenOptions &options) {
  const Frontend *frontend = findFrontend(path);
  return frontend != nullptr ? frontend->open(path, options) : refusal(path);
}

} // namespace cria
