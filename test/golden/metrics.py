"""Golden numbers for the metrics, from scikit-learn.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python metrics.py

writes metrics.golden.json: for each case labels, predictions and scores, and what scikit-learn says of them.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)


def cases():
    random = np.random.default_rng(0)
    for name, num_samples, num_classes, never_predicted in [
        ("three classes", 40, 3, None),
        ("ten classes, few samples, so that some have no label", 12, 10, None),
        ("a class that is never predicted", 60, 4, 2),
        ("two classes", 30, 2, None),
        ("one sample", 1, 3, None),
    ]:
        labels = random.integers(0, num_classes, num_samples)
        logits = random.normal(size=(num_samples, num_classes)).round(3)
        logits[np.arange(num_samples), labels] += 1
        if never_predicted is not None:
            logits[:, never_predicted] -= 10
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        yield name, labels, logits, probabilities


def golden(name, labels, logits, probabilities):
    num_classes = logits.shape[1]
    classes = list(range(num_classes))
    predictions = logits.argmax(axis=1)

    def scores(average):
        precision, recall, fscore, support = precision_recall_fscore_support(
            labels, predictions, labels=classes, average=average, zero_division=0
        )
        each = {"precision": precision, "recall": recall, "fscore": fscore}
        return {**each, "support": support} if average is None else each

    # With two classes top_k_accuracy_score wants one column of scores; there it is not asked.
    top_k = {k: top_k_accuracy_score(labels, logits, k=k, labels=classes) for k in classes[1:] if num_classes > 2}
    return {
        "name": name,
        "labels": labels,
        "predictions": predictions,
        "logits": logits,
        "probabilities": probabilities,
        "accuracy": accuracy_score(labels, predictions),
        "confusion": confusion_matrix(labels, predictions, labels=classes),
        "perClass": scores(None),
        "macro": scores("macro"),
        "micro": scores("micro"),
        "weighted": scores("weighted"),
        "logLoss": log_loss(labels, probabilities, labels=classes),
        "topK": top_k,
    }


def lines(case):
    text = {key: json.dumps(value, default=lambda each: each.tolist()) for key, value in case.items()}
    fields = (f'"{key}": {value}' for key, value in text.items())
    return "{\n  " + ",\n  ".join(fields) + "}"


warnings.simplefilter("ignore")
path = pathlib.Path(__file__).with_name("metrics.golden.json")
path.write_text(
    f'{{"program": "scikit-learn {sklearn.__version__}",\n"command": "python metrics.py",\n"cases": [\n'
    + ",\n".join(lines(golden(*case)) for case in cases())
    + "]}\n"
)
