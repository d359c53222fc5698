// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tells a story with a compiled model: embedding MODEL.cria PROMPT [BACKEND]. docs/embedding.md walks through
// it.
#include "runtime/cria.h"

#include <iostream>

static cria::Status tell(const char *folder, const char *prompt, const cria::ModelOptions &options) {
  CRIA_ASSIGN_OR_RETURN(auto package, cria::Package::open(folder));
  CRIA_ASSIGN_OR_RETURN(auto plugins, cria::PluginRegistry::create(cria::PluginSearch::standard()));
  CRIA_ASSIGN_OR_RETURN(auto model, cria::Model::open(package, *plugins, options));
  CRIA_ASSIGN_OR_RETURN(auto tokenizer, cria::Tokenizer::open(package->tokenizerPath()));
  cria::GenerateRequest request{.maxNewTokens = 100};
  CRIA_ASSIGN_OR_RETURN(request.prompt, tokenizer->encode(prompt));
  request.prompt.insert(request.prompt.begin(), tokenizer->bosId());
  cria::Generator generator(*model, tokenizer.get());
  auto print = [](const cria::GenerateEvent &event) { std::cout << event.text << std::flush; };
  return generator.generate(request, print).status;
}

int main(int argc, char **argv) {
  cria::ModelOptions options{.backend = argc > 3 ? argv[3] : ""};
  cria::Status status =
      argc > 2 ? tell(argv[1], argv[2], options) : cria::invalidArgument("give MODEL.cria PROMPT");
  std::cout << std::endl;
  std::cerr << status.message() << (status.ok() ? "" : "\n");
  return status.ok() ? 0 : 2;
}
