# bench: Spark's multinomial LogisticRegression on Fashion-MNIST, for ranks.ts; prints time and weights.
import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pyspark
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.sql import SparkSession

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
folder = Path(sys.argv[1])
labels = np.fromfile(folder / "labels.bin", np.uint8)
features = np.fromfile(folder / "features.bin", np.uint8).reshape(len(labels), -1) / 255.0

cores = os.cpu_count()
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.driver.memory", "8g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", cores)
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
# From a file of Parquet, as a program of Spark would read it.
import pandas as pd

parquet = str(folder / "rows.parquet")
pd.DataFrame({"x": list(features), "label": labels.astype(np.float64)}).to_parquet(parquet)
rows = spark.read.parquet(parquet).select(array_to_vector("x").alias("features"), "label").repartition(cores).cache()
rows.count()

# Its objective is ours: mean loss + regParam / 2 · |W|², without a penalty of the intercept.
model = LogisticRegression(family="multinomial", regParam=1 / 60000, standardization=False, tol=1e-9, maxIter=100)
seconds = []
for _ in range(2):
    start = perf_counter()
    fitted = model.fit(rows)
    seconds.append(perf_counter() - start)

# W [features, classes] row by row, then b.
point = np.concatenate([fitted.coefficientMatrix.toArray().T.ravel(), fitted.interceptVector.toArray()])
name = f"Spark {pyspark.__version__}"
iterations = int(fitted.summary.totalIterations)
print(json.dumps({"name": name, "seconds": min(seconds), "iterations": iterations, "point": point.tolist()}))
