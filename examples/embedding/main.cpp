// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generates text with a compiled model: embedding MODEL.cria PROMPT [BACKEND]. See docs/embedding.md.
#include "runtime/cria.h"

#include <iostream>

static cria::Status generate(const char *folder, const char *prompt, const cria::ModelOptions &options) {
  CRIA_ASSIGN_OR_RETURN(auto loaded, cria::LoadedModel::open(folder, options));
  CRIA_RETURN_IF_ERROR(loaded->requireTokenizer("this program"));
  cria::TextRequest text{.prompt = prompt, .options = {.maxTokens = 100}};
  CRIA_ASSIGN_OR_RETURN(auto request, loaded->makeRequest(text));
  cria::Status status;
  cria::Engine engine(loaded->model(), loaded->tokenizer());
  engine.submit(std::move(request), [&](const cria::GenerateEvent &event) {
    std::cout << event.text << std::flush;
    if (event.result) {
      status = event.result->status;
    }
  });
  engine.drain();
  return status;
}

int main(int argc, char **argv) {
  auto status = argc < 3 ? cria::invalidArgument("expected MODEL.cria PROMPT [BACKEND]")
                         : generate(argv[1], argv[2], {.backend = argc > 3 ? argv[3] : ""});
  std::cerr << status.message() << std::endl;
  return status.ok() ? 0 : 2;
}
