// kernels: an addon with the float64 loops of assembly/simd.ts, and XW on arrays of the caller, for the vectors of this
// processor. Every number has the bits of WebAssembly and of the plain loops, with any number of threads. The addon also
// keeps what TensorFlow prints while it loads.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <type_traits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <node_api.h>

#include "standard-error.h"
#include "workers.h"

namespace {

/** The rows of a block, as in objective/row-block.ts. */
constexpr int64_t kBlockRows = 32;
/** Columns of a panel of `factorize`. */
constexpr int64_t kPanel = 32;
/** Numbers of the widest vectors below; the padding of columns fits all widths. */
constexpr int64_t kWidest = 8;
/** Columns of X that `multiplyExact` converts at once. */
constexpr int64_t kDepth = 128;
/** Multiply-adds below which one thread finishes before another one starts. */
constexpr int64_t kWorthSharing = 1 << 18;

/** W, [order, stride]; the stride is a multiple of the widest vector. */
struct Columns {
  const double* values;
  int64_t order, stride;
};

/** A panel of `factorize` of assembly/simd.ts: columns `start` to `end`, and its rows left of it and within it, turned. */
struct Panel {
  int64_t start, end;
  double *pack, *diagonal;
};

/** Sparse rows or columns: which entries each has, the column or row of each entry, and its value. */
template <typename A>
struct Entries {
  const int32_t *starts, *indices;
  const A* values;
};

/** What logits and losses of sparse rows depend on: W, [order - 1, q], and the labels and shares of all rows. */
struct Classes {
  const double *weight, *bias;
  int64_t q;
  const int32_t* labels;
  const double* shares;
};

/** Sums that a tree over blocks of int32 row numbers holds at once. */
constexpr int64_t kMostLevels = 34;

/** The level of the lowest node above two blocks, as in core/tree-sum.ts. */
int64_t levelOf(int64_t a, int64_t b) {
  int64_t level = 0;
  for (uint64_t different = a ^ b; different != 0; different >>= 1) level++;
  return level;
}

namespace any_processor {
#define TARGET
#define WIDTH 2
#define ROWS 4
#define VECTORS 2
#include "float64.h"
}  // namespace any_processor

#if defined(__x86_64__)
namespace avx2 {
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 4
#define ROWS 4
#define VECTORS 2
#include "float64.h"
}  // namespace avx2

namespace avx512 {
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq")))
#define WIDTH 8
#define ROWS 8
#define VECTORS 2
#include "float64.h"
}  // namespace avx512

/** Numbers of the widest vectors that the processor supports and the user allows, in floats as for the other kernels. */
int64_t lanes() {
  const char* limit = std::getenv("SOFTMAX_REGRESSION_LANES");
  const int64_t most = (limit == nullptr ? 2 * kWidest : std::atoll(limit)) / 2;
  const bool hasAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512dq");
  if (most >= 8 && hasAvx512) return 8;
  return most >= 4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 4 : 2;
}

#define FOR_THIS_PROCESSOR(call)                \
  static const int64_t lanesHere = lanes();     \
  if (lanesHere == 8) return avx512::call;      \
  if (lanesHere == 4) return avx2::call;        \
  return any_processor::call
#else
#define FOR_THIS_PROCESSOR(call) return any_processor::call
#endif

template <typename A>
void multiply(const A* x, int64_t rows, int64_t strideX, const Columns& w, double* out) {
  FOR_THIS_PROCESSOR(multiply(x, rows, strideX, w, out));
}

template <typename A>
void multiplyExact(const A* x, int64_t rows, int64_t strideX, const Columns& w, double* out) {
  FOR_THIS_PROCESSOR(multiplyExact(x, rows, strideX, w, out));
}

void multiplyTransposed(const double* a, int64_t strideA, int64_t columns, const double* x, int64_t rows, int64_t stride,
                        int64_t width, double* out, bool isLower, bool isAdded) {
  FOR_THIS_PROCESSOR(multiplyTransposed(a, strideA, columns, x, rows, stride, width, out, isLower, isAdded));
}

void softmax(double* logits, int64_t rows, int64_t stride, int64_t q) {
  FOR_THIS_PROCESSOR(softmax(logits, rows, stride, q));
}

double residuals(double* logits, int64_t rows, int64_t stride, int64_t q, const int32_t* labels, const double* shares) {
  FOR_THIS_PROCESSOR(residuals(logits, rows, stride, q, labels, shares));
}

void gather(const double* x, int64_t stride, const int32_t* samples, const double* shares, int64_t count, double* rows,
            double* scaled) {
  FOR_THIS_PROCESSOR(gather(x, stride, samples, shares, count, rows, scaled));
}

bool factorizeRows(double* a, int64_t stride, const Panel& panel, int64_t from, int64_t to, double floor) {
  FOR_THIS_PROCESSOR(factorizeRows(a, stride, panel, from, to, floor));
}

void substitute(const double* l, int64_t n, int64_t stride, double* x) {
  FOR_THIS_PROCESSOR(substitute(l, n, stride, x));
}

double addAndDot(double* a, double factor, const double* b, const double* c, int64_t n) {
  FOR_THIS_PROCESSOR(addAndDot(a, factor, b, c, n));
}

template <typename A>
void sparseResiduals(const Entries<A>& x, int64_t start, int64_t end, const Classes& classes, double* logits, double* out,
                     double* leaf) {
  FOR_THIS_PROCESSOR(sparseResiduals(x, start, end, classes, logits, out, leaf));
}

template <typename A>
void sparseGradient(const Entries<A>& x, int64_t from, int64_t to, const double* residuals, int64_t q, int64_t blockRows,
                    double* slots, double* out) {
  FOR_THIS_PROCESSOR(sparseGradient(x, from, to, residuals, q, blockRows, slots, out));
}

/** Calls part(i) for each i < count, in several threads if the work is worth it. */
template <typename Part>
void share(int64_t work, int64_t count, const Part& part) {
  if (work >= kWorthSharing) return Workers::shared().run(count, part);
  for (int64_t i = 0; i < count; i++) part(i);
}

int64_t roundUp(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

/** Memory that is reused by the calls of a thread: one for the caller, and one for each thread in a part. */
enum class Use { kCall, kPart };
template <Use use = Use::kCall>
double* scratch(int64_t count) {
  static thread_local std::vector<double> memory;
  if (static_cast<int64_t>(memory.size()) < count) memory.resize(count);
  return memory.data();
}

/** W of [order, 2] for each pair of columns, side by side. */
Columns turned(const double* pairs, int64_t order, int64_t numPairs, double* out) {
  const int64_t stride = roundUp(2 * numPairs, kWidest);
  std::fill(out, out + order * stride, 0.0);
  for (int64_t p = 0; p < numPairs; p++) {
    for (int64_t j = 0; j < order; j++) std::copy_n(pairs + 2 * (p * order + j), 2, out + j * stride + 2 * p);
  }
  return Columns{out, order, stride};
}

/** Rows of a part of a thread. */
constexpr int64_t kFactorRows = 32;

/** `factorize` of assembly/simd.ts. The rows below the diagonal block of a panel do not depend on each other. */
bool factorize(double* a, int64_t n, int64_t stride, double floor, double* pack) {
  for (int64_t start = 0; start < n; start += kPanel) {
    const Panel panel{start, std::min(start + kPanel, n), pack, pack + n * kPanel};
    for (int64_t j = start; j < start + kPanel; j++) {
      const double* from = a + std::min(j, n - 1) * stride;
      for (int64_t k = 0; k < start; k++) pack[k * kPanel + j - start] = from[k];
    }
    if (!factorizeRows(a, stride, panel, start, panel.end, floor)) return false;
    const int64_t below = n - panel.end;
    share(below * panel.end * kPanel, (below + kFactorRows - 1) / kFactorRows, [&](int64_t i) {
      const int64_t from = panel.end + i * kFactorRows;
      factorizeRows(a, stride, panel, from, std::min(n, from + kFactorRows), floor);
    });
  }
  return true;
}

/** Adds the terms of another sum. */
void addTo(double* sum, const double* terms, int64_t count) {
  for (int64_t i = 0; i < count; i++) sum[i] += terms[i];
}

/**
 * Σ over blocks of samples of their gradient [2·pairs, stride], loss, and an unused number, as in core/tree-sum.ts. With
 * `isContinued`, all samples belong to one block, of which the sum so far is given.
 */
void evaluate(const double* x, int64_t count, int64_t stride, const double* pairs, int64_t order, int64_t q,
              const int32_t* labels, const double* shares, int64_t blockRows, bool isContinued, double* sum) {
  const int64_t wide = roundUp(q, kWidest), numPairs = (q + 1) / 2, ofGradient = 2 * numPairs * stride;
  const int64_t size = ofGradient + 2, blocks = (count + blockRows - 1) / blockRows;
  double* memory = scratch(order * wide + (blocks - 1) * size);
  const Columns w = turned(pairs, order, numPairs, memory);
  double* others = memory + order * wide;
  const auto of = [&](int64_t block) { return block == 0 ? sum : others + (block - 1) * size; };
  share(2 * count * order * q, blocks, [&](int64_t block) {
    double* leaf = of(block);
    double* logits = scratch<Use::kPart>(kBlockRows * wide);
    if (!isContinued) std::fill_n(leaf, size, 0.0);
    const int64_t start = block * blockRows, end = std::min(count, start + blockRows);
    for (int64_t from = start; from < end; from += kBlockRows) {
      const int64_t rows = std::min(kBlockRows, end - from);
      multiply(x + from * stride, rows, stride, w, logits);
      leaf[ofGradient] += residuals(logits, rows, wide, q, labels + from, shares + from);
      multiplyTransposed(logits, wide, q, x + from * stride, rows, stride, stride, leaf, false, true);
    }
  });
  for (int64_t width = 1; width < blocks; width *= 2) {
    for (int64_t block = 0; block + width < blocks; block += 2 * width) addTo(of(block), of(block + width), size);
  }
}

/** Samples of a part of a thread. */
constexpr int64_t kSamples = 4 * kBlockRows;

void probabilities(const double* x, int64_t count, int64_t stride, const double* pairs, int64_t order, int64_t q,
                   double* out) {
  const int64_t numPairs = (q + 1) / 2, wide = roundUp(q, kWidest);
  const Columns w = turned(pairs, order, numPairs, scratch(order * wide));
  share(count * order * q, (count + kSamples - 1) / kSamples, [&](int64_t i) {
    const int64_t from = i * kSamples, rows = std::min(kSamples, count - from);
    double* logits = scratch<Use::kPart>(kSamples * wide);
    multiply(x + from * stride, rows, stride, w, logits);
    softmax(logits, rows, wide, q);
    for (int64_t r = 0; r < rows; r++) std::copy_n(logits + r * wide, 2 * numPairs, out + (from + r) * 2 * numPairs);
  });
}

/** Rows of the matrix in a part of a thread, of which the first has the least work. */
constexpr int64_t kGramRows = 20;

/**
 * The lower half of XᵀDX for samples in ascending order, [columns, stride], summed over blocks as in core/tree-sum.ts. With
 * `isContinued`, all samples belong to one block, of which the sum so far is given.
 */
void gram(const double* x, int64_t stride, int64_t columns, const int32_t* samples, const double* shares, int64_t count,
          int64_t blockRows, bool isContinued, double* sum) {
  // The largest numbers of sums at once, beside the result, and of samples of a block.
  const int64_t levels = levelOf(0, samples[count - 1] / blockRows - samples[0] / blockRows);
  const int64_t most = std::min(count, blockRows);
  const int64_t size = columns * stride, parts = (columns + kGramRows - 1) / kGramRows;
  double* rows = scratch(2 * most * stride + levels * size);
  double* scaled = rows + most * stride;
  double* others = scaled + most * stride;
  const auto of = [&](int64_t slot) { return slot == 0 ? sum : others + (slot - 1) * size; };
  /** The block of each sum. */
  std::vector<int64_t> blocks;
  for (int64_t start = 0; start <= count;) {
    const int64_t before = blocks.size();
    const bool isLast = start == count;
    const int64_t block = isLast ? 0 : samples[start] / blockRows;
    while (blocks.size() > 1) {
      const int64_t last = blocks.back();
      if (!isLast && levelOf(blocks[blocks.size() - 2], last) >= levelOf(last, block)) break;
      blocks.pop_back();
    }
    const int64_t after = blocks.size();
    int64_t end = start;
    while (end < count && samples[end] / blockRows == block) end++;
    const int64_t taken = end - start;
    gather(x, stride, samples + start, shares + start, taken, rows, scaled);
    share(std::max<int64_t>(taken, 1) * columns * columns / 2, parts, [&](int64_t i) {
      const int64_t k = (parts - 1 - i) * kGramRows, last = std::min(k + kGramRows, columns);
      for (int64_t slot = before - 1; slot >= after; slot--) {
        for (int64_t row = k; row < last; row++) {
          addTo(of(slot - 1) + row * stride, of(slot) + row * stride, std::min(roundUp(row + 1, 4), stride));
        }
      }
      if (isLast) return;
      double* leaf = of(after) + k * stride;
      if (!isContinued) std::fill_n(leaf, (last - k) * stride, 0.0);
      for (int64_t from = 0; from < taken; from += kBlockRows) {
        multiplyTransposed(scaled + from * stride + k, stride, last - k, rows + from * stride,
                           std::min(kBlockRows, taken - from), stride, std::min(roundUp(last, 4), stride), leaf, false,
                           true);
      }
    });
    if (isLast) return;
    blocks.push_back(block);
    start = end;
  }
}

/** Rows of a part of a thread. */
constexpr int64_t kRows = 256;

/** The affine map of `predictRows`: o = xW/scale + b. */
struct Affine {
  Columns w;
  int64_t q;
  const double* bias;
  double scale;
};

/** The logits or probabilities of rows, [rows, q]. Returns whether all logits are finite. */
template <typename A>
bool predictRows(const A* x, int64_t rows, int64_t d, const Affine& affine, bool isSoftmax, double* out) {
  const Columns& columns = affine.w;
  const int64_t classes = affine.q;
  std::atomic<bool> areFinite{true};
  share(rows * d * classes, (rows + kRows - 1) / kRows, [&](int64_t i) {
    const int64_t from = i * kRows, count = std::min(kRows, rows - from);
    double* sums = scratch<Use::kPart>(kRows * columns.stride);
    // The weights of a model are float32.
    if constexpr (std::is_same<A, double>::value) multiply(x + from * d, count, d, columns, sums);
    else multiplyExact(x + from * d, count, d, columns, sums);
    double zero = 0;
    for (int64_t r = 0; r < count; r++) {
      double* row = sums + r * columns.stride;
      for (int64_t k = 0; k < classes; k++) {
        row[k] = row[k] / affine.scale + affine.bias[k];
        zero += row[k] - row[k];
      }
    }
    if (!(zero == 0)) areFinite = false;
    if (isSoftmax) softmax(sums, count, columns.stride, classes);
    for (int64_t r = 0; r < count; r++) std::copy_n(sums + r * columns.stride, classes, out + (from + r) * classes);
  });
  return areFinite;
}

/** The residuals of sparse rows from `start` to `end`, and the sums of each block of them. */
template <typename A>
void sparseResiduals(const Entries<A>& x, int64_t start, int64_t end, const Classes& classes, int64_t blockRows,
                     double* out, double* leaves) {
  const int64_t q = classes.q, blocks = (end - start + blockRows - 1) / blockRows;
  share((x.starts[end] - x.starts[start] + end - start) * q, blocks, [&](int64_t i) {
    const int64_t from = start + i * blockRows;
    double* logits = scratch<Use::kPart>(kBlockRows * roundUp(q, kWidest));
    sparseResiduals(x, from, std::min(end, from + blockRows), classes, logits, out, leaves + i * (q + 1));
  });
}

/** Entries of a part of a thread. A column is not divided. */
constexpr int64_t kEntries = 1 << 12;

/** The gradient of sparse columns from `from` to `to`. */
template <typename A>
void sparseGradient(const Entries<A>& x, int64_t from, int64_t to, const double* residuals, int64_t q, int64_t blockRows,
                    double* out) {
  const int64_t first = x.starts[from], count = x.starts[to] - first;
  const int64_t parts = std::max<int64_t>(1, (count + kEntries - 1) / kEntries);
  /** The first column that starts at an entry or after it. */
  const auto columnAt = [&](int64_t entry) {
    return std::lower_bound(x.starts + from, x.starts + to, first + entry) - x.starts;
  };
  share(count * q, parts, [&](int64_t i) {
    const int64_t start = i == 0 ? from : columnAt(i * kEntries), end = i + 1 == parts ? to : columnAt((i + 1) * kEntries);
    sparseGradient(x, start, end, residuals, q, blockRows, scratch<Use::kPart>(kMostLevels * q), out);
  });
}

/** The arguments of a call from JavaScript: a memory of numbers, and addresses in bytes and sizes in it. */
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
    memory_ = static_cast<char*>(array(0).data);
  }

  struct Array {
    void* data = nullptr;
    size_t length = 0;
    napi_typedarray_type type = napi_float64_array;
  };
  Array array(size_t i) const {
    Array array;
    if (napi_get_typedarray_info(env_, values_[i], &array.type, &array.length, &array.data, nullptr, nullptr) != napi_ok)
      array.length = 0;
    return array;
  }
  int64_t integer(size_t i) const {
    int64_t value = 0;
    napi_get_value_int64(env_, values_[i], &value);
    return value;
  }
  double number(size_t i) const {
    double value = 0;
    napi_get_value_double(env_, values_[i], &value);
    return value;
  }
  bool boolean(size_t i) const {
    bool value = false;
    napi_get_value_bool(env_, values_[i], &value);
    return value;
  }
  /** The numbers at an address in the memory, which is the first argument. */
  template <typename T = double>
  T* at(size_t i) const {
    return reinterpret_cast<T*>(memory_ + integer(i));
  }
  /** A stride in bytes as a stride in numbers. */
  int64_t stride(size_t i) const { return integer(i) / static_cast<int64_t>(sizeof(double)); }
  napi_value result(bool value) const {
    napi_value result;
    napi_get_boolean(env_, value, &result);
    return result;
  }
  napi_value result(double value) const {
    napi_value result;
    napi_create_double(env_, value, &result);
    return result;
  }
  napi_value refuse(const char* reason) const {
    napi_throw_range_error(env_, nullptr, reason);
    return nullptr;
  }

 private:
  static constexpr size_t kMost = 13;
  napi_env env_;
  size_t count_ = kMost;
  napi_value values_[kMost];
  char* memory_;
};

napi_value callMultiply(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const int64_t rows = call.integer(2), order = call.integer(5), pairs = call.integer(6);
  const int64_t wide = roundUp(2 * pairs, kWidest);
  double* memory = scratch((order + rows) * wide);
  const Columns w = turned(call.at(4), order, pairs, memory);
  double* products = memory + order * wide;
  multiply(call.at(1), rows, call.stride(3), w, products);
  double* out = call.at(7);
  for (int64_t r = 0; r < rows; r++) std::copy_n(products + r * wide, 2 * pairs, out + r * 2 * pairs);
  return nullptr;
}

napi_value callMultiplyTransposed(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const int64_t stride = call.stride(6);
  multiplyTransposed(call.at(1), call.stride(2), call.integer(3), call.at(4), call.integer(5), stride, stride, call.at(7),
                     call.boolean(8), false);
  return nullptr;
}

napi_value callFactorize(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  return call.result(factorize(call.at(1), call.integer(2), call.stride(3), call.number(4), call.at(5)));
}

napi_value callSubstitute(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const int64_t n = call.integer(2), stride = call.stride(3), count = call.integer(5);
  const double* l = call.at(1);
  double* x = call.at(4);
  share(count * n * n, count, [&](int64_t i) { substitute(l, n, stride, x + i * n); });
  return nullptr;
}

napi_value callAddAndDot(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  return call.result(addAndDot(call.at(1), call.number(2), call.at(3), call.at(4), call.integer(5)));
}

napi_value callEvaluate(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  evaluate(call.at(1), call.integer(2), call.stride(3), call.at(4), call.integer(5), call.integer(6),
           call.at<int32_t>(7), call.at(8), call.integer(9), call.boolean(10), call.at(11));
  return nullptr;
}

napi_value callProbabilities(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  probabilities(call.at(1), call.integer(2), call.stride(3), call.at(4), call.integer(5), call.integer(6), call.at(7));
  return nullptr;
}

napi_value callGram(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  gram(call.at(1), call.stride(2), call.integer(3), call.at<int32_t>(4), call.at(5), call.integer(6), call.integer(7),
       call.boolean(8), call.at(9));
  return nullptr;
}

/**
 * predictRows(x, start, rows, d, w, q, bias, scale, isSoftmax, out): some rows of an array of bytes, float32 or float64, by
 * weights that are float32.
 */
napi_value callPredictRows(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Call::Array x = call.array(0), w = call.array(4), bias = call.array(6), out = call.array(9);
  const int64_t start = call.integer(1), rows = call.integer(2), d = call.integer(3), q = call.integer(5);
  const int64_t stride = roundUp(q, kWidest);
  const auto isNumbers = [](const Call::Array& array, int64_t length) {
    return array.type == napi_float64_array && static_cast<int64_t>(array.length) >= length;
  };
  if (start < 0 || rows < 0 || d < 0 || q < 1 || static_cast<int64_t>(x.length) < (start + rows) * d ||
      !isNumbers(w, d * stride) || !isNumbers(bias, q) || !isNumbers(out, rows * q)) {
    return call.refuse("predictRows: the arrays are shorter than their shapes");
  }
  const Affine affine{{static_cast<double*>(w.data), d, stride}, q, static_cast<double*>(bias.data), call.number(7)};
  const bool isSoftmax = call.boolean(8);
  double* to = static_cast<double*>(out.data);
  switch (x.type) {
    case napi_float32_array:
      return call.result(predictRows(static_cast<float*>(x.data) + start * d, rows, d, affine, isSoftmax, to));
    case napi_float64_array:
      return call.result(predictRows(static_cast<double*>(x.data) + start * d, rows, d, affine, isSoftmax, to));
    case napi_uint8_array:
      return call.result(predictRows(static_cast<uint8_t*>(x.data) + start * d, rows, d, affine, isSoftmax, to));
    default: return call.refuse("predictRows: x must be bytes, float32 or float64");
  }
}

/** Calls use(entries) with the entries in three arguments from the i-th on: starts, indices and values. */
template <typename Use>
void withEntries(const Call& call, size_t i, const Use& use) {
  const int32_t* starts = static_cast<int32_t*>(call.array(i).data);
  const int32_t* indices = static_cast<int32_t*>(call.array(i + 1).data);
  const Call::Array values = call.array(i + 2);
  if (values.type == napi_float32_array) use(Entries<float>{starts, indices, static_cast<float*>(values.data)});
  else use(Entries<double>{starts, indices, static_cast<double*>(values.data)});
}

/** Whether three arguments from the i-th on are int32, int32 and numbers, and have the entries of rows from `start` to `end`. */
bool hasEntries(const Call& call, size_t i, int64_t start, int64_t end) {
  const Call::Array starts = call.array(i), indices = call.array(i + 1), values = call.array(i + 2);
  if (starts.type != napi_int32_array || indices.type != napi_int32_array) return false;
  if (values.type != napi_float32_array && values.type != napi_float64_array) return false;
  if (start < 0 || end < start || static_cast<int64_t>(starts.length) <= end) return false;
  const int32_t* at = static_cast<int32_t*>(starts.data);
  const int64_t count = at[end];
  return 0 <= at[start] && at[start] <= count && count <= static_cast<int64_t>(indices.length) &&
         count <= static_cast<int64_t>(values.length);
}

/** sparseResiduals(starts, indices, values, start, end, point, d, labels, shares, blockRows, out, leaves) */
napi_value callSparseResiduals(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const int64_t start = call.integer(3), end = call.integer(4), d = call.integer(6), blockRows = call.integer(9);
  const Call::Array point = call.array(5), labels = call.array(7), shares = call.array(8);
  const Call::Array out = call.array(10), leaves = call.array(11);
  const int64_t q = d < 0 ? 0 : static_cast<int64_t>(point.length) / (d + 1);
  if (q < 1 || blockRows < kBlockRows || blockRows % kBlockRows != 0 || !hasEntries(call, 0, start, end) ||
      point.type != napi_float64_array || labels.type != napi_int32_array || shares.type != napi_float64_array ||
      out.type != napi_float64_array || leaves.type != napi_float64_array || static_cast<int64_t>(labels.length) < end ||
      static_cast<int64_t>(shares.length) < end || static_cast<int64_t>(out.length) < end * q ||
      static_cast<int64_t>(leaves.length) < (end - start + blockRows - 1) / blockRows * (q + 1)) {
    return call.refuse("sparseResiduals: the arrays do not have these shapes");
  }
  const double* weight = static_cast<double*>(point.data);
  const Classes classes{weight, weight + d * q, q, static_cast<int32_t*>(labels.data), static_cast<double*>(shares.data)};
  withEntries(call, 0, [&](const auto& x) {
    sparseResiduals(x, start, end, classes, blockRows, static_cast<double*>(out.data), static_cast<double*>(leaves.data));
  });
  return nullptr;
}

/** sparseGradient(starts, rows, values, from, to, residuals, q, blockRows, out) */
napi_value callSparseGradient(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const int64_t from = call.integer(3), to = call.integer(4), q = call.integer(6), blockRows = call.integer(7);
  const Call::Array residuals = call.array(5), out = call.array(8);
  if (q < 1 || blockRows < 1 || !hasEntries(call, 0, from, to) || residuals.type != napi_float64_array ||
      out.type != napi_float64_array || static_cast<int64_t>(out.length) < to * q) {
    return call.refuse("sparseGradient: the arrays do not have these shapes");
  }
  withEntries(call, 0, [&](const auto& x) {
    sparseGradient(x, from, to, static_cast<double*>(residuals.data), q, blockRows, static_cast<double*>(out.data));
  });
  return nullptr;
}

napi_value callCaptureErrors(napi_env env, napi_callback_info info) {
  return Call(env, info).result(StandardError::capture());
}

napi_value callReleaseErrors(napi_env env, napi_callback_info) {
  const std::string text = StandardError::release();
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

/** A function for JavaScript: what C++ throws, such as std::bad_alloc, becomes an error. */
template <napi_value (*call)(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    return call(env, info);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}

template <napi_value (*call)(napi_env, napi_callback_info)>
napi_property_descriptor function(const char* name) {
  return {name, nullptr, guarded<call>, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      function<callMultiply>("multiply"),
      function<callMultiplyTransposed>("multiplyTransposed"),
      function<callFactorize>("factorize"),
      function<callSubstitute>("substitute"),
      function<callAddAndDot>("addAndDot"),
      function<callEvaluate>("evaluate"),
      function<callProbabilities>("probabilities"),
      function<callGram>("gram"),
      function<callPredictRows>("predictRows"),
      function<callSparseResiduals>("sparseResiduals"),
      function<callSparseGradient>("sparseGradient"),
      function<callCaptureErrors>("captureErrors"),
      function<callReleaseErrors>("releaseErrors"),
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions);
  return exports;
}
