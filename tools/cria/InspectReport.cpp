// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "InspectReport.h"

#include "InspectKernels.h"
#include "format/WeightArrays.h"
#include "support/File.h"
#include "support/Json.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <map>

namespace cria::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Bytes of intermediate buffers, with and without sharing of memory.
struct MemoryPlan {
  uint64_t arena = 0;
  uint64_t withoutReuse = 0;
  uint64_t step = 0;
  uint64_t result = 0;
};

MemoryPlan memoryPlanOf(const Program &program) {
  MemoryPlan plan{.arena = program.arenaBytes(), .step = program.step.size};
  for (const ProgramBuffer &buffer : program.buffers) {
    plan.withoutReuse += buffer.kind == BufferKind::arena ? buffer.size : 0;
    plan.result += buffer.kind == BufferKind::result ? buffer.size : 0;
  }
  return plan;
}

/// The number of each op of the llama dialect in the optimized graph.
std::map<std::string, uint32_t> countOps(std::string_view graph) {
  constexpr std::string_view kPrefix = "llama.";
  std::map<std::string, uint32_t> counts;
  for (size_t at = graph.find(kPrefix); at != std::string_view::npos; at = graph.find(kPrefix, at + 1)) {
    const size_t end = graph.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at + kPrefix.size());
    const bool isOp = at >= 2 && (graph.substr(at - 2, 2) == "= " || graph.substr(at - 2, 2) == "  ");
    if (isOp && end != std::string_view::npos) {
      ++counts[std::string(graph.substr(at, end - at))];
    }
  }
  return counts;
}

std::string opsText(const Package &package) {
  if (!package.hasFile("graph.mlir")) {
    return "";
  }
  const StatusOr<std::string> graph = readFile(package.path("graph.mlir"));
  std::string text = "\nfused graph\n";
  if (!graph.ok()) {
    return text + fmt::format("  {}\n", graph.status().message());
  }
  for (const auto &[name, count] : countOps(*graph)) {
    text += fmt::format("  {:<28} {:>6}\n", name, count);
  }
  return text;
}

std::string entriesText(const Program &program, bool dispatches) {
  std::string text;
  for (const ProgramEntry &entry : program.entries) {
    text += fmt::format("  entry {:<10} T {} to {}, {} dispatches\n", entry.name, entry.minTokens,
                        entry.maxTokens, entry.dispatches.size());
    for (const ProgramDispatch &dispatch : dispatches ? entry.dispatches : std::vector<ProgramDispatch>()) {
      text += fmt::format("    {}", program.kernels[dispatch.kernel].name);
      for (const ProgramBinding &binding : dispatch.bindings) {
        text += fmt::format(" {}{}={}", (binding.access & CRIA_ACCESS_WRITE) != 0 ? "->" : "", binding.name,
                            binding.bufferName);
      }
      text += "\n";
    }
  }
  return text;
}

std::string weightsText(const Program &program) {
  std::string text = "  weights\n";
  for (const ProgramWeight &weight : program.weights) {
    text += fmt::format("    {:<34} {:<6} {:<10} [{}] {:>10}  {}\n", weight.name, nameOf(weight.format),
                        nameOf(weight.layout), fmt::join(weight.shape, ", "), formatBytes(weight.size()),
                        weight.recipe);
  }
  return text;
}

std::string targetText(const PackageTarget &target, const Program &program, const InspectDetail &detail) {
  const MemoryPlan plan = memoryPlanOf(program);
  std::string text =
      fmt::format("\ntarget {}\n  needs   format {}{}{}, ABI {}\n", target.name, target.format,
                  target.features.empty() ? "" : ", features ", target.features, target.abiVersion);
  text += fmt::format("  inputs  of matrix products in {}\n", nameOf(target.activations));
  text += fmt::format("  limits  {} tokens, {} sequences, {} rows of logits per step; context {}\n",
                      program.limits.maxTokens, program.limits.maxSequences, program.limits.maxOutputs,
                      program.limits.context);
  text += fmt::format("  memory  weights {}, arena {} ({} without reuse), step {}, logits {}\n",
                      formatBytes(program.weightBytes()), formatBytes(plan.arena),
                      formatBytes(plan.withoutReuse), formatBytes(plan.step), formatBytes(plan.result));
  text += fmt::format("  kv      {} pages of {} positions, {} each: {} for a full context\n",
                      program.limits.maxPagesPerSequence, program.kv.pageTokens,
                      formatBytes(program.kv.pageBytes),
                      formatBytes(program.kv.pageBytes * program.limits.maxPagesPerSequence));
  text += entriesText(program, detail.dispatches) + kernelsText(program);
  return detail.weights ? text + weightsText(program) : text;
}

std::string filesText(const Package &package) {
  std::string text = "\nfiles\n";
  for (const auto &[name, file] : package.manifest().files) {
    text +=
        fmt::format("  {:<36} {:>10}  sha256 {}…\n", name, formatBytes(file.size), file.sha256.substr(0, 12));
  }
  return text;
}

std::string scalingText(const std::optional<RopeScaling> &scaling) {
  if (!scaling) {
    return "";
  }
  if (scaling->kind == RopeScaling::Kind::linear) {
    return fmt::format(", linear scaling by {}", scaling->factor);
  }
  return fmt::format(", {} scaling by {} from {} positions",
                     scaling->kind == RopeScaling::Kind::llama3 ? "llama3" : "yarn", scaling->factor,
                     scaling->originalContext);
}

Json targetJson(const PackageTarget &target, const Program &program) {
  const MemoryPlan plan = memoryPlanOf(program);
  Json entries = Json::array();
  for (const ProgramEntry &entry : program.entries) {
    entries.push_back({{"name", entry.name},
                       {"min_tokens", entry.minTokens},
                       {"max_tokens", entry.maxTokens},
                       {"dispatches", entry.dispatches.size()}});
  }
  Json weights = Json::array();
  for (const ProgramWeight &weight : program.weights) {
    weights.push_back({{"name", weight.name},
                       {"format", nameOf(weight.format)},
                       {"bits_per_weight", bitsPerWeight(traitsOf(weight.format))},
                       {"layout", nameOf(weight.layout)},
                       {"shape", weight.shape},
                       {"size", weight.size()},
                       {"recipe", weight.recipe}});
  }
  return {{"name", target.name},
          {"format", target.format},
          {"features", target.features},
          {"abi_version", target.abiVersion},
          {"activations", nameOf(target.activations)},
          {"weight_bytes", program.weightBytes()},
          {"arena_bytes", plan.arena},
          {"arena_bytes_without_reuse", plan.withoutReuse},
          {"kv_page_bytes", program.kv.pageBytes},
          {"kv_page_tokens", program.kv.pageTokens},
          {"entries", entries},
          {"kernels", kernelsJson(program)},
          {"weights", weights}};
}

/// The format of all matrices of a package; nullopt if they may have several.
std::optional<WeightFormat> formatOfAll(const std::string &weights) {
  const std::optional<WeightFormat> format = findWeightFormat(weights);
  return format && isDense(*format) ? format : std::nullopt;
}

std::string weightsOptionText(const std::string &name) {
  const std::optional<WeightFormat> format = formatOfAll(name);
  return format ? weightFormatText(*format) : printable(name);
}

Json weightsOptionBits(const std::string &name) {
  const std::optional<WeightFormat> format = formatOfAll(name);
  return format ? Json(bitsPerWeight(traitsOf(*format))) : Json();
}

} // namespace

std::string weightFormatText(WeightFormat format) {
  return fmt::format("{}, {} bits per weight", nameOf(format), bitsPerWeight(traitsOf(format)));
}

std::string chatTemplateText(const ChatConfig &chat) {
  return chat.templateName.value_or(chat.source ? "the checkpoint's own (run by jinja)" : "none");
}

std::string modelText(const ModelConfig &model) {
  std::string text = fmt::format("model {} ({}, {} parameters)\n", printable(model.name), model.architecture,
                                 formatCount(static_cast<uint64_t>(model.parameters())));
  text += fmt::format("  dim {}, {} layers, {} heads, {} KV heads, head_dim {}, FFN {}, vocabulary {}{}\n",
                      model.dim, model.layers, model.heads, model.kvHeads, model.headDim, model.ffnDim,
                      model.vocabSize, model.tiedEmbeddings ? ", tied embeddings" : "");
  text += fmt::format("  context {}, RoPE theta {}{}, norm epsilon {}\n", model.context, model.ropeTheta,
                      scalingText(model.ropeScaling), model.normEpsilon);
  return text + fmt::format("  BOS {}, EOS {}\n", model.bosId, fmt::join(model.eosIds, ", "));
}

StatusOr<std::string> packageText(const Package &package, const InspectDetail &detail) {
  const Manifest &manifest = package.manifest();
  std::string text = fmt::format(
      "package {}\n  made by {}\n  weights {}; KV {}{}\n", package.folder(), printable(manifest.compiler),
      weightsOptionText(manifest.options.weights), printable(manifest.options.kv),
      manifest.options.randomSeed ? fmt::format(", random weights from seed {}", *manifest.options.randomSeed)
                                  : "");
  text += fmt::format("  tokenizer {}, chat template {}\n", package.hasTokenizer() ? "yes" : "none",
                      chatTemplateText(package.chat()));
  text += modelText(manifest.model) + filesText(package) + opsText(package);
  for (const PackageTarget &target : manifest.targets) {
    CRIA_ASSIGN_OR_RETURN(const Program program, package.program(target));
    text += targetText(target, program, detail);
  }
  return text;
}

StatusOr<Json> packageJson(const Package &package) {
  const Manifest &manifest = package.manifest();
  Json files = Json::object();
  for (const auto &[name, file] : manifest.files) {
    files[name] = {{"size", file.size}, {"sha256", file.sha256}};
  }
  Json targets = Json::array();
  for (const PackageTarget &target : manifest.targets) {
    CRIA_ASSIGN_OR_RETURN(const Program program, package.program(target));
    targets.push_back(targetJson(target, program));
  }
  return Json{{"compiler", manifest.compiler},
              {"model", manifest.model.toJson()},
              {"weights", manifest.options.weights},
              {"bits_per_weight", weightsOptionBits(manifest.options.weights)},
              {"kv", manifest.options.kv},
              {"files", files},
              {"targets", targets}};
}

} // namespace cria::cli
