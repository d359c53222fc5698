// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a fuzz target without a fuzzer: over its seeds, all their prefixes, and a fixed series of random
// changes to them. A target fails by crashing; a sanitizer finds more. Built with -fsanitize=fuzzer instead
// of this file, the same target is a libFuzzer program. CRIA_FUZZ_CHANGES=N makes N changes to each seed
// (default 3000).
#include "tests/fuzz/FuzzTarget.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

namespace {
constexpr long kDefaultChanges = 3000;
constexpr size_t kMaxPrefixes = 2000;

/// Changes made to each seed.
long changesPerSeed() {
  const char *stated = std::getenv("CRIA_FUZZ_CHANGES");
  return stated != nullptr ? std::strtol(stated, nullptr, 10) : kDefaultChanges;
}

void run(const std::string &input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
}

/// One of: flip a bit, set an interesting byte, remove a range, repeat a range, join with another seed.
void change(std::string &input, const std::vector<std::string> &seeds, std::mt19937 &random) {
  auto below = [&](size_t n) { return n == 0 ? 0 : size_t(random() % n); };
  constexpr char kBytes[] = "\0\xff\x7f\x80{}[]\",:-0919e.\\\n";
  size_t at = below(input.size());
  switch (random() % 5) {
  case 0:
    if (!input.empty()) {
      input[at] = char(input[at] ^ (1 << below(8)));
    }
    break;
  case 1:
    if (!input.empty()) {
      input[at] = kBytes[below(sizeof(kBytes) - 1)];
    }
    break;
  case 2:
    input.erase(at, below(16));
    break;
  case 3:
    input.insert(at, input.substr(at, below(16)));
    break;
  default: {
    const std::string &other = seeds[below(seeds.size())];
    input = input.substr(0, at) + other.substr(below(other.size()));
  }
  }
}

TEST(Fuzz, SeedsAndTheirPrefixes) {
  for (const std::string &seed : fuzzSeeds()) {
    run(seed);
    for (size_t length = 0; length < std::min(seed.size(), kMaxPrefixes); ++length) {
      run(seed.substr(0, length));
    }
  }
}

TEST(Fuzz, ChangedSeeds) {
  std::mt19937 random(1);
  std::vector<std::string> seeds = fuzzSeeds();
  const long changes = changesPerSeed();
  ASSERT_GT(changes, 0) << "CRIA_FUZZ_CHANGES is not a positive number";
  for (const std::string &seed : seeds) {
    for (long i = 0; i < changes; ++i) {
      std::string input = seed;
      for (uint32_t n = 1 + random() % 4; n > 0; --n) {
        change(input, seeds, random);
      }
      run(input);
    }
  }
}
} // namespace
