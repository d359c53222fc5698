// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A step whose size has occurred before allocates nothing.
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/exec/Stepper.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>

static std::atomic<uint64_t> numAllocations = 0;
static std::atomic<bool> counting = false;

void *operator new(size_t size, const std::nothrow_t &) noexcept {
  numAllocations += counting;
  return std::malloc(size);
}
void *operator new(size_t size) {
  if (void *memory = operator new(size, std::nothrow)) {
    return memory;
  }
  throw std::bad_alloc();
}
// GCC reports a mismatch of the functions above and below when it inlines one of them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace cria::test {
namespace {

TEST(Allocation, AStepSeenBeforeAllocatesNothing) {
  toyState() = {};
  toyState().onReplay = [] { counting = false; }; // allocations of the toy backend do not count
  toyState().afterReplay = [] { counting = true; };
  std::string folder = testFolder();
  writeToyPackage(folder);
  auto model = openToyModel(folder);
  Stepper stepper(*model);
  auto fillContext = [&] {
    Session session(*model); // a new session has all of its memory from the start
    for (int32_t token = 0; token < int32_t(kToyContext); ++token) {
      StepItem item = {.session = &session, .tokens = {&token, 1}};
      counting = true;
      auto logits = stepper.run(Phase::decode, {&item, 1});
      counting = false;
      ASSERT_TRUE(logits.ok());
    }
  };
  fillContext();
  EXPECT_GT(numAllocations, 0u) << "the first steps make a recording";
  numAllocations = 0;
  fillContext();
  EXPECT_EQ(numAllocations, 0u);
}

} // namespace
} // namespace cria::test
