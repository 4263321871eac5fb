"""How well a reader knows what it does not know, as a picture: errors by how much is answered, and by confidence."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any


def curves(reports: Mapping[str, dict[str, Any]]) -> bytes:
    """A PNG of the reports of `evaluate` by the name of their set: risk over coverage, and accuracy over confidence."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    risk, trust = figure.subplots(1, 2)
    for name, report in reports.items():
        coverage, error = zip(*report["risk_coverage"], strict=True)
        (line,) = risk.plot([100 * each for each in coverage], [100 * each for each in error], label=name)
        confidence, accuracy, _ = zip(*report["reliability"], strict=True)
        trust.plot(confidence, accuracy, marker=".", color=line.get_color(), label=name)
    risk.set(xlabel="answered, the surest first, %", ylabel="error among them, %", xlim=(0, 100), ylim=(0, None))
    trust.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    trust.set(xlabel="confidence (15 bins of equal mass)", ylabel="right", xlim=(0, 1.02), ylim=(0, 1.02))
    risk.legend(frameon=False)
    for axes in (risk, trust):
        axes.grid(alpha=0.3)
    out = BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()
