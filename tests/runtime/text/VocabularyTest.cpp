// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/text/GoldenFiles.h"

namespace cria {
namespace {

std::string_view pieceOf(const cria_vocabulary &view, uint32_t id) {
  return {view.pieces[id].data, view.pieces[id].size};
}

std::string_view nameOf(const cria_vocabulary &view, uint32_t id) {
  return {view.names[id].data, view.names[id].size};
}

TEST(VocabularyTest, ShowsPiecesAndKinds) {
  auto tokenizer = openGolden();
  const Vocabulary vocabulary(tokenizer.get(), 800, {2, 7}, 1);
  tokenizer.reset(); // not needed any more
  const cria_vocabulary &view = vocabulary.view();
  EXPECT_EQ(view.struct_size, sizeof(cria_vocabulary));
  EXPECT_EQ(view.size, 800u);
  EXPECT_EQ(pieceOf(view, 394), " [");
  EXPECT_EQ(pieceOf(view, 13), "\n");
  EXPECT_EQ(pieceOf(view, 1), "");
  EXPECT_EQ(nameOf(view, 394), "▁[");
  EXPECT_EQ(nameOf(view, 13), "<0x0A>");
  EXPECT_EQ(nameOf(view, 1), "<s>");
  EXPECT_EQ(nameOf(view, 799), "");
  EXPECT_EQ(view.bos_id, 1);
  EXPECT_EQ(view.eos_id, 2);
  EXPECT_EQ(view.kinds[0], CRIA_TOKEN_UNKNOWN);
  EXPECT_EQ(view.kinds[1], CRIA_TOKEN_CONTROL);
  EXPECT_EQ(view.kinds[13], CRIA_TOKEN_BYTE);
  EXPECT_EQ(view.kinds[394], CRIA_TOKEN_NORMAL);
  EXPECT_EQ(view.kinds[799], CRIA_TOKEN_UNUSED);
  ASSERT_EQ(view.num_eos, 2u);
  EXPECT_EQ(view.eos_ids[1], 7);
}

TEST(VocabularyTest, NeedsNoTokenizer) {
  const Vocabulary vocabulary(nullptr, 5, {});
  EXPECT_EQ(vocabulary.view().size, 5u);
  EXPECT_EQ(vocabulary.view().kinds[4], CRIA_TOKEN_NORMAL);
  EXPECT_EQ(pieceOf(vocabulary.view(), 4), "");
  EXPECT_EQ(vocabulary.view().bos_id, -1);
}

} // namespace
} // namespace cria
