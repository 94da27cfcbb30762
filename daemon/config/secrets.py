"""Passwords and tokens, from outside the configuration file: settings -> `SecretStr`.

Three places are asked in this order, the first that has the secret wins: the systemd credential
(`$CREDENTIALS_DIRECTORY/accounts.info.password`), the environment
(`BACKDESK_ACCOUNTS_INFO_PASSWORD`), the file that the configuration names.
"""

import logging
import os
import re
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from daemon.config.webhooks import signing_keys
from daemon.errors import ConfigError

if TYPE_CHECKING:
    from daemon.config.servers import Account, Relay
    from daemon.config.settings import Settings, Store
    from daemon.config.webhooks import Webhook

_log = logging.getLogger(__name__)
_LONGEST = 65_536  # bytes; a token is a few kB, anything longer is the wrong file


def secret(key: str, file: Path | None, environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the secret called `key`, such as `accounts.info.password`.

    Args:
        key: `<table>.<name>.password`, `.token` or `.secret`, or `store.password`.
        file: the path that the configuration names for it; None when it names none.
        environ: where variables are looked up.

    Raises:
        ConfigError: no place has it, or it is empty or cannot be read; the message names the key
            and the three places, never the secret.
    """
    found = _credential(key, environ) or _variable(key, environ) or _file(key, file)
    if found is None:
        raise ConfigError(f"{key}: no secret found; use {places(key)}")
    if not found.get_secret_value():
        raise ConfigError(f"{key}: the secret is empty; use {places(key)}")
    return found


def account_secret(account: "Account", environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the account's password, or its token where `auth` is `xoauth2`; see `secret`."""
    return _login_secret("accounts", account, environ)


def relay_secret(relay: "Relay", environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """Return the relay's password or token, None for a relay without login; see `secret`."""
    return _login_secret("relays", relay, environ) if relay.username else None


def webhook_keys(webhook: "Webhook", environ: Mapping[str, str] = os.environ) -> tuple[bytes, ...]:
    """Return the keys that sign what a webhook is sent, the newest first; see `secret`.

    Raises:
        ConfigError: also when the secret has another form than Standard Webhooks gives it.
    """
    key = f"webhooks.{webhook.name}.secret"
    try:
        return signing_keys(secret(key, webhook.secret_file, environ).get_secret_value())
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from None


def store_secret(store: "Store", environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """Return PostgreSQL's password; None where no place has one (peer login); see `secret`."""
    key = "store.password"
    has_place = _credential(key, environ) or _variable(key, environ) or store.password_file
    return secret(key, store.password_file, environ) if has_place else None


def missing_secrets(
    settings: "Settings", environ: Mapping[str, str] = os.environ
) -> tuple[tuple[str, str], ...]:
    """Return (key, message) for each secret that the service will need and does not find."""
    asked: dict[str, Callable[[Mapping[str, str]], object]] = {
        **{
            f"accounts.{each.name}": partial(account_secret, each)
            for each in settings.accounts.values()
        },
        **{f"relays.{each.name}": partial(relay_secret, each) for each in settings.relays.values()},
        **{
            f"webhooks.{each.name}": partial(webhook_keys, each)
            for each in settings.webhooks.values()
        },
        "store": partial(store_secret, settings.store),
    }
    missing = []
    for key, ask in asked.items():
        try:
            ask(environ)
        except ConfigError as error:
            missing.append((key, str(error)))
    return tuple(missing)


def places(key: str) -> str:
    """Return the three places of a secret, in words."""
    return (
        f"{key.rpartition('.')[2]}_file, the systemd credential {key} "
        f"or the environment variable {variable(key)}"
    )


def variable(key: str) -> str:
    """Return the environment variable of a secret: `BACKDESK_ACCOUNTS_INFO_PASSWORD`."""
    return "BACKDESK_" + re.sub(r"[^A-Z0-9]", "_", key.upper())


def _login_secret(table: str, server: "Account | Relay", environ: Mapping[str, str]) -> SecretStr:
    if server.auth == "xoauth2":
        return secret(f"{table}.{server.name}.token", server.token_file, environ)
    return secret(f"{table}.{server.name}.password", server.password_file, environ)


def _credential(key: str, environ: Mapping[str, str]) -> SecretStr | None:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / key if folder else None
    return _content(key, path) if path and path.is_file() else None


def _variable(key: str, environ: Mapping[str, str]) -> SecretStr | None:
    value = environ.get(variable(key))
    return None if value is None else SecretStr(value)


def _file(key: str, path: Path | None) -> SecretStr | None:
    if path is None:
        return None
    content = _content(key, path)
    if path.stat().st_mode & stat.S_IROTH:
        _log.warning(
            "Secret file can be read by everybody on this machine",
            extra={"action": "secret_exposed", "key": key, "path": str(path)},
        )
    return content


def _content(key: str, path: Path) -> SecretStr:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"{key}: cannot read {path}: {reason}; use {places(key)}") from None
    if len(content) > _LONGEST:
        raise ConfigError(f"{key}: {path} is longer than {_LONGEST} bytes, not a secret")
    return SecretStr(text.removesuffix("\n").removesuffix("\r"))
