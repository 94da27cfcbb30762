"""A wrong configuration: every problem at once, with file, line, key and what is allowed."""

import re
import tomllib
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import config
from daemon.config.agreement import findings
from daemon.config.raw import Table

FILE = Path("/etc/backdesk/backdesk.toml")

SMALL = """\
[service]
data_dir = "var"
timezone = "Europe/Rome"
language = "it"

[accounts.info]
host = "imap.example.org"
username = "info@example.org"
password_file = "secrets/info"
go_live = 2026-12-01

[queues.complaints]
account = "info"
folder = "Queues/Complaints"

[[rules]]
name = "complaints"
when = { label = "complaint" }
queue = "complaints"

[relays.main]
host = "smtp.example.org"
username = "info@example.org"
password_file = "secrets/relay"

[digest]
at = "07:30"
to = ["team@example.org"]

[web]
listen = "127.0.0.1:8025"
public_url = ""
"""


def changed(*pairs: tuple[str, str]) -> str:
    """Return the small configuration with each first text replaced by the second."""
    text = SMALL
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def problems(text: str) -> list[tuple[int, str, str]]:
    """Return (line, key, message) of all problems."""
    with pytest.raises(config.ConfigProblems) as caught:
        config.parse(text, FILE)
    assert all(problem.file == str(FILE) for problem in caught.value.problems)
    return [(each.line, each.key, each.message) for each in caught.value.problems]


def outcome(text: str) -> config.Settings | tuple[config.Problem, ...]:
    """Return the settings, or what is wrong; any other error is a failed test."""
    try:
        return config.parse(text, FILE)
    except config.ConfigProblems as error:
        return error.problems


def only(text: str) -> tuple[int, str, str]:
    """Return the only problem."""
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def test_the_smallest_configuration_has_the_named_values() -> None:
    """The attribute names are the keys, and paths start at the file's folder."""
    settings = config.parse(SMALL, FILE)
    account = settings.accounts["info"]
    assert settings.path == FILE
    assert settings.service.data_dir == Path("/etc/backdesk/var")
    assert settings.service.zone.key == "Europe/Rome"
    assert (account.name, account.port, account.security) == ("info", 993, "tls")
    assert account.password_file == Path("/etc/backdesk/secrets/info")
    assert (account.folders, account.go_live) == (("INBOX",), date(2026, 12, 1))
    assert settings.relays["main"].port == 465
    assert settings.rules[0].when.label == ("complaint",)
    assert settings.digest.at == time(7, 30)
    assert settings.limits.mail_bytes == 100 * 2**20


def test_a_house_without_servers_needs_only_a_time_zone() -> None:
    """`import` works with no account, no relay and no digest."""
    settings = config.parse('[service]\ntimezone = "Europe/Warsaw"\n', FILE)
    assert (settings.accounts, settings.digest.to) == ({}, ())


def test_ten_mistakes_are_ten_lines() -> None:
    """A configuration with ten different mistakes: ten lines with file and line."""
    text = changed(
        ("Europe/Rome", "Europe/Roma"),
        ('language = "it"', 'language = "fr"'),
        ('username = "info@example.org"', 'username = "info@example.org"\nprot = 993'),
        ('password_file = "secrets/info"', 'password = "geheim"'),
        ("2026-12-01", '"2026-12-01"'),
        ('account = "info"', 'account = "inof"'),
        ('label = "complaint"', 'label = "complaints", subject_regex = "(a"'),
        ('queue = "complaints"', 'queue = "complaint"'),
        ("07:30", "02:30"),
    )
    found = problems(text)
    assert [(line, key) for line, key, _ in found] == [
        (3, "service.timezone"),
        (4, "service.language"),
        (9, "accounts.info.prot"),
        (10, "accounts.info.password"),
        (11, "accounts.info.go_live"),
        (14, "queues.complaints.account"),
        (19, "rules[0].when.label"),
        (19, "rules[0].when.subject_regex"),
        (20, "rules[0].queue"),
        (28, "digest.at"),
    ]
    with pytest.raises(config.ConfigProblems) as caught:
        config.parse(text, FILE)
    assert len(str(caught.value).splitlines()) == 10
    assert re.match(r"/etc/backdesk/backdesk\.toml:3: service\.timezone: ", str(caught.value))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "says"),
    [
        ("[web]", "[wbe]", 30, "wbe", "did you mean web?"),
        ("listen", "lisen", 31, "web.lisen", "did you mean listen? allowed: listen, public_url"),
        ('"127.0.0.1:8025"', '"8025"', 31, "web.listen", '"127.0.0.1:8025"'),
        ('public_url = ""', 'public_url = "http://x.example"', 32, "web.public_url", "https://"),
        ('host = "imap.example.org"\n', "", 6, "accounts.info.host", "is missing"),
        ('"imap.example.org"', '"imaps://x.example"', 7, "accounts.info.host", "without port"),
        ('"imap.example.org"', "7", 7, "accounts.info.host", "text in quotes"),
        ("[accounts.info]", "[accounts.info]\nport = 0", 7, "accounts.info.port", "1 or more"),
        ("[accounts.info]", "[accounts.info]\nfolders = []", 7, "accounts.info.folders", "one"),
        ("[accounts.info]", '[accounts.info]\nname = "x"', 7, "accounts.info.name", "header"),
        ("[accounts.info]", '[accounts.info]\ntoken = "x"', 7, "accounts.info.token", "INFO_TOKEN"),
        ("[accounts.info]", '[accounts.info]\nauth = "oauth"', 7, "accounts.info.auth", "xoauth2"),
        ('"secrets/relay"', '""\npassword = "x"', 25, "relays.main.password", "MAIN_PASSWORD"),
        ('at = "07', 'att = "07', 27, "digest.att", "did you mean at?"),
        ('"07:30"', '"7.30"', 27, "digest.at", "time of day"),
        ('"team@example.org"', '"team"', 28, "digest.to[0]", "not an e-mail address"),
        ('to = ["team@example.org"]', "", 26, "digest.to", "[] for no digest"),
        ("[digest]", '[digest]\nrelay = "mian"', 27, "digest.relay", "did you mean main?"),
        ("[digest]", '[digest]\nlanguages = { "x@y.example" = "pl" }', 27,
         'digest.languages.x@y.example', "not in digest.to"),
        ("[web]", "[intake]\nidle_renew_s = 700\n[web]", 31, "intake.idle_renew_s", "600 or less"),
        ("[web]", '[intake]\npoll_s = "1m"\n[web]', 31, "intake.poll_s", "a number"),
        ("[web]", "[intake]\nbackoff_first_s = 901\n[web]", 31, "intake.backoff_first_s", "max"),
        ("[web]", '[limits]\nmail_bytes = "1 mile"\n[web]', 31, "limits.mail_bytes", "64 MiB"),
        ("[web]", '[limits]\nbatch_bytes = "1 GB"\n[web]', 31, "limits.batch_bytes", "in_flight"),
        ("[web]", '[store]\nurl = "postgresql+psycopg://a:b@c/d"\n[web]', 31, "store.url",
         "BACKDESK_STORE_PASSWORD"),
        ("[web]", '[store]\nurl = "mysql://a/b"\n[web]', 31, "store.url", "postgresql+psycopg"),
        ("[web]", '[classifier]\nlabels = ["unsure"]\n[web]', 31, "classifier.labels[0]",
         "another name"),
        ('name = "complaints"\n', "", 16, "rules[0].name", "is missing"),
        ("when = { label", "wehn = {}\nwhen = { label", 18, "rules[0].wehn", "did you mean when?"),
        ('label = "complaint"', 'sender = "x.example"', 18, "rules[0].when.sender", "fits no"),
        ('label = "complaint"', 'automatic = ["spam"]', 18, "rules[0].when.automatic[0]", "bounce"),
        ('label = "complaint"', "automatic = []", 18, "rules[0].when.automatic", "bounce"),
        ('label = "complaint"', 'language = "sv"', 18, "rules[0].when.language", "allowed: it"),
        ('label = "complaint"', 'account = "inof"', 18, "rules[0].when.account", "mean info?"),
        ('label = "complaint"', 'label = ["other", "otter"]', 18, "rules[0].when.label[1]",
         "did you mean other?"),
        ('label = "complaint"', "min_confidence = 0.9, max_confidence = 0.1", 18,
         "rules[0].when.min_confidence", "no mail"),
        ('label = "complaint"', 'min_size = "2 kB", max_size = 10', 18,
         "rules[0].when.min_size", "no mail"),
        ('label = "complaint"', 'subject_regex = "(?=a)"', 18, "rules[0].when.subject_regex",
         "look-around"),
        ('label = "complaint"', 'headers = { X-A = "(" }', 18, "rules[0].when.headers.X-A",
         "missing )"),
        ('queue = "complaints"', "", 16, "rules[0].queue", "stop = true"),
        ('queue = "complaints"', 'queue = "complaints"\nstop = true', 20, "rules[0].stop",
         "one of"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem(old: str, new: str, line: int, key: str, says: str) -> None:
    """Each kind of mistake is found where it stands, and what is allowed is said."""
    found = only(changed((old, new)))
    assert (found[0], found[1]) == (line, key)
    assert says in found[2]


@pytest.mark.parametrize(
    ("security", "host", "is_allowed"),
    [
        ("plain", "imap.example.org", False),
        ("plain", "192.0.2.7", False),
        ("plain", "127.0.0.1", True),
        ("plain", "::1", True),
        ("plain", "localhost", True),
        ("starttls", "imap.example.org", True),
    ],
)
def test_plain_text_stays_on_this_machine(security: str, host: str, is_allowed: bool) -> None:
    """A password is never sent in the clear over a network."""
    text = changed(("imap.example.org", f'{host}"\nsecurity = "{security}'))
    if is_allowed:
        assert config.parse(text, FILE).accounts["info"].port == 143
    else:
        assert only(text)[1] == "accounts.info.security"


def test_two_accounts_of_one_mailbox_are_refused() -> None:
    """The same mailbox twice would be fetched and answered twice."""
    twin = '[accounts.twin]\nhost = "IMAP.example.org"\nusername = "info@example.org"\n'
    line, key, message = only(SMALL + twin)
    assert (line, key) == (33, "accounts.twin")
    assert "accounts.info" in message


def test_accounts_whose_secrets_would_be_mixed_up_are_refused() -> None:
    """`a-b` and `a_b` read the same environment variable."""
    tables = [f'[accounts.{name}]\nhost = "h"\nusername = "{name}"\n' for name in ("A", "a")]
    assert "BACKDESK_A" in only(SMALL + "".join(tables))[2]


def test_two_queues_in_one_folder_are_refused() -> None:
    """Work would be counted twice."""
    twin = '[queues.twin]\naccount = "info"\nfolder = "Queues/Complaints"\n'
    assert only(SMALL + twin)[1] == "queues.twin.folder"


def test_rules_after_one_that_takes_all_mail_are_refused() -> None:
    """The first that matches wins, so what follows would be dead without a word."""
    rest = '[[rules]]\nname = "rest"\nwhen = {}\nstop = true\n'
    last = '[[rules]]\nname = "late"\nwhen = { automatic = true }\nstop = true\n'
    assert config.parse(SMALL + last + rest, FILE).rules[-1].name == "rest"
    assert "never reached" in only(SMALL + rest + last)[2]


def test_two_rules_of_one_name_are_refused() -> None:
    """The name is the reason shown to people; it must say which rule it was."""
    twin = '[[rules]]\nname = "complaints"\nwhen = { automatic = true }\nstop = true\n'
    assert only(SMALL + twin)[1] == "rules[1].name"


def test_a_digest_needs_a_relay() -> None:
    """Otherwise nobody would notice that it never comes."""
    start, end = SMALL.index("[relays"), SMALL.index("[digest]")
    assert "no relay" in only(SMALL[:start] + SMALL[end:])[2]


def test_a_digest_needs_a_sender() -> None:
    """Without a sender the relay's username stands in, so that must be an address."""
    text = changed(
        ('host = "smtp.example.org"\nusername = "info@example.org"',
         'host = "smtp.example.org"\nusername = "u1234"'),
    )  # fmt: skip
    assert only(text)[1] == "digest.sender"
    named = text.replace("[digest]", '[digest]\nsender = "Desk <info@example.org>"')
    assert config.parse(named, FILE).digest.sender == "Desk <info@example.org>"


@pytest.mark.parametrize(
    ("zone", "at", "is_allowed"),
    [
        ("Europe/Rome", "01:59", True),
        ("Europe/Rome", "02:00", False),
        ("Europe/Rome", "02:59", False),
        ("Europe/Rome", "03:00", True),
        ("Europe/London", "01:30", False),
        ("Atlantic/Azores", "00:30", False),
        ("Asia/Tokyo", "01:30", True),
    ],
)
def test_times_that_come_twice_or_never_are_refused(zone: str, at: str, is_allowed: bool) -> None:
    """A daily job happens once a day, on the days of change too."""
    text = changed(("Europe/Rome", zone), ("07:30", at))
    if is_allowed:
        assert config.parse(text, FILE).digest.at == time.fromisoformat(at)
    else:
        assert only(text)[1] == "digest.at"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = ", 1),
        ('[service]\ntimezone = "x\n', 2),
        ("[service]\n\n[service]\n", 3),
        ("x = 1\ny = 2021-99-99\n", 2),
        ("a = 1" * 2, 1),
        ("a = " + "[" * 5_000, 1),
        ("a = " + "9" * 5_000, 1),
    ],
    ids=["no value", "open string", "table twice", "no date", "no line end", "deep", "long number"],
)
def test_broken_syntax_is_a_problem_with_its_line(text: str, line: int) -> None:
    """What is not TOML is said in one line, too."""
    assert only(text)[:2] == (line, "")


def test_an_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    """Absent, a folder, or not UTF-8: said with the path, never a traceback."""
    (tmp_path / "latin.toml").write_bytes(b'[service]\nx = "caff\xe8"\n')
    for name, line in (("absent.toml", 0), (".", 0), ("latin.toml", 2)):
        with pytest.raises(config.ConfigProblems) as caught:
            config.load(tmp_path / name)
        assert [(each.file, each.line) for each in caught.value.problems] == [
            (str(tmp_path / name), line)
        ]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    path = tmp_path / "backdesk.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert config.load(path).accounts["info"].username == "info@example.org"


def test_the_settings_cannot_be_changed() -> None:
    """A reload makes new settings; nobody bends the old ones."""
    settings = config.parse(SMALL, FILE)
    with pytest.raises(ValueError, match="frozen"):
        settings.service.workers = 3


WRONG = st.sampled_from(
    ["7", "true", '""', '"x"', "[]", "[[]]", "{}", "{ a = 1 }", "1979-05-27", "07:32:00", "nan",
     '["\\u0000"]', "-1", "1e400", '"\\n"', "[{}]", '"[::1"', '"postgresql+psycopg://["'],
)  # fmt: skip
LINES = [n for n, line in enumerate(SMALL.splitlines()) if " = " in line]


@given(st.dictionaries(st.sampled_from(LINES), WRONG), st.sets(st.sampled_from(range(31))))
def test_any_damage_is_a_list_of_problems(values: dict[int, str], lost: set[int]) -> None:
    """Whatever is written for a value, and whatever line is lost: settings, or problems."""
    lines = SMALL.splitlines()
    for number, value in values.items():
        lines[number] = f"{lines[number].partition(' = ')[0]} = {value}"
    text = "\n".join(line for number, line in enumerate(lines) if number not in lost)
    found = outcome(text)
    assert found
    for problem in found if isinstance(found, tuple) else ():
        assert 1 <= problem.line <= len(lines) + 1
        assert problem.message


SCALAR = st.sampled_from([True, 0, -1, 0.5, float("nan"), "", "x", "xoauth2", "plain", date.max])
KEYS = st.sampled_from(
    ["name", "host", "port", "security", "username", "auth", "account", "folder", "queue", "when",
     "label", "language", "min_size", "to", "relay", "languages", "at", "costs", "labels",
     "x"],
)  # fmt: skip
TREE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
ROOMS = st.sampled_from(
    ["service", "accounts", "queues", "rules", "relays", "digest", "classifier", "limits", "intake"]
)


@given(st.dictionaries(ROOMS, TREE, max_size=4))
def test_the_checks_expect_nothing_of_a_document(document: Table) -> None:
    """Tables where texts belong, lists where tables belong: findings, never a traceback."""
    assert all(path and message for path, message in findings(document))


@pytest.mark.parametrize(
    "line", [n for n, text in enumerate(SMALL.splitlines()) if text[:1] == "["]
)
def test_a_table_of_the_wrong_kind_is_a_problem(line: int) -> None:
    """`accounts = 1` or `[[accounts]]` is named at its line."""
    lines = SMALL.splitlines()
    header = lines[line].strip("[]").split(".")[0]
    rest = {key: 1 for key in tomllib.loads(SMALL) if key != header}
    text = f"{header} = 1\n" + "\n".join(f"{key} = 1" for key in rest)
    assert len({key for _, key, _ in problems(text)}) >= len(rest) + 1
