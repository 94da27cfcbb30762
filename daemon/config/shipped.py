"""The name of a file that comes with Backdesk -> where it lies, installed or in a source tree."""

from pathlib import Path

_HOUSE = Path(__file__).parent.parent


def shipped(name: str) -> Path:
    """Return the path of a shipped file or folder, such as `templates` or `backdesk.toml`.

    Raises:
        FileNotFoundError: this installation lacks it.
    """
    for folder in (_HOUSE / "shipped", _HOUSE.parent / "config"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is not among the files that come with Backdesk")
