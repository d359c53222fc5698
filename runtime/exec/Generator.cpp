// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Generator.h"

namespace cria {

std::vector<GenerateResult> Generator::generate(std::span<const GenerateRequest> requests,
                                                const GenerateCallback &callback, const CancelFlag *cancel) {
  std::vector<GenerateResult> results(requests.size());
  std::vector<Submission> submissions;
  for (size_t i = 0; i < requests.size(); ++i) {
    Submission &added = submissions.emplace_back(Submission{requests[i], {}});
    added.request.cancel = added.request.cancel ? added.request.cancel : cancel;
    added.onEvent = [&, i](const GenerateEvent &event) {
      if (event.result) {
        results[i] = *event.result;
      } else if (callback) {
        callback({.request = i, .token = event.token, .text = event.text});
      }
    };
  }
  engine_.submit(std::move(submissions));
  engine_.drain();
  return results;
}

GenerateResult Generator::generate(const GenerateRequest &request, const GenerateCallback &callback,
                                   const CancelFlag *cancel) {
  return std::move(generate({&request, 1}, callback, cancel)[0]);
}

} // namespace cria
