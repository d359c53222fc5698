// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scores the levels of the x86-64 psABI.
#include "InstructionSet.h"

#include "BfloatCheck.h"
#include "plugins/api/kernel_abi.h"
#include "support/CpuLevel.h"

#include <iterator>
#include <span>
#include <string>

namespace cria::cpu {

using plugin::CodeScore;

namespace {

/// Code with these features, and its score.
struct Level {
  std::string_view name;
  uint32_t score;
};

/// The higher the score, the more specialized the code. Plain code has no features.
constexpr Level kLevels[] = {{"", 100},          {"x86-64-v3", 110},      {"x86-64-v3-avxvnni", 112},
                             {"x86-64-v4", 120}, {"x86-64-v4-vnni", 130}, {"x86-64-v4-vnni-bf16", 140}};

bool needsBfloat(const Level &level) { return level.name.ends_with("-bf16"); }

/// Returns what this machine lacks for a level; empty if it runs its code.
std::string missingFor(const Level &level) {
  std::string missing =
      level.name.empty() ? "" : missingForCpu(level.name).value_or("it is for another architecture");
  return missing.empty() && needsBfloat(level) ? bfloatProblem() : missing;
}

/// An instruction that is slow here is for packages without code for the level below.
CodeScore scoreOf(const Level &level) {
  constexpr uint32_t kBelowLevel4 = 115;
  return needsBfloat(level) && !isBfloatFast()
             ? CodeScore{kBelowLevel4, "code for x86-64-v4 is preferred, since vdpbf16ps of this processor "
                                       "takes longer than "
                                       "the two multiply-adds that it stands for"}
             : CodeScore{level.score, ""};
}

/// Returns "none, x86-64-v3, … or x86-64-v4-vnni-bf16".
std::string knownFeatures() {
  std::string names = "none";
  for (const Level &level : std::span(kLevels).subspan(1)) {
    names += (&level == std::end(kLevels) - 1 ? " or " : ", ") + std::string(level.name);
  }
  return names;
}

CodeScore refuse(std::string reason) { return {0, std::move(reason)}; }

} // namespace

CodeScore scoreCode(const cria_executable_info &info) {
  const std::string_view format = plugin::view(info.format);
  const std::string_view features = plugin::view(info.features);
  const std::string nativeFormat = "elf." + std::string(kHostArch);
  if (format != nativeFormat) {
    return refuse("expected format '" + nativeFormat + "', got '" + std::string(format) + "'");
  }
  if (info.kernel_abi != CRIA_KERNEL_ABI_VERSION) {
    return refuse("expected kernel ABI " + std::to_string(CRIA_KERNEL_ABI_VERSION) + ", got " +
                  std::to_string(info.kernel_abi) + "; compile the model again");
  }
  for (const Level &level : kLevels) {
    if (level.name == features) {
      const std::string missing = missingFor(level);
      return missing.empty() ? scoreOf(level)
                             : refuse("code for " + std::string(features) + " cannot run here: " + missing);
    }
  }
  return refuse("expected features " + knownFeatures() + ", got '" + std::string(features) +
                "'; compile the model again, or use a newer build of the backend");
}

std::string_view bestLevel() {
  std::string_view best;
  for (const Level &level : kLevels) {
    best = missingFor(level).empty() ? level.name : best;
  }
  return best.empty() ? kHostArch : best;
}

} // namespace cria::cpu
