# bench: scikit-learn's LogisticRegression: training to the optimum, and prediction.
from serve import serve  # must be the first import: it reserves standard output for the answers

import warnings
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from problem import load

# The limit of iterations is intended. The outcome shows the objective reached.
warnings.simplefilter('ignore', ConvergenceWarning)

features, labels = load()


def lbfgs(iterations=200, tolerance=1e-4):
    return solve(features, labels, iterations, tolerance)


def bundled(load_dataset, iterations=3000, tolerance=1e-8, standardize=True, solver='lbfgs', threads=2, C=1.0):
    """Trains on a data set of scikit-learn, to the optimum."""
    x, y = load_dataset(return_X_y=True)
    if standardize:
        x = StandardScaler().fit_transform(x)
    with threadpool_limits(threads):
        return solve(x, y, iterations, tolerance, solver, C)


def solve(x, y, iterations, tolerance, solver='lbfgs', C=1.0):
    """Seconds of `fit`, the objective reached, mean NLL + ‖W‖² / 2nC, and its largest derivative."""
    model = LogisticRegression(C=C, max_iter=iterations, tol=tolerance, solver=solver)
    start = perf_counter()
    model.fit(x, y)
    seconds = perf_counter() - start
    logits = x @ model.coef_.T.astype(np.float64) + model.intercept_
    objective = mean_loss(logits, y) + np.square(model.coef_, dtype=np.float64).sum() / (2 * C * len(y))
    residuals = np.exp(logits - logits.max(axis=1, keepdims=True))
    residuals /= residuals.sum(axis=1, keepdims=True)
    residuals[np.arange(len(y)), y] -= 1
    slope = residuals.T @ x / len(y) + model.coef_ / (C * len(y))
    gradient = max(np.abs(slope).max(), np.abs(residuals.mean(axis=0)).max())
    iterations = int(model.n_iter_.max())
    return {'seconds': seconds, 'outcome': objective, 'iterations': iterations, 'gradient': float(gradient)}


def mean_loss(logits, y):
    top = logits.max(axis=1, keepdims=True)
    normalizer = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return float((normalizer - logits[np.arange(len(y)), y]).mean())


def predict_row(calls=5000):
    """Median seconds of `predict_proba` for one row. The outcome is its loss."""
    model, row = predictor(), features[:1]
    times = []
    for _ in range(calls):
        start = perf_counter()
        probabilities = model.predict_proba(row)
        times.append(perf_counter() - start)
    return {'seconds': median(times), 'outcome': -float(np.log(probabilities[0, labels[0]]))}


def predict_many(rows=100_000):
    """Seconds of `predict_proba` for `rows` training images, repeated as needed. The outcome is their mean loss."""
    model, indices = predictor(), np.arange(rows) % len(labels)
    many = features[indices]
    start = perf_counter()
    probabilities = model.predict_proba(many)
    seconds = perf_counter() - start
    return {'seconds': seconds, 'outcome': -float(np.log(probabilities[np.arange(rows), labels[indices]]).mean())}


def predictor():
    """A fitted model with weights that are the same in any language: wⱼₖ = sin(10j + k) / 10, no bias."""
    model = LogisticRegression(max_iter=1).fit(features[:1000], labels[:1000])
    inputs, units = features.shape[1], len(model.classes_)
    model.coef_ = np.sin(np.arange(inputs * units)).reshape(inputs, units).T.astype(features.dtype) / 10
    model.intercept_ = np.zeros(units, features.dtype)
    return model


works = {
    'lbfgs': lbfgs,
    'predict-row': predict_row,
    'predict-many': predict_many,
    'digits': partial(bundled, load_digits),
    'wine': partial(bundled, load_wine),
}
serve(f'scikit-learn {sklearn.__version__}', works)
