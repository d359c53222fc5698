// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops in C, for one row of the result; CTarget.cpp calls them with the sizes of a model. Formulas and
// layouts are those of opset v1.
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns") // do not replace loops by calls of memset
#endif

typedef float f32;
typedef struct {
  uint16_t bits;
} bf16;
#ifdef __FLT16_MAX__ // GCC 12, Clang 15
typedef _Float16 f16;
static inline float widen_f16(f16 x) { return (float)x; }
static inline f16 narrow_f16(float x) { return (f16)x; }
#else
#include <immintrin.h>
typedef struct {
  uint16_t bits;
} f16;
static inline float widen_f16(f16 x) { return _cvtsh_ss(x.bits); }
static inline f16 narrow_f16(float x) { return (f16){_cvtss_sh(x, 0)}; }
#endif

static inline float from_bits(uint32_t bits) {
  union {
    uint32_t bits;
    float value;
  } u = {bits};
  return u.value;
}
static inline float widen_f32(f32 x) { return x; }
static inline float widen_bf16(bf16 x) { return from_bits((uint32_t)x.bits << 16); }
static inline f32 narrow_f32(float x) { return x; }
/// Narrows a value that is exact in bf16. No other values are narrowed.
static inline bf16 narrow_bf16(float x) {
  union {
    float value;
    uint32_t bits;
  } u = {x};
  return (bf16){(uint16_t)(u.bits >> 16)};
}

/// e^x = 2^n e^r with |r| <= ln 2 / 2, ln 2 in two parts (Cody and Waite), e^r by its series to r^7 / 7!.
static inline float exponential(float x) {
  if (x < -87.0f) {
    return 0;
  }
  x = x > 88.0f ? 88.0f : x;
  const int n = (int)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float sum = 1;
  for (int i = 7; i > 0; --i) {
    sum = 1 + sum * r / i;
  }
  return sum * from_bits((uint32_t)(n + 127) << 23);
}

static void rms_norm(const float *input, const float *weight, float *output, uint32_t row, long width,
                     long stride, float epsilon) {
  input += row * stride;
  float sum = 0;
  for (long i = 0; i < width; ++i) {
    sum += input[i] * input[i];
  }
  const float scale = 1 / __builtin_sqrtf(sum / width + epsilon);
  for (long i = 0; i < width; ++i) {
    output[row * width + i] = input[i] * scale * weight[i];
  }
}

static void rope(const float *input, const int32_t *positions, const float *table, float *output,
                 uint32_t row, long heads, long size, long stride, long offset) {
  input += row * stride + offset;
  output += row * heads * size;
  const float *cosines = table + positions[row] * size, *sines = cosines + size / 2;
  for (long i = 0; i < heads * size; i += size) {
    for (long j = 0; j < size / 2; ++j) {
      const float a = input[i + j], b = input[i + size / 2 + j];
      output[i + j] = a * cosines[j] - b * sines[j];
      output[i + size / 2 + j] = b * cosines[j] + a * sines[j];
    }
  }
}

static void silu(const float *input, float *output, uint32_t row, long width, long stride) {
  for (long i = 0; i < width; ++i) {
    const float x = input[row * stride + i];
    output[row * width + i] = x / (1 + exponential(-x));
  }
}

static void mul(const float *a, const float *b, float *output, uint32_t row, long width, long strideA,
                long strideB) {
  for (long i = 0; i < width; ++i) {
    output[row * width + i] = a[row * strideA + i] * b[row * strideB + i];
  }
}

static void add(const float *a, const float *b, float *output, uint32_t row, long width, long strideA,
                long strideB) {
  for (long i = 0; i < width; ++i) {
    output[row * width + i] = a[row * strideA + i] + b[row * strideB + i];
  }
}

static void gather_rows(const float *input, const int32_t *rows, float *output, uint32_t row, long width,
                        long stride) {
  for (long i = 0; i < width; ++i) {
    output[row * width + i] = input[rows[row] * stride + i];
  }
}

static void fill_ones(float *weight, uint32_t row, long width) {
  for (long i = 0; i < width; ++i) {
    weight[row * width + i] = 1;
  }
}

static inline uint32_t mix32(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// Functions for each element type of weights or of the cache.
#define FOR_TYPE(T)                                                                                          \
  static void embedding_##T(const int32_t *tokens, const T *table, float *output, uint32_t row,              \
                            long width) {                                                                    \
    for (long i = 0; i < width; ++i) {                                                                       \
      output[row * width + i] = widen_##T(table[tokens[row] * width + i]);                                   \
    }                                                                                                        \
  }                                                                                                          \
  static void linear_##T(const float *input, const T *weight, float *output, uint32_t row, uint32_t group,   \
                         long inputs, long outputs, long group_size, long stride) {                          \
    const long end = (group + 1) * group_size < outputs ? (group + 1) * group_size : outputs;                \
    for (long n = group * group_size; n < end; ++n) {                                                        \
      float sums[8] = {0}; /* eight, so that they are computed side by side */                               \
      for (long k = 0; k < inputs; k += 8) {                                                                 \
        for (long i = 0; i < 8 && k + i < inputs; ++i) {                                                     \
          sums[i] += widen_##T(weight[n * inputs + k + i]) * input[row * stride + k + i];                    \
        }                                                                                                    \
      }                                                                                                      \
      output[row * outputs + n] =                                                                            \
          ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));         \
    }                                                                                                        \
  }                                                                                                          \
  static void fill_random_##T(const uint32_t *segment, T *weight, uint32_t row, long columns, float scale) { \
    const uint32_t key = mix32(segment[0] + row);                                                            \
    const long destination = segment[2] + row / segment[3] * segment[4] + row % segment[3];                  \
    for (long i = 0; i < columns; ++i) {                                                                     \
      const int8_t value = (int8_t)(mix32(key ^ ((uint32_t)i * 0x9E3779B1u)) >> 24);                         \
      weight[destination * columns + i] = narrow_##T(value * scale);                                         \
    }                                                                                                        \
  }                                                                                                          \
  /* A page of a layer: [K, V][kv_heads][page_tokens][size]. */                                              \
  static void kv_append_##T(const float *keys, const float *values, const int32_t *slots, T *cache,          \
                            uint32_t row, long heads, long size, long page_tokens, long page_stride,         \
                            long key_stride, long key_offset, long value_stride, long value_offset) {        \
    if (slots[row] < 0) {                                                                                    \
      return;                                                                                                \
    }                                                                                                        \
    T *page = cache + slots[row] / page_tokens * page_stride + slots[row] % page_tokens * size;              \
    for (long i = 0; i < heads * size; ++i) {                                                                \
      const long at = i / size * page_tokens * size + i % size;                                              \
      page[at] = narrow_##T(keys[row * key_stride + key_offset + i]);                                        \
      page[at + heads * page_tokens * size] = narrow_##T(values[row * value_stride + value_offset + i]);     \
    }                                                                                                        \
  }                                                                                                          \
  /* Softmax with a running maximum: what is summed so far is scaled down whenever the maximum grows. */     \
  static void attention_##T(const float *query, const int32_t *positions, const int32_t *sequences,          \
                            const int32_t *blocks, const T *cache, float *output, uint32_t row,              \
                            uint32_t head, long heads, long kv_heads, long size, long page_tokens,           \
                            long page_stride, long max_pages, long stride, float scale) {                    \
    float *result = output + (row * heads + head) * size;                                                    \
    float maximum = -3e38f, total = 0;                                                                       \
    for (long i = 0; i < size; ++i) {                                                                        \
      result[i] = 0;                                                                                         \
    }                                                                                                        \
    for (long p = 0; sequences[row] >= 0 && p <= positions[row]; ++p) {                                      \
      const long block = blocks[sequences[row] * max_pages + p / page_tokens];                               \
      const T *key =                                                                                         \
          cache + block * page_stride + (head / (heads / kv_heads) * page_tokens + p % page_tokens) * size;  \
      const T *value = key + kv_heads * page_tokens * size;                                                  \
      float score = 0;                                                                                       \
      for (long i = 0; i < size; ++i) {                                                                      \
        score += query[row * stride + head * size + i] * widen_##T(key[i]);                                  \
      }                                                                                                      \
      score *= scale;                                                                                        \
      const float kept = score > maximum ? exponential(maximum - score) : 1;                                 \
      maximum = score > maximum ? score : maximum;                                                           \
      const float weight = exponential(score - maximum);                                                     \
      total = total * kept + weight;                                                                         \
      for (long i = 0; i < size; ++i) {                                                                      \
        result[i] = result[i] * kept + weight * widen_##T(value[i]);                                         \
      }                                                                                                      \
    }                                                                                                        \
    for (long i = 0; i < size && total > 0; ++i) {                                                           \
      result[i] /= total;                                                                                    \
    }                                                                                                        \
  }
FOR_TYPE(f32)
FOR_TYPE(f16)
FOR_TYPE(bf16)

#define KERNEL(NAME, CALL)                                                                                   \
  __attribute__((visibility("default"))) void NAME(void *const *b, void *scratch, uint32_t x, uint32_t y,    \
                                                   uint32_t z) {                                             \
    CALL;                                                                                                    \
  }
