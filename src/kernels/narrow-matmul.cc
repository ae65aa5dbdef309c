// kernels: the TensorFlow kernel for products with few columns.
//
//   SoftmaxRegressionNarrowMatMul(a, b, rows):  factor · a[rows]·b,  a[rows]ᵀ·b (transpose_a),  a[rows]·bᵀ (transpose_b)
//
// a is float32 or bytes; without rows, all of a is used.
// The code uses TensorFlow's C API only, so it builds with any version of the library from 2.5 on.
#include <string>
#include <vector>

#include "products.h"

namespace {

constexpr const char* kOp = "SoftmaxRegressionNarrowMatMul";

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

template <typename A>
void multiplyTensors(const Kernel& kernel, TF_OpKernelContext* context, const Tensor& a, const Tensor& b,
                     const Tensor& rows, TF_Status* status) {
  if (a.rank() != 2 || b.rank() != 2 || (rows.tensor != nullptr && rows.rank() != 1) ||
      (kernel.transposeA && kernel.transposeB)) {
    return refuse(status, kOp, "arguments must be two matrices, not both transposed, and a list of rows");
  }
  const std::vector<const A*> starts = startsOf<A>(a, rows, kOp, status);
  if (TF_GetCode(status) != TF_OK) return;
  const int64_t numRows = starts.size(), columns = a.size(1);
  const int64_t summed = kernel.transposeA ? numRows : columns;
  if (b.size(kernel.transposeB ? 1 : 0) != summed) {
    return refuse(status, kOp, "b must have " + std::to_string(summed) + " terms per sum; got shape " + shapeOf(b.tensor));
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

/** Registers the operation when the addon is loaded. */
const bool registered = registerOperation({
    kOp,
    {"a: T", "b: float", "rows: N * int32"},
    {"product: float"},
    {"N: int >= 0", "transpose_a: bool = false", "transpose_b: bool = false", "factor: float = 1"},
    &create,
    &compute,
    &destroy,
});

}  // namespace
