# bench: scikit-learn's vectorizers on the documents of a file, one a line, like text.ts.
import json
import sys
from time import perf_counter

import sklearn
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

path, rounds = sys.argv[1], int(sys.argv[2])
with open(path, encoding="utf-8", newline="\n") as file:
    documents = file.read().split("\n")

works = {
    "words": lambda: TfidfVectorizer(),
    "words and pairs": lambda: TfidfVectorizer(ngram_range=(1, 2)),
    "characters in words": lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
    "hashed words and pairs": lambda: HashingVectorizer(ngram_range=(1, 2), n_features=2**18),
}
results = []
for name, make in works.items():
    seconds = []
    for _ in range(rounds):
        vectorizer = make()
        start = perf_counter()
        matrix = vectorizer.fit_transform(documents)
        seconds.append(perf_counter() - start)
    entries, columns = int(matrix.nnz), int(matrix.shape[1])
    results.append({"name": name, "seconds": seconds, "entries": entries, "columns": columns, "sum": float(matrix.sum())})
print(json.dumps({"program": f"scikit-learn {sklearn.__version__}", "works": results}))
