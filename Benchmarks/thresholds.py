"""What `allocations.py` and `instructions.py` share: how a figure compares with its threshold."""

TOLERANCE_PERCENT = 5


def judge(figure, threshold):
    """How the figure compares, in words, and whether that is good enough."""
    if threshold is None:
        return "no threshold", False
    if threshold == 0:
        return ("as before", True) if figure == 0 else ("WORSE, there was none", False)
    change = 100 * (figure - threshold) / threshold
    if change > TOLERANCE_PERCENT:
        return f"{change:+.1f} % WORSE", False
    if change < -TOLERANCE_PERCENT:
        return f"{change:+.1f} % better: write the thresholds anew", True
    return f"{change:+.1f} %", True
