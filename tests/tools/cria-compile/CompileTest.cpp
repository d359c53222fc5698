// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs cria-compile: the output of each stage, the packages, and the message for each wrong input.
#include "format/Safetensors.h"
#include "runtime/package/Package.h"
#include "runtime/text/SentenceModel.h"
#include "runtime/text/Tokenizer.h"
#include "tests/frontends/huggingface/SmallCheckpoint.h"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cria;
using namespace cria::tests;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

namespace {

struct Result {
  int exitCode;
  std::string out, err;
};

class Compile : public ::testing::Test {
protected:
  /// Runs `cria-compile ARGUMENTS` in a shell after `before`.
  Result run(const std::string &arguments, const std::string &before = "") {
    std::string command = fmt::format("{} {}/bin/cria-compile {} >{} 2>{}", before, CRIA_BINARY_DIR,
                                      arguments, folder_.file("out"), folder_.file("err"));
    // NOLINTNEXTLINE(bugprone-command-processor): the test states the whole command line.
    int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, readAll(folder_.file("out")),
            readAll(folder_.file("err"))};
  }
  std::string errorOf(const std::string &arguments) {
    Result result = run(arguments);
    EXPECT_EQ(result.exitCode, 2) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
    return result.err;
  }
  static std::string golden(std::string_view name) {
    return fmt::format("{}/tests/golden/models/{} --no-tokenizer", CRIA_SOURCE_DIR, name);
  }
  std::string package() { return folder_.file("m.cria"); }
  /// An executable file "ptxas" in the folder.
  void makeAssembler(const char *script) {
    std::ofstream(folder_.file("ptxas")) << script;
    fs::permissions(folder_.file("ptxas"), fs::perms::owner_all);
  }
  /// Names in the folder, except those of this test.
  std::string traces() {
    std::string names;
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
      std::string name = entry.path().filename().string();
      names += name == "out" || name == "err" ? "" : name + " ";
    }
    return names;
  }

  TemporaryFolder folder_;
};

TEST_F(Compile, HelpAndVersion) {
  Result help = run("--help");
  EXPECT_EQ(help.exitCode, 0);
  EXPECT_THAT(
      help.out,
      AllOf(EndsWith("Example:\n  cria compile examples/stories/model -o stories.cria --target cpu\n"),
            HasSubstr("llama-2-70b"), HasSubstr("ops")));
  EXPECT_THAT(run("--version").out, HasSubstr("LLVM 22"));
}

TEST_F(Compile, EmitsTheImportedGraph) {
  Result result = run(golden("gqa") + " --emit import");
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("llama.config = #llama.config<name = \"gqa\""),
                    HasSubstr("#llama.checkpoint<\"model.layers.0.self_attn.q_proj.weight\", f32, [64, 64]>"),
                    HasSubstr("@forward"), HasSubstr("llama.kv_append"), HasSubstr("kv_heads = 1"),
                    HasSubstr("llama.gather_rows"), Not(HasSubstr("llama.fused_linear"))));
}

TEST_F(Compile, TiedEmbeddingsAreOneWeight) {
  Result result = run(golden("tied") + " --emit import");
  EXPECT_THAT(result.out, AllOf(HasSubstr("@embedding"), Not(HasSubstr("@output"))));
}

TEST_F(Compile, RopeScalingReachesTheTable) {
  EXPECT_THAT(run(golden("linear") + " --emit import").out, HasSubstr("#llama.linear_scaling<factor = 4.0"));
  EXPECT_THAT(run(golden("llama3") + " --emit import").out,
              AllOf(HasSubstr("#llama.llama3_scaling<factor = 8.0"), HasSubstr("theta = 2.0")));
}

TEST_F(Compile, FusionsAndTheirSwitches) {
  Result all = run(golden("mha") + " --emit optimized --verbose");
  ASSERT_EQ(all.exitCode, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("llama.rope_attention"), HasSubstr("activation(swiglu)"),
                             HasSubstr("norm("), HasSubstr("residual("), Not(HasSubstr("llama.kv_append"))));
  EXPECT_THAT(all.err, AllOf(HasSubstr("llama-fuse-qkv: num-fused 3, num-rejected 0"),
                             HasSubstr("llama-fuse-swiglu-mlp: num-fused 3, num-rejected 0")));
  Result none = run(golden("mha") + " --emit optimized --disable-pass FuseQkv,llama-fuse-rope-attention "
                                    "--disable-pass FuseSwigluMlp,FuseNorm,FuseResidual");
  ASSERT_EQ(none.exitCode, 0) << none.err;
  EXPECT_THAT(none.out, AllOf(HasSubstr("llama.silu"), HasSubstr("llama.kv_append"),
                              Not(HasSubstr("fused_linear")), Not(HasSubstr("rope_attention"))));
}

TEST_F(Compile, WritesAPackageThatTheRuntimeOpens) {
  Result result = run(golden("sharded") + " --target ops -o " + package());
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(traces(), "m.cria ");
  auto opened = Package::open(package());
  ASSERT_TRUE(opened.ok()) << opened.status().message();
}

TEST_F(Compile, TheSameInputGivesTheSameBytes) {
  std::string other = folder_.file("other.cria");
  ASSERT_EQ(run(golden("f16") + " --target ops -o " + package()).exitCode, 0);
  ASSERT_EQ(run(golden("f16") + " --target ops --threads 1 -o " + other).exitCode, 0);
  for (const char *file : {"manifest.json", "programs/ops.json", "weights/row_major.safetensors"}) {
    EXPECT_EQ(readAll(package() + "/" + file), readAll(other + "/" + file)) << file;
  }
}

TEST_F(Compile, WeightsAreThoseOfTheCheckpoint) {
  ASSERT_EQ(run(golden("bf16") + " --target ops -o " + package()).exitCode, 0);
  auto packed = *SafetensorsFile::open(package() + "/weights/row_major.safetensors");
  auto source =
      *SafetensorsFile::open(std::string(CRIA_SOURCE_DIR) + "/tests/golden/models/bf16/model.safetensors");
  const SafetensorsTensor *ours = packed->find("embedding"),
                          *theirs = source->find("model.embed_tokens.weight");
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(ours->type, ElementType::bf16);
  EXPECT_TRUE(std::ranges::equal(packed->data(*ours), source->data(*theirs)));
}

TEST_F(Compile, PresetsNeedNoCheckpointAndWriteNoWeights) {
  Result result = run("--preset llama-2-70b --random-weights 42 --target ops -o " + package());
  ASSERT_EQ(result.exitCode, 0) << result.err;
  uint64_t bytes = 0;
  for (const auto &entry : fs::recursive_directory_iterator(package())) {
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  }
  EXPECT_LT(bytes, 8u << 20) << "more than the RoPE table and the program";
  Json manifest = *readJsonFile(package() + "/manifest.json");
  EXPECT_EQ(manifest["options"]["random_seed"], 42);
  EXPECT_EQ(manifest["model"]["parameters"], 68976648192);
}

TEST_F(Compile, RandomWeightsInPackedFormatsNeedOpset5) {
  for (const char *format : {"q4_0", "q4_k_m"}) {
    const Result result = run("--preset stories-260k --random-weights 1 --target ops --weights " +
                              std::string(format) + " -o " + package());
    ASSERT_EQ(result.exitCode, 0) << result.err;
    const Json program = *readJsonFile(package() + "/programs/ops.json");
    EXPECT_THAT(program.dump(), HasSubstr("\"format\":\"q4_"));
    EXPECT_EQ((*readJsonFile(package() + "/manifest.json"))["targets"][0]["abi_version"], 5);
  }
}

/// A fake assembler that reports 33 registers for every kernel, and one that fails.
constexpr const char *kAssembler = R"(#!/bin/sh
sed -n 's/^.visible .entry \([a-z0-9_]*\)(.*/\1/p' "$5" | while read -r name; do
  echo "ptxas info    : Compiling entry function '$name' for 'sm_86'"
  echo "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"
  echo "ptxas info    : Used 33 registers, used 1 barriers"
done
printf '\177ELF\2\1\1\101\10' >"$4" # the identification of a cubin of CUDA 13
echo "$2" >>"$4"
)";
constexpr const char *kRefuser = "#!/bin/sh\necho 'ptxas fatal : no such architecture'\nexit 1\n";

TEST_F(Compile, CudaKeepsCubinAndPtx) {
  makeAssembler(kAssembler);
  Result result = run(golden("gqa") + " --target cuda:sm_86,cuda:sm_90 -o " + package(),
                      "CRIA_PTXAS=" + folder_.file("ptxas"));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("ptxas")));
  Json manifest = *readJsonFile(package() + "/manifest.json");
  ASSERT_EQ(manifest["targets"].size(), 3u);
  EXPECT_EQ(manifest["targets"][0]["format"], "nv.cubin.sm_86");
  EXPECT_EQ(manifest["targets"][0]["features"], "sm_86 cuda13");
  EXPECT_EQ(manifest["targets"][1]["format"], "nv.cubin.sm_90");
  EXPECT_EQ(manifest["targets"][2]["format"], "nv.ptx");
  EXPECT_EQ(manifest["targets"][2]["features"], "sm_86 ptx71"); // the lowest runs on every newer GPU
  EXPECT_THAT(readAll(package() + "/code/cuda-sm_90.cubin"), EndsWith("-arch=sm_90\n"));
  EXPECT_THAT(readAll(package() + "/code/cuda-sm_86-ptx.ptx"), HasSubstr(".target sm_86"));
  Json program = *readJsonFile(package() + "/programs/cuda-sm_86.json");
  for (const Json &kernel : program["kernels"]) {
    EXPECT_EQ(kernel["registers"], 33) << kernel["name"];
    EXPECT_EQ(kernel["block"].size(), 3u);
  }
}

TEST_F(Compile, CudaWithoutPtxasKeepsPtxAndReportsIt) {
  Result result = run(golden("gqa") + " --target cuda -o " + package(), "CRIA_PTXAS=/nowhere");
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("ptxas of the CUDA Toolkit is not found: the package holds PTX only"));
  Json manifest = *readJsonFile(package() + "/manifest.json");
  ASSERT_EQ(manifest["targets"].size(), 1u);
  EXPECT_EQ(manifest["targets"][0]["name"], "cuda-sm_80-ptx");
}

TEST_F(Compile, CudaReportsTheErrorOfPtxas) {
  makeAssembler(kRefuser);
  Result result =
      run(golden("gqa") + " --target cuda -o " + package(), "CRIA_PTXAS=" + folder_.file("ptxas"));
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_THAT(result.err,
              HasSubstr("ptxas rejected the kernels for sm_80: ptxas fatal : no such architecture"));
  EXPECT_FALSE(fs::exists(package()));
}

TEST_F(Compile, CudaCompilesThe7bShape) {
  Result result =
      run("--preset llama-2-7b --random-weights 1 --weights f16 --target cuda:sm_80 -o " + package());
  EXPECT_EQ(result.exitCode, 0) << result.err;
  EXPECT_TRUE(fs::exists(package() + "/code/cuda-sm_80-ptx.ptx"));
}

TEST_F(Compile, CudaRefusesStepsBeyondAGrid) {
  Result result =
      run("--preset stories-260k --random-weights 1 --kv f32 --max-tokens 65536 --context 65536 -o " +
          package() + " --target cuda");
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("grid dimension y is 65536"),
                                HasSubstr("compile with a smaller --max-tokens")));
  EXPECT_FALSE(fs::exists(package()));
}

/// The plugin manifest of a backend with these ops; its library does not exist.
std::string manifestWith(const std::string &ops) {
  return fmt::format(R"({{"library": "mine.so", "kind": "backend", "name": "mine", "version": "1.0",
    "abi": {{"major": 1, "minor_min": 0, "minor_max": 0}}, "needs": {{"os": "linux", "arch": "x86_64"}}{}}})",
                     ops);
}

constexpr const char *kPrimitives =
    R"("embedding": {}, "gather_rows": {}, "rms_norm": {}, "linear": {}, "rope": {},
    "kv_append": {}, "attention": {}, "silu": {}, "mul": {}, "add": {})";

TEST_F(Compile, ForABackendDecomposesWhatItDoesNotList) {
  const std::string manifest = folder_.file("mine.cria-plugin.json");
  const auto programFor = [&](const std::string &ops) {
    std::ofstream(manifest) << manifestWith(", \"ops\": {" + ops + "}");
    Result result = run(golden("gqa") + " --target ops --emit program --for " + manifest);
    EXPECT_EQ(result.exitCode, 0) << result.err;
    return result.out;
  };
  const std::string primitives = programFor(kPrimitives);
  EXPECT_THAT(primitives, AllOf(HasSubstr("silu"), HasSubstr("kv_append"), Not(HasSubstr("fused_linear")),
                                Not(HasSubstr("rope_attention"))));
  const std::string residual =
      programFor(kPrimitives + std::string(R"(, "fused_linear": {"parts": ["residual"]})"));
  EXPECT_THAT(residual, AllOf(HasSubstr("fused_linear"), HasSubstr("silu"), HasSubstr("rms_norm"),
                              Not(HasSubstr("swiglu_block")), Not(HasSubstr("rope_attention"))));
  const std::string all =
      programFor(kPrimitives + std::string(R"(, "fused_linear": {}, "rope_attention": {})"));
  EXPECT_EQ(all, run(golden("gqa") + " --target ops --emit program").out);
}

// A manifest whose library or version this machine refuses does not hide another one of the same name.
TEST_F(Compile, ForABackendPrefersOneThatCanRun) {
  fs::create_directories(folder_.file("newer"));
  fs::create_directories(folder_.file("older"));
  std::string newer = manifestWith(R"(, "ops": {"embedding": {}})");
  newer.replace(newer.find("\"major\": 1"), 10, "\"major\": 9");
  std::ofstream(folder_.file("newer/mine.cria-plugin.json")) << newer;
  const std::string search =
      " --plugin-dir " + folder_.file("newer") + " --plugin-dir " + folder_.file("older") + " --for mine";
  const std::string command = golden("gqa") + " --target ops --emit program" + search;
  EXPECT_THAT(errorOf(command), HasSubstr("mine"));
  std::ofstream(folder_.file("older/mine.cria-plugin.json"))
      << manifestWith(std::string(", \"ops\": {") + kPrimitives + "}");
  const Result result = run(command);
  EXPECT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("silu"));
}

TEST_F(Compile, ForABackendRefusesByNameWhatIsLeft) {
  const std::string manifest = folder_.file("mine.cria-plugin.json");
  const auto refusalFor = [&](const std::string &ops) {
    std::ofstream(manifest) << manifestWith(ops);
    return errorOf(golden("gqa") + " --target ops --emit program --for " + manifest);
  };
  EXPECT_THAT(refusalFor(R"(, "ops": {"embedding": {}, "linear": {}})"),
              AllOf(HasSubstr("backend 'mine' does not support op 'rms_norm'"),
                    HasSubstr("lists embedding, linear")));
  std::string f16Cache = kPrimitives;
  f16Cache.replace(f16Cache.find("\"kv_append\": {}"), 15, R"("kv_append": {"types": {"cache": ["f32"]}})");
  EXPECT_THAT(refusalFor(", \"ops\": {" + f16Cache + "}"),
              AllOf(HasSubstr("supports operand 'cache' of op 'kv_append' as f32, the model has f16"),
                    HasSubstr("--kv f32")));
  const auto refusalOfCodes = [&](const std::string &opset) {
    std::ofstream(manifest) << manifestWith(opset + ", \"ops\": {" + f16Cache + "}");
    return errorOf(golden("gqa") + " --target ops --kv q8 --emit program --for " + manifest);
  };
  EXPECT_THAT(refusalOfCodes(""), HasSubstr("backend 'mine' runs opset 1, and this use of op 'kv_append' "
                                            "needs opset 6; use a newer build of the backend"));
  EXPECT_THAT(refusalOfCodes(", \"opset\": 6"),
              AllOf(HasSubstr("supports operand 'cache' of op 'kv_append' as f32, the model has i8"),
                    HasSubstr("--kv f32")));
  EXPECT_THAT(refusalFor(""), HasSubstr("the manifest of backend 'mine' lists no ops"));
  EXPECT_THAT(refusalFor(""), HasSubstr("a backend that runs all ops needs no --for"));
  for (const std::string backend : {"cpu", "cuda"}) {
    EXPECT_THAT(errorOf(golden("gqa") + " --target ops --emit program --for " + backend),
                HasSubstr("backend '" + backend + "' runs compiled code, not ops; compile with --target " +
                          backend + ", without --for"));
  }
  EXPECT_THAT(refusalFor(R"(, "ops": {"soft_max": {}})"),
              HasSubstr("lists op 'soft_max', which opset 1 does not have"));
  EXPECT_THAT(errorOf(golden("gqa") + " --emit program --for " + manifest),
              HasSubstr("--for requires --target ops"));
  EXPECT_THAT(errorOf(golden("gqa") + " --target ops --emit program --for nul"),
              HasSubstr("did you mean 'null'?"));
}

TEST_F(Compile, ThePackageStatesTheActivationsOfATarget) {
  const auto activationsOf = [&](const std::string &options) {
    const Result result = run(golden("gqa") + " -o " + package() + " " + options);
    EXPECT_EQ(result.exitCode, 0) << result.err;
    const auto opened = Package::open(package());
    EXPECT_TRUE(opened.ok());
    const PackageTarget &target = opened.value()->manifest().targets.front();
    return target.name == "ops" ? fmt::format("{} of opset {}", nameOf(target.activations), target.abiVersion)
                                : std::string(nameOf(target.activations));
  };
  EXPECT_EQ(activationsOf("--target ops --weights f16"), "f32 of opset 1");
  EXPECT_EQ(activationsOf("--target ops --weights q8 --activations f32"), "f32 of opset 2");
  EXPECT_EQ(activationsOf("--target ops --weights q8 --activations int8"), "int8 of opset 4");
  EXPECT_EQ(activationsOf("--target ops --weights bf16 --activations bf16"), "bf16 of opset 4");
  EXPECT_EQ(activationsOf("--target gpusim --weights q4"), "f16");
  EXPECT_EQ(activationsOf("--target gpusim --weights q4 --activations f16"), "f16");
  EXPECT_EQ(activationsOf("--target gpusim --weights q4 --activations f32"), "f32");
  EXPECT_EQ(activationsOf("--target gpusim --weights bf16"), "bf16");
  EXPECT_EQ(activationsOf("--target cpu-x86-64-v3 --weights bf16"), "f32");
  EXPECT_EQ(activationsOf("--target cpu-x86-64-v3 --weights bf16 --activations bf16"), "bf16");
}

// Weights with codes have no other class on the cpu.
TEST_F(Compile, TellsOfProductsBelowTheClassThatIsAskedFor) {
  const std::string rules = folder_.file("rules");
  std::ofstream(rules) << "down q8_0\n";
  const std::string options = golden("gqa") + " --target cpu-x86-64-v3 --activations f32 -o " + package();
  const Result mixed = run(options + " --weights f16 --weights-rules " + rules);
  EXPECT_EQ(mixed.exitCode, 0) << mixed.err;
  EXPECT_THAT(mixed.err, HasSubstr("target cpu-x86-64-v3 multiplies some weights in int8"));
  EXPECT_THAT(run(options + " --weights f16").err, Not(HasSubstr("multiplies some weights")));
}

TEST_F(Compile, WrongOptions) {
  std::string model = golden("mha"), out = " -o " + package();
  EXPECT_THAT(errorOf(""), HasSubstr("expected a checkpoint, or --preset NAME --random-weights SEED"));
  EXPECT_THAT(errorOf(model), HasSubstr("expected -o with the path"));
  EXPECT_THAT(errorOf(model + out + " --bogus"), HasSubstr("--bogus"));
  EXPECT_THAT(errorOf(model + out + " --target tpu"),
              HasSubstr("--target: expected cpu, ops, cpu-x86-64-v3"));
  EXPECT_THAT(errorOf(model + out + " --target cuda:sm_75"),
              HasSubstr("--target cuda:sm_75: expected one of sm_80, sm_86, sm_89, sm_90"));
  EXPECT_THAT(errorOf(model + out + " --threads many"),
              HasSubstr("--threads: expected an integer from 1 to 256, got 'many'"));
  EXPECT_THAT(errorOf(model + out + " --for"), HasSubstr("--for: expected a value, got none"));
  EXPECT_THAT(errorOf(model + out + " --target cuda:"), HasSubstr("expected one of sm_80"));
  EXPECT_THAT(errorOf(model + out + " --weights q9"),
              AllOf(HasSubstr("--weights: expected one of f32, f16"), HasSubstr("got 'q9'")));
  EXPECT_THAT(
      errorOf(model + out + " --weights q4 --target cpu-aarch64"),
      HasSubstr("has no kernels for weights in format q8_0, iq4_xs; compile with --target cpu or ops"));
  EXPECT_THAT(errorOf(model + out + " --weights-rules /nowhere"), HasSubstr("/nowhere"));
  EXPECT_THAT(errorOf(model + out + " --activations int4"),
              HasSubstr("--activations: expected one of f32, f16, bf16, int8, got 'int4'"));
  EXPECT_THAT(errorOf(model + out + " --weights q8 --activations f16"),
              HasSubstr("multiplies weights in q8_0 with activations in int8, not in f16"));
  EXPECT_THAT(errorOf(model + out + " --weights q4 --activations int8 --target gpusim"),
              HasSubstr("multiplies weights in iq4_xs with activations in f16, f32, weights in q8_0 with "
                        "activations in f16, f32, not in int8; compile without --activations"));
  EXPECT_THAT(errorOf(model + out + " --weights f16 --activations int8"),
              HasSubstr("multiplies weights in f16 with activations in f32, not in int8"));
  EXPECT_THAT(errorOf(model + out + " --weights f16 --activations bf16 --target ops"),
              HasSubstr("not in bf16; compile without --activations, or with --weights bf16"));
  EXPECT_THAT(errorOf(model + out + " --weights ''"), HasSubstr("got an empty text"));
  EXPECT_THAT(errorOf(model + out + " --weights-rules ''"), HasSubstr("got an empty text"));
  for (const std::string target : {"cuda:sm_80", "gpusim"}) {
    EXPECT_THAT(errorOf(model + out + " --kv q8 --target " + target),
                HasSubstr("-sm_80' keeps the KV cache in f16 or f32, not in q8; compile with --target cpu or "
                          "ops, or with --kv f16"));
    EXPECT_FALSE(fs::exists(package()));
  }
  EXPECT_THAT(errorOf(model + out + " --weights i8"), HasSubstr("got 'i8'"));
  EXPECT_THAT(errorOf(model + out + " --kv bf16"), HasSubstr("expected f32, f16 or q8, got 'bf16'"));
  EXPECT_THAT(errorOf(model + out + " --emit ast"), HasSubstr("--emit: expected import"));
  EXPECT_THAT(errorOf(model + out + " --context 0"), HasSubstr("--context"));
  EXPECT_THAT(errorOf(model + out + " --target ops --disable-pass fuse-all"),
              HasSubstr("--disable-pass: expected one of"));
  EXPECT_THAT(errorOf(model + " --target ops --emit asm"), HasSubstr("target ops has no code"));
  EXPECT_THAT(errorOf(model + out + " --random-weights 1"), HasSubstr("--random-weights requires --preset"));
  EXPECT_THAT(errorOf("--preset llama-2-7b" + out), HasSubstr("requires --random-weights SEED"));
  EXPECT_THAT(errorOf(model + " --preset llama-2-7b --random-weights 1" + out),
              HasSubstr("expected a checkpoint or --preset, got both"));
  EXPECT_THAT(errorOf(model + " --target ops --emit import --json"), HasSubstr("--json describes a package"));
  EXPECT_THAT(errorOf(model + " --target tpu --emit import"),
              HasSubstr("--target: expected cpu, ops, cpu-x86-64-v3"));
  EXPECT_THAT(errorOf("--preset llama-9 --random-weights 1" + out),
              HasSubstr("--preset: expected one of llama-2-7b"));
  EXPECT_EQ(traces(), "");
}

TEST_F(Compile, WrongInputLeavesNothing) {
  EXPECT_THAT(errorOf(folder_.file("none") + " --target ops -o " + package()),
              HasSubstr("no such checkpoint"));
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THAT(errorOf(folder_.file("empty") + " --target ops -o " + package()),
              HasSubstr("not a checkpoint"));
  EXPECT_THAT(errorOf(golden("mha") + " --target ops -o " + folder_.file("none/m.cria")),
              HasSubstr("the parent folder does not exist"));
  EXPECT_THAT(errorOf(golden("mha") + " --target ops -o " + folder_.file("empty")),
              HasSubstr("not a package"));
  EXPECT_THAT(errorOf(golden("dynamic") + " --target ops --context 512 -o " + package()),
              HasSubstr("'dynamic' is supported up to its original context of 256"));
  EXPECT_EQ(traces(), "empty ");
}

TEST_F(Compile, AddedTokensAndTheChatTemplate) {
  SmallCheckpoint().write(folder_);
  SentenceModel model;
  model.modelType = SentenceModel::ModelType::bpe;
  model.pieces = {{"<unk>", 0, SentenceModel::PieceType::unknown},
                  {"<s>", 0, SentenceModel::PieceType::control},
                  {"</s>", 0, SentenceModel::PieceType::control},
                  {"a", -1}};
  std::ofstream(folder_.file("tokenizer.model"), std::ios::binary) << model.serialize();
  folder_.write("tokenizer_config.json",
                R"({"chat_template": "{{ bos_token }}<|im_start|>", "added_tokens_decoder": {
      "4": {"content": "<|im_start|>", "special": true}, "6": {"content": "</s>"}, "7": {"content": "x"}}})");
  const Result result = run(folder_.path().string() + " --target ops -o " + package());
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("'</s>' (id 6) is left out"), HasSubstr("the plugin jinja runs it")));
  const auto opened = Package::open(package());
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ((*opened)->chat().source, "{{ bos_token }}<|im_start|>");
  const auto tokenizer = (*opened)->tokenizer();
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_EQ((*tokenizer)->find("<|im_start|>"), 4);
  EXPECT_EQ((*tokenizer)->kind(4), TokenKind::control);
  EXPECT_EQ((*tokenizer)->find("x"), 7);
  std::ifstream file(package() + "/tokenizer.model", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), model.serialize());
}

TEST_F(Compile, AChatTemplateThatCannotBeRun) {
  const std::string model = folder_.file("model");
  std::filesystem::copy(CRIA_SOURCE_DIR "/examples/stories/model", model);
  std::ofstream(model + "/chat_template.jinja") << "{{ bos_token }}\n{% for m in messages %}{{ m.content }";
  const Result result = run(model + " --target ops -o " + package());
  EXPECT_EQ(result.exitCode, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("note: the chat template cannot be run: "),
                                HasSubstr("line 2, column "), HasSubstr("--chat-template")));
}

TEST_F(Compile, MissingTokenizer) {
  std::string model = std::string(CRIA_SOURCE_DIR) + "/tests/golden/models/mha";
  EXPECT_THAT(errorOf(model + " --target ops -o " + package()),
              HasSubstr("mha/tokenizer.model: no such file"));
}

TEST_F(Compile, AFullDiskLeavesNothing) {
  Result result = run(golden("f16") + " --target ops -o " + package(), "ulimit -f 64;");
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("m.cria.tmp-"), HasSubstr(": cannot ")));
  EXPECT_EQ(traces(), "");
}

TEST_F(Compile, AKilledCompileIsCleanedUpByTheNext) {
  const std::string command = golden("f16") + " --target ops -o " + package();
  fs::create_directory(folder_.path() / "m.cria.tmp-0000000000abc123");
  folder_.write("m.cria.tmp-0000000000abc123/.cria-unfinished", "");
  fs::create_directory(folder_.path() / "m.cria.tmp-00000000000000f0");
  folder_.write("m.cria.tmp-00000000000000f0/data", "precious");
  ASSERT_EQ(run(command).exitCode, 0);
  EXPECT_THAT(traces(), AllOf(HasSubstr("m.cria "), HasSubstr("m.cria.tmp-00000000000000f0 "),
                              Not(HasSubstr("abc123"))));
  EXPECT_EQ(readAll(folder_.file("m.cria.tmp-00000000000000f0/data")), "precious");
}

TEST_F(Compile, WhatIsReadIsNotReplaced) {
  ASSERT_EQ(run(golden("f16") + " --target ops -o " + package()).exitCode, 0);
  const std::string inside = package() + "/checkpoint", config = inside + "/config.json";
  fs::copy(std::string(CRIA_SOURCE_DIR) + "/tests/golden/models/f16", inside);
  fs::create_directory_symlink(package(), folder_.file("link"));
  for (const std::string &output : {package(), folder_.file("link"), inside}) {
    EXPECT_THAT(errorOf(inside + " --no-tokenizer --target ops -o " + output),
                HasSubstr("expected a package without the checkpoint in it"));
    EXPECT_TRUE(fs::exists(config)) << output;
  }
  const std::string before = readAll(config);
  EXPECT_THAT(errorOf(inside + " --no-tokenizer --emit import -o " + config),
              HasSubstr("expected a new file, got one in the checkpoint"));
  EXPECT_EQ(readAll(config), before);
}

TEST_F(Compile, InvalidNamesKeepExistingFiles) {
  ASSERT_EQ(run(golden("f16") + " --target ops -o " + package()).exitCode, 0);
  const std::string before = readAll(package() + "/manifest.json");
  EXPECT_THAT(errorOf(golden("f16") + " --target ops -o " + package() + "/."),
              HasSubstr("expected the name of a folder, got '.'"));
  const Result result = run(golden("f16") + " --target ops -o .", "cd " + package() + ";");
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_EQ(readAll(package() + "/manifest.json"), before);
  fs::create_symlink("m.cria", folder_.file("link.cria"));
  ASSERT_EQ(run(golden("mha") + " --target ops -o " + folder_.file("link.cria")).exitCode, 0);
  EXPECT_TRUE(fs::is_symlink(folder_.file("link.cria")));
  EXPECT_NE(readAll(package() + "/manifest.json"), before);
}

/// `cria compile`, which waits until its output is opened.
class WaitingCompile {
public:
  explicit WaitingCompile(const std::string &pipe) {
    mkfifo(pipe.c_str(), 0600);
    process_ = fork();
    if (process_ == 0) {
      setpgid(0, 0);
      const std::string model = std::string(CRIA_SOURCE_DIR) + "/tests/golden/models/mha";
      execl(CRIA_BINARY_DIR "/bin/cria", "cria", "compile", model.c_str(), "--no-tokenizer", "--emit",
            "import", "-o", pipe.c_str(), nullptr);
      _exit(127);
    }
    usleep(1'000'000); // until it waits; a signal that comes earlier tests less, but does not fail
  }
  /// A signal to `cria` alone, or to the compiler as well.
  void signal(int number, bool toAll = false) {
    kill(toAll ? -process_ : process_, number);
    usleep(300'000); // beyond what counts as one request
  }
  int exitCode() {
    int state = 0;
    waitpid(process_, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  }

private:
  pid_t process_ = 0;
};

TEST_F(Compile, ASecondSignalEndsItAtOnce) {
  for (const auto &[first, second, code] :
       {std::tuple(SIGINT, SIGINT, 130), std::tuple(SIGTERM, SIGTERM, 143),
        std::tuple(SIGTERM, SIGINT, 130)}) {
    for (bool toAll : {false, true}) {
      fs::remove(folder_.file("pipe"));
      WaitingCompile compile(folder_.file("pipe"));
      compile.signal(first, toAll);
      compile.signal(second, toAll);
      EXPECT_EQ(compile.exitCode(), code);
    }
  }
}

TEST_F(Compile, AnOverflowNamesTheTensor) {
  SmallCheckpoint small;
  for (SafetensorsDeclaration &tensor : small.tensors) {
    tensor.type = ElementType::f32;
  }
  fs::create_directory(folder_.path() / "big");
  folder_.write("big/config.json", small.config.dump());
  auto writer = SafetensorsWriter::create(folder_.file("big/model.safetensors"), small.tensors);
  float value = 1e6f;
  ASSERT_TRUE((*writer)->write(11, 4, std::as_bytes(std::span(&value, 1))).ok());
  ASSERT_TRUE((*writer)->finish().ok());
  EXPECT_THAT(errorOf(folder_.file("big") + " --no-tokenizer --weights f16 --target ops -o " + package()),
              HasSubstr("tensor 'lm_head.weight': 1000000 in row 0, column 1 does not fit f16"));
  EXPECT_EQ(run(folder_.file("big") + " --no-tokenizer --weights bf16 --target ops -o " + package()).exitCode,
            0);
}

} // namespace
