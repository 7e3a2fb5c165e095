"""Muon: momentum whose update is made orthogonal, for the weights that are matrices or convolution kernels.

Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the scale 0.2 * sqrt(max(rows, columns)), which
lets the learning rate and the weight decay of AdamW be used unchanged, is that of Liu et al. 2025, "Muon is scalable for LLM
training".
"""

import math

import torch


def orthogonalise(matrix, steps=5):
    """Replace the singular values of `matrix` by values near 1 (Newton-Schulz iteration in bfloat16)."""
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return (x.T if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Muon, its work shared out among the processes of a `torch.distributed` group.

    Each process makes the updates of its own share of the kernels orthogonal; one sum over the processes hands all updates to all.
    """

    def __init__(self, params, lr, weight_decay=0.05, momentum=0.95, rank=0, world=1, total=None):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=momentum))
        self.rank, self.world, self.total = rank, world, total

    @torch.no_grad()
    def step(self):
        """Apply one update; the gradients must already be the mean over the processes."""
        for group in self.param_groups:
            params, load = group["params"], [0.0] * self.world
            flat = torch.zeros(sum(p.numel() for p in params))
            pieces = flat.split([p.numel() for p in params])
            for p, piece in zip(params, pieces, strict=True):
                state = self.state[p]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(p)
                momentum = state["momentum"].mul_(group["momentum"]).add_(p.grad)
                rows, columns = p.shape[0], p[0].numel()
                owner = load.index(min(load))
                load[owner] += rows * columns * min(rows, columns)
                if owner != self.rank:
                    continue
                update = p.grad.add(momentum, alpha=group["momentum"]).reshape(rows, -1)
                piece.copy_(orthogonalise(update).reshape(-1).mul_(0.2 * math.sqrt(max(rows, columns))))
            if self.world > 1:
                self.total(flat)
            for p, piece in zip(params, pieces, strict=True):
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(piece.view(p.shape), alpha=-group["lr"])
