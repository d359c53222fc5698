// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs: reading, and each rule of the verifier with its message.
#include "format/ProgramVerifier.h"
#include "format/ProgramWriter.h"

#include "tests/testing/toy/ToyPackage.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using ::testing::HasSubstr;

Status check(const OrderedJson &json) {
  auto program = parseProgram(json.dump(), "p.json");
  return program.ok() ? verifyProgram(*program, kToyVocab) : program.status();
}

OrderedJson &dispatch(OrderedJson &p, size_t entry, size_t index) {
  return p["entries"][entry]["dispatches"][index];
}
OrderedJson &binding(OrderedJson &p, size_t entry, size_t index, size_t number) {
  return dispatch(p, entry, index)["bindings"][number];
}

TEST(Program, ReadsEverything) {
  auto program = parseProgram(toyProgram().dump(), "p.json");
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(program->limits.maxSequences, kToyMaxSequences);
  EXPECT_EQ(program->kv.pageBytes, kToyPageBytes);
  EXPECT_EQ(program->step[StepFieldKind::blockTable].offset, 384u);
  EXPECT_EQ(program->result().name, "logits");
  EXPECT_EQ(program->findEntry("small")->maxTokens, 3u);
  EXPECT_EQ(program->findEntry("initialize"), nullptr);
  const ProgramBinding &cache = program->entries[0].dispatches[0].bindings[2];
  EXPECT_TRUE(cache.toEnd);
  EXPECT_EQ(cache.buffer.space, BufferSpace::kv);
  EXPECT_EQ(cache.shape[0].kind, ExtentKind::pages);
  EXPECT_EQ(program->kernels[0].attributes.size(), 1u);
  EXPECT_EQ(std::get<int64_t>(program->kernels[0].attributes[0].value), kToyPageTokens);
  Status status = verifyProgram(*program, kToyVocab);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Program, IsWrittenAsItWasRead) {
  auto program = parseProgram(toyProgram().dump(), "p.json");
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(programToJson(*program).dump(), toyProgram().dump());
}

OrderedJson tiled(int times, const char *of, int tile) {
  return {{"times", times}, {"of", of}, {"tile", tile}};
}

/// Stores the rows of the step, of which there are up to 16, in tiles of 6: 18 elements.
OrderedJson programWithTiledRows() {
  OrderedJson program = toyProgram();
  program["buffers"][0]["shape"][0] = tiled(6, "T", 6);
  program["buffers"][0]["size"] = 128;
  for (OrderedJson &entry : program["entries"]) {
    for (OrderedJson *rows :
         {&entry["dispatches"][0]["bindings"][3], &entry["dispatches"][1]["bindings"][4]}) {
      (*rows)["shape"][0] = tiled(6, "T", 6);
      (*rows)["size"] = 72;
    }
  }
  return program;
}

TEST(Program, TiledExtentsAreReadVerifiedAndWritten) {
  const OrderedJson json = programWithTiledRows();
  EXPECT_TRUE(check(json).ok()) << check(json).message();
  auto program = parseProgram(json.dump(), "p.json");
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(program->buffers[0].shape[0], (Extent{.kind = ExtentKind::tokens, .times = 6, .tile = 6}));
  EXPECT_EQ(programToJson(*program).dump(), json.dump());
}

TEST(ProgramVerifier, TiledExtentsCountTheirPadding) {
  OrderedJson json = programWithTiledRows();
  binding(json, 2, 1, 4)["size"] = 68; // one element less than 3 tiles
  EXPECT_THAT(check(json).message(),
              HasSubstr("binding 'rows': the last element at the maximum sizes exceeds"));
  json = programWithTiledRows();
  json["buffers"][0]["size"] = 64;
  EXPECT_THAT(check(json).message(), HasSubstr("expected a size of 72 bytes for the shape"));
}

TEST(Program, ResolvesExtentsAndGrids) {
  constexpr uint64_t kTokens = 13, kOutputs = 4, kPages = 9;
  auto extent = [&](Extent e) { return resolveExtent(e, {.maxSequences = 5}, kTokens, kOutputs, kPages); };
  EXPECT_EQ(extent({.value = 7}), 7u);
  EXPECT_EQ(extent({.kind = ExtentKind::tokens}), kTokens);
  EXPECT_EQ(extent({.kind = ExtentKind::tokens, .times = 6, .tile = 6}), 18u);
  EXPECT_EQ(extent({.kind = ExtentKind::outputs, .times = 2, .tile = 4}), 2u);
  EXPECT_EQ(extent({.kind = ExtentKind::sequencesPlusOne}), 6u);
  EXPECT_EQ(extent({.kind = ExtentKind::pages}), kPages);
  EXPECT_EQ(resolveGrid({.times = 3, .of = ExtentKind::tokens, .tile = 4}, kTokens, kOutputs), 12u);
  EXPECT_EQ(resolveGrid({.times = 3, .of = ExtentKind::outputs, .tile = 4}, kTokens, kOutputs), 3u);
  EXPECT_EQ(resolveGrid({.times = 3}, kTokens, kOutputs), 3u);
  EXPECT_EQ(resolveGrid({.of = ExtentKind::outputs}, kTokens, 0), 0u);
}

TEST(ProgramVerifier, NamesThePlace) {
  OrderedJson json = toyProgram();
  binding(json, 2, 1, 6)["access"] = "write";
  auto program = parseProgram(json.dump(), "p.json");
  ASSERT_TRUE(program.ok()) << program.status().message();
  ProgramPlace place;
  EXPECT_FALSE(verifyProgram(*program, kToyVocab, &place).ok());
  EXPECT_EQ(place.part, ProgramPlace::Part::entry);
  EXPECT_EQ(place.index, 2u);
  EXPECT_EQ(place.dispatch, 1u);
}

struct Hostile {
  std::string name;
  std::function<void(OrderedJson &)> change;
  std::string message;
};

class HostileProgram : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileProgram, IsRefusedWithThePlace) {
  OrderedJson program = toyProgram();
  ASSERT_TRUE(check(program).ok()) << check(program).message();
  GetParam().change(program);
  Status status = check(program);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr(GetParam().message));
}

OrderedJson arenaBuffer(const char *name, uint64_t offset) {
  return {{"name", name},   {"kind", "arena"}, {"type", "i32"},
          {"shape", {"T"}}, {"size", 64},      {"offset", offset}};
}

OrderedJson constantBuffer(OrderedJson data, uint64_t size = 64) {
  return {{"name", "c"},   {"kind", "constant"}, {"type", "u32"},
          {"shape", {16}}, {"size", size},       {"data", data}};
}

/// Makes the last dispatch of `decode` read another arena buffer that its first one wrote.
void addSecondArenaBuffer(OrderedJson &p, uint64_t offset) {
  p["buffers"].push_back(arenaBuffer("more", offset));
  OrderedJson more = binding(p, 0, 0, 3);
  more["name"] = "more";
  more["buffer"] = "more";
  dispatch(p, 0, 0)["bindings"].push_back(more);
  more["access"] = "read";
  dispatch(p, 0, 1)["bindings"].push_back(more);
}

/// Adds an entry `initialize` of one dispatch with one binding.
void addInitialize(OrderedJson &p, OrderedJson binding) {
  OrderedJson grid = {{{"times", 1}, {"of", 1}, {"tile", 1}}};
  OrderedJson fill = {{"kernel", 0}, {"grid", grid}, {"bindings", {binding}}};
  p["entries"].push_back(
      {{"name", "initialize"}, {"min_tokens", 0}, {"max_tokens", 0}, {"dispatches", {fill}}});
}

const Hostile kReading[] = {
    {"Newer", [](OrderedJson &p) { p["program_version"] = 3; }, "p.json: expected program_version 2, got 3"},
    {"Older", [](OrderedJson &p) { p["program_version"] = 1; },
     "p.json: expected program_version 2, got 1; compile the model again"},
    {"Extra", [](OrderedJson &p) { p["x"] = 1; }, "p.json: unknown member 'x'"},
    {"LimitZero", [](OrderedJson &p) { p["limits"]["max_tokens"] = 0; },
     "p.json: limits: expected 'max_tokens' to be an integer from 1 to 1048576, got 0"},
    {"UnknownField", [](OrderedJson &p) { p["step"]["fields"][3]["name"] = "words"; },
     "step: fields[3] 'words': expected 'name' to be the name of a step input"},
    {"FieldTwice", [](OrderedJson &p) { p["step"]["fields"][4]["name"] = "tokens"; }, "duplicate field"},
    {"FieldMissing", [](OrderedJson &p) { p["step"]["fields"].erase(9); }, "fields: 'outputs' is missing"},
    {"UnknownType", [](OrderedJson &p) { p["kv"]["type"] = "q8"; },
     "kv: expected 'type' to be f32, f16, bf16, i32, u32, u8 or i8, got \"q8\""},
    {"NameTwice", [](OrderedJson &p) { p["buffers"][0]["name"] = "table"; },
     "buffers[0] 'table': the name 'table' is taken by another weight or buffer"},
    {"FixedName", [](OrderedJson &p) { p["buffers"][0]["name"] = "kv"; }, "the name 'kv' is taken"},
    {"NoName", [](OrderedJson &p) { p["weights"][0]["name"] = ""; },
     "expected 'name' to be a name of 1 to 256 bytes"},
    {"BadExtent", [](OrderedJson &p) { p["buffers"][0]["shape"][0] = "Q"; },
     "expected a dimension to be a number"},
    {"TiledExtentOf", [](OrderedJson &p) { p["buffers"][0]["shape"][0] = tiled(6, "S", 6); },
     "buffers[0] 'rows': shape: expected 'of' to be 'T' or 'R', got \"S\""},
    {"TiledExtentTile", [](OrderedJson &p) { p["buffers"][0]["shape"][0] = tiled(6, "T", 0); },
     "shape: expected 'tile' to be an integer"},
    {"NegativeExtent", [](OrderedJson &p) { p["buffers"][0]["shape"][0] = -1; },
     "buffers[0] 'rows': shape: expected a number from 0 to 2^50, got -1"},
    {"ManyExtents", [](OrderedJson &p) { p["buffers"][0]["shape"] = std::vector<int>(9, 1); },
     "expected 'shape' to have a rank of at most 8, got 9"},
    {"BufferKind", [](OrderedJson &p) { p["buffers"][0]["kind"] = "heap"; },
     "expected 'kind' to be arena, result or constant"},
    {"KernelKind", [](OrderedJson &p) { p["kernels"][0]["kind"] = "collective"; },
     "kernels[0] 'append': expected 'kind' to be kernel or op"},
    {"AttributeFlag", [](OrderedJson &p) { p["kernels"][0]["attributes"]["page_tokens"] = true; },
     "expected 'page_tokens' to be an integer, a number or a string, got true"},
    {"KernelIndex", [](OrderedJson &p) { dispatch(p, 0, 0)["kernel"] = 2; },
     "entries[0] 'decode': dispatches[0]: expected 'kernel' to be an integer from 0 to 1, got 2"},
    {"GridDimensions", [](OrderedJson &p) { dispatch(p, 0, 0)["grid"] = OrderedJson::array(); },
     "expected 'grid' to have 1 to 3 dimensions, got 0"},
    {"GridOf", [](OrderedJson &p) { dispatch(p, 0, 0)["grid"][0]["of"] = "S"; },
     "grid[0]: expected 'of' to be 1, 'T' or 'R', got \"S\""},
    {"GridTile", [](OrderedJson &p) { dispatch(p, 0, 0)["grid"][0]["tile"] = 0; },
     "expected 'tile' to be an integer"},
    {"UnknownBuffer", [](OrderedJson &p) { binding(p, 0, 0, 3)["buffer"] = "elsewhere"; },
     "bindings[3] 'rows': expected 'buffer' to be the name of a weight, a buffer, 'step' or 'kv'"},
    {"Access", [](OrderedJson &p) { binding(p, 0, 0, 3)["access"] = "execute"; },
     "expected 'access' to be read, write or read_write"},
    {"Strides", [](OrderedJson &p) { binding(p, 0, 0, 3)["strides"] = {1, 1}; },
     "expected one stride per dimension, got 2 strides for rank 1"},
    {"WindowSize", [](OrderedJson &p) { binding(p, 0, 0, 3)["size"] = "all"; },
     "expected 'size' to be an integer"},
    {"Layout", [](OrderedJson &p) { p["weights"][0]["layout"] = "spiral"; },
     "weights[0] 'table': expected 'layout' to be row_major, panel16 or row_padded, got \"spiral\""},
    {"Format", [](OrderedJson &p) { p["weights"][0]["format"] = "i8"; },
     "weights[0] 'table': expected 'format' to be f32, f16, bf16, q8_0, q4_0,"},
    {"LongContext", [](OrderedJson &p) { p["limits"]["context"] = (1 << 24) + 1; },
     "expected 'context' to be an integer from 1 to 16777216"},
    {"TensorWithoutFile", [](OrderedJson &p) { p["weights"][0]["file"] = nullptr; },
     "weights[0] 'table': arrays[0]: expected 'tensor' to be null for a weight without a file"},
    {"ArraySuffix", [](OrderedJson &p) { p["weights"][0]["arrays"][0].erase("suffix"); },
     "'suffix' is missing"},
    {"ConstantWord", [](OrderedJson &p) { p["buffers"].push_back(constantBuffer({-1})); },
     "expected 'data' of f32, i32 or u32 values, got -1 for type u32"},
};
INSTANTIATE_TEST_SUITE_P(Reading, HostileProgram, ::testing::ValuesIn(kReading),
                         [](const auto &info) { return info.param.name; });

const Hostile kParts[] = {
    {"PagesTooFew", [](OrderedJson &p) { p["limits"]["context"] = 33; },
     "limits: expected max_pages_per_sequence 8 times 4 positions to cover the context 33"},
    {"ManyOutputs", [](OrderedJson &p) { p["limits"]["max_outputs"] = 17; },
     "limits: expected max_outputs to be at most max_tokens 16, got 17"},
    {"KvType", [](OrderedJson &p) { p["kv"]["type"] = "u8"; }, "kv: expected type f16, f32 or i8, got u8"},
    {"OddPage", [](OrderedJson &p) { p["kv"]["page_bytes"] = 65; },
     "kv: expected page_bytes to be a multiple of 64, got 65"},
    {"HugeStep", [](OrderedJson &p) { p["step"]["size"] = 1 << 29; },
     "step: expected a size up to 268435456 bytes"},
    {"HeaderMoved", [](OrderedJson &p) { p["step"]["fields"][1]["offset"] = 12; },
     "step: field 'num_outputs': expected offset 4, got 12"},
    {"FieldLength", [](OrderedJson &p) { p["step"]["fields"][7]["length"] = 4; },
     "step: field 'sequence_starts': expected length 5, got 4"},
    {"FieldOutside", [](OrderedJson &p) { p["step"]["fields"][9]["offset"] = 516; },
     "step: field 'outputs': 16 elements at offset 516 exceed the step buffer of 576 bytes"},
    {"FieldsOverlap", [](OrderedJson &p) { p["step"]["fields"][4]["offset"] = 100; },
     "step: the fields 'tokens' and 'positions' overlap"},
    {"LayoutRank", [](OrderedJson &p) { p["weights"][0]["shape"] = {16, 4, 4}; },
     "weight 'table': expected rank 1 or 2 with layout row_major, got 3"},
    {"ArraySize", [](OrderedJson &p) { p["weights"][0]["arrays"][0]["size"] = 1000; },
     "weight 'table': array 0: expected '' of f32, shape [64, 4] and 1024 bytes"},
    {"ArrayType", [](OrderedJson &p) { p["weights"][0]["arrays"][0]["type"] = "f16"; }, "got '' of f16"},
    {"ArrayShape", [](OrderedJson &p) { p["weights"][0]["arrays"][0]["shape"] = {4, 64}; },
     "got '' of f32, shape [4, 64]"},
    {"ArraysOfAnotherFormat",
     [](OrderedJson &p) {
       OrderedJson again = p["weights"][0]["arrays"][0];
       again["suffix"] = "scales";
       p["weights"][0]["arrays"].push_back(again);
     },
     "weight 'table': expected 1 arrays in format f32, got 2"},
    {"WeightOverflow", [](OrderedJson &p) { p["weights"][0]["shape"] = {1ull << 49, 1ull << 49}; },
     "weight 'table': expected positive dimensions"},
    {"BufferSmall", [](OrderedJson &p) { p["buffers"][0]["size"] = 60; },
     "buffer 'rows': expected a size of 64 bytes for the shape at the maximum sizes, got 60"},
    {"BufferHuge", [](OrderedJson &p) { p["buffers"][0]["size"] = 1ull << 40; },
     "buffer 'rows': expected a size of 64 bytes for the shape at the maximum sizes, got 1099511627776"},
    {"BufferOverflow", [](OrderedJson &p) { p["buffers"][0]["shape"] = {1ull << 40, 1ull << 40}; },
     "buffer 'rows': the size of the shape overflows"},
    {"BufferOfPages", [](OrderedJson &p) { p["buffers"][0]["shape"] = {"P"}; },
     "expected numbers for all dimensions but the first, and 'P' only for kv"},
    {"ArenaAlignment", [](OrderedJson &p) { p["buffers"][0]["offset"] = 4; },
     "buffer 'rows': expected an arena offset that is a multiple of 64, got 4"},
    {"ArenaHuge", [](OrderedJson &p) { p["buffers"][0]["offset"] = 1ull << 40; },
     "buffer 'rows': expected an arena of at most 274877906944 bytes"},
    {"ResultShape", [](OrderedJson &p) { p["buffers"][1]["shape"] = {"T", 64}; },
     "buffer 'logits': expected a result of type f32 and shape ['R', 64], the vocabulary"},
    {"NoResult", [](OrderedJson &p) { p["buffers"][1]["kind"] = "arena", p["buffers"][1]["offset"] = 64; },
     "expected one buffer of kind result, got 0"},
    {"ConstantSize", [](OrderedJson &p) { p["buffers"].push_back(constantBuffer(OrderedJson::array())); },
     "buffer 'c': expected 64 bytes of data, got 0 words of 4"},
    {"EntryName", [](OrderedJson &p) { p["entries"][1]["name"] = "large"; },
     "expected the entry points decode, small, prefill and initialize, got 'large'"},
    {"EntryTwice", [](OrderedJson &p) { p["entries"][1]["name"] = "decode"; },
     "duplicate entry point 'decode'"},
    {"EntryTokens", [](OrderedJson &p) { p["entries"][1]["max_tokens"] = 17; },
     "entry 'small': expected 1 to 16 tokens, got 2 to 17"},
    {"NoDecode", [](OrderedJson &p) { p["entries"].erase(0); },
     "expected an entry point 'decode' of 1 token"},
    {"ShortPrefill", [](OrderedJson &p) { p["entries"][2]["max_tokens"] = 15; },
     "expected an entry point 'prefill' of up to max_tokens 16 tokens"},
    {"NotInitialized",
     [](OrderedJson &p) { p["weights"][0]["file"] = p["weights"][0]["arrays"][0]["tensor"] = nullptr; },
     "weight 'table': expected a file or an entry point 'initialize' that writes it"},
};
INSTANTIATE_TEST_SUITE_P(Parts, HostileProgram, ::testing::ValuesIn(kParts),
                         [](const auto &info) { return info.param.name; });

const Hostile kDispatches[] = {
    {"GridHuge", [](OrderedJson &p) { dispatch(p, 0, 0)["grid"][0]["times"] = 1ull << 31; },
     "entry 'decode': dispatch 0 ('append'): expected a grid dimension up to 2147483647"},
    {"GridProduct",
     [](OrderedJson &p) {
       OrderedJson dimension = {{"times", 1 << 30}, {"of", 1}, {"tile", 1}};
       dispatch(p, 0, 0)["grid"] = {dimension, dimension};
     },
     "expected a grid of at most 2^48 workgroups"},
    {"ManyBindings",
     [](OrderedJson &p) {
       for (int i = 0; i < 64; ++i) {
         dispatch(p, 0, 0)["bindings"].push_back(binding(p, 0, 0, 0));
       }
     },
     "expected at most 64 bindings, got 68"},
    {"WindowOutside", [](OrderedJson &p) { binding(p, 0, 1, 6)["size"] = 1028; },
     "binding 'bias': the window of 1028 bytes at offset 0 exceeds 'table' of 1024 bytes"},
    {"OffsetOutside", [](OrderedJson &p) { binding(p, 0, 1, 6)["offset"] = 1024; },
     "the window of 1024 bytes at offset 1024 exceeds 'table'"},
    {"KvOffset", [](OrderedJson &p) { binding(p, 0, 1, 5)["offset"] = 64; },
     "the window of rest bytes at offset 64 exceeds 'kv' of 64 bytes"},
    {"KvSize", [](OrderedJson &p) { binding(p, 0, 1, 5)["size"] = 64; },
     "expected size 'rest' for the window of 'kv'"},
    {"RestOfABuffer", [](OrderedJson &p) { binding(p, 0, 1, 6)["size"] = "rest"; },
     "expected a size in bytes for the window of 'table'"},
    {"OpAlignment",
     [](OrderedJson &p) { binding(p, 0, 1, 6)["offset"] = 2, binding(p, 0, 1, 6)["size"] = 1000; },
     "expected an offset that is a multiple of 4, got 2"},
    {"KernelAlignment",
     [](OrderedJson &p) {
       p["kernels"][1] = {{"name", "k"}, {"kind", "kernel"}, {"symbol", "k"}, {"scratch_bytes", 0}};
       binding(p, 0, 1, 6)["offset"] = 4, binding(p, 0, 1, 6)["size"] = 1000;
     },
     "expected an offset that is a multiple of 64, got 4"},
    {"LastElement", [](OrderedJson &p) { binding(p, 0, 1, 6)["strides"] = {5, 1}; },
     "binding 'bias': the last element at the maximum sizes exceeds the window of 1024 bytes"},
    {"LastElementOverflow", [](OrderedJson &p) { binding(p, 0, 1, 6)["strides"] = {1ull << 50, 1ull << 50}; },
     "the last element at the maximum sizes exceeds the window"},
    {"RowsAtTheMaximum", [](OrderedJson &p) { binding(p, 2, 0, 3)["size"] = 60; },
     "entry 'prefill': dispatch 0 ('append'): binding 'rows': the last element at the maximum sizes exceeds"},
    {"PagesElsewhere", [](OrderedJson &p) { binding(p, 0, 1, 6)["shape"] = {"P", 4}; },
     "expected at most one dimension 'P', only for kv and with a stride of at most one page"},
    {"PagesTwice",
     [](OrderedJson &p) {
       binding(p, 0, 1, 5)["shape"] = {"P", "P"};
       binding(p, 0, 1, 5)["strides"] = {16, 16};
     },
     "expected at most one dimension 'P', only for kv and with a stride of at most one page"},
    {"PageStride", [](OrderedJson &p) { binding(p, 0, 1, 5)["strides"] = {17, 1}; },
     "expected at most one dimension 'P', only for kv and with a stride of at most one page"},
    {"BeyondThePage", [](OrderedJson &p) { binding(p, 0, 1, 5)["shape"] = {"P", 17}; },
     "binding 'cache': the last element at the maximum sizes exceeds the window of 64 bytes"},
    {"WritesStep", [](OrderedJson &p) { binding(p, 0, 0, 0)["access"] = "write"; },
     "binding 'tokens': writes 'step', which is read-only"},
    {"WritesWeight", [](OrderedJson &p) { binding(p, 0, 1, 6)["access"] = "write"; },
     "writes weight 'table': only 'initialize' writes weights, and only those without a file"},
    {"WritesConstant",
     [](OrderedJson &p) {
       p["buffers"].push_back(constantBuffer(std::vector<int>(16, 1)));
       binding(p, 0, 1, 6) = {{"name", "c"},   {"buffer", "c"},  {"access", "write"}, {"type", "u32"},
                              {"shape", {16}}, {"strides", {1}}, {"offset", 0},       {"size", 64}};
     },
     "writes constant 'c', which is read-only"},
    {"ReadsUnwritten", [](OrderedJson &p) { binding(p, 0, 0, 3)["access"] = "read"; },
     "entry 'decode': dispatch 0 ('append'): binding 'rows': reads bytes 0 to 64 of 'rows' before all of "
     "them "
     "are written"},
    {"ReadsItsOwnResult", [](OrderedJson &p) { binding(p, 0, 0, 3)["access"] = "read_write"; },
     "reads bytes 0 to 64 of 'rows' before all of them are written"},
    {"Aliases",
     [](OrderedJson &p) {
       OrderedJson again = binding(p, 0, 0, 3);
       again["name"] = "again";
       dispatch(p, 0, 0)["bindings"].push_back(again);
     },
     "bindings 'rows' and 'again' overlap in 'rows', and one of them is written"},
    {"ArenaOverlap", [](OrderedJson &p) { addSecondArenaBuffer(p, 0); },
     "entry 'decode': buffers 'rows' and 'more' overlap in the arena and are both live at dispatch 0"},
    {"ReadsPartlyWritten",
     [](OrderedJson &p) {
       binding(p, 0, 0, 3)["size"] = 32;
       binding(p, 0, 0, 3)["shape"] = {8};
       binding(p, 0, 0, 3)["strides"] = {1};
     },
     "of 'rows' before all of them are written"},
    {"ResultNotWritten", [](OrderedJson &p) { p["entries"][0]["dispatches"].erase(1); },
     "entry 'decode': expected the entry point to write the result 'logits'"},
    {"RepeatsWithoutEnd",
     [](OrderedJson &p) {
       binding(p, 0, 1, 6)["shape"] = {1ull << 31, 4};
       binding(p, 0, 1, 6)["strides"] = {0, 1};
     },
     "binding 'bias': expected a shape of at most 256 elements, the size of 'table' times the rows of "
     "the step"},
    {"RepeatsBeyond128Bits",
     [](OrderedJson &p) {
       binding(p, 0, 1, 6)["shape"] = std::vector<uint64_t>(8, 1ull << 50);
       binding(p, 0, 1, 6)["strides"] = std::vector<uint64_t>(8, 0);
     },
     "binding 'bias': expected a shape of at most 256 elements"},
    {"InitializeUsesStep", [](OrderedJson &p) { addInitialize(p, binding(p, 0, 0, 0)); },
     "entry 'initialize': dispatch 0 ('append'): binding 'tokens': 'step' is not available in entry point "
     "'initialize'"},
    {"InitializeUsesKv", [](OrderedJson &p) { addInitialize(p, binding(p, 0, 1, 5)); },
     "entry 'initialize': dispatch 0 ('append'): binding 'cache': 'kv' is not available in entry point "
     "'initialize'"},
    {"InitializeTakesTokens",
     [](OrderedJson &p) {
       addInitialize(p, binding(p, 0, 1, 6));
       p["entries"].back()["max_tokens"] = 1;
     },
     "entry 'initialize': expected 0 tokens, got 0 to 1"},
};
INSTANTIATE_TEST_SUITE_P(Dispatches, HostileProgram, ::testing::ValuesIn(kDispatches),
                         [](const auto &info) { return info.param.name; });

TEST(ProgramVerifier, BuffersApartInTimeShareTheArena) {
  OrderedJson program = toyProgram();
  addSecondArenaBuffer(program, 64);
  EXPECT_TRUE(check(program).ok()) << check(program).message();
  // A buffer that is alive in another entry point only may have any offset.
  program = toyProgram();
  program["buffers"].push_back(arenaBuffer("more", 0));
  EXPECT_TRUE(check(program).ok()) << check(program).message();
}

TEST(ProgramVerifier, InPlaceAllowsTheSameWindowOnly) {
  OrderedJson program = toyProgram();
  OrderedJson again = binding(program, 0, 0, 3);
  again["name"] = "again";
  dispatch(program, 0, 0)["bindings"].push_back(again);
  dispatch(program, 0, 0)["in_place"] = true;
  EXPECT_TRUE(check(program).ok()) << check(program).message();
  binding(program, 0, 0, 4)["size"] = 60;
  EXPECT_THAT(check(program).message(), HasSubstr("overlap in 'rows', and one of them is written"));
}

// As the codes and the scales of a cache: in each page, one begins where the other ends.
TEST(ProgramVerifier, WrittenBindingsOfPagesMayBeApartInEachPage) {
  const auto bindTwice = [](uint64_t first, uint64_t count, uint64_t stride) {
    OrderedJson program = toyProgram();
    OrderedJson &codes = binding(program, 0, 1, 5), scales;
    codes["access"] = "write", codes["shape"] = {"P", 8}, codes["strides"] = {16, 1};
    scales = codes;
    scales["name"] = "scales", scales["offset"] = first;
    scales["shape"] = {"P", count}, scales["strides"] = {stride, 1};
    dispatch(program, 0, 1)["bindings"].push_back(scales);
    return check(program).message();
  };
  EXPECT_EQ(bindTwice(32, 8, 16), "");
  EXPECT_THAT(bindTwice(28, 8, 16), HasSubstr("bindings 'cache' and 'scales' overlap in 'kv'"));
  EXPECT_THAT(bindTwice(0, 16, 16), HasSubstr("overlap in 'kv'"));
  EXPECT_THAT(bindTwice(32, 8, 15), HasSubstr("overlap in 'kv'")); // reaches all bytes of later pages
}

TEST(ProgramVerifier, InitializeMakesWeightsWithoutAFile) {
  OrderedJson program = toyProgram();
  program["weights"][0]["file"] = program["weights"][0]["arrays"][0]["tensor"] = nullptr;
  OrderedJson table = binding(program, 0, 1, 6);
  table["access"] = "write";
  addInitialize(program, table);
  EXPECT_TRUE(check(program).ok()) << check(program).message();
}

} // namespace
} // namespace cria::test
