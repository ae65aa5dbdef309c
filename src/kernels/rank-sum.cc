// kernels: the TensorFlow kernel for sums over the ranks of MPI, inside a graph.
//
//   SoftmaxRegressionRankSum(values):  Σᵣ (partᵣ/whole)·valuesᵣ in float64, rounded to float32
//
// The addon for MPI gives the address of the function that sums; with the address 0, one rank sums alone. A graph that a
// file brings could have any address there: TensorFlow treats such a file as code, too.
#include <cstdint>
#include <string>
#include <vector>

#include "products.h"

namespace {

constexpr const char* kOp = "SoftmaxRegressionRankSum";

/** Sums over all ranks in place. Returns null, or what happened; then the numbers are still in use. */
using Sum = const char* (*)(double* values, int64_t count);

struct Kernel {
  Sum sum;
  double share;
};

void* create(TF_OpKernelConstruction* context) {
  TF_Status* status = TF_NewStatus();
  int64_t address = 0, part = 1, whole = 1;
  TF_OpKernelConstruction_GetAttrInt64(context, "address", &address, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(context, "part", &part, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(context, "whole", &whole, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(context, status);
  TF_DeleteStatus(status);
  return new Kernel{reinterpret_cast<Sum>(address), static_cast<double>(part) / static_cast<double>(whole)};
}

void destroy(void* kernel) { delete static_cast<Kernel*>(kernel); }

void sum(const Kernel& kernel, TF_OpKernelContext* context, TF_Status* status) {
  Tensor values, sums;
  TF_GetInput(context, 0, &values.tensor, status);
  if (TF_GetCode(status) != TF_OK) return;
  if (TF_TensorType(values.tensor) != TF_FLOAT || values.rank() != 1)
    return refuse(status, kOp, "values must be a list of float32; got shape " + shapeOf(values.tensor));
  const int64_t shape[] = {values.size(0)};
  sums.tensor = TF_AllocateOutput(context, 0, TF_FLOAT, shape, 1, shape[0] * sizeof(float), status);
  if (TF_GetCode(status) != TF_OK) return;
  const float* from = values.data<float>();
  auto* shared = new std::vector<double>(shape[0]);
  for (int64_t i = 0; i < shape[0]; i++) (*shared)[i] = kernel.share * from[i];
  const char* failure = kernel.sum == nullptr ? nullptr : kernel.sum(shared->data(), shape[0]);
  // The numbers stay, since MPI may write into them until the process ends.
  if (failure != nullptr) return TF_SetStatus(status, TF_ABORTED, failure);
  float* to = sums.data<float>();
  for (int64_t i = 0; i < shape[0]; i++) to[i] = static_cast<float>((*shared)[i]);
  delete shared;
}

void compute(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  sum(*static_cast<Kernel*>(kernel), context, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  TF_DeleteStatus(status);
}

/** Registers the operation when the addon is loaded. */
const bool registered = registerOperation({
    kOp,
    {"values: T"},
    {"sums: float"},
    {"address: int", "part: int >= 1", "whole: int >= 1"},
    &create,
    &compute,
    &destroy,
    true,
});

}  // namespace
