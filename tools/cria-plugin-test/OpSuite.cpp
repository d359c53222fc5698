// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases for every op of the opset on a backend: random calls compared with formulas, replays with other
// values, ops that the plugin manifest does not list, and refusals.
#include "tools/cria-plugin-test/ContractCases.h"
#include "tools/cria-plugin-test/OpPrograms.h"
#include "tools/cria-plugin-test/RandomOps.h"

#include "format/ElementType.h"
#include "plugins/sdk/cria_opset.hpp"
#include "plugins/sdk/cria_plugin.hpp"

namespace cria::conformance {
namespace {

constexpr int kTrials = 10;

/// Returns the score that the backend's probe gives to a version of the opset, and for 0 the reason.
uint32_t probe(const BackendSubject &subject, uint32_t version, std::string &reason) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = version,
                                  .format = plugin::string(opset::kFormat),
                                  .features = {}};
  uint32_t score = 0;
  const Outcome outcome = outcomeOf([&](cria_message *message) {
    return subject.backend.api().probe(subject.device, &info, &score, message);
  });
  requireOk(outcome, "probe");
  require(score != 0 || !outcome.message.empty(), "probe: expected a reason for score 0, got no message");
  reason = outcome.message;
  return score;
}

/// The highest version of the opset, of those the suite knows, that the backend accepts; 0: none.
uint32_t acceptedVersion(const BackendSubject &subject) {
  std::string reason;
  uint32_t version = opset::kVersion;
  while (version > 0 && probe(subject, version, reason) == 0) {
    --version;
  }
  return version;
}

/// Returns why the plugin manifest excludes a variant; empty if it does not.
std::string whyNot(const BackendSubject &subject, const OpVariant &variant) {
  if (!subject.ops.contains(variant.op)) {
    return fmt::format("the plugin manifest does not list op '{}'", variant.op);
  }
  Random random(subject.seed);
  if (const uint32_t version = versionOf(randomCall(random, variant)); version > acceptedVersion(subject)) {
    return fmt::format("the backend does not accept opset {}", version);
  }
  for (const opset::Operand &operand : opset::find(variant.op)->operands) {
    const auto listed = subject.types.find(fmt::format("{}/{}", variant.op, operand.name));
    if (opset::hasChoice(operand.types) && listed != subject.types.end() &&
        !listed->second.contains(variant.type)) {
      return fmt::format("the plugin manifest does not list {} for operand '{}'",
                         cria::nameOf(ElementType(variant.type)), operand.name);
    }
  }
  for (const auto &[has, part] :
       {std::pair{variant.norm, "norm"}, {variant.swiglu, "activation"}, {variant.residual, "residual"}}) {
    if (has && !subject.fusedParts.contains(part)) {
      return fmt::format("the plugin manifest does not list part '{}' of fused_linear", part);
    }
  }
  return "";
}

void runOnce(Device &device, OpCall &call) {
  const std::vector<double> before = updatedBy(call);
  requireOk(run(device, call), "running the op");
  checkResult(call, before);
}

void computes(const BackendSubject &subject, const OpVariant &variant) {
  Device device(subject.backend, subject.options());
  Random random(subject.seed);
  if (const std::string reason = whyNot(subject, variant); !reason.empty()) {
    OpCall call = randomCall(random, variant);
    const Outcome outcome = run(device, call);
    require(!outcome.ok(), "{}, but the backend runs it; list it", reason);
    require(outcome.status == CRIA_STATUS_UNSUPPORTED, "{}: expected status {}, got {} ('{}')", reason,
            CRIA_STATUS_UNSUPPORTED, outcome.status, outcome.message);
    throw Unsupported(reason);
  }
  for (int trial = 0; trial < kTrials; ++trial) {
    OpCall call = randomCall(random, variant);
    runOnce(device, call);
  }
}

/// A command buffer must give correct results for any contents of its buffers.
void replays(const BackendSubject &subject, const OpVariant &variant) {
  Device device(subject.backend, subject.options());
  Random random(subject.seed + 1);
  std::vector<OpCall> calls{randomCall(random, variant)};
  RecordedCalls recorded(device, calls);
  for (int replay = 0; replay < 3; ++replay) {
    const std::vector<double> before = updatedBy(calls[0]);
    requireOk(recorded.replay(), fmt::format("replay {}", replay + 1));
    checkResult(calls[0], before);
    changeValues(random, calls[0]);
  }
}

/// The opset whose linears have classes of activations.
constexpr uint32_t kActivationsSince =
    opset::findAttribute(*opset::find("linear"), "activations", "int8")->since;

struct Refused {
  const char *name;
  cria_status status;
  const char *text; // the message must contain it
  void (*spoil)(OpCall &call);
  std::string_view op = {}; // empty: any op with an input
  uint32_t since = 1;       // the opset from which on backends must refuse it
};

constexpr Refused kRefused[] = {
    {"unknown-op", CRIA_STATUS_UNSUPPORTED, "layer_norm", [](OpCall &call) { call.op = "layer_norm"; }},
    {"unknown-attribute", CRIA_STATUS_UNSUPPORTED, "axis",
     [](OpCall &call) { call.attributes.push_back(intAttribute("axis", 1)); }},
    // A backend that ignores a class would give other numbers without a word.
    {"unknown-activations", CRIA_STATUS_UNSUPPORTED, "activations",
     [](OpCall &call) { call.attributes.push_back(textAttribute("activations", "int4")); }, "linear",
     kActivationsSince},
    {"unknown-operand", CRIA_STATUS_UNSUPPORTED, "bias",
     [](OpCall &call) { call.arguments.push_back({"bias", call.arguments[0].view}); }},
    {"missing-operand", CRIA_STATUS_INVALID_ARGUMENT, "output",
     [](OpCall &call) {
       std::erase_if(call.arguments, [](const Argument &argument) { return argument.name == "output"; });
     }},
    {"wrong-type", CRIA_STATUS_UNSUPPORTED, "input",
     [](OpCall &call) { call.arguments[0].view = integerView({1, 2}); }},
    {"wrong-shape", CRIA_STATUS_INVALID_ARGUMENT, "",
     [](OpCall &call) { call.arguments[0].view.shape[1] += 1; }},
    {"window-outside", CRIA_STATUS_INVALID_ARGUMENT, "",
     [](OpCall &call) { call.arguments[0].view.strides = {uint64_t{1} << 62, 1}; }},
};

void refuses(const BackendSubject &subject, const Refused &refused) {
  std::string reason;
  const bool acceptsAll = probe(subject, UINT32_MAX, reason) != 0;
  if (refused.since > 1 && (acceptsAll || acceptedVersion(subject) < refused.since)) {
    throw Unsupported(fmt::format("the backend does not know opset {}", refused.since));
  }
  Device device(subject.backend, subject.options());
  Random random(subject.seed);
  OpCall call;
  for (const OpVariant &variant : allVariants()) { // the first that has an input and is supported
    const bool isWanted = refused.op.empty() || refused.op == variant.op;
    if (call.op.empty() && isWanted && whyNot(subject, variant).empty()) {
      OpCall candidate = randomCall(random, variant);
      call = candidate.arguments[0].name == "input" ? candidate : call;
    }
  }
  if (call.op.empty()) {
    throw Unsupported("plugin manifest lists no op with an operand 'input'");
  }
  refused.spoil(call);
  requireRefusal(run(device, call), refused.status, refused.text, refused.name);
}

/// Throws Unsupported with the backend's reason if it runs no ops.
void requireOps(const BackendSubject &subject) {
  std::string reason;
  if (probe(subject, 1, reason) == 0) {
    require(acceptedVersion(subject) == 0, "opset {} is accepted, opset 1 is not: {}",
            acceptedVersion(subject), reason);
    throw Unsupported(fmt::format("format {} is not supported: {}", opset::kFormat, reason));
  }
  for (uint32_t version = 2; version < acceptedVersion(subject); ++version) {
    require(probe(subject, version, reason) != 0, "opset {} is accepted, opset {} is not: {}",
            acceptedVersion(subject), version, reason);
  }
}

/// A backend that accepts a version it does not know would run programs that it does not understand. One
/// whose plugin manifest does not list its ops may accept everything.
void refusesUnknownOpsets(const BackendSubject &subject) {
  const bool listsOps = subject.ops != allOps() || !subject.types.empty();
  std::string reason;
  for (const uint32_t version : {uint32_t{0}, UINT32_MAX}) {
    const bool isAccepted = probe(subject, version, reason) != 0;
    if (isAccepted && !listsOps) {
      throw Unsupported("the backend accepts every version of the opset");
    }
    require(!isAccepted, "probe: expected score 0 for opset {}, which does not exist", version);
  }
  const uint32_t stated = std::min(subject.opset, opset::kVersion); // no later one is known here
  require(subject.opset == 0 || acceptedVersion(subject) == stated,
          "probe accepts opset {}, the plugin manifest states {}", acceptedVersion(subject), subject.opset);
}

} // namespace

std::set<std::string> allOps() {
  std::set<std::string> names;
  for (const opset::Op &op : opset::kOps) {
    names.emplace(op.name);
  }
  return names;
}

std::vector<Case> opCases(const BackendSubject &subject) {
  const Case probed{"probe/ops", [&subject] { requireOps(subject); }};
  std::vector<Case> cases{probed};
  if (runCase(probed, {}).verdict != Verdict::passed) {
    return cases; // the other cases would be unsupported for the same reason
  }
  cases.push_back({"probe/unknown-opset", [&subject] { refusesUnknownOpsets(subject); }});
  for (const OpVariant &variant : allVariants()) {
    cases.push_back({"ops/" + nameOf(variant), [&subject, variant] { computes(subject, variant); }});
    if (whyNot(subject, variant).empty()) {
      cases.push_back({"replay/" + nameOf(variant), [&subject, variant] { replays(subject, variant); }});
    }
  }
  for (const Refused &refused : kRefused) {
    cases.push_back(
        {std::string("refusals/") + refused.name, [&subject, &refused] { refuses(subject, refused); }});
  }
  for (Case &testCase : programCases(subject)) {
    cases.push_back(std::move(testCase));
  }
  return cases;
}

} // namespace cria::conformance
