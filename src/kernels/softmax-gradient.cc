// kernels: the TensorFlow kernel for the loss and the gradient of a softmax regression, the closed form of a whole batch.
//
//   SoftmaxRegressionGradient(a, w, b, labels, weights, rows):  o = factor·a[rows]·w + b,  p = softmax(o)
//     loss = (1/n) Σᵢ sᵢ·(−log pᵢ[labelᵢ]),   gradients factor·a[rows]ᵀG and Σᵢ gᵢ,   gᵢ = sᵢ(pᵢ − yᵢ)/n
//
// a is float32 or bytes; without rows, all of a is used, and without weights, each sᵢ is 1. A sample of weight 0 does not
// count, even if its logits are not finite. As separate kernels, these steps take longer to start than to run.
#include <string>
#include <vector>

#include "products.h"

namespace {

constexpr const char* kOp = "SoftmaxRegressionGradient";

struct Kernel {
  float factor;
  bool hasWeights, hasRows;
};

void* create(TF_OpKernelConstruction* context) {
  TF_Status* status = TF_NewStatus();
  float factor = 1;
  int64_t numWeights = 0, numRows = 0;
  TF_OpKernelConstruction_GetAttrFloat(context, "factor", &factor, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(context, "M", &numWeights, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(context, "N", &numRows, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(context, status);
  TF_DeleteStatus(status);
  return new Kernel{factor, numWeights > 0, numRows > 0};
}

void destroy(void* kernel) { delete static_cast<Kernel*>(kernel); }

struct Inputs {
  Tensor a, w, b, labels, weights, rows;
};

/** Replaces the logits, [n, q] without bias, by G. Returns the loss. */
double residuals(float* logits, int64_t n, int64_t q, const Inputs& given) {
  std::vector<float> losses(n);
  const float* weights = given.weights.tensor == nullptr ? nullptr : given.weights.data<float>();
  Workers::shared().run((n + kPart - 1) / kPart, [&](int64_t i) {
    const int64_t from = i * kPart, rows = std::min(kPart, n - from);
    residualsPart(logits + from * q, rows, q, given.b.data<float>(), given.labels.data<int32_t>() + from,
                  weights == nullptr ? nullptr : weights + from, 1.0f / static_cast<float>(n), losses.data() + from);
  });
  double sum = 0;
  for (const float loss : losses) sum += loss;
  return sum;
}

template <typename A>
void gradient(const Kernel& kernel, TF_OpKernelContext* context, const Inputs& given, TF_Status* status) {
  const auto isMatrix = [](const Tensor& tensor) { return tensor.rank() == 2; };
  const auto isList = [](const Tensor& tensor) { return tensor.tensor == nullptr || tensor.rank() == 1; };
  if (!isMatrix(given.a) || !isMatrix(given.w) || !isList(given.b) || !isList(given.labels) || !isList(given.weights) ||
      !isList(given.rows)) {
    return refuse(status, kOp, "arguments must be two matrices and lists");
  }
  const std::vector<const A*> starts = startsOf<A>(given.a, given.rows, kOp, status);
  if (TF_GetCode(status) != TF_OK) return;
  const int64_t n = starts.size(), d = given.a.size(1), q = given.w.size(1);
  if (given.w.size(0) != d || given.b.size(0) != q || given.labels.size(0) != n ||
      (given.weights.tensor != nullptr && given.weights.size(0) != n) || n == 0 || q == 0) {
    return refuse(status, kOp, "the shapes must agree; got " + shapeOf(given.a.tensor) + ", " + shapeOf(given.w.tensor) +
                                   ", " + shapeOf(given.b.tensor) + " and " + shapeOf(given.labels.tensor));
  }
  const int32_t* labels = given.labels.data<int32_t>();
  for (int64_t i = 0; i < n; i++) {
    if (labels[i] >= 0 && labels[i] < q) continue;
    return refuse(status, kOp, "labels must be in [0, " + std::to_string(q) + "); got " + std::to_string(labels[i]));
  }
  Tensor loss, ofWeight, ofBias;
  const int64_t shape[] = {d, q};
  loss.tensor = TF_AllocateOutput(context, 0, TF_FLOAT, nullptr, 0, sizeof(float), status);
  if (TF_GetCode(status) != TF_OK) return;
  ofWeight.tensor = TF_AllocateOutput(context, 1, TF_FLOAT, shape, 2, d * q * sizeof(float), status);
  if (TF_GetCode(status) != TF_OK) return;
  ofBias.tensor = TF_AllocateOutput(context, 2, TF_FLOAT, shape + 1, 1, q * sizeof(float), status);
  if (TF_GetCode(status) != TF_OK) return;

  const Sizes size{n, d, q, (d + kWidest - 1) / kWidest * kWidest, kernel.factor};
  std::vector<float> logits(n * q);
  {
    const PaddedColumns turned(given.w.data<float>(), d, size.padded, q, false);
    multiply(Arguments<A>{starts.data(), turned.data(), logits.data(), size, false});
  }
  *loss.data<float>() = static_cast<float>(residuals(logits.data(), n, q, given));
  multiply(Arguments<A>{starts.data(), logits.data(), ofWeight.data<float>(), size, true});
  float* sums = ofBias.data<float>();
  std::fill(sums, sums + q, 0.0f);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < q; k++) sums[k] += logits[i * q + k];
  }
}

void compute(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  {
    const Kernel& own = *static_cast<Kernel*>(kernel);
    Inputs given;
    std::vector<Tensor*> wanted = {&given.a, &given.w, &given.b, &given.labels};
    if (own.hasWeights) wanted.push_back(&given.weights);
    if (own.hasRows) wanted.push_back(&given.rows);
    for (size_t i = 0; i < wanted.size() && TF_GetCode(status) == TF_OK; i++) {
      TF_GetInput(context, static_cast<int>(i), &wanted[i]->tensor, status);
    }
    if (TF_GetCode(status) == TF_OK) {
      const bool areBytes = TF_TensorType(given.a.tensor) == TF_UINT8;
      (areBytes ? gradient<uint8_t> : gradient<float>)(own, context, given, status);
    }
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  TF_DeleteStatus(status);
}

/** Registers the operation when the addon is loaded. */
const bool registered = registerOperation({
    kOp,
    {"a: T", "w: float", "b: float", "labels: int32", "weights: M * float", "rows: N * int32"},
    {"loss: float", "of_weight: float", "of_bias: float"},
    {"M: int >= 0", "N: int >= 0", "factor: float = 1"},
    &create,
    &compute,
    &destroy,
});

}  // namespace
