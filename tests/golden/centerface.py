"""Writes centerface.json: what onnxruntime gives for the original face detector.

    pip install onnx onnxruntime numpy pillow
    python tests/golden/centerface.py centerface.onnx

Pictures are cut from tests/photos/astronaut.png without scaling, so that no resampling filter
stands between the two. Recorded are the mean of every output channel and all channels at the
places whose score is above 0.3: score, log height and width, offset down and right, and five
landmarks (down, right).
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.tools.update_model_dims import update_inputs_outputs_dims
from PIL import Image

HERE = pathlib.Path(__file__).parent
OUTPUTS = ["537", "538", "539", "540"]
# left, top, width, height
CUTS = [(0, 0, 512, 512), (96, 0, 256, 192)]


def load(content):
    model = onnx.load_model_from_string(content)
    inputs = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input}
    inputs["input.1"] = ["n", 3, "H", "W"]
    outputs = dict(zip(OUTPUTS, (["n", c, "h", "w"] for c in (1, 2, 2, 10))))
    model = update_inputs_outputs_dims(model, inputs, outputs)
    onnxruntime.set_default_logger_severity(3)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def rounded(values):
    return [round(float(value), 6) for value in values]


def main():
    content = pathlib.Path(sys.argv[1]).read_bytes()
    session = load(content)
    photo = np.asarray(Image.open(HERE.parent / "photos" / "astronaut.png").convert("RGB"))
    cuts = []
    for left, top, width, height in CUTS:
        cut = photo[top : top + height, left : left + width].astype(np.float32)
        outputs = session.run(OUTPUTS, {"input.1": cut.transpose(2, 0, 1)[None].copy()})
        maps = np.concatenate(outputs, axis=1)[0]
        places = [
            {"row": int(row), "column": int(column), "values": rounded(maps[:, row, column])}
            for row, column in np.argwhere(maps[0] > 0.3)
        ]
        cuts.append(
            {
                "left": left,
                "top": top,
                "width": width,
                "height": height,
                "means": rounded(maps.mean(axis=(1, 2), dtype=np.float64)),
                "places": places,
            }
        )
    golden = {"sha256": hashlib.sha256(content).hexdigest(), "cuts": cuts}
    (HERE / "centerface.json").write_text(json.dumps(golden) + "\n")


main()
