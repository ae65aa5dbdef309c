// kernels: the TensorFlow kernel for products with few columns, as in a linear classifier with few classes.
//
//   SoftmaxRegressionNarrowMatMul(a, b, rows):  factor · a[rows]·b,  a[rows]ᵀ·b (transpose_a),  a[rows]·bᵀ (transpose_b)
//
// a is float32 or bytes; without rows, all of a is used. TensorFlow's own kernels are designed for matrices that are
// large in both dimensions, and require contiguous floats. Here a block of the result stays in registers, and the rows
// are read in place in their stored type.
// The code uses TensorFlow's C API only, so it builds with any version of the library from 2.5 on.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"
#include "workers.h"

namespace {

constexpr const char* kOp = "SoftmaxRegressionNarrowMatMul";
/** a is [rows, columns], B has n columns. */
struct Sizes {
  int64_t rows, columns, n;
  /** `columns`, rounded up to whole vectors. */
  int64_t padded;
  /** Scale of the product. */
  float factor;
};

/** A range of rows of the result. */
struct Range {
  int64_t from, to;
};

template <typename A>
struct Arguments {
  /** Pointers to the rows. */
  const A* const* a;
  /** For aᵀ·B it is B, [rows, n]; for a·B the columns of B, [n, padded], padded with zeros. */
  const float* b;
  float* out;
  Sizes size;
  bool transposeA;
};

/** Largest number of columns per block of sums. */
#define MOST_COLUMNS 10
/** Floats of the widest vectors below; the padding of columns fits all widths. */
constexpr int64_t kWidest = 16;

namespace any_processor {
#define TARGET
#define WIDTH 4
#if defined(__aarch64__)
#define ROWS 2
#else
#define ROWS 1
#endif
#include "narrow-matmul.h"
}  // namespace any_processor

#if defined(__x86_64__)
namespace avx2 {
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define ROWS 1
#include "narrow-matmul.h"
}  // namespace avx2

namespace avx512 {
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512vl")))
#define WIDTH 16
#define ROWS 2
#include "narrow-matmul.h"
}  // namespace avx512

/** Floats of the widest vectors that the processor supports and the user allows. */
int64_t lanes() {
  const char* limit = std::getenv("SOFTMAX_REGRESSION_LANES");
  const int64_t most = limit == nullptr ? kWidest : std::atoll(limit);
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (most >= 16 && hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return 16;
  return most >= 8 && hasAvx2 ? 8 : 4;
}

template <typename A>
void multiplyPart(const Arguments<A>& x, Range part) {
  static const int64_t width = lanes();
  if (width == 16) return avx512::multiply(x, part);
  if (width == 8) return avx2::multiply(x, part);
  any_processor::multiply(x, part);
}
#else
template <typename A>
void multiplyPart(const Arguments<A>& x, Range part) {
  any_processor::multiply(x, part);
}
#endif

/** Multiply-adds below which one thread finishes before another one starts. */
constexpr int64_t kWorthSharing = 1 << 19;
/** Rows of the result per part of a thread. */
constexpr int64_t kPart = 64;

template <typename A>
void multiply(const Arguments<A>& x) {
  const int64_t rows = x.transposeA ? x.size.columns : x.size.rows;
  if (x.size.rows * x.size.columns * x.size.n < kWorthSharing) return multiplyPart(x, Range{0, rows});
  Workers::shared().run((rows + kPart - 1) / kPart, [&](int64_t i) {
    multiplyPart(x, Range{i * kPart, std::min((i + 1) * kPart, rows)});
  });
}

struct Kernel {
  bool transposeA, transposeB;
  float factor;
};

void* create(TF_OpKernelConstruction* context) {
  TF_Status* status = TF_NewStatus();
  unsigned char transposeA = 0, transposeB = 0;
  float factor = 1;
  TF_OpKernelConstruction_GetAttrBool(context, "transpose_a", &transposeA, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrBool(context, "transpose_b", &transposeB, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrFloat(context, "factor", &factor, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(context, status);
  TF_DeleteStatus(status);
  return new Kernel{transposeA != 0, transposeB != 0, factor};
}

void destroy(void* kernel) { delete static_cast<Kernel*>(kernel); }

/** B [length, n], or Bᵀ [n, length], as aligned columns padded with zeros. */
class PaddedColumns {
 public:
  PaddedColumns(const float* b, int64_t length, int64_t padded, int64_t n, bool isTransposed)
      : memory_(n * padded + kWidest, 0.0f) {
    void* start = memory_.data();
    size_t space = memory_.size() * sizeof(float);
    columns_ = static_cast<float*>(std::align(kWidest * sizeof(float), n * padded * sizeof(float), start, space));
    if (isTransposed) {
      for (int64_t c = 0; c < n; c++) std::memcpy(columns_ + c * padded, b + c * length, length * sizeof(float));
      return;
    }
    for (int64_t j = 0; j < length; j++) {
      for (int64_t c = 0; c < n; c++) columns_[c * padded + j] = b[j * n + c];
    }
  }
  const float* data() const { return columns_; }

 private:
  std::vector<float> memory_;
  float* columns_;
};

std::string shapeOf(const TF_Tensor* tensor) {
  std::string text = "[";
  for (int i = 0; i < TF_NumDims(tensor); i++) text += (i > 0 ? ", " : "") + std::to_string(TF_Dim(tensor, i));
  return text + "]";
}

/** Owns a tensor. */
struct Tensor {
  TF_Tensor* tensor = nullptr;
  ~Tensor() { TF_DeleteTensor(tensor); }
  int rank() const { return TF_NumDims(tensor); }
  int64_t size(int axis) const { return TF_Dim(tensor, axis); }
  template <typename T>
  T* data() const {
    return static_cast<T*>(TF_TensorData(tensor));
  }
};

void refuse(TF_Status* status, const std::string& reason) {
  TF_SetStatus(status, TF_INVALID_ARGUMENT, (std::string(kOp) + ": " + reason).c_str());
}

/** Pointers to the given rows of a, or to all rows in order if none are given. */
template <typename A>
std::vector<const A*> startsOf(const Tensor& a, const Tensor& rows, TF_Status* status) {
  const A* start = a.data<A>();
  const int64_t numRows = a.size(0), columns = a.size(1);
  std::vector<const A*> starts(rows.tensor == nullptr ? numRows : rows.size(0));
  for (size_t i = 0; i < starts.size(); i++) {
    const int64_t row = rows.tensor == nullptr ? i : rows.data<int32_t>()[i];
    if (row < 0 || row >= numRows) {
      refuse(status, "rows must be in [0, " + std::to_string(numRows) + "); got " + std::to_string(row));
      break;
    }
    starts[i] = start + row * columns;
  }
  return starts;
}

template <typename A>
void multiplyTensors(const Kernel& kernel, TF_OpKernelContext* context, const Tensor& a, const Tensor& b,
                     const Tensor& rows, TF_Status* status) {
  if (a.rank() != 2 || b.rank() != 2 || (rows.tensor != nullptr && rows.rank() != 1) ||
      (kernel.transposeA && kernel.transposeB)) {
    return refuse(status, "arguments must be two matrices, not both transposed, and a list of rows");
  }
  const std::vector<const A*> starts = startsOf<A>(a, rows, status);
  if (TF_GetCode(status) != TF_OK) return;
  const int64_t numRows = starts.size(), columns = a.size(1);
  const int64_t summed = kernel.transposeA ? numRows : columns;
  if (b.size(kernel.transposeB ? 1 : 0) != summed) {
    return refuse(status, "b must have " + std::to_string(summed) + " terms per sum; got shape " + shapeOf(b.tensor));
  }
  const int64_t n = b.size(kernel.transposeB ? 0 : 1);
  const int64_t shape[] = {kernel.transposeA ? columns : numRows, n};
  Tensor out;
  out.tensor = TF_AllocateOutput(context, 0, TF_FLOAT, shape, 2, shape[0] * n * sizeof(float), status);
  if (TF_GetCode(status) != TF_OK || shape[0] * n == 0) return;
  const Sizes size{numRows, columns, n, (columns + kWidest - 1) / kWidest * kWidest, kernel.factor};
  const float* factor = b.data<float>();
  if (kernel.transposeA) return multiply(Arguments<A>{starts.data(), factor, out.data<float>(), size, true});
  const PaddedColumns turned(factor, columns, size.padded, n, kernel.transposeB);
  multiply(Arguments<A>{starts.data(), turned.data(), out.data<float>(), size, false});
}

void compute(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  {
    Tensor a, b, rows;
    TF_GetInput(context, 0, &a.tensor, status);
    if (TF_GetCode(status) == TF_OK) TF_GetInput(context, 1, &b.tensor, status);
    if (TF_GetCode(status) == TF_OK && TF_NumInputs(context) > 2) TF_GetInput(context, 2, &rows.tensor, status);
    if (TF_GetCode(status) == TF_OK) {
      const Kernel& own = *static_cast<Kernel*>(kernel);
      const bool areBytes = TF_TensorType(a.tensor) == TF_UINT8;
      (areBytes ? multiplyTensors<uint8_t> : multiplyTensors<float>)(own, context, a, b, rows, status);
    }
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  TF_DeleteStatus(status);
}

void inferShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

/** Registers the operation when the addon is loaded, and its kernel for each type of the long factor. */
const bool registered = [] {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(kOp);
  TF_OpDefinitionBuilderAddInput(op, "a: T");
  TF_OpDefinitionBuilderAddInput(op, "b: float");
  TF_OpDefinitionBuilderAddInput(op, "rows: N * int32");
  TF_OpDefinitionBuilderAddOutput(op, "product: float");
  TF_OpDefinitionBuilderAddAttr(op, "T: {float, uint8}");
  TF_OpDefinitionBuilderAddAttr(op, "N: int >= 0");
  TF_OpDefinitionBuilderAddAttr(op, "transpose_a: bool = false");
  TF_OpDefinitionBuilderAddAttr(op, "transpose_b: bool = false");
  TF_OpDefinitionBuilderAddAttr(op, "factor: float = 1");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &inferShape);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(op, status);
  for (const TF_DataType type : {TF_FLOAT, TF_UINT8}) {
    if (TF_GetCode(status) != TF_OK) break;
    TF_KernelBuilder* builder = TF_NewKernelBuilder(kOp, "CPU", &create, &compute, &destroy);
    TF_KernelBuilder_TypeConstraint(builder, "T", type, status);
    if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(kOp, builder, status);
  }
  // If this fails, the addon works without the operation. Callers check that it is available.
  const bool isRegistered = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return isRegistered;
}();

}  // namespace
