"""`--config`, the environment and the usual places -> settings, and the house built of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from daemon.config.loading import load
from daemon.config.settings import Settings
from daemon.errors import ConfigError
from daemon.jobs import House
from daemon.store.leases import Lease

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration (default: $BACKDESK_CONFIG, ./backdesk.toml, "
        "/etc/backdesk/backdesk.toml).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

USUAL = (Path("backdesk.toml"), Path("/etc/backdesk/backdesk.toml"))


def find_config(chosen: Path | None) -> Path:
    """Return the configuration file that is meant.

    Raises:
        ConfigError: none is named, and none is in the usual places.
    """
    if found := config_if_any(chosen):
        return found
    places = " or ".join(map(str, USUAL))
    raise ConfigError(
        f"no configuration: give --config FILE, set BACKDESK_CONFIG, or have {places} "
        "(`backdesk init DIR` writes one)"
    )


def config_if_any(chosen: Path | None) -> Path | None:
    """Return the configuration file that is meant, None when there is none anywhere."""
    if chosen is not None:
        return chosen
    if named := os.environ.get("BACKDESK_CONFIG"):
        return Path(named)
    return next((path for path in USUAL if path.is_file()), None)


def settings_of(chosen: Path | None) -> Settings:
    """Read the configuration that is meant.

    Raises:
        ConfigError: there is none, or it has mistakes; all are listed.
    """
    return load(find_config(chosen))


@contextmanager
def open_house(chosen: Path | None) -> Iterator[House]:
    """Build the house of the configuration that is meant, and take it down afterwards.

    Raises:
        ConfigError: there is no configuration, or it has mistakes.
        StoreError: the store cannot be opened.
    """
    # Here, not above: checking a configuration must not load the whole house.
    from daemon.bootstrap import build  # noqa: PLC0415

    settings = settings_of(chosen)
    with build(settings) as house:
        (settings.service.data_dir / "spool").mkdir(mode=0o750, exist_ok=True)
        yield house


def read_unread(house: House, lease: Lease, account: str) -> None:
    """Read what an account has received and not read, and wait until all is recorded."""
    house.pipeline.take_up(lease, account)
    house.pipeline.wait()


def chosen_accounts(settings: Settings, account: str | None) -> tuple[str, ...]:
    """Return the accounts a command is about: one, or all of the configuration.

    Raises:
        ConfigError: the account is not in the configuration.
    """
    if account is None:
        return tuple(settings.accounts)
    if account not in settings.accounts:
        known = ", ".join(settings.accounts) or "none"
        raise ConfigError(f"no account {account!r} in {settings.path}; there: {known}")
    return (account,)
