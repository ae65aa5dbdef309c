"""Golden numbers for the first-order updates, from torch.optim in float64.

Made with Python 3.11 and torch 2.15.0 (the golden file says which torch it came from). From this folder:

    pip install torch==2.15.0 numpy
    python first-order.py

writes first-order.golden.json: the start, a gradient for each step, and for each optimizer the parameters after each.
"""

import json
import pathlib

import torch

START = {"weight": [[1.0, -0.5], [0.25, 0.0]], "bias": [0.5, -2.0]}
GRADIENTS = [
    {"weight": [[2.0, -1.0], [0.0, 1e-4]], "bias": [0.5, 0.125]},
    {"weight": [[-1.0, -1.0], [0.0, 1e-4]], "bias": [0.5, -0.25]},
    {"weight": [[0.5, 0.0], [3.0, -1e-4]], "bias": [-1.0, 100.0]},
    {"weight": [[0.25, 2.0], [-1.0, 0.0]], "bias": [0.0, -50.0]},
    {"weight": [[1.0, 1.0], [1.0, 1e-8]], "bias": [0.75, 1.0]},
]
OPTIMIZERS = [
    ("sgd", [], 0.1, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("momentum", [], 0.1, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    ("momentum", [0.5], 0.02, lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.5)),
    ("adam", [], 0.001, lambda p: torch.optim.Adam(p, lr=0.001)),
    ("adam", [0.8, 0.9, 1e-3], 0.1, lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3)),
]


def run(optimizer_of):
    parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in START.items()}
    optimizer = optimizer_of(parameters.values())
    for gradient in GRADIENTS:
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(gradient[name], dtype=torch.float64)
        optimizer.step()
        yield {name: parameter.tolist() for name, parameter in parameters.items()}


def main():
    runs = (
        {"optimizer": name, "arguments": arguments, "learningRate": rate, "steps": list(run(optimizer_of))}
        for name, arguments, rate, optimizer_of in OPTIMIZERS
    )
    rows = ",\n".join("    " + json.dumps(each) for each in runs)
    shared = {"torch": torch.__version__.partition("+")[0], "start": START, "gradients": GRADIENTS}
    head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in shared.items())
    text = "{\n" + head + '  "runs": [\n' + rows + "\n  ]\n}\n"
    path = pathlib.Path(__file__).with_name("first-order.golden.json")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
