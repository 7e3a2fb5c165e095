"""Distil the teacher into the small encoder: its token states, its sentence embedding, and masked words besides.

    python train.py --work FOLDER --teacher DIRECTORY --minutes 70

Needs what corpus.py and teach.py left in FOLDER. The learning rate is a cosine over the *time* spent, so that the training ends
annealed and on time, however busy the machine; stopped and started again with the same line it goes on from its last checkpoint.
Loss of a batch:

    |A s_last - t_last|^2 / var(t_last)  +  |B s_2 - t_3|^2 / var(t_3)  +  1 - cos(A mean s_last, mean t_last)  +  0.05 * cross-entropy

where s are the student's states, t the teacher's, A and B free linear maps, and the cross-entropy that of masked words. In half of
the texts 15 % of the student's tokens are masked, while the teacher saw all: the student also learns to guess states from their
neighbours.
"""

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from network import Shape, load_teacher, sliced
from torch import nn

SEED = 0
SHAPE = Shape(vocabulary=13_000, layers=4, heads=8, hidden=256, inner=640, positions=256, tanh_gelu=True)
KEPT_LAYERS = (0, 1, 3, 5)  # of the teacher
BATCH_TOKENS = 2048
LEARNING_RATE = 8e-4
WEIGHT_DECAY = 0.01
WARM_UP_STEPS = 200
MASKED_SHARE = 0.15
WORD_LOSS = 0.05
EMA_DECAY = 0.998
HELD_OUT = 600  # texts that measure the distance to the teacher and are never trained on


class Pupil(nn.Module):
    """The student with what only the training needs: maps to the teacher's states, and a head that names masked words."""

    def __init__(self, bert, axes):
        super().__init__()
        self.bert = bert
        self.last, self.middle = (nn.Linear(axes.shape[1], axes.shape[0]) for _ in range(2))
        for layer in (self.last, self.middle):
            layer.weight.data.copy_(axes)
            layer.bias.data.zero_()
        self.word = nn.Sequential(nn.Linear(bert.shape.hidden, bert.shape.hidden), nn.GELU(), nn.LayerNorm(bert.shape.hidden))
        self.word_bias = nn.Parameter(torch.zeros(bert.shape.vocabulary))

    def forward(self, batch, scale):
        ids, segments, mask, target, hidden = batch
        states = self.bert(ids.masked_fill(hidden, 4), segments, mask, dropout=0.05)
        last, middle = self.last(states[-1]).float(), self.middle(states[2]).float()
        inside = mask[..., None]
        count = mask.sum()
        losses = {
            "last": ((last - target[:, :, 1]).square() * inside).sum() / count / scale[1],
            "middle": ((middle - target[:, :, 0]).square() * inside).sum() / count / scale[0],
        }
        means = [(x * inside).sum(1) for x in (last, target[:, :, 1])]
        losses["sentence"] = (1 - F.cosine_similarity(*means)).mean()
        if hidden.any():
            logits = F.linear(self.word(states[-1][hidden]), self.bert.tokens.weight, self.word_bias)
            losses["word"] = F.cross_entropy(logits.float(), ids[hidden])
        return losses


@torch.no_grad()
def first_values(teacher, work):
    """(student, axes): principal components of the teacher's states on 400 texts, and its most active heads and units."""
    tokens = np.load(work / "tokens.npz")
    kept = torch.from_numpy(np.load(work / "kept.npy"))
    streams, heads, units = [], [0] * teacher.shape.layers, [0] * teacher.shape.layers
    for text in range(400):
        part = slice(tokens["starts"][text], tokens["starts"][text + 1])
        ids = kept[torch.from_numpy(tokens["ids"][part]).long()][None]
        states = teacher(ids, torch.from_numpy(tokens["segments"][part]).long()[None], torch.ones_like(ids).bool())
        streams += [state[0] for state in states]
        for i, layer in enumerate(teacher.layers):
            x = states[i]
            q, k, v = (f(x).view(-1, layer.heads, layer.size).transpose(0, 1) for f in (layer.query, layer.key, layer.value))
            seen = F.scaled_dot_product_attention(q, k, v)  # (heads, length, size)
            out = torch.einsum("hls,dhs->hld", seen, layer.output.weight.view(-1, layer.heads, layer.size))
            heads[i] = heads[i] + out.square().sum((1, 2))
            inner = F.gelu(layer.up(layer.attention_norm(x + layer.output(seen.transpose(0, 1).reshape(1, x.shape[1], -1)))))
            units[i] = units[i] + inner[0].square().sum(0) * layer.down.weight.square().sum(0)
    stream = torch.cat(streams)
    axes = torch.linalg.svd(stream - stream.mean(0), full_matrices=False).Vh[: SHAPE.hidden].T.contiguous()
    return sliced(teacher, SHAPE, kept, axes, KEPT_LAYERS, list(zip(heads, units, strict=True))), axes


class Texts:
    """Batches of whole texts of about equal length."""

    def __init__(self, work):
        tokens = np.load(work / "tokens.npz")
        self.ids, self.segments, self.starts = (tokens[name] for name in ("ids", "segments", "starts"))
        self.states = np.load(work / "states.npy", mmap_mode="r")
        self.lengths = np.diff(self.starts)

    def batches(self, chosen, rng=None):
        order = chosen[np.argsort(self.lengths[chosen] + (0 if rng is None else rng.uniform(0, 8, len(chosen))), kind="stable")]
        groups, current = [], []
        for text in order:
            if current and (len(current) + 1) * self.lengths[text] > BATCH_TOKENS:
                groups.append(current)
                current = []
            current.append(text)
        groups.append(current)
        return groups if rng is None else [groups[i] for i in rng.permutation(len(groups))]

    def batch(self, group, rng=None):
        longest = self.lengths[group].max()
        ids, segments = (np.zeros((len(group), longest), "int64") for _ in range(2))
        mask, hidden = (np.zeros((len(group), longest), bool) for _ in range(2))
        target = np.zeros((len(group), longest, *self.states.shape[1:]), "float32")
        for row, text in enumerate(group):
            part, end = slice(self.starts[text], self.starts[text + 1]), self.lengths[text]
            ids[row, :end], segments[row, :end], mask[row, :end] = self.ids[part], self.segments[part], True
            target[row, :end] = self.states[part]
            if rng is not None and rng.random() < 0.5:
                hidden[row, 1 : end - 1] = rng.random(end - 2) < MASKED_SHARE
        return [torch.from_numpy(x) for x in (ids, segments, mask, target, hidden)]


def distance(pupil, texts, held, scale):
    """Mean losses on texts that were never trained on, nothing masked."""
    pupil.eval()
    sums, count = {}, 0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for group in texts.batches(held):
            for name, value in pupil(texts.batch(group), scale).items():
                sums[name] = sums.get(name, 0) + value.item() * len(group)
            count += len(group)
    pupil.train()
    return {name: round(value / count, 4) for name, value in sums.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="time to train, restarts included")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    texts = Texts(options.work)
    student, axes = first_values(load_teacher(options.teacher), options.work)
    pupil = Pupil(student, axes)
    ema = copy.deepcopy(pupil)
    everything = np.arange(len(texts.lengths))
    held, train = everything[:HELD_OUT], everything[HELD_OUT:]
    sample = np.asarray(texts.states[-50_000:], "float32")
    scale = [float(sample[:, i].var(axis=0).sum()) for i in range(2)]
    many = [p for p in pupil.parameters() if p.ndim > 1]
    optimizer = torch.optim.AdamW([{"params": many, "weight_decay": WEIGHT_DECAY},
                                   {"params": [p for p in pupil.parameters() if p.ndim == 1], "weight_decay": 0.0}],
                                  LEARNING_RATE, betas=(0.9, 0.98))  # fmt: skip
    rng, epoch, step, spent = np.random.default_rng(SEED), 0, 0, 0.0
    checkpoint = options.work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        pupil.load_state_dict(saved["pupil"]), ema.load_state_dict(saved["ema"]), optimizer.load_state_dict(saved["optimizer"])
        rng.bit_generator.state = saved["rng"]
        epoch, step, spent = saved["epoch"], saved["step"], saved["spent"]
        torch.manual_seed(1000 * epoch)
    else:
        print(json.dumps({"epoch": 0, "held_out": distance(pupil, texts, held, scale)}), flush=True)
    started, budget, progress = time.time() - spent, 60 * options.minutes, spent / (60 * options.minutes)

    while progress < 1:
        began, sums, seen = time.time(), {}, 0
        for group in texts.batches(train, rng):
            batch = texts.batch(group, rng)
            with torch.autocast("cpu", torch.bfloat16):
                losses = pupil(batch, scale)
            optimizer.zero_grad(set_to_none=True)
            sum(value * (WORD_LOSS if name == "word" else 1) for name, value in losses.items()).backward()
            progress = (time.time() - started) / budget
            if progress >= 1:
                break
            rate = LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.003, 0.5 * (1 + math.cos(math.pi * progress)))
            for settings in optimizer.param_groups:
                settings["lr"] = rate
            nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
            optimizer.step()
            step += 1
            seen += int(batch[2].sum())
            for name, value in losses.items():
                sums.setdefault(name, []).append(value.item())
            with torch.no_grad():
                for a, b in zip(ema.parameters(), pupil.parameters(), strict=True):
                    a.lerp_(b, 1 - min(EMA_DECAY, (1 + step) / (10 + step)))
        epoch += 1
        torch.save(dict(pupil=pupil.state_dict(), ema=ema.state_dict(), optimizer=optimizer.state_dict(), rng=rng.bit_generator.state,
                        epoch=epoch, step=step, spent=time.time() - started), f"{checkpoint}.tmp")  # fmt: skip
        os.replace(f"{checkpoint}.tmp", checkpoint)
        line = dict(epoch=epoch, step=step, minutes=round((time.time() - started) / 60, 1), lr=round(rate, 7),
                    train={name: round(float(np.mean(values)), 4) for name, values in sums.items()},
                    held_out=distance(ema, texts, held, scale), tokens_per_s=round(seen / (time.time() - began)))  # fmt: skip
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
