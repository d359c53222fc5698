// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a model, and runs steps: check the batch, choose the entry point, upload the step buffer, replay a
// command buffer, return the logits.
#include "runtime/exec/Model.h"

#include "runtime/exec/DispatchTimes.h"
#include "runtime/exec/KernelTimes.h"
#include "runtime/exec/LinearInputs.h"
#include "runtime/exec/ModelMemory.h"
#include "runtime/exec/Profile.h"
#include "runtime/exec/StepInput.h"
#include "runtime/exec/TargetChoice.h"
#include "runtime/plugin/BackendPlugin.h"

#include <algorithm>

namespace cria {

namespace {
/// Prompt steps of similar size share a command buffer: T is rounded up to this.
constexpr uint32_t kPrefillGranule = 8;
} // namespace

class Model::Implementation {
public:
  Status open(std::shared_ptr<const Package> package, const TargetChoice &choice,
              const ModelOptions &options);
  StatusOr<std::span<const float>> forward(const Batch &batch, const CancelFlag *cancel);
  Status repeatStep(uint32_t count);
  StatusOr<std::vector<ProfileRow>> timeKernels(uint32_t count);
  Status enableProfile(bool on);

  LinearObserver observer;   // may be null
  StepObserver stepObserver; // may be null
  std::shared_ptr<const Package> package;
  Program program;
  std::string backendName, targetName;
  std::vector<std::string> rejectedTargets, targetRemarks;
  std::vector<std::string> notes;
  DeviceMemory deviceMemory; // before any allocation
  // Later members use earlier ones and are destroyed before them.
  std::unique_ptr<Device> device;
  std::unique_ptr<ModelMemory> memory;
  DeviceCode code;
  std::unique_ptr<CommandBuffers> commandBuffers;
  std::unique_ptr<KvPool> pool;
  std::unique_ptr<StepInput> input;
  std::unique_ptr<Profile> profile;
  BatchLimits limits;

private:
  Status openDevice(const TargetChoice &choice, const ModelOptions &options);
  Status checkMemory(const KvPlan &plan);
  Status loadCode(const PackageTarget &target);
  Status initialize();
  Status requireStep() const;
  Status addKernelInfo(std::vector<ProfileRow> &rows);
  const ProgramEntry &selectEntry(const Batch &batch, uint32_t &numTokens) const;
  /// numRows: T without padding rows.
  StatusOr<const float *> run(const CommandBuffer &commandBuffer, size_t numRows, const CancelFlag *cancel);
  void readClock(StepTimes::TimePoint &time) const;
  Status addTimes(const CommandBuffer &commandBuffer, const Batch &batch, StepTimes &times);
  void reportStep(const CommandBuffer &commandBuffer, const Batch &batch, StepTimes &times) const;

  const CommandBuffer *last_ = nullptr;              // of the last step
  const cria_kernel_info_api *kernelInfo_ = nullptr; // of the backend, if it has this extension
  StepPositions positions_;                          // of the last step
  const float *visibleLogits_ = nullptr;             // the result buffer, if it is host-visible
  std::vector<float> logits_;                        // otherwise its copy
  bool poisonBuffers_ = false;
  bool profiling_ = false;
};

Status Model::Implementation::open(std::shared_ptr<const Package> openPackage, const TargetChoice &choice,
                                   const ModelOptions &options) {
  package = std::move(openPackage);
  CRIA_ASSIGN_OR_RETURN(program, package->program(*choice.target));
  CRIA_ASSIGN_OR_RETURN(KvPlan plan, planKv(program, options));
  CRIA_RETURN_IF_ERROR(openDevice(choice, options));
  CRIA_RETURN_IF_ERROR(options.ignoreMemory ? Status() : checkMemory(plan));
  CRIA_RETURN_IF_ERROR(loadCode(*choice.target));
  CRIA_ASSIGN_OR_RETURN(memory, ModelMemory::allocate(*package, program, *device, plan, options.progress));
  commandBuffers = std::make_unique<CommandBuffers>(*device, code.get(), program, memory->bound(),
                                                    std::max(options.maxCommandBuffers, 1u));
  pool = std::make_unique<KvPool>(plan.numPages, program.kv.pageTokens, program.limits.maxPagesPerSequence,
                                  *memory);
  input = std::make_unique<StepInput>(program.step, program.limits);
  profile = std::make_unique<Profile>(program);
  limits = {.program = program.limits,
            .vocabSize = static_cast<uint32_t>(package->manifest().model.vocabSize),
            .pageTokens = program.kv.pageTokens,
            .numPages = plan.numPages};
  limits.program.context = plan.context;
  visibleLogits_ = static_cast<const float *>(device->hostPointer(memory->result()));
  logits_.resize(visibleLogits_ ? 0 : size_t(program.limits.maxOutputs) * limits.vocabSize);
  poisonBuffers_ = options.debug.poisonBuffers;
  CRIA_RETURN_IF_ERROR(commandBuffers->check());
  return initialize();
}

/// Before anything is allocated, since the host hands out memory when it is touched, and then ends a process
/// when there is too little.
Status Model::Implementation::checkMemory(const KvPlan &plan) {
  const bool hasOwnMemory = !device->canImport() && deviceMemory.freeBytes != 0;
  if (hasOwnMemory) {
    CRIA_RETURN_IF_ERROR(checkFits(program, plan, deviceMemory));
  }
  const HostMemory host = HostMemory::read();
  const HostMemoryUse use = hostMemoryUse(program, plan, !hasOwnMemory, device->canImport());
  CRIA_RETURN_IF_ERROR(checkFits(use, host));
  if (std::string note = noteOnMappedWeights(use, host); !note.empty()) {
    notes.push_back(std::move(note));
  }
  return {};
}

Status Model::Implementation::openDevice(const TargetChoice &choice, const ModelOptions &options) {
  cria_backend_api api = readTable<cria_backend_api>(choice.backend->api);
  cria_open_options open = {.struct_size = sizeof(cria_open_options),
                            .device = options.device,
                            .num_threads = options.numThreads,
                            .flags = options.debug.poisonBuffers ? CRIA_OPEN_POISON_SCRATCH : 0};
  CRIA_ASSIGN_OR_RETURN(device, Device::open(choice.backend->name, api, open));
  cria_device_info info = {};
  info.struct_size = sizeof(info);
  CRIA_RETURN_IF_ERROR(
      callPlugin("device info", [&](cria_message *m) { return api.device_info(options.device, &info, m); }));
  kernelInfo_ = choice.backend->getExtension == nullptr
                    ? nullptr
                    : static_cast<const cria_kernel_info_api *>(
                          choice.backend->getExtension(abiString(CRIA_KERNEL_INFO_EXTENSION)));
  backendName = choice.backend->name;
  targetName = choice.target->name;
  deviceMemory = {.name = std::string(view(info.name)),
                  .totalBytes = info.memory_bytes,
                  .freeBytes = info.memory_free_bytes};
  return {};
}

Status Model::Implementation::loadCode(const PackageTarget &target) {
  CRIA_ASSIGN_OR_RETURN(std::string bytes, package->code(target));
  std::string path = target.code.empty() ? std::string() : package->path(target.code);
  cria_executable_info info = {.struct_size = sizeof(cria_executable_info),
                               .kernel_abi = target.abiVersion,
                               .format = abiString(target.format),
                               .features = abiString(target.features)};
  cria_executable executable = {.struct_size = sizeof(cria_executable),
                                .reserved = 0,
                                .info = &info,
                                .data = bytes.data(),
                                .size = bytes.size(),
                                .path = abiString(path)};
  CRIA_ASSIGN_OR_RETURN(code, device->load(executable));
  return {};
}

/// Fills the weights that have no file.
Status Model::Implementation::initialize() {
  const ProgramEntry *entry = program.findEntry("initialize");
  if (!entry) {
    return device->finish();
  }
  CRIA_ASSIGN_OR_RETURN(const CommandBuffer *commandBuffer, commandBuffers->get(*entry, entry->maxTokens, 0));
  CRIA_RETURN_IF_ERROR(device->upload(memory->step(), 0, input->words().data(), program.step.size));
  CRIA_RETURN_IF_ERROR(device->replay(commandBuffer->handle, nullptr));
  return device->finish();
}

/// The entry point for a batch, and the number of rows that it runs with.
const ProgramEntry &Model::Implementation::selectEntry(const Batch &batch, uint32_t &numTokens) const {
  const ProgramEntry *decode = program.findEntry("decode"), *small = program.findEntry("small");
  if (batch.phase == Phase::decode && numTokens == 1) {
    return *decode;
  }
  if (batch.phase == Phase::decode && small && numTokens <= small->maxTokens) {
    numTokens = std::max(numTokens, small->minTokens);
    return *small;
  }
  const ProgramEntry *prefill = program.findEntry("prefill");
  uint32_t rounded = (numTokens + kPrefillGranule - 1) / kPrefillGranule * kPrefillGranule;
  numTokens = numTokens <= kPrefillGranule ? numTokens : std::min(rounded, prefill->maxTokens);
  numTokens = std::max(numTokens, prefill->minTokens);
  return *prefill;
}

StatusOr<std::span<const float>> Model::Implementation::forward(const Batch &batch,
                                                                const CancelFlag *cancel) {
  StepTimes times;
  readClock(times.start);
  CRIA_RETURN_IF_ERROR(checkBatch(batch, limits));
  if (cancel && cancel->isSet()) {
    return error(StatusCode::cancelled, "cancelled before the step");
  }
  last_ = nullptr; // its command buffer may be replaced
  uint32_t numTokens = static_cast<uint32_t>(batch.tokens.size());
  const ProgramEntry &entry = selectEntry(batch, numTokens);
  CRIA_ASSIGN_OR_RETURN(const CommandBuffer *commandBuffer,
                        commandBuffers->get(entry, numTokens, static_cast<uint32_t>(batch.outputs.size())));
  input->write(batch, numTokens);
  positions_.set(batch);
  CRIA_RETURN_IF_ERROR(device->upload(memory->step(), 0, input->words().data(), program.step.size));
  readClock(times.replayStart);
  CRIA_ASSIGN_OR_RETURN(const float *logits, run(*commandBuffer, batch.tokens.size(), cancel));
  readClock(times.end);
  CRIA_RETURN_IF_ERROR(observer ? Status() : addTimes(*commandBuffer, batch, times));
  last_ = observer ? nullptr : commandBuffer;
  return std::span<const float>(logits, batch.outputs.size() * limits.vocabSize);
}

StatusOr<const float *> Model::Implementation::run(const CommandBuffer &commandBuffer, size_t numRows,
                                                   const CancelFlag *cancel) {
  if (poisonBuffers_) {
    CRIA_RETURN_IF_ERROR(memory->poisonBuffers());
  }
  const int32_t *cancelled = cancel ? cancel->address() : nullptr;
  if (observer) {
    const LinearInputs inputs(program, *commandBuffers, *device, *memory);
    CRIA_RETURN_IF_ERROR(inputs.run(commandBuffer, numRows, observer, cancelled));
  } else {
    CRIA_RETURN_IF_ERROR(device->replay(commandBuffer.handle, cancelled));
  }
  uint64_t bytes = uint64_t(commandBuffer.numOutputs) * limits.vocabSize * sizeof(float);
  if (!visibleLogits_ && bytes > 0) {
    CRIA_RETURN_IF_ERROR(device->download(memory->result(), 0, logits_.data(), bytes));
  }
  CRIA_RETURN_IF_ERROR(device->finish());
  return visibleLogits_ ? visibleLogits_ : logits_.data();
}

/// Clocks are read only for an observer.
void Model::Implementation::readClock(StepTimes::TimePoint &time) const {
  if (stepObserver) {
    time = std::chrono::steady_clock::now();
  }
}

/// Adds a step to the profile, and passes its times to the observer.
Status Model::Implementation::addTimes(const CommandBuffer &commandBuffer, const Batch &batch,
                                       StepTimes &times) {
  if (profiling_) {
    CRIA_RETURN_IF_ERROR(profile->add(commandBuffer, positions_, *device));
  }
  if (stepObserver) {
    reportStep(commandBuffer, batch, times);
  }
  return {};
}

void Model::Implementation::reportStep(const CommandBuffer &commandBuffer, const Batch &batch,
                                       StepTimes &times) const {
  std::vector<DispatchTime> dispatches;
  if (profiling_) {
    dispatches = dispatchTimes(program, commandBuffer, positions_, profile->nanoseconds());
  }
  times.entry = commandBuffer.entry->name;
  times.phase = batch.phase;
  times.numTokens = static_cast<uint32_t>(batch.tokens.size());
  times.numRows = commandBuffer.numTokens;
  times.numOutputs = commandBuffer.numOutputs;
  times.numSequences = static_cast<uint32_t>(positions_.sequences);
  times.numPositions = positions_.cached;
  times.dispatches = dispatches;
  stepObserver(times);
}

Status Model::Implementation::requireStep() const {
  return last_ ? Status() : invalidArgument("there is no step to repeat; run one that succeeds first");
}

Status Model::Implementation::repeatStep(uint32_t count) {
  CRIA_RETURN_IF_ERROR(requireStep());
  return device->repeat(last_->handle, count);
}

StatusOr<std::vector<ProfileRow>> Model::Implementation::timeKernels(uint32_t count) {
  CRIA_RETURN_IF_ERROR(requireStep());
  if (profiling_) {
    return invalidArgument("kernels cannot be timed while profiling is enabled, which launches them one by "
                           "one; disable it first");
  }
  CRIA_ASSIGN_OR_RETURN(std::vector<ProfileRow> rows,
                        cria::timeKernels(*commandBuffers, *device, program, *last_, positions_, count));
  CRIA_RETURN_IF_ERROR(device->repeat(last_->handle, 1));
  CRIA_RETURN_IF_ERROR(addKernelInfo(rows));
  return rows;
}

Status Model::Implementation::addKernelInfo(std::vector<ProfileRow> &rows) {
  for (const ProgramKernel &kernel : program.kernels) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const ProfileRow &timed) { return timed.name == kernel.name; });
    if (kernelInfo_ == nullptr || kernel.kind != KernelKind::kernel || row == rows.end()) {
      continue;
    }
    const uint32_t threads = kernel.block[0] * kernel.block[1] * kernel.block[2];
    CRIA_ASSIGN_OR_RETURN(
        const cria_kernel_info info,
        device->kernelInfo(*kernelInfo_, code.get(), kernel.symbol, threads, kernel.scratchBytes));
    row->registers = info.registers;
    row->residentBlocks = info.resident_blocks;
  }
  return {};
}

Status Model::Implementation::enableProfile(bool on) {
  CRIA_RETURN_IF_ERROR(device->enableProfile(on));
  if (on) {
    profile->clear();
  }
  profiling_ = on;
  return {};
}

Model::Model(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Model::~Model() = default;

StatusOr<std::unique_ptr<Model>> Model::openChosen(const std::shared_ptr<const Package> &package,
                                                   std::span<const BackendReference> backends,
                                                   const std::vector<std::string> &refused,
                                                   const ModelOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const TargetRanking ranking,
                        rankTargets(package->manifest(), backends, options, refused));
  std::vector<std::string> rejected;
  for (const TargetChoice &choice : ranking.choices) {
    auto implementation = std::make_unique<Implementation>();
    Status status = implementation->open(package, choice, options);
    if (status.ok()) {
      implementation->rejectedTargets = std::move(rejected);
      implementation->targetRemarks = ranking.remarksOf(choice.backend->name);
      return std::unique_ptr<Model>(new Model(std::move(implementation)));
    }
    if (status.code() != StatusCode::incompatibleCode) {
      return status;
    }
    rejected.push_back(
        fmt::format("{} with target {}: {}", choice.backend->name, choice.target->name, status.message()));
  }
  return error(StatusCode::incompatibleCode, "{}", fmt::join(rejected, "; "));
}

StatusOr<std::unique_ptr<Model>> Model::open(const std::shared_ptr<const Package> &package,
                                             std::span<const BackendReference> backends,
                                             const ModelOptions &options) {
  auto isNamed = [&](const BackendReference &backend) { return backend.name == options.backend; };
  if (!options.backend.empty() && std::none_of(backends.begin(), backends.end(), isNamed)) {
    return error(StatusCode::notFound, "there is no backend '{}'", options.backend);
  }
  return openChosen(package, backends, {}, options);
}

StatusOr<std::unique_ptr<Model>> Model::open(const std::shared_ptr<const Package> &package,
                                             PluginRegistry &registry, const ModelOptions &options) {
  if (options.backend.empty() && registry.names(PluginKind::backend).empty()) {
    return registry.noneFound("backends");
  }
  std::vector<BackendPlugin> plugins;
  std::vector<std::string> refused;
  std::vector<std::string> names = {options.backend};
  for (const std::string &name : options.backend.empty() ? registry.names(PluginKind::backend) : names) {
    StatusOr<BackendPlugin> plugin = BackendPlugin::load(registry, name);
    if (plugin.ok()) {
      plugins.push_back(std::move(*plugin));
    } else if (!options.backend.empty()) {
      return plugin.status();
    } else {
      refused.push_back(fmt::format("{}: {}", name, plugin.status().message()));
    }
  }
  std::vector<BackendReference> backends;
  for (const BackendPlugin &plugin : plugins) {
    backends.push_back(
        {.name = plugin.name(), .api = &plugin.api(), .getExtension = plugin.plugin().getExtension});
  }
  return openChosen(package, backends, refused, options);
}

StatusOr<std::span<const float>> Model::forward(const Batch &batch, const CancelFlag *cancel) {
  return implementation_->forward(batch, cancel);
}

StatusOr<bool> Model::hasOverflow(std::span<const int32_t> pages) {
  for (const int32_t page : pages) {
    CRIA_ASSIGN_OR_RETURN(const bool found,
                          implementation_->memory->hasOverflow(static_cast<uint32_t>(page)));
    if (found) {
      return true;
    }
  }
  return false;
}

void Model::observeLinears(LinearObserver observer) { implementation_->observer = std::move(observer); }

Status Model::repeatStep(uint32_t count) { return implementation_->repeatStep(count); }
StatusOr<std::vector<ProfileRow>> Model::timeKernels(uint32_t count) {
  return implementation_->timeKernels(count);
}

const Package &Model::package() const { return *implementation_->package; }
const Manifest &Model::manifest() const { return implementation_->package->manifest(); }
const Program &Model::program() const { return implementation_->program; }
const ProgramLimits &Model::limits() const { return implementation_->limits.program; }
uint32_t Model::vocabSize() const { return implementation_->limits.vocabSize; }
uint32_t Model::context() const { return implementation_->limits.program.context; }
KvPool &Model::kvPool() { return *implementation_->pool; }
const std::string &Model::backendName() const { return implementation_->backendName; }
const std::string &Model::targetName() const { return implementation_->targetName; }
const std::vector<std::string> &Model::rejectedTargets() const { return implementation_->rejectedTargets; }
const std::vector<std::string> &Model::targetRemarks() const { return implementation_->targetRemarks; }
const std::vector<std::string> &Model::notes() const { return implementation_->notes; }
const std::string &Model::deviceName() const { return implementation_->deviceMemory.name; }
const MemoryUse &Model::memoryUse() const { return implementation_->memory->use(); }
Status Model::enableProfile(bool on) { return implementation_->enableProfile(on); }
void Model::observeSteps(StepObserver observer) { implementation_->stepObserver = std::move(observer); }
std::vector<ProfileRow> Model::profile() const { return implementation_->profile->rows(); }

} // namespace cria
