// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every call of the driver fails once, with every error: the backend returns a reason and releases
// everything.
#include "CudaFixture.h"

using namespace cria::conformance;

namespace {

constexpr uint32_t kOperandFloats = 64;
constexpr uint64_t kBytes = 100 << 10; // goes through the large slots

/// One life of a model: open, load, record, run, time, close. Stops at the first failure and frees what it
/// made.
class Life {
public:
  Outcome live() {
    const Outcome outcome = outcomeOf([&](cria_message *m) { return run(m); });
    end();
    return outcome;
  }

private:
  cria_status run(cria_message *m) {
    cria_status status = make(m);
    status = status == CRIA_STATUS_OK ? record(m) : status;
    status = status == CRIA_STATUS_OK ? step(m) : status;
    status = status == CRIA_STATUS_OK ? time(m) : status;
    return status;
  }

  cria_status make(cria_message *m) {
    const cria_open_options options{
        .struct_size = sizeof(options), .device = 1, .num_threads = 0, .flags = 0};
    cria_device_info properties{};
    properties.struct_size = sizeof(properties);
    const cria_executable_info info = executableInfo("nv.ptx", kTestFeatures);
    const cria_executable executable{.struct_size = sizeof(executable),
                                     .reserved = 0,
                                     .info = &info,
                                     .data = kTestPtx.data(),
                                     .size = kTestPtx.size(),
                                     .path = {}};
    cria_status status = api_.open(&options, &context_, m);
    status = status == CRIA_STATUS_OK ? api_.device_info(1, &properties, m) : status;
    status = status == CRIA_STATUS_OK ? api_.queue_create(context_, &queue_, m) : status;
    status = status == CRIA_STATUS_OK ? allocateBuffer(api_, context_, kBytes, &buffer_, m) : status;
    status = status == CRIA_STATUS_OK ? api_.load(context_, &executable, &code_, m) : status;
    return status;
  }

  cria_status record(cria_message *m) {
    const uint64_t shape[] = {kOperandFloats};
    const uint64_t strides[] = {1};
    const cria_operand operand{.struct_size = sizeof(operand),
                               .access = CRIA_ACCESS_READ_WRITE,
                               .buffer = buffer_,
                               .offset = 0,
                               .size = kOperandFloats * 4,
                               .type = CRIA_TYPE_F32,
                               .rank = 1,
                               .required = 0,
                               .is_result = 0,
                               .name = {},
                               .shape = shape,
                               .strides = strides};
    cria_operand other = operand;
    other.offset = 1024;
    const cria_operand *operands[] = {&operand, &other, &operand};
    cria_entry add{.struct_size = sizeof(add),
                   .kind = CRIA_ENTRY_KERNEL,
                   .name = {"add_f32", 7},
                   .grid = {2, 1, 1},
                   .block = {32, 1, 1},
                   .scratch_bytes = 64 << 10,
                   .fill_value = 0,
                   .num_operands = 3,
                   .operands = operands};
    cria_entry copy{
        .struct_size = sizeof(copy), .kind = CRIA_ENTRY_COPY, .num_operands = 2, .operands = operands};
    cria_entry fill{
        .struct_size = sizeof(fill), .kind = CRIA_ENTRY_FILL, .num_operands = 1, .operands = operands};
    const cria_entry *entries[] = {&add, &copy, &fill};
    const cria_record_info info{.struct_size = sizeof(info), .num_entries = 3, .entries = entries};
    return api_.record(context_, code_, &info, &recording_, m);
  }

  cria_status step(cria_message *m) {
    cria_status status = api_.upload(queue_, buffer_, 0, host_.data(), kBytes, m);
    status = status == CRIA_STATUS_OK ? api_.upload(queue_, buffer_, 0, host_.data(), 100, m) : status;
    status = status == CRIA_STATUS_OK ? api_.fill(queue_, buffer_, 64, 64, 1, m) : status;
    status = status == CRIA_STATUS_OK ? api_.copy(queue_, buffer_, 64, buffer_, 0, 64, m) : status;
    status = status == CRIA_STATUS_OK ? api_.replay(queue_, recording_, nullptr, m) : status;
    status = status == CRIA_STATUS_OK ? api_.download(queue_, buffer_, 0, host_.data(), kBytes, m) : status;
    status = status == CRIA_STATUS_OK ? api_.signal(queue_, &event_, m) : status;
    status = status == CRIA_STATUS_OK ? api_.event_wait(event_, 1'000'000'000, m) : status;
    status = status == CRIA_STATUS_OK ? api_.event_wait(event_, UINT64_MAX, m) : status;
    return status == CRIA_STATUS_OK ? api_.finish(queue_, m) : status;
  }

  cria_status time(cria_message *m) {
    uint64_t times[3] = {};
    cria_profile profile{.struct_size = sizeof(profile), .num_entries = 3, .nanoseconds = times};
    cria_status status = api_.profile_enable(queue_, 1, m);
    status = status == CRIA_STATUS_OK ? api_.replay(queue_, recording_, nullptr, m) : status;
    status = status == CRIA_STATUS_OK ? api_.finish(queue_, m) : status;
    return status == CRIA_STATUS_OK ? api_.profile_read(queue_, &profile, m) : status;
  }

  void end() {
    if (context_ == nullptr) {
      return;
    }
    api_.event_free(event_);
    api_.recording_free(context_, recording_);
    api_.unload(context_, code_);
    api_.buffer_free(context_, buffer_);
    api_.queue_free(queue_);
    api_.close(context_);
  }

  const cria_backend_api &api_ = Backend::named("cuda").api();
  std::vector<std::byte> host_ = std::vector<std::byte>(kBytes);
  cria_context *context_ = nullptr;
  cria_queue *queue_ = nullptr;
  cria_buffer *buffer_ = nullptr;
  cria_code *code_ = nullptr;
  cria_recording *recording_ = nullptr;
  cria_event *event_ = nullptr;
};

class CudaFault : public CudaBackendTest, public testing::WithParamInterface<std::tuple<int, bool>> {
protected:
  void SetUp() override { calm(); }
};
constexpr int kResults[] = {1, 2, 700, 999};
INSTANTIATE_TEST_SUITE_P(Results, CudaFault, testing::Combine(testing::ValuesIn(kResults), testing::Bool()));

TEST_P(CudaFault, AtAnyCallIsAnsweredAndLeavesNothing) {
  cria::fake_cuda::Control &control = fakeCuda();
  uint64_t failures = 0;
  uint64_t call = 1;
  for (bool happened = true; happened; ++call) {
    calm();
    control.deferred = std::get<1>(GetParam());
    control.failResult = std::get<0>(GetParam());
    control.failCall = call;
    const Outcome outcome = Life().live();
    happened = control.failed;
    failures += outcome.ok() ? 0 : 1;
    EXPECT_EQ(outcome.ok(), outcome.message.empty());
    EXPECT_TRUE(happened || outcome.ok()) << outcome.message;
    ASSERT_EQ(control.live, 0) << "after a fault at call " << call << ": " << outcome.message;
    ASSERT_THAT(control.complaints, testing::IsEmpty()) << "after a fault at call " << call;
  }
  EXPECT_GT(call, 100u);
  EXPECT_GT(failures, 80u);
}

} // namespace
