"""Installed distributions -> those that own our import package beside us."""

from collections.abc import Mapping, Sequence

OURS = "backdesk"


def foreign_owners(owners: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the other distributions that put files into the import package `daemon`.

    Args:
        owners: import package -> distributions, as `importlib.metadata` tells them. An editable
            installation of ours names no package there.
    """
    return tuple(sorted({name for name in owners.get("daemon", ()) if name != OURS}))
