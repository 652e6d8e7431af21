# SPDX-License-Identifier: BSL-1.0
"""What a measured module holds beside the kernel that a form is for: its linear layers, by the constants fitted before."""

import numpy as np
import pandas as pd

from .gemm import Gemm


def entry_of(made, op, **conditions):
    """The first entry of an op in the file made so far whose keys have these values, or None."""
    return next((e for e in made.get(op, ()) if all(e.get(name) == value for name, value in conditions.items())), None)


def gemm_ms(made, device, weights, *shapes):
    """Milliseconds on the device of linear layers (rows, outer, inner, and groups where the sums are of parts of the inputs), each
    a number or an array; None where the dtype has no constants."""
    kernels = [{**e, "host_us": 0, "host_unaligned_us": 0} for e in made.get("gemm", ()) if e["weights"] == weights]
    if not kernels:
        return None
    form, total = Gemm(), 0.0
    for shape in shapes:
        rows, outer, inner, groups = np.broadcast_arrays(*(np.asarray(x, float) for x in (*shape, 1)[:4]))
        frame = pd.DataFrame({"rows": rows, "outer": outer, "inner": inner, "groups": groups})
        times = np.full(len(frame), np.nan)
        for kernel in kernels:  # the first that takes the shape
            taken = np.isnan(times)
            if kernel.get("most_rows"):
                taken &= rows <= kernel["most_rows"]
            taken &= (outer % kernel.get("outer_multiple", 1) == 0) & (inner % kernel.get("inner_multiple", 1) == 0)
            times[taken] = np.asarray(form.milliseconds(kernel, frame[taken], device))
        total = total + times
    return total


def passes_ms(device, count, bytes_moved):
    """Milliseconds of small passes between the kernels: 3 us each and 0.8 of the bandwidth."""
    return 1e3 * (3e-6 * count + np.asarray(bytes_moved, float) * device.seconds_per_byte / 0.8)
