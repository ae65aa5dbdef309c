"""ONNX's checker accepts an exported model, onnxruntime computes the same with it, and docs/python.md says what is true.

    python test/golden/onnx-check.py

Run in the folder of the package, with onnx 1.23.2, onnxruntime 1.32.0, safetensors 0.8.0, scikit-learn 1.9.1 and numpy 2. It ends
with one line for each check, or with the first thing that differs.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import pathlib
import re
import subprocess
import tempfile

import numpy as np
import onnx
import onnx.reference
import onnxruntime

ROOT = pathlib.Path.cwd()
WRITE = """
import { writeFileSync } from 'node:fs';
import { loadIris, SoftmaxRegression, toOnnx } from './src/index.ts';

const folder = process.argv.at(-1);
const { features, labels, featureNames } = loadIris();
const species = [...new Set(labels)];
const kinds = {
  string: labels,
  int64: labels.map((label) => species.indexOf(label)),
  double: labels.map((label) => species.indexOf(label) + 0.5),
  bool: labels.map((label) => label === 'setosa'),
};
(async () => {
  for (const [kind, each] of Object.entries(kinds)) {
    const { model } = await SoftmaxRegression.fit(features, each, { solver: 'lbfgs', l2: 0.01 });
    writeFileSync(`${folder}/${kind}.onnx`, toOnnx(model, { featureNames }));
    const probabilities = model.predictProbabilities(features).map((row) => [...row]);
    const answer = { features, featureNames, classes: model.classes, labels: model.predict(features), probabilities };
    writeFileSync(`${folder}/${kind}.json`, JSON.stringify(answer));
    if (kind === 'string') {
      writeFileSync(`${folder}/iris.onnx`, toOnnx(model, { featureNames }));
      writeFileSync(`${folder}/iris.safetensors`, model.toBytes());
    }
  }
})();
"""
TYPES = {"string": onnx.TensorProto.STRING, "int64": onnx.TensorProto.INT64, "double": onnx.TensorProto.DOUBLE, "bool": onnx.TensorProto.BOOL}


def check(folder: pathlib.Path, kind: str) -> float:
    """Holds one exported model to what the package itself says; the largest difference of probabilities."""
    answer = json.loads((folder / f"{kind}.json").read_text())
    path = folder / f"{kind}.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version, model.producer_name) == (7, 13, "softmax-regression"), model
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert metadata == {"classes": answer["classes"], "feature_names": answer["featureNames"]}, metadata
    outputs = {output.name: output.type.tensor_type.elem_type for output in model.graph.output}
    assert outputs == {"label": TYPES[kind], "probabilities": onnx.TensorProto.FLOAT}, outputs
    features = np.array(answer["features"], np.float32)
    session = onnxruntime.InferenceSession(path)
    worst = 0.0
    for run in (session.run, onnx.reference.ReferenceEvaluator(model).run):
        label, probabilities = run(["label", "probabilities"], {"features": features})
        assert label.tolist() == answer["labels"], label
        worst = max(worst, float(np.abs(probabilities - np.array(answer["probabilities"])).max()))
    assert worst < 1e-5, worst
    return worst


def run_page(folder: pathlib.Path) -> int:
    """Runs the Python blocks of the page, and compares what each prints with the block after it."""
    page = (ROOT / "docs" / "python.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```(?:\n\n```\n(.*?)```)?", page, re.S)
    names: dict = {}
    os.chdir(folder)
    for code, expected in blocks:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, names)
        assert printed.getvalue() == expected, f"{code}\nprints\n{printed.getvalue()}\nand the page has\n{expected}"
    os.chdir(ROOT)
    return len(blocks)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    subprocess.run(["npx", "tsx", "--eval", WRITE, str(folder)], check=True, stderr=subprocess.DEVNULL)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("onnx", "onnxruntime", "safetensors", "scikit-learn"))
    worst = max(check(folder, kind) for kind in TYPES)
    print(f"the checker accepts models with classes of {', '.join(TYPES)}")
    print(f"onnxruntime and the reference evaluator: the same labels, probabilities to {worst:.1e}")
    print(f"docs/python.md: {run_page(folder)} blocks print what it says")
    print(f"({versions})")
