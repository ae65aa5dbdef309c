"""Python's TensorFlow loads and runs a function that was compiled here, and gets the same numbers.

    python test/golden/saved-model.py

Run in the folder of the package, with tensorflow 2.21.0 and numpy 2. It ends with one line, or with the first number that
differs.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import tensorflow as tf

with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["npx", "tsx", "test/golden/saved-model.ts", folder], check=True)
    step = tf.saved_model.load(folder).signatures["serving_default"]
    golden = json.loads(pathlib.Path(folder, "expected.json").read_text())
    types = {spec.name: spec.dtype for spec in step.structured_input_signature[1].values()}
    inputs = {name: tf.constant(value, types[name]) for name, value in golden["inputs"].items()}
    outputs = step(**inputs)
    assert set(outputs) == set(golden["outputs"]), set(outputs)
    for name, expected in golden["outputs"].items():
        np.testing.assert_allclose(outputs[name].numpy(), expected, rtol=1e-6, atol=1e-7, err_msg=name)
    print(f"TensorFlow {tf.__version__} for Python gives the same {', '.join(sorted(outputs))}")
