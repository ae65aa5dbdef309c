"""Golden coefficients of text classifiers, from scikit-learn.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python text-fit.py

writes text-fit.golden.json: sentences with a class, and for each case the penalty, coefficients [terms, classes], intercepts
and the mean log loss. The columns are those of TfidfVectorizer(ngram_range=(1, 2)).
"""

import json
import platform
import random

import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

TOPICS = {
    "garden": "rose tulip seed soil water garden tree leaf root spade".split(),
    "kitchen": "salt water pan oven bread seed knife leaf soup oil".split(),
    "music": "song drum string root tone choir pan note key sound".split(),
}
COMMON = "the a of and with some in my new old".split()

generator = random.Random(5)
texts, labels = [], []
for i in range(150):
    topic = list(TOPICS)[i % 3]
    words = [generator.choice(TOPICS[topic]) for _ in range(3)] + [generator.choice(COMMON) for _ in range(4)]
    generator.shuffle(words)
    texts.append(" ".join(words))
    labels.append(topic if generator.random() > 0.1 else generator.choice(list(TOPICS)))

features = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(texts)
n = len(texts)
cases = []
for name, l1, l2 in [("l2", 0, 0.01), ("l2, weak", 0, 1e-4), ("l1", 0.005, 0), ("both", 0.003, 0.002)]:
    total = l1 + l2
    solver = {"solver": "lbfgs", "l1_ratio": 0} if l1 == 0 else {"solver": "saga", "l1_ratio": l1 / total}
    model = LogisticRegression(C=1 / (n * total), tol=1e-12, max_iter=200_000, random_state=0, **solver)
    model.fit(features, labels)
    loss = log_loss(labels, model.predict_proba(features))
    weight, bias = model.coef_.T, model.intercept_
    objective = loss + l1 * np.abs(weight).sum() + l2 / 2 * np.square(weight).sum()
    cases.append(
        {"name": name, "l1": l1, "l2": l2, "weight": weight.ravel().tolist(), "bias": bias.tolist(), "objective": objective}
    )

versions = {"python": platform.python_version(), "scikit-learn": sklearn.__version__, "numpy": np.__version__}
with open("text-fit.golden.json", "w", encoding="utf-8") as file:
    json.dump({"versions": versions, "texts": texts, "labels": labels, "cases": cases}, file, ensure_ascii=False)
