"""Golden fits of softmax regression with L2, L1 and elastic net penalties, from scikit-learn in float64.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python solver.py

writes solver.golden.json. Iris is in src/data/iris.ts; wine, breast cancer and digits are stored there, the last two
deflated. Each case holds its options, the objective

    (1/S) Σ sᵢ NLLᵢ + l2/2 ‖W‖² + l1 ‖W‖₁,   S = Σ sᵢ

at the optimum, and the parameters there, W [features, classes] and b [classes], eight digits of each. Sample weights are
none, sᵢ = (7i mod 5)/2 ("samples": every fifth is 0), or those of class_weight='balanced'.

- "cases": LogisticRegression(solver='newton-cholesky', tol=1e-12), l2 = 1/(C·S); for breast cancer, where scikit-learn fits
  one sigmoid w, it is 2/(C·S) and W = (−w/2, w/2). W and b are centred over the classes; of digits they are stored for
  C = 1 and standardised features only, as they are many.
- "sparse": LogisticRegression(solver='saga', tol=1e-10), l1 = ratio/(C·S), l2 = (1 − ratio)/(C·S) (twice that for breast
  cancer). Not centred: the l1 penalty leaves no such freedom where classes are odd in number. Of breast cancer only the
  objective and w are stored. Zeros are those of saga; every other gradient there is below l1, and every other weight far from 0.

Where scikit-learn stops is not yet the optimum to all digits: from there, numpy takes Newton steps over the weights that are
not 0, until the gradient is below 1e-11 times the largest feature.
"""

import base64
import itertools
import json
import pathlib
import warnings
import zlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight


# standardize, intercept, weighted
DIGITS = [(True, True, "none"), (False, True, "none"), (False, False, "samples"), (True, True, "balanced")]


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


def smooth_newton(x, y, s, l2, intercept, weight, bias, l1=0.0):
    """One Newton step over the bias and what is not 0 of the weight; signs stay."""
    (d, q), n = weight.shape, len(y)
    design = np.hstack([x, np.ones((n, 1))]) if intercept else x
    _, gw, gb = objective_and_gradient(x, y, s, l2, weight, bias)
    logits = x @ weight + bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    m = design.shape[1]
    hessian = np.zeros((m, q, m, q))
    for k, l in itertools.product(range(q), range(q)):
        v = s / s.sum() * (p[:, k] * (k == l) - p[:, k] * p[:, l])
        hessian[:, k, :, l] = design.T @ (v[:, None] * design)
    hessian = hessian.reshape(m * q, m * q)
    hessian[range(d * q), range(d * q)] += l2
    gradient = np.vstack([gw + l1 * np.sign(weight), gb]) if intercept else gw + l1 * np.sign(weight)
    free = np.vstack([weight != 0, np.ones((1, q), bool)])[:m].ravel() if l1 else np.ones(m * q, bool)
    step = np.zeros(m * q)
    step[free] = np.linalg.lstsq(hessian[np.ix_(free, free)], gradient.ravel()[free], rcond=1e-15)[0]
    step = step.reshape(m, q)
    return weight - step[:d], bias - step[d] if intercept else bias


def violation(x, y, s, l2, intercept, weight, bias, l1=0.0):
    _, gw, gb = objective_and_gradient(x, y, s, l2, weight, bias)
    least = np.where(weight != 0, gw + l1 * np.sign(weight), np.maximum(np.abs(gw) - l1, 0))
    return max(np.abs(least).max(), np.abs(gb).max() if intercept else 0)


def polished(x, y, s, l2, intercept, weight, bias, l1=0.0):
    """Newton steps down to rounding: scikit-learn stops when its decrease is near that of one ulp."""
    for _ in range(20):
        moved = smooth_newton(x, y, s, l2, intercept, weight, bias, l1)
        if l1 and (np.sign(moved[0]) != np.sign(weight)).any():
            raise ValueError("saga did not find the signs")
        if violation(x, y, s, l2, intercept, *moved, l1) >= violation(x, y, s, l2, intercept, weight, bias, l1):
            break
        weight, bias = moved
    assert violation(x, y, s, l2, intercept, weight, bias, l1) < 1e-11 * max(1, np.abs(x).max())
    return weight, bias


def both_classes(model, q):
    """W and b as columns of all classes, also where scikit-learn has one sigmoid."""
    weight, bias = model.coef_.T, model.intercept_ * np.ones(model.coef_.shape[0])
    if q == 2:
        weight, bias = np.hstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
    return weight, bias


def fit(x, y, s, c, intercept):
    q = y.max() + 1
    model = LogisticRegression(C=c, fit_intercept=intercept, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a decrease below one ulp ends its line search
        model.fit(x, y, sample_weight=s)
    l2 = (2 if q == 2 else 1) / (c * s.sum())
    weight, bias = both_classes(model, q)
    exact, level = polished(x, y, s, l2, intercept, weight, bias)
    level = level - level.mean()
    shift = np.abs(exact - (weight - weight.mean(axis=1, keepdims=True))).max()
    assert shift <= 1e-5 * max(1, np.abs(exact).max()), shift
    value = objective_and_gradient(x, y, s, l2, exact, level)[0]
    return value, exact - exact.mean(axis=1, keepdims=True), level


def fit_sparse(x, y, s, c, ratio):
    q = y.max() + 1
    model = LogisticRegression(C=c, l1_ratio=ratio, solver="saga", tol=1e-10, max_iter=1_000_000, random_state=0)
    model.fit(x, y, sample_weight=s)
    l1, l2 = ratio / (c * s.sum()), (1 - ratio) / (c * s.sum()) * (2 if q == 2 else 1)
    if q == 2:
        # One sigmoid is softmax with the other logit held at 0, where l1 counts once.
        weight = np.hstack([np.zeros((x.shape[1], 1)), model.coef_.T])
        bias = np.array([0, model.intercept_[0]])
        held = l2 / 2
    else:
        weight, bias, held = model.coef_.T, model.intercept_, l2
    weight, bias = polished(x, y, s, held, True, weight, bias, l1) if q > 2 else polished_sigmoid(x, y, s, held, weight, bias, l1)
    _, gw, _ = objective_and_gradient(x, y, s, held, weight, bias)
    gw, w = (gw[:, 1:], weight[:, 1:]) if q == 2 else (gw, weight)
    assert np.abs(gw[w == 0]).max(initial=0) < l1 * (1 - 1e-4), "a zero that is hardly one"
    assert np.abs(w[w != 0]).min() > 1e-5, "a weight that is hardly any"
    assert ((model.coef_.T == 0) == (w == 0)).all()
    value = objective_and_gradient(x, y, s, held, weight, bias)[0] + l1 * np.abs(weight).sum()
    return value, w, bias - bias.mean(), l1, l2


def polished_sigmoid(x, y, s, l2, weight, bias, l1):
    """The same for w alone: the column of zeros stays, and so does its bias."""
    w, b = weight[:, 1].copy(), bias[1]
    design = np.hstack([x, np.ones((len(y), 1))])
    free = np.append(w != 0, True)
    for _ in range(20):
        p = 1 / (1 + np.exp(-(x @ w + b)))
        share = s / s.sum()
        gradient = design.T @ (share * (p - y)) + np.append(l2 * w + l1 * np.sign(w), 0)
        hessian = design.T @ ((share * p * (1 - p))[:, None] * design) + l2 * np.diag(np.append(np.ones(len(w)), 0))
        step = np.zeros(len(w) + 1)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        assert (np.sign(w - step[:-1]) == np.sign(w)).all()
        w, b = w - step[:-1], b - step[-1]
    assert np.abs(gradient[free]).max() < 1e-11
    return np.column_stack([np.zeros_like(w), w]), np.array([0, b])


def rounded(values):
    return [float(f"{value:.8g}") for value in np.ravel(values)]


def weights_of(kind, labels):
    if kind == "samples":
        return np.arange(len(labels)) * 7 % 5 / 2
    return compute_sample_weight("balanced", labels) if kind == "balanced" else np.ones(len(labels))


def deflated(data):
    return base64.b64encode(zlib.compress(data, 9)).decode()


wine, digits, iris, cancer = load_wine(), load_digits(), load_iris(), load_breast_cancer()
problems = {each: (data.data, data.target) for each, data in
            {"iris": iris, "wine": wine, "cancer": cancer, "digits": digits}.items()}
cases, sparse = [], []
for name, (raw, labels) in problems.items():
    choices = itertools.product([0.01, 1, 100], [True, False], [True, False], ["none", "samples", "balanced"])
    for c, standardize, intercept, weighted in choices:
        # Of digits, whose fits take their time, only some.
        if name == "digits" and (standardize, intercept, weighted) not in DIGITS:
            continue
        weights = weights_of(weighted, labels)
        value, weight, bias = fit(standardized(raw) if standardize else raw, labels, weights, c, intercept)
        case = dict(data=name, C=c, standardize=standardize, intercept=intercept, weighted=weighted)
        case["objective"] = float(value)
        if name != "digits" or (c == 1 and standardize):
            case |= {"weight": rounded(weight), "bias": rounded(bias)}
        cases.append(case)
        print(name, c, standardize, intercept, weighted, value, flush=True)
    for c, ratio, weighted in itertools.product([0.1, 1, 10], [1.0, 0.5], ["none", "samples"]):
        # An even number of classes has one optimum only with some l2.
        if name == "digits" and (c != 0.1 or ratio == 1 or weighted == "samples"):
            continue
        value, weight, bias, l1, l2 = fit_sparse(standardized(raw), labels, weights_of(weighted, labels), c, ratio)
        case = dict(data=name, l1=l1, l2=l2, weighted=weighted, objective=float(value))
        sparse.append(case | {"weight": rounded(weight), "bias": rounded(bias)})
        print(name, c, ratio, weighted, value, (weight == 0).sum(), "of", weight.size, flush=True)

golden = {
    "scikit-learn": sklearn.__version__,
    "wine": {"features": wine.data.tolist(), "labels": wine.target.tolist()},
    "cancer": {
        # Rows of JSON, as the numbers have few digits.
        "deflated": deflated(json.dumps(cancer.data.tolist(), separators=(",", ":")).encode()),
        "labels": "".join(map(str, cancer.target)),
    },
    "digits": {
        "deflated": deflated(digits.data.astype(np.uint8).tobytes()),
        "labels": "".join(map(str, digits.target)),
    },
    "cases": cases,
    "sparse": sparse,
}
text = json.dumps(golden, separators=(",", ":"))
pathlib.Path(__file__).with_name("solver.golden.json").write_text(text + "\n")
