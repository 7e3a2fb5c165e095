"""Turn a checkpoint of train.py into the file of weights that the package ships, and prove that both networks agree.

    TLCOURSE_MIRROR_DATA=FOLDER python export.py --work FOLDER

Writes `tiny_resnet.npz` (float16) and `tiny_resnet_source_classes.txt` into `tlcourse/backbones/weights/` and the digest into
`tlcourse/backbones/embedded.py`. The averaged weights are exported; their BatchNorm statistics are measured anew, in float32, on
training images, because the ones that were followed along belong to weights that moved.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import torch
import torch.nn as nn
from decode import mirror
from network import TinyResNet
from train import to_input

ROOT = Path(__file__).resolve().parents[3]
BATCHES, BATCH = 120, 128


def measure_statistics(model, images):
    """Replace the moving BatchNorm statistics by the plain mean over `BATCHES` batches of `images`."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative mean
    model.train()
    rng = np.random.default_rng(1)
    with torch.no_grad():
        for _ in range(BATCHES):
            model.features(to_input(images[np.sort(rng.choice(len(images), BATCH, replace=False))], flip=True))
    model.eval()


def arrays_of(model):
    """Return `{"layer/weight": array}` with Keras' names and axes for a trained `TinyResNet`."""
    out = {}

    def put(prefix, unit):
        out[f"{prefix}_conv/kernel"] = unit.conv.weight.permute(2, 3, 1, 0)
        bn = unit.bn
        for name, value in (
            ("gamma", bn.weight),
            ("beta", bn.bias),
            ("moving_mean", bn.running_mean),
            ("moving_variance", bn.running_var),
        ):
            out[f"{prefix}_bn/{name}"] = value

    put("stem", model.stem)
    for name, stage in model.blocks.items():
        for number, unit in enumerate(stage, 1):
            put(f"{name}_unit{number}_a", unit.a)
            put(f"{name}_unit{number}_b", unit.b)
            if not isinstance(unit.shortcut, nn.Identity):
                put(f"{name}_unit{number}_shortcut", unit.shortcut)
    put("block5", model.block5)
    return {key: value.detach().numpy() for key, value in out.items()}


def load_embedded():
    """Import `tlcourse.backbones.embedded` by its path, so that the package need not be installed beside PyTorch."""
    spec = importlib.util.spec_from_file_location("embedded", ROOT / "tlcourse/backbones/embedded.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, help="folder of checkpoint.pt and train_x.npy")
    work = parser.parse_args().work
    torch.set_num_threads(1)
    saved = torch.load(f"{work}/checkpoint.pt", weights_only=False)
    images = np.load(f"{work}/train_x.npy", mmap_mode="r")
    model = TinyResNet(saved["ema"]["classifier.weight"].shape[0])
    model.load_state_dict(saved["ema"])
    model = model.to(memory_format=torch.channels_last)
    measure_statistics(model, images)

    stored = {key: value.astype(np.float16) for key, value in arrays_of(model).items()}
    for key, value in stored.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{key} does not fit into float16: largest magnitude {np.abs(value).max()}.")
    target = ROOT / "tlcourse/backbones/weights/tiny_resnet.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name("partial.npz")
    np.savez_compressed(partial, **stored)
    os.replace(partial, target)
    classes = (mirror() / "tiny_imagenet/classes.tsv").read_text()
    target.with_name("tiny_resnet_source_classes.txt").write_text(classes)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    source = ROOT / "tlcourse/backbones/embedded.py"
    text, changed = re.subn(r'^WEIGHTS_SHA256 = "[0-9a-f]{64}"', f'WEIGHTS_SHA256 = "{digest}"', source.read_text(), flags=re.M)
    if not changed:
        sys.exit(f"No line WEIGHTS_SHA256 = ... in {source}; the digest is {digest}.")
    source.write_text(text)
    print(f"epoch {saved['epoch']}, {target.stat().st_size / 1e6:.2f} MB, sha256 {digest}")

    keras_model = load_embedded().build_tiny_resnet(pooling="avg")
    with torch.no_grad():
        expected = model.features(to_input(images[:64])).numpy()
    error = np.abs(keras_model.predict(images[:64].astype("float32"), verbose=0) - expected).max() / expected.max()
    print(f"largest difference between the two networks: {error:.1e} of the largest feature")
    if error > 1e-2:  # what rounding the weights to float16 may do
        sys.exit("The exported network does not compute what the trained one does.")


if __name__ == "__main__":
    main()
