"""Train the tiny residual network to give the teacher's pooled features, from random initial values.

    python train.py --work FOLDER --minutes 75 [--workers 2]

Needs `train_x.npy`, `train_y.npy`, `val_x.npy`, `val_y.npy` (decode.py) and at least one `view*_f.npy` (views.py) in FOLDER; views that
appear later are used from the next epoch on. The learning rate is a cosine over the *time* spent, not over steps, so the training
always ends annealed and on time, however busy the machine. Stopped and started again with the same line it goes on where the last
epoch ended. Each worker is a process with one thread and half of every batch; the gradients are averaged. (One process with two
threads waits at barriers inside the convolution kernels, and five times longer when another program has one of the two cores.)
"""

import argparse
import copy
import glob
import json
import math
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F  # noqa: N812
from muon import Muon
from network import TinyResNet

SEED = 0
BATCH = 128
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.05
CLASS_LOSS = 0.1  # weight of the cross-entropy beside the mean squared error
WARM_UP_STEPS = 300
EMA_DECAY = 0.999


def to_input(images, flip=False):
    """(batch, 64, 64, 3) uint8 -> (batch, 3, 64, 64) float32 in -1..1, each image mirrored with probability 1/2 if `flip`."""
    x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    if flip:
        chosen = torch.rand(len(x)) < 0.5
        x[chosen] = x[chosen].flip(3)
    return x.contiguous(memory_format=torch.channels_last)


def open_views(work):
    """Return the finished views as a list of (images, teacher features) memory maps."""
    done = sorted(glob.glob(f"{work}/view[0-9]*_f.npy"))
    return [(np.load(f.replace("_f.npy", "_x.npy"), mmap_mode="r"), np.load(f, mmap_mode="r")) for f in done if ".tmp" not in f]


def total(flat):
    """Replace a flat tensor by its sum over the workers."""
    dist.all_reduce(flat)


def average_gradients(params, extra, world):
    """Replace gradients by their mean over the workers; return the mean of the float `extra` too, equal in all workers."""
    flat = torch.cat([p.grad.reshape(-1) for p in params] + [torch.tensor([extra], dtype=torch.float32)])
    total(flat)
    flat /= world
    for p, piece in zip(params, flat.split([p.numel() for p in params] + [1])[:-1], strict=True):
        p.grad.copy_(piece.view(p.shape))
    return float(flat[-1])


def follow(ema, model, decay):
    """Move the averaged model a little towards `model`."""
    with torch.no_grad():
        for a, b in zip(ema.state_dict().values(), model.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - decay)


def accuracy(model, images, labels):
    """Return the share of `images` whose class the training-time classifier names."""
    hits = 0
    model.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for s in range(0, len(images), 128):
            logits = model.classifier(model.match(model.features(to_input(images[s : s + 128]))))
            hits += int((logits.argmax(1).numpy() == labels[s : s + 128]).sum())
    return hits / len(images)


def worker(rank, args):
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{args.port}", rank=rank, world_size=args.workers)
    torch.set_num_threads(1)
    share = BATCH // args.workers
    labels = np.load(f"{args.work}/train_y.npy")
    val_x, val_y = np.load(f"{args.work}/val_x.npy", mmap_mode="r")[::2], np.load(f"{args.work}/val_y.npy")[::2]
    first = np.asarray(open_views(args.work)[0][1]).astype("float32")
    mean, std = torch.from_numpy(first.mean(0)), torch.from_numpy(first.std(0) + 1e-3)
    del first

    torch.manual_seed(SEED)
    model = TinyResNet(int(labels.max()) + 1).to(memory_format=torch.channels_last)
    params = list(model.parameters())
    kernels = [p for name, p in model.named_parameters() if p.ndim == 4 and not name.startswith("stem")]
    chosen = {id(p) for p in kernels}
    decayed = [p for p in params if p.ndim > 1 and id(p) not in chosen]
    adam = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in params if p.ndim == 1], "weight_decay": 0.0},
        ],
        LEARNING_RATE,
    )
    muon = Muon(kernels, LEARNING_RATE, WEIGHT_DECAY, rank=rank, world=args.workers, total=total)
    ema = copy.deepcopy(model)
    order_rng = np.random.default_rng(SEED)  # the same in every worker
    epoch, step, spent = 0, 0, 0.0
    checkpoint = f"{args.work}/checkpoint.pt"
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(saved["model"]), ema.load_state_dict(saved["ema"])
        adam.load_state_dict(saved["adam"]), muon.load_state_dict(saved["muon"])
        order_rng.bit_generator.state = saved["rng"]
        epoch, step, spent = saved["epoch"], saved["step"], saved["spent"]
    torch.manual_seed(1000 * epoch + rank)
    started, budget, progress = time.time() - spent, 60 * args.minutes, spent / (60 * args.minutes)

    while progress < 1:
        views = open_views(args.work)
        order, which = order_rng.permutation(len(labels)), order_rng.integers(len(views), size=len(labels))
        began, sums, seen = time.time(), np.zeros(2), 0
        model.train()
        for s in range(0, len(labels) - BATCH + 1, BATCH):
            part = slice(s + rank * share, s + (rank + 1) * share)
            index = order[part]
            picks = [views[v] for v in which[part]]
            x = to_input(np.stack([images[i] for (images, _), i in zip(picks, index, strict=True)]), flip=True)
            target = (torch.from_numpy(np.stack([f[i] for (_, f), i in zip(picks, index, strict=True)])).float() - mean) / std
            with torch.autocast("cpu", torch.bfloat16):
                features = model.match(model.features(x))
            distance = F.mse_loss(features, target)
            named = F.cross_entropy(model.classifier(features), torch.from_numpy(labels[index]))
            adam.zero_grad(set_to_none=True), muon.zero_grad(set_to_none=True)
            (distance + CLASS_LOSS * named).backward()
            progress = average_gradients(params, (time.time() - started) / budget, args.workers)
            if progress >= 1:
                break
            rate = LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.003, 0.5 * (1 + math.cos(math.pi * progress)))
            for group in adam.param_groups + muon.param_groups:
                group["lr"] = rate
            adam.step(), muon.step()
            step += 1
            sums += (distance.item(), named.item())
            seen += 1
            if rank == 0:
                follow(ema, model, min(EMA_DECAY, (1 + step) / (10 + step)))
                if args.verbose and step % 50 == 0:
                    print(step, sums / seen, f"{BATCH * seen / (time.time() - began):.0f}/s", flush=True)
        epoch += 1
        if rank == 0:
            speed = BATCH * seen / (time.time() - began)
            torch.save(
                dict(model=model.state_dict(), ema=ema.state_dict(), adam=adam.state_dict(), muon=muon.state_dict(),
                     rng=order_rng.bit_generator.state, epoch=epoch, step=step, spent=time.time() - started),
                checkpoint + ".tmp",
            )  # fmt: skip
            os.replace(checkpoint + ".tmp", checkpoint)
            line = dict(epoch=epoch, step=step, views=len(views), minutes=round((time.time() - started) / 60, 1), lr=round(rate, 6),
                        mse=round(sums[0] / max(seen, 1), 4), cross_entropy=round(sums[1] / max(seen, 1), 4),
                        val_accuracy=round(accuracy(ema, val_x, val_y), 4), images_per_s=round(speed))  # fmt: skip
            print(json.dumps(line), flush=True)
        dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, help="folder of the arrays and of the checkpoint")
    parser.add_argument("--minutes", type=float, required=True, help="time to train, restarts included")
    parser.add_argument("--workers", type=int, default=2, choices=(1, 2, 4), help="processes, one core each")
    parser.add_argument("--port", type=int, default=29511, help="free TCP port by which the workers meet")
    parser.add_argument("--verbose", action="store_true", help="print the losses every 50 steps")
    mp.spawn(worker, (parser.parse_args(),), nprocs=parser.parse_args().workers)
