"""Write the encoder as a KerasHub preset in half precision.

    python export.py --work FOLDER [--to tlcourse/text/weights/tiny_bert]

The folder can be loaded with `keras_hub.models.BertBackbone.from_preset(folder)` and `keras_hub.models.BertTokenizer.from_preset(folder)`;
its file of weights holds float16, which Keras turns into float32 when it loads them.
"""

import argparse
import json
from pathlib import Path

import h5py
import keras_hub
import numpy as np
import torch
from train import SHAPE

HERE = Path(__file__).resolve()


def fill(backbone, state):
    """Copy the values of the PyTorch encoder into KerasHub's."""
    get = lambda name: state[name].float().numpy()  # noqa: E731
    heads, size = SHAPE.heads, SHAPE.hidden // SHAPE.heads
    backbone.token_embedding.embeddings.assign(get("tokens.weight"))
    backbone.get_layer("position_embedding").position_embeddings.assign(get("places.weight"))
    backbone.get_layer("segment_embedding").embeddings.assign(get("segments.weight"))
    norm = backbone.get_layer("embeddings_layer_norm")
    norm.gamma.assign(get("norm.weight")), norm.beta.assign(get("norm.bias"))
    for i, layer in enumerate(backbone.transformer_layers):
        attention = layer._self_attention_layer
        for ours, theirs in (
            ("query", attention._query_dense),
            ("key", attention._key_dense),
            ("value", attention._value_dense),
        ):
            theirs.kernel.assign(get(f"layers.{i}.{ours}.weight").T.reshape(SHAPE.hidden, heads, size))
            theirs.bias.assign(get(f"layers.{i}.{ours}.bias").reshape(heads, size))
        attention._output_dense.kernel.assign(get(f"layers.{i}.output.weight").T.reshape(heads, size, SHAPE.hidden))
        attention._output_dense.bias.assign(get(f"layers.{i}.output.bias"))
        for ours, theirs in (
            ("attention_norm", layer._self_attention_layer_norm),
            ("norm", layer._feedforward_layer_norm),
        ):
            theirs.gamma.assign(get(f"layers.{i}.{ours}.weight")), theirs.beta.assign(get(f"layers.{i}.{ours}.bias"))
        for ours, theirs in (("up", layer._feedforward_intermediate_dense), ("down", layer._feedforward_output_dense)):
            theirs.kernel.assign(get(f"layers.{i}.{ours}.weight").T)
            theirs.bias.assign(get(f"layers.{i}.{ours}.bias"))
    # The training has no pooled output; the identity hands the first token's state on, through tanh.
    backbone.pooled_dense.kernel.assign(np.eye(SHAPE.hidden)), backbone.pooled_dense.bias.assign(np.zeros(SHAPE.hidden))


def halve(path):
    """Rewrite a file of weights with float16, compressed."""
    half = path.with_suffix(".tmp")
    with h5py.File(path) as source, h5py.File(half, "w") as target:
        target.attrs.update(source.attrs)

        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                values = item[()]
                values = values.astype("float16") if values.dtype == np.float32 else values
                packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if values.size > 1000 else {}
                target.create_dataset(name, data=values, **packed)
            else:
                target.require_group(name).attrs.update(item.attrs)

        source.visititems(copy)
    half.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=HERE.parents[3] / "tlcourse/text/weights/tiny_bert")
    options = parser.parse_args()
    saved = torch.load(options.work / "checkpoint.pt", weights_only=False)["ema"]
    state = {name.removeprefix("bert."): value for name, value in saved.items() if name.startswith("bert.")}
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=SHAPE.vocabulary, num_layers=SHAPE.layers, num_heads=SHAPE.heads, hidden_dim=SHAPE.hidden,
        intermediate_dim=SHAPE.inner, dropout=0.1, max_sequence_length=SHAPE.positions, name="tiny_bert",
    )  # fmt: skip
    fill(backbone, state)
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=str(options.work / "vocab.txt"), lowercase=True)
    options.to.mkdir(parents=True, exist_ok=True)
    backbone.save_to_preset(str(options.to))
    tokenizer.save_to_preset(str(options.to))
    halve(options.to / "model.weights.h5")
    for file in options.to.glob("*.json"):  # the dates and versions of one run tell nobody anything
        content = json.loads(file.read_text())
        content.pop("date_saved", None)
        file.write_text(json.dumps(content, indent=2) + "\n")
    print(sum(file.stat().st_size for file in options.to.rglob("*") if file.is_file()) / 1e6, "MB")


if __name__ == "__main__":
    main()
