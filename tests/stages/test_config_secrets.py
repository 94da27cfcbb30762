"""Secrets: where they are looked for, in which order, and that they are never shown."""

import logging
from pathlib import Path

import pytest

from daemon import config
from daemon.config.secrets import account_secret, relay_secret, secret, store_secret, variable
from daemon.errors import ConfigError

KEY = "accounts.info.password"
VARIABLE = "BACKDESK_ACCOUNTS_INFO_PASSWORD"

TEXT = """
[service]
timezone = "Europe/Rome"
[accounts.info]
host = "imap.example.org"
username = "info@example.org"
password_file = "info"
[accounts.token-user]
host = "imap.example.net"
username = "token@example.net"
auth = "xoauth2"
[relays.open]
host = "127.0.0.1"
security = "plain"
[relays.main]
host = "smtp.example.org"
username = "info@example.org"
[relays.token-user]
host = "smtp.example.net"
username = "token@example.net"
auth = "xoauth2"
token_file = "token"
"""


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Return a folder with the same secret in a credential (`credential`) and a file (`file`)."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / KEY).write_text("from credential\n")
    (tmp_path / "info").write_text("from file\n")
    (tmp_path / "info").chmod(0o600)
    return tmp_path


def settings_in(folder: Path, text: str = TEXT) -> config.Settings:
    """Write and load a configuration in `folder`."""
    (folder / "backdesk.toml").write_text(text)
    return config.load(folder / "backdesk.toml")


def test_the_credential_comes_before_the_environment_and_the_file(places: Path) -> None:
    """The way of systemd way wins, then the variable, then the file."""
    environ = {"CREDENTIALS_DIRECTORY": str(places / "credentials"), VARIABLE: "from variable"}
    file = places / "info"
    assert secret(KEY, file, environ).get_secret_value() == "from credential"
    del environ["CREDENTIALS_DIRECTORY"]
    assert secret(KEY, file, environ).get_secret_value() == "from variable"
    assert secret(KEY, file, {}).get_secret_value() == "from file"


def test_another_credential_does_not_hide_the_file(places: Path) -> None:
    """A unit may pass only some of the secrets."""
    environ = {"CREDENTIALS_DIRECTORY": str(places)}
    assert secret(KEY, places / "info", environ).get_secret_value() == "from file"


@pytest.mark.parametrize(
    ("content", "value"),
    [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\n\n", "a\n"), (" a \n", " a "), ("è", "è")],
)
def test_one_line_break_at_the_end_is_dropped(tmp_path: Path, content: str, value: str) -> None:
    """Editors add one; blanks and further breaks may be part of the secret."""
    (tmp_path / "s").write_bytes(content.encode())
    assert secret(KEY, tmp_path / "s", {}).get_secret_value() == value


def test_a_missing_secret_names_the_key_and_the_three_places() -> None:
    """The administrator sees at once what to do."""
    with pytest.raises(ConfigError) as caught:
        secret(KEY, None, {})
    for word in (KEY, "password_file", f"systemd credential {KEY}", VARIABLE):
        assert word in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_an_empty_or_wrong_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty password must not be tried on the server, nor half of a wrong file be shown."""
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(ConfigError, match=KEY):
        secret(KEY, tmp_path / "s", {})


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    """The path is part of the message."""
    with pytest.raises(ConfigError, match="absent"):
        secret(KEY, tmp_path / "absent", {})


def test_a_secret_is_never_shown(places: Path) -> None:
    """Neither by print nor by repr."""
    found = secret(KEY, places / "info", {})
    assert "from file" not in f"{found} {found!r}"


def test_a_file_that_everybody_can_read_is_named_in_the_log(
    places: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It works, but somebody is told; the secret is not in the line."""
    with caplog.at_level(logging.WARNING):
        secret(KEY, places / "info", {})
        assert caplog.records == []
        (places / "info").chmod(0o644)
        secret(KEY, places / "info", {})
    assert [record.action for record in caplog.records] == ["secret_exposed"]
    assert "from file" not in caplog.text


def test_accounts_relays_and_the_store_have_their_own_keys(places: Path) -> None:
    """With OAuth2 a token is asked for, for an open relay nothing, for the store what there is."""
    settings = settings_in(places)
    accounts, relays = settings.accounts, settings.relays
    environ = {
        "BACKDESK_ACCOUNTS_TOKEN_USER_TOKEN": "t",
        "BACKDESK_RELAYS_MAIN_PASSWORD": "r",
        "BACKDESK_RELAYS_TOKEN_USER_TOKEN": "rt",
        "BACKDESK_STORE_PASSWORD": "s",
    }
    assert account_secret(accounts["info"], environ).get_secret_value() == "from file"
    assert account_secret(accounts["token-user"], environ).get_secret_value() == "t"
    assert relay_secret(relays["open"], {}) is None
    main = relay_secret(relays["main"], environ)
    assert main is not None
    assert main.get_secret_value() == "r"
    (places / "token").write_text("from token file\n")
    for given, value in (({}, "from token file"), (environ, "rt")):
        token = relay_secret(relays["token-user"], given)
        assert token is not None
        assert token.get_secret_value() == value
    assert store_secret(settings.store, {}) is None
    assert (found := store_secret(settings.store, environ)) is not None
    assert found.get_secret_value() == "s"


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ("accounts.info", "token_file", 'auth = "password"; allowed: password_file'),
        ("accounts.token-user", "password_file", 'auth = "xoauth2"; allowed: token_file'),
        ("relays.main", "token_file", 'auth = "password"; allowed: password_file'),
        ("relays.token-user", "password_file", 'auth = "xoauth2"; allowed: token_file'),
        ("relays.open", "password_file", "without a username"),
        ("relays.open", "token_file", "without a username"),
    ],
)
def test_a_file_that_the_login_would_never_read_is_refused(
    table: str, key: str, says: str, tmp_path: Path
) -> None:
    """A token beside a password, or either without a login: said, not left unread."""
    with pytest.raises(config.ConfigProblems) as caught:
        settings_in(tmp_path, TEXT.replace(f"[{table}]", f'[{table}]\n{key} = "x"'))
    (problem,) = caught.value.problems
    assert problem.key == f"{table}.{key}"
    assert says in problem.message


def test_missing_secrets_are_problems_with_their_lines(places: Path) -> None:
    """`check` lists them all; loading does not ask for them."""
    settings = settings_in(places)
    problems = config.secret_problems(settings, {})
    assert [(each.line, each.key) for each in problems] == [
        (8, "accounts.token-user"),
        (15, "relays.main"),
        (18, "relays.token-user"),
    ]
    assert variable("accounts.token-user.token") in problems[0].message
    assert "relays.token-user.token" in problems[2].message
