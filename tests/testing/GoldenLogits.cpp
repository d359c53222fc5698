// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/GoldenLogits.h"

#include <algorithm>

namespace cria::test {

static void compareRow(const GoldenPrompt &prompt, size_t r, std::span<const float> ours,
                       GoldenAgreement &agreement) {
  const std::span<const float> golden(prompt.logits.data() + r * prompt.vocabSize(), prompt.vocabSize());
  agreement.worst = std::max(agreement.worst, prompt.error(r, ours.data()));
  agreement.sameBest += chooseGreedy(ours).value() == chooseGreedy(golden).value() ? 1 : 0;
  ++agreement.positions;
}

GoldenAgreement compareLogits(Model &model, const std::vector<GoldenPrompt> &prompts) {
  GoldenAgreement agreement;
  for (const GoldenPrompt &prompt : prompts) {
    const std::vector<float> logits = prefillLogits(model, prompt.tokens);
    for (size_t r = 0; r < prompt.rows.size(); ++r) {
      const float *row = logits.data() + prompt.rows[r] * prompt.vocabSize();
      compareRow(prompt, r, {row, prompt.vocabSize()}, agreement);
    }
  }
  return agreement;
}

} // namespace cria::test
