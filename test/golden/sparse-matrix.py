"""Triplets, and the rows that scipy.sparse.coo_matrix(...).tocsr() of scipy 1.17.1 makes of them.

pip install scipy==1.17.1
python sparse-matrix.py
"""

import json

import numpy as np
import scipy
from scipy.sparse import coo_matrix

rng = np.random.default_rng(5)
CASES = [
    ("in order", [0, 0, 2], [1, 3, 0], [2.0, -1.5, 3.0], (4, 5)),
    ("in another order", [2, 0, 1, 0], [0, 3, 2, 1], [1.0, 2.0, 3.0, 4.0], (3, 4)),
    ("places twice and three times", [1, 0, 1, 1, 0], [2, 0, 2, 2, 0], [1.0, 2.0, 0.25, 4.0, -2.0], (2, 3)),
    ("no entries", [], [], [], (2, 2)),
    (
        "drawn",
        rng.integers(0, 20, 200).tolist(),
        rng.integers(0, 9, 200).tolist(),
        # Quarters, whose sums are exact in any order.
        (rng.integers(-40, 40, 200) / 4).tolist(),
        (20, 9),
    ),
]


def csr(rows, columns, values, shape):
    matrix = coo_matrix((values, (rows, columns)), shape=shape).tocsr()
    matrix.sort_indices()
    return {"starts": matrix.indptr.tolist(), "indices": matrix.indices.tolist(), "values": matrix.data.tolist()}


golden = {
    "program": f"scipy {scipy.__version__}",
    "cases": [
        {"name": name, "rows": rows, "columns": columns, "given": values, "shape": shape}
        | csr(np.array(rows, int), np.array(columns, int), np.array(values, float), shape)
        for name, rows, columns, values, shape in CASES
    ],
}
with open("sparse-matrix.golden.json", "w") as output:
    json.dump(golden, output)
    output.write("\n")
