"""Golden numbers for cross-entropy with every combination of options, from PyTorch in float64.

Made with Python 3.11 and torch 2.15.0 (the golden file says which torch it came from). From this folder:

    pip install torch==2.15.0 numpy
    python cross-entropy.py

writes cross-entropy.golden.json. Each case holds what `crossEntropy` (targets) or `sparseCrossEntropy` (labels) is
given beside the shared logits, and the loss, its gradient and its Hessian-vector product (along the shared vector).
PyTorch has no sample weights: there, its per-sample losses are weighted, and a mean is taken over the sum of the
weights, s·w[label] for labels and s for distributions.
"""

import itertools
import json
import pathlib

import torch
from torch.nn.functional import cross_entropy

IGNORED = -100

LOGITS = [[1.0, 2.0, 3.0], [12.0, -1.75, 11.5], [-3.0, 0.5, 0.5], [6.5, -20.0, 2.25]]
LABELS = [2, 0, 0, 1]
LABELS_WITH_IGNORED = [2, IGNORED, 0, 1]
TARGETS = [[0.0, 0.0, 1.0], [0.125, 0.25, 0.625], [0.0625, 0.9375, 0.0], [0.25, 0.5, 0.25]]
CLASS_WEIGHTS = [0.5, 2.0, 0.0]
SAMPLE_WEIGHTS = [1.0, 0.5, 0.0, 3.0]
VECTOR = [[1.0, 0.0, -1.0], [0.5, -2.0, 0.25], [0.0, 1.5, -0.75], [-1.0, 0.125, 1.0]]


def float64(values):
    return torch.tensor(values, dtype=torch.float64)


def loss_of(logits, target, options):
    """The reduced loss: PyTorch's own where there are no sample weights."""
    reduction = options["reduction"]
    weight = float64(options["classWeights"]) if "classWeights" in options else None
    arguments = {"weight": weight, "label_smoothing": options.get("labelSmoothing", 0.0), "ignore_index": IGNORED}
    if "sampleWeights" not in options:
        return cross_entropy(logits, target, reduction=reduction, **arguments)
    s = float64(options["sampleWeights"])
    losses = s * cross_entropy(logits, target, reduction="none", **arguments)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    w = torch.ones(logits.shape[1], dtype=torch.float64) if weight is None else weight
    if target.ndim == 2:
        return losses.sum() / s.sum()
    kept = target != IGNORED
    return losses.sum() / (s[kept] * w[target[kept]]).sum()


def case(given, options):
    target = float64(given["targets"]) if "targets" in given else torch.tensor(given["labels"])

    def scalar(logits):
        return loss_of(logits, target, options).sum()

    logits = float64(LOGITS)
    gradient = torch.autograd.functional.jacobian(scalar, logits)
    _, product = torch.autograd.functional.hvp(scalar, logits, float64(VECTOR))
    return {
        **given,
        "options": options,
        "loss": loss_of(logits, target, options).tolist(),
        "gradient": gradient.tolist(),
        "hessianVector": product.tolist(),
    }


def cases():
    weights = [{}, {"classWeights": CLASS_WEIGHTS}]
    samples = [{}, {"sampleWeights": SAMPLE_WEIGHTS}]
    smoothing = [{}, {"labelSmoothing": 0.1}]
    reductions = [{"reduction": reduction} for reduction in ("mean", "sum", "none")]
    for r, w, s, e in itertools.product(reductions, weights, samples, smoothing):
        options = {**r, **w, **s, **e}
        yield case({"targets": TARGETS}, options)
        yield case({"labels": LABELS}, options)
        yield case({"labels": LABELS_WITH_IGNORED}, {**options, "ignoreIndex": IGNORED})


def main():
    rows = ",\n".join("    " + json.dumps(each) for each in cases())
    shared = {"torch": torch.__version__.partition("+")[0], "logits": LOGITS, "vector": VECTOR}
    head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in shared.items())
    text = "{\n" + head + '  "cases": [\n' + rows + "\n  ]\n}\n"
    path = pathlib.Path(__file__).with_name("cross-entropy.golden.json")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
