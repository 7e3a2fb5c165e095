"""Features without labels: two views, SimCLR, VICReg, a masked autoencoder, rotations, and a detector of collapse."""

from tlcourse.selfsup.collapse import Collapse, detect_collapse, effective_rank
from tlcourse.selfsup.losses import nt_xent, vicreg_loss
from tlcourse.selfsup.masked import MaskedAutoencoder, masked_error, random_patch_mask
from tlcourse.selfsup.rotations import rotate_quarters
from tlcourse.selfsup.two_view_model import TwoViewModel, fit_two_views, new_projector
from tlcourse.selfsup.views import TwoViews

__all__ = [
    "Collapse",
    "MaskedAutoencoder",
    "TwoViewModel",
    "TwoViews",
    "detect_collapse",
    "effective_rank",
    "fit_two_views",
    "masked_error",
    "new_projector",
    "nt_xent",
    "random_patch_mask",
    "rotate_quarters",
    "vicreg_loss",
]
