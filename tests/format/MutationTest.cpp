// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thousands of damaged manifests and programs: each is read or refused with a message, without a crash, and
// the programs that the verifier accepts stay inside their buffers.
#include "format/Manifest.h"
#include "format/ProgramVerifier.h"

#include "tests/testing/toy/ToyPackage.h"

#include <gtest/gtest.h>
#include <random>

namespace cria::test {
namespace {

constexpr int kMutationsPerSeed = 150;

/// All values of a document, in order.
void collect(OrderedJson &value, std::vector<OrderedJson *> &out) {
  out.push_back(&value);
  if (value.is_structured()) {
    for (auto &item : value) {
      collect(item, out);
    }
  }
}

OrderedJson oddValue(std::mt19937 &random) {
  const OrderedJson kOdd[] = {0,
                              1,
                              -1,
                              63,
                              64,
                              4096,
                              1ull << 31,
                              1ull << 50,
                              UINT64_MAX,
                              INT64_MIN,
                              1e300,
                              0.5,
                              true,
                              nullptr,
                              "",
                              "T",
                              "P",
                              "rest",
                              "kv",
                              "step",
                              "rows",
                              "logits",
                              "table",
                              "write",
                              "read",
                              OrderedJson::array(),
                              OrderedJson::object(),
                              {{"times", 6}, {"of", "T"}, {"tile", 6}}};
  return kOdd[random() % std::size(kOdd)];
}

/// Changes one value somewhere: replaces it, or drops, doubles or swaps members.
void mutate(OrderedJson &document, std::mt19937 &random) {
  std::vector<OrderedJson *> values;
  collect(document, values);
  OrderedJson &chosen = *values[random() % values.size()];
  uint32_t action = random() % 8;
  if (action == 0 && chosen.is_array() && !chosen.empty()) {
    chosen.erase(random() % chosen.size());
  } else if (action == 1 && chosen.is_array() && !chosen.empty()) {
    chosen.push_back(OrderedJson(chosen[random() % chosen.size()]));
  } else if (action == 2 && chosen.is_object() && !chosen.empty()) {
    chosen.erase(std::next(chosen.begin(), static_cast<ptrdiff_t>(random() % chosen.size())));
  } else if (action == 3 && chosen.is_number_integer()) {
    chosen = chosen.get<int64_t>() + static_cast<int64_t>(random() % 17) - 8;
  } else if (&chosen != &document) {
    chosen = oddValue(random);
  }
}

/// Flips, drops or inserts bytes.
std::string mutateBytes(std::string text, std::mt19937 &random) {
  for (uint32_t i = 0; i <= random() % 3; ++i) {
    size_t place = random() % text.size();
    uint32_t action = random() % 3;
    if (action == 0) {
      text[place] = static_cast<char>(random());
    } else if (action == 1) {
      text.erase(place, 1 + random() % 20);
    } else {
      text.insert(place, text.substr(random() % text.size(), random() % 40));
    }
  }
  return text;
}

/// Recomputes the bounds that the verifier guarantees, from the elements at the corners of each operand.
void expectInside(const Program &program, const ProgramEntry &entry, const ProgramBinding &binding) {
  constexpr uint64_t kPages = 3;
  uint64_t size = 0;
  switch (binding.buffer.space) {
  case BufferSpace::weight:
    size = program.weights[binding.buffer.index].arrays[binding.buffer.array].size;
    break;
  case BufferSpace::buffer:
    size = program.buffers[binding.buffer.index].size;
    break;
  case BufferSpace::step:
    size = program.step.size;
    break;
  case BufferSpace::kv:
    size = kPages * program.kv.pageBytes;
  }
  uint64_t end = binding.toEnd ? size : binding.offset + binding.size;
  EXPECT_LE(end, size);
  __int128 last = 0;
  for (size_t i = 0; i < binding.shape.size(); ++i) {
    uint64_t outputs = std::min(entry.maxTokens, program.limits.maxOutputs);
    uint64_t extent = resolveExtent(binding.shape[i], program.limits, entry.maxTokens, outputs, kPages);
    if (extent == 0) {
      return;
    }
    last += static_cast<__int128>(extent - 1) * binding.strides[i];
  }
  EXPECT_LE(static_cast<__int128>(binding.offset) + (last + 1) * sizeOf(binding.type),
            static_cast<__int128>(end));
}

void checkProgram(const std::string &text) {
  auto program = parseProgram(text, "p.json");
  if (!program.ok()) {
    EXPECT_FALSE(program.status().message().empty());
    return;
  }
  if (Status status = verifyProgram(*program, kToyVocab); !status.ok()) {
    EXPECT_FALSE(status.message().empty());
    return;
  }
  for (const ProgramEntry &entry : program->entries) {
    for (const ProgramDispatch &dispatch : entry.dispatches) {
      for (const ProgramBinding &binding : dispatch.bindings) {
        expectInside(*program, entry, binding);
      }
    }
  }
}

class Mutation : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Mutation, ProgramsAreReadOrRefused) {
  std::mt19937 random(GetParam());
  const OrderedJson good = toyProgram();
  for (int i = 0; i < kMutationsPerSeed; ++i) {
    OrderedJson program = good;
    for (uint32_t n = 0; n <= random() % 3; ++n) {
      mutate(program, random);
    }
    checkProgram(program.dump());
    ASSERT_FALSE(HasFailure()) << program.dump(1);
  }
}

TEST_P(Mutation, DamagedProgramTextIsReadOrRefused) {
  std::mt19937 random(GetParam());
  std::string text = toyProgram().dump();
  for (int i = 0; i < kMutationsPerSeed; ++i) {
    checkProgram(mutateBytes(text, random));
  }
}

/// Checks that a manifest has the values of its document.
void expectStates(const Manifest &manifest, const OrderedJson &document) {
  EXPECT_EQ(manifest.compiler, document.at("compiler").get<std::string>());
  EXPECT_EQ(manifest.files.size(), document.at("files").size());
  for (const auto &[path, file] : manifest.files) {
    ASSERT_TRUE(document["files"].contains(path)) << path;
    EXPECT_EQ(file.size, document["files"][path].at("size").get<uint64_t>());
    EXPECT_EQ(file.sha256, document["files"][path].at("sha256").get<std::string>());
  }
  ASSERT_EQ(manifest.targets.size(), document.at("targets").size());
  for (size_t i = 0; i < manifest.targets.size(); ++i) {
    EXPECT_EQ(manifest.targets[i].name, document["targets"][i].at("name").get<std::string>());
    EXPECT_EQ(manifest.targets[i].program, document["targets"][i].at("program").get<std::string>());
  }
}

TEST_P(Mutation, ManifestsAreReadOrRefused) {
  std::mt19937 random(GetParam());
  OrderedJson good = toyManifest();
  good["files"]["programs/toy.json"] = {{"size", 5}, {"sha256", std::string(64, 'a')}};
  good["files"]["weights/row_major.safetensors"] = {{"size", 5}, {"sha256", std::string(64, 'b')}};
  ASSERT_TRUE(parseManifest(good.dump(), "m.json").ok());
  for (int i = 0; i < kMutationsPerSeed; ++i) {
    OrderedJson manifest = good;
    mutate(manifest, random);
    std::string text = random() % 2 ? manifest.dump() : mutateBytes(good.dump(), random);
    auto result = parseManifest(text, "m.json");
    if (result.ok()) {
      expectStates(*result, OrderedJson::parse(text));
    } else {
      EXPECT_NE(result.status().message().find("m.json"), std::string::npos) << result.status().message();
    }
    ASSERT_FALSE(HasFailure()) << text;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, Mutation, ::testing::Range(1u, 9u));

} // namespace
} // namespace cria::test
