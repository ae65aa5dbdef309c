"""SVMlight files, and what sklearn.datasets.load_svmlight_file of scikit-learn 1.9.1 reads or refuses.

pip install scikit-learn==1.9.1
python svmlight.py
"""

import io
import json

import sklearn
from sklearn.datasets import load_svmlight_file

FILES = [
    ("comments, blank lines", "# head\n\n1 1:0.5 3:2 # c\n   \n-1 2:1e3#d\n", {}),
    ("indices from 0, detected", "1 0:0.5 3:2\n-1 2:1\n", {}),
    ("indices from 0, asked for", "1 1:0.5 3:2\n-1 2:1\n", {"zero_based": True}),
    ("a row without features", "1\n2 1:1\n", {}),
    ("tabs and line ends of Windows", "1\t1:2\t2:3\r\n2 1:1\r\n", {}),
    ("spellings of numbers", "+1 1:+2 2:-.5e-3 3:1E2\n1.5 01:3 \n  0 2:7.\n", {}),
    ("no final newline", "1 1:2\n2 2:1", {}),
    ("index 0 where indices begin with 1", "1 0:0.5 3:2\n-1 2:1\n", {"zero_based": False}),
    ("an index twice", "1 1:1\n2 1:1 1:2\n", {}),
    ("indices that go back", "1 1:1\n2 3:1 1:2\n", {}),
    ("a negative index", "1 1:1\n2 -1:2\n", {}),
    ("several labels", "1 1:1\n1,2 1:1\n", {}),
    ("a label of text", "1 1:1\na 1:1\n", {}),
    ("a value of text", "1 1:1\n2 1:x\n", {}),
    ("an index of text", "1 1:1\n2 x:1\n", {}),
    ("an index with a fraction", "1 1:1\n2 1.0:1\n", {}),
    ("an entry without a colon", "1 1:1\n2 1\n", {}),
    ("a blank after a colon", "1 1:1\n2 1: 2\n", {}),
    ("a hexadecimal value", "1 1:1\n2 1:0x10\n", {}),
]

# What readSvmlight returns beside the files above: the arrays of the matrix.
MATRICES = [
    ("given zeros, an empty row", "1 1:0 3:2\n2\n3 2:-1e-3\n", {}),
    ("more columns", "1 1:0.5 3:2\n-1 2:1\n", {"n_features": 7}),
    ("as many columns", "1 1:0.5 3:2\n-1 2:1\n", {"n_features": 3}),
    ("columns from 0", "1 0:0.5 2:2\n-1 2:1\n", {"n_features": 3}),
    ("columns from 0, asked for", "1 1:0.5 2:2\n", {"n_features": 4, "zero_based": True}),
    ("too few columns", "1 1:0.5 3:2\n-1 2:1\n", {"n_features": 2}),
    ("too few columns from 0", "1 3:2\n-1 0:1\n", {"n_features": 3}),
    ("groups for ranking", "1 qid:3 1:0.5 3:2\n-1 qid:4 2:1\n", {}),
    ("a far index", "1 1000001:2\n", {}),
]


def csr(text, options):
    try:
        x, y = load_svmlight_file(io.BytesIO(text.encode()), **options)
        arrays = {"starts": x.indptr.tolist(), "indices": x.indices.tolist(), "values": x.data.tolist()}
        return {**arrays, "shape": list(x.shape), "labels": y.tolist()}
    except ValueError as error:
        return {"refused": str(error)}


def read(text, options):
    try:
        x, y = load_svmlight_file(io.BytesIO(text.encode()), **options)
        return {"features": x.toarray().tolist(), "labels": y.tolist()}
    except (ValueError, OverflowError) as error:
        return {"refused": str(error)}


golden = {
    "program": f"scikit-learn {sklearn.__version__}",
    "files": [
        {"name": name, "text": text, "zeroBased": options.get("zero_based"), **read(text, options)}
        for name, text, options in FILES
    ],
    "matrices": [
        {
            **{"name": name, "text": text},
            **{"zeroBased": options.get("zero_based"), "columns": options.get("n_features")},
            **csr(text, options),
        }
        for name, text, options in MATRICES + FILES
    ],
}
with open("svmlight.golden.json", "w") as output:
    json.dump(golden, output, indent=1)
    output.write("\n")
