// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The devices of the backend, and loading of code: what is accepted, and what is refused with which message.
#include "CudaFixture.h"

#include "plugins/api/cria_kernel_info.h"

#include <cstdlib>
#include <elf.h>

using namespace cria::conformance;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class CudaCode : public CudaBackendTest {
protected:
  Outcome load(const std::string &format, const std::string &features, const std::string &bytes) {
    cria_code *loaded = nullptr;
    Outcome outcome = device_->load(executableInfo(format, features), bytesOf(bytes), "", &loaded);
    EXPECT_EQ(loaded != nullptr, outcome.ok());
    return outcome;
  }
  Outcome loadPtx(const std::string &text) { return load("nv.ptx", kTestFeatures, text); }
};

/// An ELF header as a cubin has it, and one section header that says where its section lies.
std::string cubin(uint64_t sectionSize, uint32_t sectionType = SHT_PROGBITS) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_machine = 190; // EM_CUDA
  header.e_shoff = sizeof(header);
  header.e_shnum = 1;
  header.e_shentsize = sizeof(Elf64_Shdr);
  Elf64_Shdr section{};
  section.sh_type = sectionType;
  section.sh_offset = sizeof(header) + sizeof(section);
  section.sh_size = sectionSize;
  std::string bytes(sizeof(header) + sizeof(section) + 16, '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &section, sizeof(section));
  return bytes;
}

TEST_F(CudaCode, ShowsDevicesWithTheirMemory) {
  uint32_t count = 0;
  ASSERT_EQ(api_.device_count(&count, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(count, 2u);
  cria_device_info info{};
  info.struct_size = sizeof(info);
  ASSERT_EQ(api_.device_info(0, &info, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(std::string(info.name.data, info.name.size), "Fake GPU 0");
  EXPECT_EQ(std::string(info.description.data, info.description.size), "sm_80, 108 SMs, driver 12.4");
  EXPECT_EQ(info.memory_bytes, fakeCuda().memoryBytes);
  device_->allocate(1 << 20);
  ASSERT_EQ(api_.device_info(0, &info, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(info.memory_free_bytes, fakeCuda().memoryBytes - (1 << 20));
  ASSERT_EQ(api_.device_info(1, &info, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(std::string(info.description.data, info.description.size), "sm_81, 108 SMs, driver 12.4");
  EXPECT_EQ(info.memory_free_bytes, 0u); // not known without a context
  EXPECT_THAT(outcomeOf([&](cria_message *m) { return api_.device_info(2, &info, m); }).message,
              HasSubstr("device below 2"));
}

TEST_F(CudaCode, NeedsADeviceThatCanBeOpened) {
  const auto open = [&](uint32_t index, int result) {
    const cria_open_options options{
        .struct_size = sizeof(options), .device = index, .num_threads = 0, .flags = 0};
    fakeCuda().failFunction = "cuDevicePrimaryCtxRetain";
    fakeCuda().failCall = 1;
    fakeCuda().failResult = result;
    cria_context *context = nullptr;
    return outcomeOf([&](cria_message *m) { return api_.open(&options, &context, m); });
  };
  EXPECT_EQ(open(2, 0).status, CRIA_STATUS_NOT_FOUND);
  EXPECT_EQ(open(1, 2).status, CRIA_STATUS_OUT_OF_MEMORY);
  const Outcome busy = open(1, 46);
  EXPECT_EQ(busy.status, CRIA_STATUS_UNSUPPORTED);
  EXPECT_THAT(busy.message, AllOf(HasSubstr("Fake GPU 1 cannot be opened"), HasSubstr("compute mode")));
}

TEST_F(CudaCode, IsProbedForTheDeviceThatIsRequested) {
  const cria_executable_info info = executableInfo("nv.cubin.sm_81", "");
  const auto probe = [&](uint32_t index) {
    uint32_t score = 0;
    EXPECT_EQ(api_.probe(index, &info, &score, nullptr), CRIA_STATUS_OK);
    return score;
  };
  EXPECT_EQ(probe(0), 0u);
  EXPECT_EQ(probe(1), 201u);
  uint32_t score = 0;
  EXPECT_EQ(api_.probe(2, &info, &score, nullptr), CRIA_STATUS_NOT_FOUND);
}

TEST_F(CudaCode, HasRegistersAndResidentBlocksOfItsKernels) {
  const auto find = Backend::named("cuda").plugin().get_extension;
  ASSERT_NE(find, nullptr);
  EXPECT_EQ(find(cria::plugin::string("cria.other")), nullptr);
  const auto *extension =
      static_cast<const cria_kernel_info_api *>(find(cria::plugin::string(CRIA_KERNEL_INFO_EXTENSION)));
  ASSERT_NE(extension, nullptr);
  cria_kernel_info info = {.struct_size = sizeof(info)};
  const auto read = [&](const char *kernel, uint64_t sharedBytes) {
    return outcomeOf([&](cria_message *m) {
      return extension->read(device_->context(), code_, cria::plugin::string(kernel), 256, sharedBytes, &info,
                             m);
    });
  };
  ASSERT_TRUE(read("add_f32", 0).ok());
  EXPECT_EQ(info.registers, 40u) << "as the fake driver states";
  const bool isComplete =
      std::string_view(std::getenv("CRIA_CUDA_DRIVER")).find("without") == std::string_view::npos;
  EXPECT_EQ(info.resident_blocks, isComplete ? 6u : 0u) << "0: the driver has no function that states it";
  EXPECT_EQ(read("absent", 0).status, CRIA_STATUS_NOT_FOUND);
  EXPECT_EQ(read("add_f32", 1 << 20).status, CRIA_STATUS_UNSUPPORTED);
}

TEST_F(CudaCode, ForAnotherCardIsRefusedWithTheRemedy) {
  const Outcome outcome = load("nv.ptx", "sm_90 ptx78", kTestPtx);
  EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(outcome.message, HasSubstr("compile with --target cuda:sm_80"));
}

TEST_F(CudaCode, ThatTheDriverRejectsIsRefusedWithItsLog) {
  const Outcome outcome = loadPtx(".version 7.0\nsyntax error");
  EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(outcome.message,
              AllOf(HasSubstr("driver (CUDA 12.4) rejects the code: CUDA_ERROR_INVALID_PTX"),
                    HasSubstr(": ptxas application ptx input, line 7; error : Parsing error")));
  EXPECT_NE(outcome.message.back(), '\n');
}

TEST_F(CudaCode, IsRefusedWhenItIsNoPtx) {
  for (const std::string &text : {std::string(), std::string("hello"), std::string(".version\0 7.0", 13)}) {
    EXPECT_EQ(loadPtx(text).status, CRIA_STATUS_INCOMPATIBLE_CODE) << text;
  }
  EXPECT_EQ(fakeCuda().calls["cuModuleLoadDataEx"], 1u); // that of the fixture
}

TEST_F(CudaCode, LoadsWholeCubinsAndNoOthers) {
  EXPECT_TRUE(load("nv.cubin.sm_80", "", cubin(16)).ok());
  EXPECT_TRUE(load("nv.cubin.sm_80", "", cubin(1 << 20, SHT_NOBITS)).ok());
  EXPECT_TRUE(load("nv.cubin.sm_80", "", cubin(1 << 20, 0x70000007)).ok());
  EXPECT_THAT(load("nv.cubin.sm_80", "", cubin(17)).message, HasSubstr("cut off"));
  EXPECT_THAT(load("nv.cubin.sm_80", "", cubin(UINT64_MAX)).message, HasSubstr("cut off"));
  EXPECT_THAT(load("nv.cubin.sm_80", "", cubin(16).substr(0, 100)).message, HasSubstr("cut off"));
  EXPECT_THAT(load("nv.cubin.sm_80", "", kTestPtx + kTestPtx).message, HasSubstr("expected a cubin"));
  EXPECT_THAT(load("nv.cubin.sm_80", "", "ELF").message, HasSubstr("3 bytes"));
}

TEST_F(CudaCode, LossWhileLoadingIsNoFaultOfTheCode) {
  fakeCuda().failFunction = "cuModuleLoadDataEx";
  fakeCuda().failCall = 1;
  fakeCuda().failResult = 719;
  EXPECT_EQ(loadPtx(kTestPtx).status, CRIA_STATUS_DEVICE_LOST);
}

} // namespace
