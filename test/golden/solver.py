"""Golden fits of softmax regression with an L2 penalty, from scikit-learn's Newton solver in float64.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python solver.py

writes solver.golden.json. Iris is in src/data/iris.ts; wine and the first 600 digits are stored there, digits as
deflated bytes. Each case holds its options, the objective

    (1/S) Σ sᵢ NLLᵢ + l2/2 ‖W‖²,   S = Σ sᵢ,   l2 = 1/(C·S)

at the optimum, and the parameters there, W [features, classes] and b [classes], centred over the classes; for digits,
whose parameters are many, only where C = 1. The sample weights are sᵢ = (7i mod 5)/2, so every fifth is 0.
"""

import base64
import itertools
import json
import pathlib
import warnings
import zlib

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

DIGITS = 600


def standardized(x):
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread == 0, 1, spread)


def objective_and_gradient(x, y, s, l2, weight, bias):
    logits = x @ weight + bias
    top = logits.max(axis=1, keepdims=True)
    log_p = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    value = -(s * log_p[rows, y]).sum() / s.sum() + l2 / 2 * (weight**2).sum()
    residual = np.exp(log_p)
    residual[rows, y] -= 1
    residual *= s[:, None] / s.sum()
    return value, x.T @ residual + l2 * weight, residual.sum(axis=0)


def polished(x, y, s, l2, intercept, weight, bias):
    """Newton steps from the fit, down to rounding: scikit-learn stops when its decrease is near that of one ulp."""
    (d, q), n = weight.shape, len(y)
    design = np.hstack([x, np.ones((n, 1))]) if intercept else x
    for _ in range(5):
        _, gw, gb = objective_and_gradient(x, y, s, l2, weight, bias)
        logits = x @ weight + bias
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        m = design.shape[1]
        hessian = np.zeros((m, q, m, q))
        for k, l in itertools.product(range(q), range(q)):
            v = s / s.sum() * (p[:, k] * (k == l) - p[:, k] * p[:, l])
            hessian[:, k, :, l] = design.T @ (v[:, None] * design)
        gradient = np.vstack([gw, gb]) if intercept else gw
        hessian = hessian.reshape(m * q, m * q)
        hessian[range(d * q), range(d * q)] += l2
        step = np.linalg.lstsq(hessian, gradient.ravel(), rcond=1e-15)[0].reshape(m, q)
        moved = weight - step[:d], bias - step[d] if intercept else bias
        before, after = [max(np.abs(g).max() for g in objective_and_gradient(x, y, s, l2, *at)[1 : 2 + intercept])
                         for at in [(weight, bias), moved]]
        if after >= before:
            break
        weight, bias = moved
    return weight, bias


def fit(x, y, s, c, intercept):
    model = LogisticRegression(C=c, fit_intercept=intercept, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a decrease below one ulp ends its line search
        model.fit(x, y, sample_weight=s)
    l2 = 1 / (c * s.sum())
    weight, bias = model.coef_.T, model.intercept_ * np.ones(model.coef_.shape[0])
    exact, level = polished(x, y, s, l2, intercept, weight, bias)
    level = level - level.mean()
    shift = np.abs(exact - (weight - weight.mean(axis=1, keepdims=True))).max()
    assert shift <= 1e-5 * max(1, np.abs(exact).max()), shift
    value, gw, gb = objective_and_gradient(x, y, s, l2, exact, level)
    assert np.abs(gw).max() < 1e-11 * max(1, np.abs(x).max()), np.abs(gw).max()
    assert not intercept or np.abs(gb).max() < 1e-11, gb
    return value, exact - exact.mean(axis=1, keepdims=True), level


def rounded(values):
    return [float(f"{value:.8g}") for value in np.ravel(values)]


wine, digits, iris = load_wine(), load_digits(), load_iris()
problems = {
    "iris": (iris.data, iris.target),
    "wine": (wine.data, wine.target),
    "digits": (digits.data[:DIGITS], digits.target[:DIGITS]),
}
cases = []
for name, (raw, labels) in problems.items():
    scales = itertools.product([0.01, 1, 100], [True, False], [True, False], [True, False])
    for c, standardize, intercept, weighted in scales:
        if name == "digits" and c != 1 and (standardize != intercept):
            continue
        weights = np.arange(len(labels)) * 7 % 5 / 2 if weighted else np.ones(len(labels))
        value, weight, bias = fit(standardized(raw) if standardize else raw, labels, weights, c, intercept)
        case = dict(data=name, C=c, standardize=standardize, intercept=intercept, weighted=weighted)
        case["objective"] = float(value)
        if name != "digits" or (c == 1 and intercept and standardize != weighted):
            case |= {"weight": rounded(weight), "bias": rounded(bias)}
        cases.append(case)
        print(name, c, standardize, intercept, weighted, value)

pixels = problems["digits"][0].astype(np.uint8).tobytes()
golden = {
    "scikit-learn": sklearn.__version__,
    "wine": {"features": wine.data.tolist(), "labels": wine.target.tolist()},
    "digits": {
        "deflated": base64.b64encode(zlib.compress(pixels, 9)).decode(),
        "labels": problems["digits"][1].tolist(),
    },
    "cases": cases,
}
text = json.dumps(golden, separators=(",", ":"))
pathlib.Path(__file__).with_name("solver.golden.json").write_text(text + "\n")
