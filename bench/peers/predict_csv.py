# bench: pandas reads a table, scikit-learn labels it, and pandas writes it, like the command line of this package.
import json
import math
import resource
import sys
from time import perf_counter

import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression

table, output, columns = sys.argv[1], sys.argv[2], int(sys.argv[3])

# The model of predict-csv.ts: 30 samples, three classes, l2 = 0.1 = 1 / (C · 30).
samples = [[math.sin(i + 7 * j) for j in range(columns)] for i in range(30)]
model = LogisticRegression(C=1 / (0.1 * 30), tol=1e-8, max_iter=1000).fit(samples, ["abc"[i % 3] for i in range(30)])

start = perf_counter()
probabilities = model.predict_proba(pd.read_csv(table).to_numpy())
best = probabilities.argmax(axis=1)
rows = {"row": range(len(best)), "label": model.classes_[best], "probability": probabilities.max(axis=1).round(7)}
pd.DataFrame(rows).to_csv(output, index=False)
seconds = perf_counter() - start

name = f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}"
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
print(json.dumps({"name": name, "seconds": seconds, "peak": peak}))
