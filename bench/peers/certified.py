# bench: scikit-learn's LogisticRegression on Fashion-MNIST at C = 1; writes the weights, for our certificate.
import json
import sys
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

folder, solver, tolerance = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
max_iter = int(sys.argv[4])
warnings.simplefilter("ignore", ConvergenceWarning)

labels = np.fromfile(folder / "labels.bin", np.uint8)
features = np.fromfile(folder / "features.bin", np.uint8).reshape(len(labels), -1) / 255.0

model = LogisticRegression(C=1.0, solver=solver, tol=tolerance, max_iter=max_iter)
start = perf_counter()
model.fit(features, labels)
seconds = perf_counter() - start

# W [features, classes] row by row, then b, in float64.
np.concatenate([model.coef_.T.ravel(), model.intercept_]).astype(np.float64).tofile(folder / "point.bin")
name = f"scikit-learn {sklearn.__version__} {solver}"
print(json.dumps({"name": name, "seconds": seconds, "iterations": int(model.n_iter_.max())}))
