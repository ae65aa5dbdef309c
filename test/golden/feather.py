"""Feather files of one table in each compression, in base64: pyarrow 26.0.1, pyarrow.feather.write_feather.

pip install pyarrow==26.0.1
python feather.py
"""

import base64
import io
import json

import pyarrow as pa
from pyarrow import feather

table = pa.table(
    {
        "x": pa.array([float(i % 5) for i in range(400)]),
        "k": pa.array(["a" if i % 2 else "b" for i in range(400)]),
    }
)


def written(compression):
    file = io.BytesIO()
    feather.write_feather(table, file, compression=compression)
    return base64.b64encode(file.getvalue()).decode()


golden = {
    "program": f"pyarrow {pa.__version__}",
    "files": {name: written(name) for name in ["lz4", "zstd", "uncompressed"]},
}
with open("feather.golden.json", "w") as output:
    json.dump(golden, output, indent=1)
    output.write("\n")
