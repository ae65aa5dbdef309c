"""Golden temperatures, from scikit-learn and SciPy.

Made with Python 3.11, scikit-learn 1.9.1 and SciPy 1.17.1 (the golden file says which they came from). From this folder:

    pip install scikit-learn==1.9.1 scipy==1.17.1
    python calibrate.py

writes calibrate.golden.json: for logits of the digits, by weights that are too large, just so and too small, with and without
sample weights: `temperature`, 1/beta of scikit-learn's `CalibratedClassifierCV(FrozenEstimator(…), method='temperature')`, which
minimises the log loss over log beta by `scipy.optimize.minimize_scalar` (bounded); and `root`, 1/beta where SciPy's `brentq`
finds the derivative of the log loss to vanish, which is exact to more digits than a minimum by its values.
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

digits = load_digits()
# Three of the ten classes, and four of the pixels: hard enough for some to be wrong. The classes are called 0, 1, 2: with 3, 5, 8
# scikit-learn 1.9.1 takes the labels for columns, and 1/beta comes out as exp(10).
rows = np.flatnonzero(np.isin(digits.target, [3, 5, 8]))[:160]
x, y = digits.data[rows][:, [20, 26, 42, 44]] / 16, np.unique(digits.target[rows], return_inverse=True)[1]
train, held = slice(0, 80), slice(80, 160)
weights = np.arange(80) % 4 / 2
model = LogisticRegression(C=10).fit(x[train], y[train])
weight, bias = model.coef_.T.copy(), model.intercept_.copy()

# That the frozen model takes no sample weights: so it is meant.
warnings.simplefilter("ignore")
cases = []
for factor in [0.2, 1, 7]:
    # What a model file holds is float32, so that is what is calibrated.
    w, b = (weight * factor).astype(np.float32), (bias * factor).astype(np.float32)
    model.coef_, model.intercept_ = w.T.astype(np.float64), b.astype(np.float64)
    logits = model.decision_function(x[held])
    gaps = logits - logits[np.arange(80), y[held]][:, None]
    for weighted in [False, True]:
        s = weights if weighted else np.ones(80)
        calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
        calibrated.fit(x[held], y[held], sample_weight=s)
        beta = calibrated.calibrated_classifiers_[0].calibrators[0].beta_
        slope = lambda beta: np.average((softmax(beta * logits, axis=1) * gaps).sum(axis=1), weights=s)
        root = brentq(slope, 1e-3, 1e3, xtol=1e-15, rtol=1e-14)
        cases.append(
            {
                "weight": w.tolist(),
                "bias": b.tolist(),
                "sampleWeights": s.tolist() if weighted else None,
                "temperature": 1 / float(beta),
                "root": 1 / root,
            }
        )

golden = {
    "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
    "features": x[held].tolist(),
    "labels": y[held].tolist(),
    "cases": cases,
}
pathlib.Path(__file__).with_name("calibrate.golden.json").write_text(json.dumps(golden) + "\n")
