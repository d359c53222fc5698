// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference backend with one fault, which the environment variable CRIA_TEST_FAULT names at the time of a
// call. The faults are typical mistakes of backends.
#include "tests/plugins/faulty/Fault.h"

#include <array>
#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <vector>

namespace {

cria_backend_api reference; // of the reference backend
cria_backend_api faulty;

/// An f32 operand in host memory.
struct Matrix {
  float *data = nullptr;
  uint64_t rows = 0, columns = 0, stride = 0;
  float &at(uint64_t i, uint64_t j) const { return data[i * stride + j]; }
};

/// The parts of a recorded dispatch that the faults use.
struct Recorded {
  std::string name;
  std::map<std::string, Matrix> matrices;       // f32, rank 2
  std::map<std::string, const int32_t *> lists; // i32, rank 1
  cria_operand cache{};
  std::array<uint64_t, 5> cacheShape{}, cacheStrides{};
  std::byte *cacheData = nullptr;
};
std::map<cria_recording *, std::vector<Recorded>> recordings;
std::map<cria_recording *, std::vector<std::vector<float>>> firstResults;

std::string textOf(cria_string text) { return {text.data, static_cast<size_t>(text.size)}; }

Recorded describe(cria_context *context, const cria_entry &entry) {
  Recorded recorded{.name = textOf(entry.name)};
  for (uint32_t i = 0; entry.kind == CRIA_ENTRY_OP && i < entry.num_operands; ++i) {
    const cria_operand &operand = *entry.operands[i];
    auto *data =
        static_cast<std::byte *>(reference.buffer_host_pointer(context, operand.buffer)) + operand.offset;
    if (operand.type == CRIA_TYPE_F32 && operand.rank == 2) {
      recorded.matrices[textOf(operand.name)] = {reinterpret_cast<float *>(data), operand.shape[0],
                                                 operand.shape[1], operand.strides[0]};
    } else if (operand.type == CRIA_TYPE_I32 && operand.rank == 1) {
      recorded.lists[textOf(operand.name)] = reinterpret_cast<const int32_t *>(data);
    } else if (operand.rank == 5) {
      recorded.cache = operand;
      std::copy_n(operand.shape, 5, recorded.cacheShape.begin());
      std::copy_n(operand.strides, 5, recorded.cacheStrides.begin());
      recorded.cacheData = data;
    }
  }
  return recorded;
}

// ---- Faults in results: before and after the work of the reference backend ----

/// Query head h uses KV head h mod kv_heads: permutes the heads before and after.
void permuteHeads(const Recorded &op, const Matrix &matrix, bool isBack) {
  const uint64_t headDim = op.cacheShape[4], kvHeads = op.cacheShape[2], heads = matrix.columns / headDim;
  std::vector<float> row(matrix.columns);
  for (uint64_t i = 0; i < matrix.rows; ++i) {
    std::copy_n(&matrix.at(i, 0), matrix.columns, row.begin());
    for (uint64_t h = 0; h < heads; ++h) {
      const uint64_t moved = h % kvHeads * (heads / kvHeads) + h / kvHeads;
      const uint64_t from = isBack ? moved : h, to = isBack ? h : moved;
      std::copy_n(row.begin() + static_cast<ptrdiff_t>(from * headDim), headDim, &matrix.at(i, to * headDim));
    }
  }
}

void scale(const Matrix &matrix, float factor) {
  for (uint64_t i = 0; i < matrix.rows; ++i) {
    for (uint64_t j = 0; j < matrix.columns; ++j) {
      matrix.at(i, j) *= factor;
    }
  }
}

void before(const Recorded &op) {
  if (isFault("kv-head-modulo") && op.cacheData != nullptr && op.matrices.contains("query")) {
    permuteHeads(op, op.matrices.at("query"), false);
  }
}

/// Padding rows append to slot 0 instead of nowhere.
void appendPadding(const Recorded &op) {
  const int32_t *slots = op.lists.contains("slots") ? op.lists.at("slots") : nullptr;
  const auto key = op.matrices.find("key");
  for (uint64_t row = 0; slots != nullptr && key != op.matrices.end() && row < key->second.rows; ++row) {
    if (slots[row] < 0) {
      std::memset(op.cacheData, 0, 4);
    }
  }
}

void spoilPaddingOutput(const Recorded &op) {
  const int32_t *sequences = op.lists.contains("sequences") ? op.lists.at("sequences") : nullptr;
  const Matrix &output = op.matrices.at("output");
  for (uint64_t row = 0; sequences != nullptr && row < output.rows; ++row) {
    if (sequences[row] < 0) {
      output.at(row, 0) = NAN;
    }
  }
}

/// Elements of the row beyond its width.
void writeBehindRows(const Matrix &output) {
  for (uint64_t i = 0; output.stride > output.columns && i + 1 < output.rows; ++i) {
    output.at(i, output.columns) = 0;
  }
}

void after(const Recorded &op) {
  const auto found = op.matrices.find("output");
  if (isFault("padding-appended") && op.cacheData != nullptr) {
    appendPadding(op);
  }
  if (isFault("weights-unscaled") && op.name == "fill_random" && op.matrices.contains("weight")) {
    scale(op.matrices.at("weight"), 64);
  }
  if (found == op.matrices.end()) {
    return;
  }
  const Matrix &output = found->second;
  if (isFault("kv-head-modulo") && op.cacheData != nullptr && op.matrices.contains("query")) {
    permuteHeads(op, output, true);
  } else if (isFault("padding-not-finite")) {
    spoilPaddingOutput(op);
  } else if (isFault("gaps-written")) {
    writeBehindRows(output);
  } else if (isFault("norm-without-mean") && op.name == "rms_norm") {
    scale(output, 1 / std::sqrt(static_cast<float>(output.columns)));
  } else if (isFault("residual-forgotten") && op.matrices.contains("residual")) {
    const Matrix &residual = op.matrices.at("residual");
    for (uint64_t i = 0; i < output.rows * output.columns; ++i) {
      output.at(i / output.columns, i % output.columns) -=
          residual.at(i / output.columns, i % output.columns);
    }
  } else if (isFault("low-precision") && op.name == "linear") {
    scale(output, 1.001f);
  }
}

/// Later replays return the results of the first one.
void repeatFirst(cria_recording *recording, std::vector<Recorded> &ops) {
  std::vector<std::vector<float>> &first = firstResults[recording];
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto found = ops[i].matrices.find("output");
    if (found == ops[i].matrices.end()) {
      continue;
    }
    const Matrix &output = found->second;
    if (first.size() <= i) {
      first.resize(i + 1);
      for (uint64_t e = 0; e < output.rows * output.columns; ++e) {
        first[i].push_back(output.at(e / output.columns, e % output.columns));
      }
    }
    for (uint64_t e = 0; e < first[i].size(); ++e) {
      output.at(e / output.columns, e % output.columns) = first[i][e];
    }
  }
}

cria_status replay(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                   cria_message *message) {
  std::vector<Recorded> &ops = recordings[recording];
  for (const Recorded &op : ops) { // programs of one op show faults in inputs
    before(op);
  }
  const cria_status status =
      reference.replay(queue, recording, isFault("cancel-ignored") ? nullptr : cancel, message);
  for (const Recorded &op : ops) {
    after(op);
  }
  if (isFault("recording-keeps-values")) {
    repeatFirst(recording, ops);
  }
  return status;
}

// ---- Faults in refusals ----

/// The entries without those that the backend does not know.
cria_status recordLeniently(cria_context *context, cria_code *code, const cria_record_info *info,
                            cria_recording **out, cria_message *message) {
  std::vector<cria_entry> entries;
  for (uint32_t i = 0; i < info->num_entries; ++i) {
    entries.push_back(*info->entries[i]);
    cria_entry &entry = entries.back();
    const uint32_t count = entry.num_attributes;
    if (isFault("unknown-attribute-ignored") && count > 0 &&
        textOf(entry.attributes[count - 1]->name) == "axis") {
      entry.num_attributes = count - 1;
    }
    if (isFault("unknown-op-accepted") && textOf(entry.name) == "layer_norm") {
      entries.pop_back();
    }
  }
  std::vector<const cria_entry *> pointers;
  for (const cria_entry &entry : entries) {
    pointers.push_back(&entry);
  }
  const cria_record_info lenient{sizeof(lenient), static_cast<uint32_t>(pointers.size()), pointers.data()};
  const cria_status status = reference.record(context, code, &lenient, out, message);
  if (status == CRIA_STATUS_OK) {
    firstResults.erase(*out);
    recordings[*out].clear();
    for (const cria_entry &entry : entries) {
      recordings[*out].push_back(describe(context, entry));
    }
  }
  return status;
}

void recordingFree(cria_context *context, cria_recording *recording) {
  recordings.erase(recording);
  firstResults.erase(recording);
  reference.recording_free(context, recording);
}

cria_status upload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source, uint64_t size,
                   cria_message *message) {
  const cria_status status = reference.upload(queue, buffer, offset, source, size, message);
  return isFault("outside-accepted") ? CRIA_STATUS_OK : status;
}

cria_status eventWait(cria_event *event, uint64_t timeout, cria_message *message) {
  return isFault("events-never-done") ? CRIA_STATUS_TIMEOUT : reference.event_wait(event, timeout, message);
}

cria_status bufferAllocate(cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                           cria_message *message) {
  if (isFault("usage-refused") && info->usage > CRIA_BUFFER_STEP) {
    return CRIA_STATUS_UNSUPPORTED;
  }
  return reference.buffer_allocate(context, info, out, message);
}

cria_status probe(uint32_t device, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  if (isFault("probe-without-reason")) {
    *score = 0;
    return CRIA_STATUS_OK;
  }
  return reference.probe(device, info, score, message);
}

cria_status openReference(const cria_host *host, cria_plugin *out, cria_message *message) {
  void *library = dlopen(CRIA_REFERENCE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  auto *query = library == nullptr
                    ? nullptr
                    : reinterpret_cast<cria_plugin_query_fn>(dlsym(library, "cria_plugin_query"));
  return query == nullptr ? CRIA_STATUS_NOT_FOUND : query(host, out, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  const cria_status status = openReference(host, out, message);
  if (status != CRIA_STATUS_OK) {
    return isFault("any-host-accepted") ? CRIA_STATUS_OK : status;
  }
  std::memcpy(&reference, out->api, sizeof(reference));
  faulty = reference;
  faulty.replay = replay;
  faulty.record = recordLeniently;
  faulty.recording_free = recordingFree;
  faulty.upload = upload;
  faulty.event_wait = eventWait;
  faulty.buffer_allocate = bufferAllocate;
  faulty.probe = probe;
  out->name = {"faulty", 6};
  out->version = {"1.0", 3};
  out->abi_minor = isFault("version-echoed") ? host->abi_minor_max : out->abi_minor;
  out->api = &faulty;
  return CRIA_STATUS_OK;
}
