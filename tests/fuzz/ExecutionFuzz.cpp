// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a series of changes to the program of a package, four bytes each. What is
// accepted runs on `reference`: a prompt, a token, and a fork. No change makes it read or write outside its
// buffers.
#include "runtime/exec/Model.h"
#include "runtime/exec/Session.h"
#include "runtime/plugin/PluginRegistry.h"
#include "support/Json.h"
#include "support/Sha256.h"
#include "tests/fuzz/FuzzFolder.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

#include <array>

using namespace cria;

namespace {
const std::string kPackage = CRIA_SOURCE_DIR "/tests/fuzz/package/";
constexpr std::array<int64_t, 16> kNumbers = {0,  1,  2,  3,   4,    7,       8,         16,
                                              31, 32, 64, 255, 4096, 1 << 20, INT32_MAX, int64_t(1) << 40};

/// State that all runs share.
struct Fixture {
  FuzzFolder folder;
  Json manifest = Json::parse(tests::readAll(kPackage + "manifest.json"));
  Json program = Json::parse(tests::readAll(kPackage + "programs/ops.json"));
  std::unique_ptr<PluginRegistry> registry;

  Fixture() {
    registry =
        PluginRegistry::create({.folders = {CRIA_BINARY_DIR "/plugins"}, .environment = {}, .executable = {}})
            .value();
    for (const char *name : {"programs", "weights"}) {
      std::filesystem::create_directory(folder.path() + "/" + name);
    }
    for (const char *name : {"chat.json", "weights/row_major.safetensors"}) {
      add(name, tests::readAll(kPackage + name));
    }
  }

  void add(const std::string &name, const std::string &content) {
    folder.write(name, content);
    manifest["files"][name] = {{"size", content.size()}, {"sha256", Sha256::of(content)}};
  }

  void writePackage(const Json &changed) {
    add("programs/ops.json", changed.dump());
    const std::string text = manifest.dump();
    folder.write("manifest.json", text);
    folder.write("manifest.sha256", Sha256::of(text) + "  manifest.json\n");
  }
};

/// The values that a change may concern.
void collect(Json &value, std::vector<Json *> &out) {
  if (value.is_structured()) {
    for (Json &element : value) {
      collect(element, out);
    }
  }
  out.push_back(&value);
}

void change(Json &program, const uint8_t *bytes) {
  std::vector<Json *> values;
  collect(program, values);
  const auto indexOf = [&](uint8_t high, uint8_t low) {
    return (size_t(high) << 8 | low) * 7919 % values.size();
  };
  Json &value = *values[indexOf(bytes[0], bytes[1])];
  if (value.is_number()) {
    value = bytes[2] % 4 == 0 ? Json(value.get<int64_t>() + int8_t(bytes[3])) : Json(kNumbers[bytes[3] % 16]);
  } else if (value.is_string() || value.is_null() || value.is_boolean()) {
    const Json &other = *values[indexOf(bytes[2], bytes[3])];
    value = other.is_structured() ? Json("T") : other;
  } else if (value.is_array() && !value.empty()) {
    const size_t at = bytes[2] % value.size();
    bytes[3] % 2 == 0 ? value.erase(value.begin() + Json::difference_type(at))
                      : value.insert(value.end(), value[at]);
  }
}

void run(Model &model) {
  Session session(model);
  const std::vector<int32_t> prompt = {1, 5, 9, 2, 77};
  if (!session.prefill(prompt, [](uint32_t, std::span<const float>) { return Status(); }).ok()) {
    return;
  }
  (void)session.decode(3).ok();
  Session other = session.fork();
  (void)other.decode(4).ok();
}
} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr size_t kChangeBytes = 4, kMaxChanges = 8;
  static Fixture fixture;
  Json program = fixture.program;
  for (size_t at = 0; at + kChangeBytes <= std::min(size, kMaxChanges * kChangeBytes); at += kChangeBytes) {
    change(program, data + at);
  }
  fixture.writePackage(program);
  const auto package = Package::open(fixture.folder.path());
  if (!package.ok()) {
    return 0;
  }
  const auto model = Model::open(*package, *fixture.registry,
                                 {.backend = "reference", .numThreads = 1, .kvMemoryBytes = 1 << 20});
  if (model.ok()) {
    run(**model);
  } else if (size == 0) {
    abort(); // the package itself is valid
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {std::string(), std::string("\x01\x02\x03\x04", 4),
          std::string("\x10\x80\x01\x03\x7f\x01\x00\x09", 8)};
}
