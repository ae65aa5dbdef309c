"""Models that scikit-learn fitted, written by the function of docs/python.md, and what scikit-learn says of some rows.

    python test/golden/scikit-learn.py > test/golden/scikit-learn.golden.json

Run in the folder of the package, with scikit-learn 1.9.1, safetensors 0.8.0 and numpy 2. Each model: the file as base64, rows, and
predict and predict_proba of the model on them.
"""

import base64
import json
import pathlib
import re
import tempfile

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

page = pathlib.Path("docs/python.md").read_text()
names: dict = {}
exec(next(code for code in re.findall(r"```python\n(.*?)```", page, re.S) if "def save_for_softmax_regression" in code), names)

iris, cancer = load_iris(), load_breast_cancer()
logistic = lambda: LogisticRegression(max_iter=1000)
scaled = lambda: make_pipeline(StandardScaler(), LogisticRegression())
MODELS = {
    "three classes, strings": (logistic(), iris.data, iris.target_names[iris.target], iris.feature_names),
    "three classes, integers, a scaler": (scaled(), iris.data, iris.target, None),
    "two classes, strings, a scaler": (scaled(), cancer.data, cancer.target_names[cancer.target], cancer.feature_names),
    "two classes, booleans": (logistic(), iris.data, iris.target == 1, ["Länge", "b", '"c"', "d"]),
    "two classes, floats": (logistic(), iris.data, np.where(iris.target == 1, 1.0, -2.0), None),
}

golden = {}
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model.safetensors"
    for name, (model, features, labels, feature_names) in MODELS.items():
        model.fit(features, labels)
        names["save_for_softmax_regression"](path, model, feature_names)
        rows = features[:: len(features) // 8]
        golden[name] = {
            "file": base64.b64encode(path.read_bytes()).decode(),
            "featureNames": feature_names if feature_names is None else list(feature_names),
            "classes": (model.steps[-1][1] if hasattr(model, "steps") else model).classes_.tolist(),
            "features": rows.tolist(),
            "labels": model.predict(rows).tolist(),
            "probabilities": model.predict_proba(rows).tolist(),
        }
print(json.dumps(golden, indent=1, ensure_ascii=False))
