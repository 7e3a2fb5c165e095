"""Write the encoder's values for the package, in half precision, and the list of the source words.

python export.py --work FOLDER
"""

import argparse
import hashlib
import re
from pathlib import Path

import numpy as np
from corpus import WORDS

from tlcourse.audio import encoder as package
from tlcourse.audio.network import build_audio_network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    model = build_audio_network(8000, spec_augment=True)
    model.load_weights(options.work / "encoder.weights.h5")
    values = {
        f"{layer.name}/{weight.name}": np.asarray(weight).astype("float16")
        for layer in model.layers
        if layer.name != "spec_augment"
        for weight in layer.weights
    }
    package.WEIGHTS_PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(package.WEIGHTS_PATH, **values)
    package.SOURCE_WORDS.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    digest = hashlib.sha256(package.WEIGHTS_PATH.read_bytes()).hexdigest()
    source = Path(package.__file__)
    text = re.sub(r'WEIGHTS_SHA256 = "[0-9a-f]*"', f'WEIGHTS_SHA256 = "{digest}"', source.read_text(encoding="utf-8"))
    source.write_text(text, encoding="utf-8")
    print(f"{package.WEIGHTS_PATH.stat().st_size / 1e6:.2f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
