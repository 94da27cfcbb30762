"""A configuration -> rounds of all its accounts, in a process that is killed at a failpoint.

`python -m tests.flows.doomed_rounds FILE ROUNDS`, with BACKDESK_FAILPOINT in the environment.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from daemon.config.loading import load
from tests.houses import open_house, poll

ROOT = Path(__file__).parents[2]


def is_killed(home: Path, failpoint: str, rounds: int = 4) -> bool:
    """Run rounds of a house in a process of its own; return whether it was killed."""
    command = [sys.executable, "-m", "tests.flows.doomed_rounds", "backdesk.toml", str(rounds)]
    done = subprocess.run(
        command,
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(ROOT), "BACKDESK_FAILPOINT": failpoint},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2000:]
    return done.returncode != 0


def main() -> None:
    """Run the rounds."""
    path, rounds = Path(sys.argv[1]).absolute(), int(sys.argv[2])
    settings = load(path)
    with open_house(settings) as house:
        for _ in range(rounds):
            for account in reversed(settings.accounts):
                poll(house, account)


if __name__ == "__main__":
    main()
