// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The toy backend: functions of the plugin ABI, on host memory.
#include "tests/testing/toy/ToyBackend.h"

#include "plugins/sdk/cria_host_backend.hpp"

#include <gtest/gtest.h>

struct cria_context {};
struct cria_code {};

namespace {
/// A recorded operand.
struct Operand {
  std::string name;
  std::byte *data;
  uint64_t size;
  std::vector<uint64_t> shape, strides;

  template <typename T> T &at(uint64_t i, uint64_t j = 0) const {
    uint64_t element = i * strides[0] + (strides.size() > 1 ? j * strides[1] : 0);
    EXPECT_LT(element * sizeof(T), size) << name;
    return reinterpret_cast<T *>(data)[element];
  }
};

struct ToyOp {
  std::string name;
  std::vector<Operand> operands;

  const Operand &operator[](std::string_view operand) const {
    for (const Operand &candidate : operands) {
      if (candidate.name == operand) {
        return candidate;
      }
    }
    ADD_FAILURE() << "no operand " << operand;
    return operands[0];
  }
};
} // namespace

struct cria_recording {
  std::vector<ToyOp> ops;
};

namespace cria::test {

ToyState &toyState() {
  static ToyState state;
  return state;
}

static uint32_t mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

void hashLogits(std::span<const int32_t> history, std::span<float> logits) {
  uint32_t hash = 17;
  for (int32_t token : history) {
    hash = mix(hash * 31 + static_cast<uint32_t>(token));
  }
  for (uint32_t v = 0; v < logits.size(); ++v) {
    logits[v] = static_cast<float>(mix(hash ^ (v * 0x9e3779b9u)) & 0xffff);
  }
}

std::vector<float> toyLogits(std::span<const int32_t> history, uint32_t vocabSize) {
  std::vector<float> logits(vocabSize);
  (toyState().logits ? toyState().logits : ToyLogits(hashLogits))(history, logits);
  for (uint32_t v = 0; v < vocabSize; ++v) {
    logits[v] += static_cast<float>(v) / 1024;
  }
  return logits;
}

namespace {
void runAppend(const ToyOp &op) {
  const Operand &tokens = op["tokens"], &cache = op["cache"];
  for (uint64_t t = 0; t < tokens.shape[0]; ++t) {
    int32_t slot = op["slots"].at<int32_t>(t);
    op["rows"].at<int32_t>(t) = tokens.at<int32_t>(t);
    if (slot >= 0) {
      cache.at<int32_t>(static_cast<uint64_t>(slot) / 4, static_cast<uint64_t>(slot) % 4) =
          tokens.at<int32_t>(t);
    }
  }
}

std::vector<int32_t> historyOf(const ToyOp &op, uint64_t row) {
  std::vector<int32_t> history;
  int32_t sequence = op["sequences"].at<int32_t>(row);
  for (int32_t position = 0; position <= op["positions"].at<int32_t>(row); ++position) {
    uint64_t place = static_cast<uint64_t>(position);
    int32_t page = op["block_table"].at<int32_t>(static_cast<uint64_t>(sequence), place / 4);
    history.push_back(op["cache"].at<int32_t>(static_cast<uint64_t>(page), place % 4));
  }
  EXPECT_EQ(history.back(), op["rows"].at<int32_t>(row)) << "the cache differs from the step's token";
  return history;
}

void runLogits(const ToyOp &op) {
  const Operand &logits = op["logits"], &bias = op["bias"];
  for (uint64_t r = 0; r < logits.shape[0]; ++r) {
    std::vector<int32_t> history = historyOf(op, static_cast<uint64_t>(op["outputs"].at<int32_t>(r)));
    std::span<float> row(&logits.at<float>(r), logits.shape[1]);
    (toyState().logits ? toyState().logits : ToyLogits(hashLogits))(history, row);
    for (uint64_t v = 0; v < row.size(); ++v) {
      row[v] += bias.at<float>(v);
    }
  }
}

/// Returns the text of a step for ToyState::steps.
std::string describeStep(const cria_recording &recording) {
  if (recording.ops[0].name == "toy_logits") { // a kernel alone
    return std::to_string(recording.ops[0]["logits"].shape[0]) + " outputs alone";
  }
  uint64_t rows = recording.ops[0]["tokens"].shape[0];
  uint64_t outputs = recording.ops.size() > 1 ? recording.ops[1]["logits"].shape[0] : 0;
  return std::to_string(rows) + " rows " + std::to_string(outputs) + " outputs";
}

plugin::Check recordOp(const cria_entry &entry, ToyOp &op) {
  op.name = plugin::view(entry.name);
  if (op.name != "toy_append" && op.name != "toy_logits") {
    return plugin::refuse(CRIA_STATUS_UNSUPPORTED, "unknown op '" + op.name + "'");
  }
  for (uint32_t j = 0; j < entry.num_operands; ++j) {
    const cria_operand &operand = *entry.operands[j];
    op.operands.push_back({std::string(plugin::view(operand.name)),
                           operand.buffer->data + operand.offset,
                           operand.size,
                           {operand.shape, operand.shape + operand.rank},
                           {operand.strides, operand.strides + operand.rank}});
  }
  return {};
}

struct Toy : plugin::HostMemory {
  static uint32_t deviceCount() { return 1; }
  static plugin::Check deviceInfo(uint32_t, cria_device_info &out) {
    out.name = plugin::string("toy device");
    out.memory_bytes = 2 * toyState().freeBytes;
    out.memory_free_bytes = toyState().freeBytes;
    return {};
  }
  static plugin::Check probe(uint32_t, const cria_executable_info &info, plugin::CodeScore &out) {
    out = {plugin::view(info.format) == "test.toy" ? 100u : 0u, "runs format test.toy only"};
    return {};
  }
  static plugin::Check open(const cria_open_options &, std::unique_ptr<cria_context> &out) {
    out = std::make_unique<cria_context>();
    return {};
  }
  static plugin::Check load(cria_context &, const cria_executable &, std::unique_ptr<cria_code> &out) {
    out = std::make_unique<cria_code>();
    return {};
  }
  static plugin::Check record(cria_context &, cria_code *, const cria_record_info &info,
                              std::unique_ptr<cria_recording> &out) {
    out = std::make_unique<cria_recording>();
    out->ops.resize(info.num_entries);
    ++toyState().numRecords;
    return plugin::recordEach(
        info, [&](const cria_entry &entry, uint32_t i) { return recordOp(entry, out->ops[i]); });
  }

  static plugin::Check replay(cria_queue &queue, cria_recording &recording, const int32_t *cancel) {
    ToyState &state = toyState();
    if (state.onReplay) {
      state.onReplay();
    }
    if (state.failAfter == 0) {
      return plugin::refuse(CRIA_STATUS_INTERNAL, "the toy broke");
    }
    state.failAfter -= state.failAfter > 0;
    state.steps.push_back(describeStep(recording));
    if (queue.profile.enabled) {
      queue.profile.nanoseconds.assign(recording.ops.size(), 7);
    }
    for (const ToyOp &op : recording.ops) {
      if (plugin::isCancelled(cancel)) {
        return plugin::refuse(CRIA_STATUS_CANCELLED, "cancelled");
      }
      op.name == "toy_append" ? runAppend(op) : runLogits(op);
    }
    if (state.afterReplay) {
      state.afterReplay();
    }
    return {};
  }
};

cria_backend_api makeApi() {
  cria_backend_api api = plugin::BackendFunctions<Toy>::table();
  if (toyState().hidden) {
    api.buffer_host_pointer = nullptr;
    api.buffer_import = nullptr;
  }
  return api;
}
} // namespace

BackendReference toyBackend() {
  static cria_backend_api api;
  api = makeApi();
  return {.name = "toy", .api = &api};
}

std::unique_ptr<Model> openToyModel(const std::string &folder, const ModelOptions &options) {
  auto package = Package::open(folder);
  EXPECT_TRUE(package.ok()) << package.status().message();
  BackendReference backend = toyBackend();
  auto model = Model::open(*package, {&backend, 1}, options);
  EXPECT_TRUE(model.ok()) << model.status().message();
  toyState().steps.clear();
  return std::move(*model);
}

} // namespace cria::test
