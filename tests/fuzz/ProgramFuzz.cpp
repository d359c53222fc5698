// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is the text of a program. It is read and verified; one that is accepted is written
// and read again.
#include "format/OpsetVerifier.h"
#include "format/ProgramVerifier.h"
#include "format/ProgramWriter.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"
#include "tests/testing/toy/ToyPackage.h"

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr uint32_t kVocabSize = test::kToyVocab;
  const auto program = parseProgram({reinterpret_cast<const char *>(data), size}, "program");
  if (!program.ok()) {
    return 0;
  }
  if (!verifyProgram(*program, kVocabSize).ok()) {
    return 0;
  }
  (void)verifyOpset(*program, kVocabSize);
  const auto written = programToJson(*program);
  const auto again = parseProgram(written.dump(), "again");
  if (!again.ok() || !verifyProgram(*again, kVocabSize).ok() || programToJson(*again) != written) {
    abort();
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {test::toyProgram().dump(), tests::readAll(CRIA_SOURCE_DIR "/tests/fuzz/package/programs/ops.json")};
}
