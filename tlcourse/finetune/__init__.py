"""Fine-tuning in Keras 3 that does what it says: freezing by block, what trains, what moved, and the usual recipes."""

from tlcourse.finetune.copying import copy_model
from tlcourse.finetune.fixed_mode import FixedMode
from tlcourse.finetune.freezing import freeze, unfreeze
from tlcourse.finetune.gradual import GradualUnfreezing
from tlcourse.finetune.learning_rates import discriminative_optimizer, layerwise_learning_rates
from tlcourse.finetune.moved import MovedRow, Snapshot, WhatMoved, snapshot, what_moved
from tlcourse.finetune.probing import fit_linear_probe, lp_ft
from tlcourse.finetune.regularise import L2SP, l2_sp
from tlcourse.finetune.restarting import reset_optimizer
from tlcourse.finetune.splitting import SplitModel, split_model
from tlcourse.finetune.stale import NotRecompiledError
from tlcourse.finetune.summary import SummaryRow, TrainableSummary, trainable_summary
from tlcourse.finetune.two_phase import Phase, PhaseHistory, fit_two_phase

__all__ = [
    "L2SP",
    "FixedMode",
    "GradualUnfreezing",
    "MovedRow",
    "NotRecompiledError",
    "Phase",
    "PhaseHistory",
    "Snapshot",
    "SplitModel",
    "SummaryRow",
    "TrainableSummary",
    "WhatMoved",
    "copy_model",
    "discriminative_optimizer",
    "fit_linear_probe",
    "fit_two_phase",
    "freeze",
    "l2_sp",
    "layerwise_learning_rates",
    "lp_ft",
    "reset_optimizer",
    "snapshot",
    "split_model",
    "trainable_summary",
    "unfreeze",
    "what_moved",
]
