"""Checks an ONNX model with ONNX's own checker and, where onnxruntime is installed, its answers.

Usage: check.py MODEL.onnx CASES.json, where CASES.json holds "shape" and "input" of one input and
"outputs", what the model has to give for it, all with the channels before rows and columns.
Exits with status 77 where the package onnx is missing, so that a caller can say that it skips.
"""

import json
import sys

try:
    import onnx
except ImportError:
    print("the Python package onnx is not installed")
    sys.exit(77)

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)

try:
    import numpy
    import onnxruntime
except ImportError:
    print("checked the structure only: the Python package onnxruntime is not installed")
    sys.exit(0)

with open(sys.argv[2], encoding="utf-8") as file:
    case = json.load(file)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
data = numpy.array(case["input"], dtype=numpy.float32).reshape(case["shape"])
found = session.run(None, {session.get_inputs()[0].name: data})
assert len(found) == len(case["outputs"]), "another number of outputs"
for one, expected in zip(found, case["outputs"]):
    difference = numpy.abs(one.ravel() - numpy.array(expected, dtype=numpy.float32)).max()
    assert difference < 1e-4, f"the outputs differ by {difference}"
