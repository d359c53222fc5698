// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginTables.h"

#include "runtime/plugin/PluginCall.h"

#include <cstddef>
#include <set>
#include <span>

namespace cria {

namespace {

struct RequiredFunction {
  const char *name;
  size_t offset;
};

#define CRIA_REQUIRED(table, function) {#function, offsetof(table, function)}
constexpr RequiredFunction kBackend[] = {
    CRIA_REQUIRED(cria_backend_api, device_count),   CRIA_REQUIRED(cria_backend_api, device_info),
    CRIA_REQUIRED(cria_backend_api, probe),          CRIA_REQUIRED(cria_backend_api, open),
    CRIA_REQUIRED(cria_backend_api, close),          CRIA_REQUIRED(cria_backend_api, buffer_allocate),
    CRIA_REQUIRED(cria_backend_api, buffer_free),    CRIA_REQUIRED(cria_backend_api, load),
    CRIA_REQUIRED(cria_backend_api, unload),         CRIA_REQUIRED(cria_backend_api, record),
    CRIA_REQUIRED(cria_backend_api, recording_free), CRIA_REQUIRED(cria_backend_api, queue_create),
    CRIA_REQUIRED(cria_backend_api, queue_free),     CRIA_REQUIRED(cria_backend_api, upload),
    CRIA_REQUIRED(cria_backend_api, download),       CRIA_REQUIRED(cria_backend_api, copy),
    CRIA_REQUIRED(cria_backend_api, fill),           CRIA_REQUIRED(cria_backend_api, replay),
    CRIA_REQUIRED(cria_backend_api, signal),         CRIA_REQUIRED(cria_backend_api, event_wait),
    CRIA_REQUIRED(cria_backend_api, event_free),     CRIA_REQUIRED(cria_backend_api, finish),
};
constexpr RequiredFunction kSampler[] = {
    CRIA_REQUIRED(cria_sampler_api, create),
    CRIA_REQUIRED(cria_sampler_api, destroy),
    CRIA_REQUIRED(cria_sampler_api, apply),
    CRIA_REQUIRED(cria_sampler_api, clone),
};
constexpr RequiredFunction kChat[] = {
    CRIA_REQUIRED(cria_chat_api, create),
    CRIA_REQUIRED(cria_chat_api, destroy),
    CRIA_REQUIRED(cria_chat_api, render),
};
#undef CRIA_REQUIRED

constexpr uint32_t kMaxOptions = 256;

} // namespace

template <typename Table>
static Status checkFunctions(const Table &table, std::span<const RequiredFunction> required) {
  for (const RequiredFunction &function : required) {
    void *pointer = nullptr;
    std::memcpy(static_cast<void *>(&pointer), reinterpret_cast<const std::byte *>(&table) + function.offset,
                sizeof(pointer));
    if (pointer == nullptr) {
      return error(StatusCode::incompatibleCode,
                   "the function table lacks the required function '{}'; use a complete build of the plugin",
                   function.name);
    }
  }
  return {};
}

static Status checkOption(const cria_option_info *declared, uint32_t index,
                          std::set<std::string_view> &names) {
  const cria_option_info option =
      declared == nullptr ? cria_option_info{} : readTable<cria_option_info>(declared);
  const std::string_view name = view(option.name);
  if (name.empty() || option.type < CRIA_OPTION_INT || option.type > CRIA_OPTION_FLAG ||
      !names.insert(name).second) {
    return error(StatusCode::incompatibleCode,
                 "option {} ('{}'): expected a unique name and a type from 1 to 4", index, name);
  }
  return {};
}

template <typename Table> static Status checkOptions(const Table &table) {
  if (table.num_options > kMaxOptions || (table.num_options > 0 && table.options == nullptr)) {
    return error(StatusCode::incompatibleCode, "expected a table of {} options, got NULL", table.num_options);
  }
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < table.num_options; ++i) {
    CRIA_RETURN_IF_ERROR(checkOption(table.options[i], i, names));
  }
  return {};
}

Status checkTable(PluginKind kind, const void *api) {
  if (kind == PluginKind::backend) {
    const auto table = readTable<cria_backend_api>(api);
    if ((table.flags & ~CRIA_BACKEND_EXPLICIT_ONLY) != 0) {
      return error(StatusCode::incompatibleCode, "unknown flags {:#x}", table.flags);
    }
    return checkFunctions(table, kBackend);
  }
  if (kind == PluginKind::sampler) {
    const auto table = readTable<cria_sampler_api>(api);
    CRIA_RETURN_IF_ERROR(checkFunctions(table, kSampler));
    return checkOptions(table);
  }
  const auto table = readTable<cria_chat_api>(api);
  CRIA_RETURN_IF_ERROR(checkFunctions(table, kChat));
  return checkOptions(table);
}

} // namespace cria
