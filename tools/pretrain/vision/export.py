"""Turn a checkpoint of train.py into the file of weights that the package ships, and prove that both networks agree.

    TLCOURSE_MIRROR_DATA=FOLDER python export.py --work FOLDER

Writes `tiny_resnet.npz` (float16) and `tiny_resnet_source_classes.txt` into `tlcourse/backbones/weights/` and the digest into
`tlcourse/backbones/embedded.py`. The averaged weights are exported; their BatchNorm statistics are measured anew, in float32, on
training images, because the ones that were followed along belong to weights that moved.
"""

import argparse
import hashlib
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
        for name, value in (("gamma", bn.weight), ("beta", bn.bias), ("moving_mean", bn.running_mean), ("moving_variance", bn.running_var)):
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
    np.savez_compressed(target, **stored)
    classes = (mirror() / "tiny_imagenet/classes.tsv").read_text()
    target.with_name("tiny_resnet_source_classes.txt").write_text(classes)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    source = ROOT / "tlcourse/backbones/embedded.py"
    source.write_text(re.sub(r'WEIGHTS_SHA256 = "[0-9a-f]{64}"', f'WEIGHTS_SHA256 = "{digest}"', source.read_text()))
    print(f"epoch {saved['epoch']}, {target.stat().st_size / 1e6:.2f} MB, sha256 {digest}")

    # Loaded from its file, so that the package (and with it other dependencies) need not be installed beside PyTorch.
    import importlib.util

    spec = importlib.util.spec_from_file_location("embedded", source)
    embedded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(embedded)
    keras_model = embedded.build_tiny_resnet(pooling="avg")
    for side in (64, 63, 48):
        x = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), dtype=np.uint8)
        if side == 64:
            x = images[:8]
        with torch.no_grad():
            expected = model.features(to_input(x)).numpy()
        got = np.asarray(keras_model.predict(np.asarray(x, "float32"), verbose=0)) if side == 64 else None
        if got is None:
            other = embedded.build_tiny_resnet(pooling="avg", input_shape=(side, side, 3))
            got = np.asarray(other.predict(np.asarray(x, "float32"), verbose=0))
        error = np.abs(got - expected).max() / np.abs(expected).max()
        print(f"{side} x {side}: largest difference between the two networks {error:.1e} of the largest feature")
        if error > 5e-3:  # float16 rounding of the weights
            sys.exit("The exported network does not compute what the trained one does.")


if __name__ == "__main__":
    main()
