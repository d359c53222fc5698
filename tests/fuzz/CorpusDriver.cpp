// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a fuzz target without a fuzzer: over its seeds, all their prefixes, and a fixed series of random
// changes to them. A target fails by crashing; a sanitizer finds more. Built with -fsanitize=fuzzer instead
// of this file, the same target is a libFuzzer program. Each seed is changed 3000 times, or as often as 8
// seconds allow for all seeds; with CRIA_FUZZ_SECONDS=N as often as N seconds allow, after more prefixes.
#include "tests/fuzz/CommittedSeeds.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

namespace {
constexpr uint64_t kDefaultChanges = 3000;
constexpr size_t kDefaultPrefixes = 200; // of a seed, evenly spread
constexpr size_t kMaxPrefixes = 2000;    // if a time is stated
constexpr double kMaxSeconds = 8;        // for all seeds

/// How many prefixes of each seed to try, how many changes to make to it, and for how long at most.
struct Bounds {
  size_t prefixes;
  uint64_t changes;
  std::chrono::duration<double> time;

  static Bounds stated(size_t numSeeds) {
    const char *text = std::getenv("CRIA_FUZZ_SECONDS");
    const double seconds = text != nullptr ? std::strtod(text, nullptr) : kMaxSeconds;
    return {text != nullptr ? kMaxPrefixes : kDefaultPrefixes, text != nullptr ? UINT64_MAX : kDefaultChanges,
            std::chrono::duration<double>(seconds / static_cast<double>(numSeeds))};
  }
};

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

TEST(Fuzz, HasSeeds) {
  const std::vector<std::string> seeds = allFuzzSeeds();
  EXPECT_GE(seeds.size(), 2u);
  EXPECT_TRUE(std::ranges::any_of(seeds, [](const std::string &seed) { return !seed.empty(); }));
}

TEST(Fuzz, SeedsAndTheirPrefixes) {
  const std::vector<std::string> seeds = allFuzzSeeds();
  const size_t numPrefixes = Bounds::stated(seeds.size()).prefixes;
  for (const std::string &seed : seeds) {
    run(seed);
    const size_t step = 1 + seed.size() / numPrefixes;
    for (size_t length = 0; length < seed.size(); length += step) {
      run(seed.substr(0, length));
    }
  }
}

TEST(Fuzz, ChangedSeeds) {
  std::mt19937 random(1);
  std::vector<std::string> seeds = allFuzzSeeds();
  const Bounds bounds = Bounds::stated(seeds.size());
  ASSERT_GT(bounds.time.count(), 0) << "CRIA_FUZZ_SECONDS is not a positive number";
  uint64_t inputs = 0;
  using Clock = std::chrono::steady_clock;
  for (const std::string &seed : seeds) {
    const Clock::time_point start = Clock::now();
    for (uint64_t i = 0; i < bounds.changes && Clock::now() - start < bounds.time; ++i) {
      std::string input = seed;
      for (uint32_t n = 1 + random() % 4; n > 0; --n) {
        change(input, seeds, random);
      }
      run(input);
      ++inputs;
    }
  }
  std::printf("%llu changed inputs\n", static_cast<unsigned long long>(inputs));
}
} // namespace
