"""The transfer-learning doctor: `tlcourse.audit(model, train, validation, test)` says what is wrong with a model and its data.

The package can be called, so both `tlcourse.audit(...)` and `from tlcourse.audit import Report` work.
"""

from __future__ import annotations

import sys
import types

from tlcourse.audit.report import Finding, NotChecked, Report
from tlcourse.audit.run import audit

__all__ = ["Finding", "NotChecked", "Report", "audit"]


class _CallableRoom(types.ModuleType):
    __call__ = staticmethod(audit)


sys.modules[__name__].__class__ = _CallableRoom
