// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tells a story with a compiled model: embedding MODEL.cria PROMPT [BACKEND]. See docs/embedding.md.
#include "runtime/cria.h"

#include <iostream>

static cria::Status tell(const char *folder, const char *prompt, const cria::ModelOptions &options) {
  CRIA_ASSIGN_OR_RETURN(auto package, cria::Package::open(folder));
  CRIA_ASSIGN_OR_RETURN(auto plugins, cria::PluginRegistry::create(cria::PluginSearch::standard()));
  CRIA_ASSIGN_OR_RETURN(auto model, cria::Model::open(package, *plugins, options));
  CRIA_ASSIGN_OR_RETURN(auto tokenizer, package->tokenizer());
  cria::GenerateRequest request{.maxNewTokens = 100};
  CRIA_ASSIGN_OR_RETURN(request.prompt, tokenizer->encode(prompt));
  request.prompt.insert(request.prompt.begin(), tokenizer->bosId());
  auto print = [](const cria::GenerateEvent &event) { std::cout << event.text << std::flush; };
  return cria::Generator(*model, tokenizer.get()).generate(request, print).status;
}

int main(int argc, char **argv) {
  auto status = argc < 3 ? cria::invalidArgument("give MODEL.cria PROMPT")
                         : tell(argv[1], argv[2], {.backend = argc > 3 ? argv[3] : ""});
  std::cerr << status.message() << std::endl;
  return status.ok() ? 0 : 2;
}
