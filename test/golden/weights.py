"""Golden class weights and fits with them, from scikit-learn.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python weights.py

writes weights.golden.json: the last 100 flowers of Iris (the first 50 of which are 20 setosa and 30 versicolor), with
sample weights 1 or sᵢ = (i mod 7)/2 and class weights 'balanced' or by class; `compute_class_weight` of 'balanced', and
coefficients [features, classes] and intercepts, centred over the classes, of `LogisticRegression` with C = 1/(l2·S),
l2 = 0.01, S = Σ sᵢ·(class weight).
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight

L2 = 0.01
iris = load_iris()
x, y = iris.data[30:130], iris.target[30:130]
BY_CLASS = {0: 3.0, 2: 0.5}

cases = []
for weighted in [False, True]:
    s = np.arange(len(y)) % 7 / 2 if weighted else np.ones(len(y))
    balanced = compute_class_weight("balanced", classes=np.unique(y), y=y, sample_weight=s)
    for class_weights, used in [("balanced", dict(enumerate(balanced))), (BY_CLASS, BY_CLASS)]:
        total = sum(weight * used.get(label, 1) for weight, label in zip(s, y))
        model = LogisticRegression(
            C=1 / (L2 * total), class_weight=class_weights, solver="newton-cholesky", tol=1e-12, max_iter=1000
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where a decrease below one ulp ends its line search
            model.fit(x, y, sample_weight=s)
        weight, bias = model.coef_.T, model.intercept_
        case = {"weighted": weighted, "classWeights": class_weights if class_weights == "balanced" else "by class"}
        if class_weights == "balanced":
            case["balanced"] = balanced.tolist()
        case["weight"] = (weight - weight.mean(axis=1, keepdims=True)).tolist()
        case["bias"] = (bias - bias.mean()).tolist()
        cases.append(case)

golden = {"scikit-learn": sklearn.__version__, "l2": L2, "byClass": BY_CLASS, "cases": cases}
pathlib.Path(__file__).with_name("weights.golden.json").write_text(json.dumps(golden) + "\n")
