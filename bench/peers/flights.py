# bench: three million flights, late or not, by pandas and scikit-learn: read, encode, split, standardise, fit, score.
import json
import resource
import sys
from time import perf_counter

start = perf_counter()
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

flights = pd.read_parquet(sys.argv[1])
late = flights["delay"] > 15
x = pd.DataFrame({"distance": flights["distance"], "hour": flights["date"].dt.hour, "weekday": flights["date"].dt.dayofweek})
train_x, test_x, train_y, test_y = train_test_split(x, late, test_size=0.2, stratify=late, random_state=0)
encode = make_column_transformer((OneHotEncoder(), ["hour", "weekday"]), (StandardScaler(), ["distance"]))
model = make_pipeline(encode, LogisticRegression(C=1.0, tol=1e-6, max_iter=1000)).fit(train_x, train_y)
probabilities = model.predict_proba(test_x)

name = f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}"
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
loss = log_loss(test_y, probabilities)
accuracy = accuracy_score(test_y, probabilities[:, 1] > 0.5)
print(json.dumps({"name": name, "seconds": perf_counter() - start, "peak": peak, "loss": loss, "accuracy": accuracy}))
