"""Command line -> exit code: `backdesk` and `python -m daemon` start here."""

import sys
from importlib.metadata import packages_distributions

from daemon.cli.ownership import foreign_owners

CANNOT_START = 4


def main() -> None:
    """Run the command line and exit; refuse to start on somebody else's `daemon`."""
    if others := foreign_owners(packages_distributions()):
        sys.stderr.write(
            f"backdesk cannot start: {', '.join(others)} has installed an import package of the "
            "same name, `daemon`. Give Backdesk a virtual environment of its own, or uninstall "
            f"{others[0]} and then reinstall backdesk.\n"
        )
        sys.exit(CANNOT_START)
    from daemon.cli.app import run  # noqa: PLC0415 - only once `daemon` is known to be ours

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
