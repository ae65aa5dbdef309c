"""Python's safetensors opens a model file that was written here, and predicts the same; and what it saves again is loaded here.

    python test/golden/model-file.py

Run in the folder of the package, with safetensors 0.8.0 and numpy 2. It ends with one line, or with the first number or
text that differs.
"""

import hashlib
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import safetensors
from safetensors.numpy import save_file

WRITE = """
import { readFileSync, writeFileSync } from 'node:fs';
import { encodeModel } from './src/serialization/model-file.ts';
import { loadPredictor } from './src/predict.ts';

const [mode, path, out] = process.argv.slice(-3);
if (mode === 'write') {
  const bytes = encodeModel({
    classes: ['Katze', 'Hähnchen', '犬 "dog"'],
    weight: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    bias: Float32Array.of(0.1, -0.2, 0.3),
    numFeatures: 4,
    numParameters: 15,
    featureNames: ['a', 'b', 'c', 'd'],
    calibration: { temperature: 1.7 },
    options: { solver: 'sgd', layer: 'dense', seed: 7, l2: 1e-7 },
    metrics: { accuracy: 0.9 },
  });
  writeFileSync(path, bytes);
}
const predictor = loadPredictor(readFileSync(path));
const features = Array.from({ length: 5 }, (_, i) => Array.from({ length: 4 }, (_, j) => Math.cos(4 * i + j)));
const probabilities = predictor.predictProbabilities(features).map((row) => [...row]);
writeFileSync(out, JSON.stringify({ features, probabilities, labels: predictor.predict(features) }));
"""


def predict_here(folder: pathlib.Path, mode: str, path: pathlib.Path) -> dict:
    """What this package's predictor says of a model file; with mode 'write' it writes the file first."""
    out = folder / "expected.json"
    subprocess.run(["npx", "tsx", "--eval", WRITE, mode, str(path), str(out)], check=True)
    return json.loads(out.read_text())


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    path = folder / "model.safetensors"
    golden = predict_here(folder, "write", path)

    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
        weight, bias = file.get_tensor("weight"), file.get_tensor("bias")
    assert (metadata["format"], metadata["version"]) == ("softmax-regression", "1"), metadata
    assert (weight.dtype, weight.shape, bias.dtype, bias.shape) == (np.float32, (4, 3), np.float32, (3,))
    classes = json.loads(metadata["classes"])
    assert classes == ["Katze", "Hähnchen", '犬 "dog"'], classes
    assert json.loads(metadata["options"])["seed"] == 7, metadata["options"]

    # The checksum: metadata without it as compact JSON with sorted keys, then weight, then bias.
    rest = {key: value for key, value in metadata.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    content = text.encode() + weight.astype("<f4").tobytes() + bias.astype("<f4").tobytes()
    assert metadata["sha256"] == hashlib.sha256(content).hexdigest(), metadata["sha256"]

    # softmax(xW + b): weight and bias are calibrated already.
    logits = np.array(golden["features"]) @ weight.astype(np.float64) + bias
    assert json.loads(metadata["calibration"]) == {"temperature": 1.7}, metadata["calibration"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, golden["probabilities"], rtol=1e-13)
    assert [classes[k] for k in probabilities.argmax(axis=1)] == golden["labels"], golden["labels"]

    # What the library saves has its keys in an order of its own, and is the same model.
    again = folder / "again.safetensors"
    save_file({"weight": weight, "bias": bias}, again, metadata=metadata)
    assert predict_here(folder, "read", again) == golden
    print(f"safetensors {safetensors.__version__} for Python opens the model file: the same probabilities, labels and sha256")
