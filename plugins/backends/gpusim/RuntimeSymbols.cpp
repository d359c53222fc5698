// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions that generated code calls.
#include "plugins/backends/gpusim/RuntimeSymbols.h"

#include "plugins/backends/gpusim/HostMath.h"
#include "plugins/backends/gpusim/Machine.h"
#include "support/Half.h"

#include <cmath>
#include <cstring>

using namespace cria::gpusim;

extern "C" {
#if defined(__x86_64__)
/// Functions of libgcc. 16-bit floats are passed in vector registers.
float __extendhfsf2(_Float16 value);
_Float16 __truncsfhf2(float value);
_Float16 __truncdfhf2(double value);
#endif
}

namespace {

void accessGlobal(Thread *thread, uintptr_t address, const Site *site) {
  thread->machine->accessGlobal(*thread, address, site->size, site->access, *site);
}

void accessShared(Thread *thread, uintptr_t address, const Site *site) {
  thread->machine->accessShared(*thread, address, site->size, site->access, *site);
}

void accessGeneric(Thread *thread, uintptr_t address, const Site *site) {
  thread->machine->accessGeneric(*thread, address, site->size, site->access, *site);
}

void accessRange(Thread *thread, uintptr_t address, uint64_t size, const Site *site) {
  if (size != 0) {
    thread->machine->accessGeneric(*thread, address, size, site->access, *site);
  }
}

void collective(Thread *thread, uint32_t *slot, const Site *site) {
  thread->machine->collective(*thread, slot, *site);
}

uint32_t barrier(Thread *thread, uint32_t id, uint32_t count, uint32_t predicate, const Site *site) {
  return thread->machine->barrier(*thread, id, count, predicate, *site);
}

void copyAsync(Thread *thread, uintptr_t destination, uintptr_t source, uint32_t size, const Site *site) {
  thread->machine->copyAsync(*thread, destination, source, size, *site);
}

void commitCopies(Thread *thread) { thread->machine->commitCopies(*thread); }

void waitForCopies(Thread *thread, uint32_t groups) { thread->machine->waitForCopies(*thread, groups); }

template <typename Function> void *address(Function *function) { return reinterpret_cast<void *>(function); }

#if defined(__x86_64__)
/// Returns bits in the register in which a bfloat is returned.
_Float16 asRegister(uint16_t bits) {
  _Float16 result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}
_Float16 truncateToBfloat(float value) { return asRegister(cria::bfloat16FromFloat(value)); }
_Float16 truncateDoubleToBfloat(double value) { return asRegister(doubleToBfloat(value)); }
#endif

using F = float(float);
using F2 = float(float, float);
using D = double(double);
using D2 = double(double, double);

const RuntimeSymbol kSymbols[] = {
    {"cria_sim_global", address(accessGlobal)},
    {"cria_sim_shared", address(accessShared)},
    {"cria_sim_generic", address(accessGeneric)},
    {"cria_sim_range", address(accessRange)},
    {"cria_sim_collective", address(collective)},
    {"cria_sim_barrier", address(barrier)},
    {"cria_sim_copy_async", address(copyAsync)},
    {"cria_sim_commit_copies", address(commitCopies)},
    {"cria_sim_wait_copies", address(waitForCopies)},
    {"cria_sim_fma_f16", address(fmaHalf)},
    {"cria_sim_fma_bf16", address(fmaBfloat)},
    {"cria_sim_flush", address(flushSubnormal)},
    {"cria_sim_permute", address(permuteBytes)},
    {"cria_sim_reciprocal", address(reciprocal)},
    {"cria_sim_reciprocal_root", address(reciprocalRoot)},
    {"exp2f", address<F>(exp2f)},
    {"expf", address<F>(expf)},
    {"exp10f", address<F>(exp10f)},
    {"logf", address<F>(logf)},
    {"log2f", address<F>(log2f)},
    {"log10f", address<F>(log10f)},
    {"sinf", address<F>(sinf)},
    {"cosf", address<F>(cosf)},
    {"tanhf", address<F>(tanhf)},
    {"sqrtf", address<F>(sqrtf)},
    {"floorf", address<F>(floorf)},
    {"ceilf", address<F>(ceilf)},
    {"truncf", address<F>(truncf)},
    {"rintf", address<F>(rintf)},
    {"nearbyintf", address<F>(nearbyintf)},
    {"roundf", address<F>(roundf)},
    {"roundevenf", address<F>(roundevenf)},
    {"powf", address<F2>(powf)},
    {"fmodf", address<F2>(fmodf)},
    {"fminf", address<F2>(fminf)},
    {"fmaxf", address<F2>(fmaxf)},
    {"fmaf", address<float(float, float, float)>(fmaf)},
    {"exp2", address<D>(exp2)},
    {"exp", address<D>(exp)},
    {"log", address<D>(log)},
    {"log2", address<D>(log2)},
    {"sin", address<D>(sin)},
    {"cos", address<D>(cos)},
    {"sqrt", address<D>(sqrt)},
    {"pow", address<D2>(pow)},
    {"fmod", address<D2>(fmod)},
    {"fma", address<double(double, double, double)>(fma)},
    {"memcpy", address<void *(void *, const void *, size_t)>(memcpy)},
    {"memmove", address<void *(void *, const void *, size_t)>(memmove)},
    {"memset", address<void *(void *, int, size_t)>(memset)},
#if defined(__x86_64__)
    {"__extendhfsf2", address(__extendhfsf2)},
    {"__truncsfhf2", address(__truncsfhf2)},
    {"__truncdfhf2", address(__truncdfhf2)},
    {"__truncsfbf2", address(truncateToBfloat)},
    {"__truncdfbf2", address(truncateDoubleToBfloat)},
#endif
};

} // namespace

namespace cria::gpusim {

std::span<const RuntimeSymbol> runtimeSymbols() { return kSymbols; }

} // namespace cria::gpusim
