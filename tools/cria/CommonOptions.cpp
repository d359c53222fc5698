// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CommonOptions.h"

#include "format/ModelConfig.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace cria::cli {

namespace {

CLI::Validator memorySize() {
  return CLI::Validator(
      [](std::string &text) {
        const std::optional<uint64_t> bytes = parseMemorySize(text);
        if (!bytes) {
          return fmt::format("expected a size such as 512M or 1.5G, got '{}'", text);
        }
        text = std::to_string(*bytes);
        return std::string();
      },
      "");
}

} // namespace

std::optional<uint64_t> parseMemorySize(std::string_view text) {
  constexpr std::string_view kUnits = "BKMGT";
  constexpr double kMaxBytes = 0x1p60;
  double value = 0;
  const char *begin = text.data(), *end = begin + text.size();
  const auto [rest, problem] = std::from_chars(begin, end, value, std::chars_format::fixed);
  std::string unit(rest, end);
  for (const std::string_view ending : {"iB", "ib", "B", "b"}) {
    if (unit.size() == 1 + ending.size() && unit.ends_with(ending)) {
      unit.resize(1);
    }
  }
  const int first = unit.empty() ? 'B' : std::toupper(static_cast<unsigned char>(unit[0]));
  const size_t power = kUnits.find(static_cast<char>(first));
  const bool isSize = problem == std::errc() && unit.size() <= 1 && power != std::string_view::npos;
  const double bytes = isSize ? std::ldexp(value, static_cast<int>(10 * power)) : -1;
  return bytes >= 1 && bytes <= kMaxBytes ? std::optional(static_cast<uint64_t>(bytes)) : std::nullopt;
}

void addPluginFolderOption(CLI::App &command, std::vector<std::string> &folders) {
  command.add_option("--plugin-dir", folders, "Folder with plugins, searched first (repeatable)")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->take_all();
}

void addOutputOptions(CLI::App &command, OutputOptions &options, const std::string &json) {
  command.add_flag("--quiet,-q", options.quiet, "Suppress all messages except errors");
  command.add_flag("--json", options.json, json);
}

void addCommonOptions(CLI::App &command, CommonOptions &options, const std::string &json) {
  command.add_option("model", options.model, "Compiled package, or a checkpoint to compile first")
      ->required()
      ->type_name("PATH");
  command.add_option("--backend", options.backend, "Backend plugin; default: the best one available")
      ->type_name("NAME");
  command
      .add_option("--target", options.target,
                  "Target of the package; default: the best one that a backend runs")
      ->type_name("NAME");
  command.add_option("--device", options.device, "Device number of the backend")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX));
  command.add_option("--threads", options.threads, "Threads; default: the backend's choice")
      ->type_name("N")
      ->transform(wholeNumber(1, 1024));
  command.add_option("--context", options.context, "Context length in tokens; default: that of the package")
      ->type_name("N")
      ->transform(wholeNumber(1, ModelConfig::kMaxContext));
  command
      .add_option("--kv-memory", options.kvMemoryBytes,
                  "Memory for the KV cache, e.g. 512M or 2G; default: a full context per sequence, up to 1G")
      ->type_name("SIZE")
      ->transform(memorySize());
  command.add_flag_callback(
      "--no-native-code", [&options] { options.allowNativeCode = false; },
      "Run the target ops alone, without code of the package, whose origin need not be trusted");
  command.add_flag("--ignore-memory", options.ignoreMemory,
                   "Open the model even if it needs more memory than is free");
  addPluginFolderOption(command, options.pluginFolders);
  command.add_flag("--verify", options.verify,
                   "Also check the digests of the weights, which reads all of them");
  command.add_flag("--verbose", options.verbose, "Report which backend, target and device run the model");
  addOutputOptions(command, options, json);
}

} // namespace cria::cli
