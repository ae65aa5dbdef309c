"""Golden numbers for calibration, ROC, agreement, intervals and sample weights, from scikit-learn and scipy.

Made with Python 3.11, scikit-learn 1.9.1 and scipy 1.17.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1 scipy==1.17.1
    python metrics-more.py

writes metrics-more.golden.json: for each case labels, predictions, probabilities and sample weights, and what scikit-learn
says of them without and with the weights (brier_score_loss, roc_auc_score, matthews_corrcoef, cohen_kappa_score,
accuracy_score, log_loss, confusion_matrix, precision_recall_fscore_support, top_k_accuracy_score, calibration_curve); the
curves of the last class (roc_curve with drop_intermediate=False, precision_recall_curve, average_precision_score); and
Wilson intervals from scipy.stats.binomtest(...).proportion_ci(method="wilson"). NaN and infinity are written as null.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
    top_k_accuracy_score,
)


def cases():
    random = np.random.default_rng(1)
    for name, num_samples, num_classes, absent, ties in [
        ("three classes", 40, 3, None, False),
        ("three classes, many ties", 60, 3, None, True),
        ("two classes", 30, 2, None, False),
        ("two classes, many ties", 50, 2, None, True),
        ("an absent class", 30, 4, 2, False),
        ("five classes, an absent one, many ties", 80, 5, 0, True),
    ]:
        labels = random.integers(0, num_classes, num_samples)
        if absent is not None:
            labels[labels == absent] = (absent + 1) % num_classes
        logits = random.normal(size=(num_samples, num_classes))
        logits[np.arange(num_samples), labels] += 1
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        if ties:
            counts = 1 + np.array([random.multinomial(6, row) for row in probabilities])
            probabilities = counts / counts.sum(axis=1, keepdims=True)
        weights = random.integers(0, 5, num_samples) / 2
        yield name, labels, probabilities, weights


def roc_auc(labels, probabilities, average, weights):
    classes = np.arange(probabilities.shape[1])
    if len(classes) > 2:
        return roc_auc_score(
            labels, probabilities, average=average, multi_class="ovr", labels=classes, sample_weight=weights
        )
    # With two classes roc_auc_score wants one column; as indicators it takes both, and does the same with them.
    return roc_auc_score(labels[:, None] == classes, probabilities, average=average, sample_weight=weights)


def scores(labels, predictions, probabilities, weights):
    num_classes = probabilities.shape[1]
    classes = list(range(num_classes))

    def prf(average):
        precision, recall, fscore, support = precision_recall_fscore_support(
            labels, predictions, labels=classes, average=average, zero_division=0, sample_weight=weights
        )
        each = {"precision": precision, "recall": recall, "fscore": fscore}
        return {**each, "support": support} if average is None else each

    averages = {"perClass": None, "macro": "macro", "micro": "micro", "weighted": "weighted"}
    top_k = {
        k: top_k_accuracy_score(labels, probabilities, k=k, labels=classes, sample_weight=weights)
        for k in classes[1:]
        if num_classes > 2
    }
    return {
        "accuracy": accuracy_score(labels, predictions, sample_weight=weights),
        "confusion": confusion_matrix(labels, predictions, labels=classes, sample_weight=weights),
        "logLoss": log_loss(labels, probabilities, labels=classes, sample_weight=weights),
        "scores": {name: prf(average) for name, average in averages.items()},
        "topK": top_k,
        "brier": brier_score_loss(
            labels, probabilities, labels=classes, scale_by_half=False, sample_weight=weights
        ),
        "brierScaled": brier_score_loss(labels, probabilities, labels=classes, sample_weight=weights),
        "rocAuc": {name: roc_auc(labels, probabilities, average, weights) for name, average in averages.items()},
        "matthews": matthews_corrcoef(labels, predictions, sample_weight=weights),
        "kappa": {
            name: cohen_kappa_score(labels, predictions, labels=classes, weights=how, sample_weight=weights)
            for name, how in {"none": None, "linear": "linear", "quadratic": "quadratic"}.items()
        },
    }


def curves(labels, probabilities, weights):
    positive = labels == probabilities.shape[1] - 1
    score = probabilities[:, -1]
    false_positive_rate, true_positive_rate, thresholds = roc_curve(
        positive, score, sample_weight=weights, drop_intermediate=False
    )
    # In ascending order of the thresholds, and the last point has none.
    precision, recall, _ = precision_recall_curve(positive, score, sample_weight=weights)
    return {
        "thresholds": thresholds,
        "falsePositiveRate": false_positive_rate,
        "truePositiveRate": true_positive_rate,
        "precision": precision[::-1],
        "recall": recall[::-1],
        "averagePrecision": average_precision_score(positive, score, sample_weight=weights),
    }


def calibration(labels, predictions, probabilities, bins):
    confidence = probabilities.max(axis=1)
    right = (labels == predictions).astype(int)
    accuracy, mean_confidence = calibration_curve(right, confidence, n_bins=bins, pos_label=1)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence), minlength=bins)
    filled = counts[counts > 0]
    error = (filled / len(labels) * np.abs(accuracy - mean_confidence)).sum()
    return {"bins": bins, "counts": counts, "accuracy": accuracy, "confidence": mean_confidence, "error": error}


def golden(name, labels, probabilities, weights):
    predictions = probabilities.argmax(axis=1)
    return {
        "name": name,
        "labels": labels,
        "predictions": predictions,
        "probabilities": probabilities,
        "sampleWeights": weights,
        "plain": scores(labels, predictions, probabilities, None),
        "weighted": scores(labels, predictions, probabilities, weights),
        "curves": {
            "plain": curves(labels, probabilities, None),
            "weighted": curves(labels, probabilities, weights),
        },
        "calibration": [calibration(labels, predictions, probabilities, bins) for bins in (1, 7, 15, 40)],
    }


def wilson():
    counted = [(8, 10), (0, 10), (10, 10), (0, 1), (1, 1), (1, 3), (8512, 10000), (1, 10**9), (10**9 - 1, 10**9)]
    # The last three are such that scipy's (1 + confidence) / 2 does not round.
    confidences = (0.01, 0.5, 0.8, 0.849, 0.851, 0.9, 0.95, 0.99, 1 - 2**-20, 1 - 2**-40, 1 - 2**-52)
    for right, samples in counted:
        for confidence in confidences:
            interval = binomtest(right, samples).proportion_ci(confidence, method="wilson")
            yield {
                "right": right,
                "samples": samples,
                "confidence": confidence,
                "lower": interval.low,
                "upper": interval.high,
            }


def plain(value):
    """Lists and numbers in place of numpy's, None in place of NaN and infinity."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def lines(case):
    fields = (f'"{key}": {json.dumps(plain(value), allow_nan=False)}' for key, value in case.items())
    return "{\n  " + ",\n  ".join(fields) + "}"


warnings.simplefilter("ignore")
path = pathlib.Path(__file__).with_name("metrics-more.golden.json")
path.write_text(
    f'{{"program": "scikit-learn {sklearn.__version__}, scipy {scipy.__version__}",\n'
    + '"command": "python metrics-more.py",\n"cases": [\n'
    + ",\n".join(lines(golden(*case)) for case in cases())
    + '],\n"wilson": [\n'
    + ",\n".join(json.dumps(each) for each in wilson())
    + "]}\n"
)
