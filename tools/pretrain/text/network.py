"""A BERT encoder in PyTorch: the teacher as published, and the student whose first values are a slice of it."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    layers: int
    heads: int
    hidden: int
    inner: int
    positions: int
    tanh_gelu: bool  # KerasHub's BERT has the tanh form of GELU, the published one the exact form


class Layer(nn.Module):
    """Attention and two dense layers, each followed by LayerNorm (Devlin et al. 2019)."""

    def __init__(self, shape):
        super().__init__()
        size = shape.hidden // shape.heads if shape.hidden % shape.heads == 0 else None
        self.heads, self.size = shape.heads, size
        self.gelu = "tanh" if shape.tanh_gelu else "none"
        self.query, self.key, self.value, self.output = (nn.Linear(shape.hidden, shape.hidden) for _ in range(4))
        self.attention_norm, self.norm = (nn.LayerNorm(shape.hidden, eps=1e-12) for _ in range(2))
        self.up, self.down = nn.Linear(shape.hidden, shape.inner), nn.Linear(shape.inner, shape.hidden)

    def forward(self, x, mask, dropout=0.0):
        batch, length, _ = x.shape
        q, k, v = (f(x).view(batch, length, self.heads, self.size).transpose(1, 2) for f in (self.query, self.key, self.value))
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        seen = self.output(seen.transpose(1, 2).reshape(batch, length, -1))
        x = self.attention_norm(x + F.dropout(seen, dropout, self.training))
        return self.norm(x + F.dropout(self.down(F.gelu(self.up(x), approximate=self.gelu)), dropout, self.training))


class Bert(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.places = nn.Embedding(shape.positions, shape.hidden)
        self.segments = nn.Embedding(2, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))

    def forward(self, ids, segments, mask, dropout=0.0):
        """Return the states after the embeddings and after each layer, `(batch, length, hidden)` each."""
        x = self.tokens(ids) + self.places.weight[None, : ids.shape[1]] + self.segments(segments)
        states = [F.dropout(self.norm(x), dropout, self.training)]
        for layer in self.layers:
            states.append(layer(states[-1], mask, dropout))
        return states


_NAMES = {
    "attention.self.query": "query", "attention.self.key": "key", "attention.self.value": "value",
    "attention.output.dense": "output", "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "up", "output.dense": "down", "output.LayerNorm": "norm",
}  # fmt: skip


def load_teacher(folder):
    """Return the encoder of a Hugging Face directory (`config.json`, `model.safetensors`)."""
    from safetensors.torch import load_file

    config = json.loads((Path(folder) / "config.json").read_text())
    shape = Shape(config["vocab_size"], config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"],
                  config["intermediate_size"], config["max_position_embeddings"], tanh_gelu=False)  # fmt: skip
    found = load_file(Path(folder) / "model.safetensors")
    state = {
        "tokens.weight": found["embeddings.word_embeddings.weight"],
        "places.weight": found["embeddings.position_embeddings.weight"],
        "segments.weight": found["embeddings.token_type_embeddings.weight"],
        **{f"norm.{kind}": found[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")},
    }
    for i in range(shape.layers):
        for theirs, ours in _NAMES.items():
            for kind in ("weight", "bias"):
                state[f"layers.{i}.{ours}.{kind}"] = found[f"encoder.layer.{i}.{theirs}.{kind}"]
    teacher = Bert(shape)
    teacher.load_state_dict(state)
    return teacher.eval()


@torch.no_grad()
def sliced(teacher, shape, kept_tokens, axes, kept_layers, activity):
    """Return a student of `shape` that starts as a slice of the teacher.

    The stream of states is turned onto its principal components and cut there (the idea of SliceGPT, Ashkboos et al. 2024); of heads and
    inner units the most active ones stay. LayerNorm does not commute with the cut, so this is a start and no copy.

    Args:
        kept_tokens: ids of the teacher's tokens, in the student's order.
        axes: `(teacher's hidden, hidden)`, orthonormal columns.
        kept_layers: which layers of the teacher.
        activity: per layer of the teacher (importance of heads, importance of inner units).
    """
    student = Bert(shape)
    size = teacher.layers[0].size
    square = (axes**2).T

    def norm(ours, theirs):
        ours.weight.copy_(square @ theirs.weight)
        ours.bias.copy_(axes.T @ theirs.bias)

    student.tokens.weight.copy_(teacher.tokens.weight[kept_tokens] @ axes)
    student.places.weight.copy_(teacher.places.weight[: shape.positions] @ axes)
    student.segments.weight.copy_(teacher.segments.weight @ axes)
    norm(student.norm, teacher.norm)
    for ours, number in zip(student.layers, kept_layers, strict=True):
        theirs, (heads, units) = teacher.layers[number], activity[number]
        chosen = heads.topk(shape.heads).indices.sort().values
        rows = (chosen[:, None] * size + torch.arange(size)).flatten()
        inner = units.topk(shape.inner).indices
        for name in ("query", "key", "value"):
            getattr(ours, name).weight.copy_(getattr(theirs, name).weight[rows] @ axes)
            getattr(ours, name).bias.copy_(getattr(theirs, name).bias[rows])
        ours.output.weight.copy_(axes.T @ theirs.output.weight[:, rows])
        ours.output.bias.copy_(axes.T @ theirs.output.bias)
        ours.up.weight.copy_(theirs.up.weight[inner] @ axes)
        ours.up.bias.copy_(theirs.up.bias[inner])
        ours.down.weight.copy_(axes.T @ theirs.down.weight[:, inner])
        ours.down.bias.copy_(axes.T @ theirs.down.bias)
        norm(ours.attention_norm, theirs.attention_norm)
        norm(ours.norm, theirs.norm)
    return student
