"""A canned reply is laid down among a mailbox's drafts, once, as a mail that a person sends."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from daemon.mail.tokens import Tokens
from daemon.store.keys import TOKENS, keys_of
from tests.flows.cli_builders import Ended, ended
from tests.flows.front_desk import FrontDesk, SubjectReaders, front_desk, written
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

HOUSE = (
    '[acknowledgements]\nkinds = []\nfrom_name = "Aurora Énergia"\ncontact = "tel. 02 5550100"\n'
)


class Counter:
    """A house, its mailbox, and its command line."""

    def __init__(self, home: Path, imap: FakeImap, sink: SmtpSink, capsys) -> None:
        self.home, self.imap, self._sink, self._capsys = home, imap, sink, capsys

    @contextmanager
    def open(self, more: str = HOUSE, **changes: str) -> Iterator[FrontDesk]:
        """Open the house."""
        with front_desk(self.home, self.imap, self._sink, more=more, **changes) as desk:
            yield desk

    def receive(self, *raws: bytes, **changes: str) -> None:
        """Let mails arrive and be read."""
        with self.open(**changes) as desk:
            desk.receive(*raws)

    def run(self, *arguments: str) -> Ended:
        """Run `case draft` on the first case."""
        config = ("--by", "Ada", "--config", str(self.home / "backdesk.toml"))
        return ended(self._capsys, "case", "draft", "1", *arguments, *config)

    def work(self, **changes: str) -> list[EmailMessage]:
        """Let the mailbox work; return the drafts in it."""
        with self.open(**changes) as desk:
            desk.work()
        return self.drafts()

    def drafts(self, folder: str = "Drafts") -> list[EmailMessage]:
        """Return the drafts in the mailbox."""
        if not self.imap.store.has(folder):
            return []
        raws = self.imap.store.raws(folder).values()
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in raws]


@pytest.fixture
def counter(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary) -> Counter:
    """Give a house with one complaint."""
    made = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary)
    made.receive(written("Reclamo bolletta"))
    return made


def test_a_draft_is_a_mail_that_only_waits_for_a_person(counter: Counter) -> None:
    """Addressed, in the customer's thread and language, with flags, and without a mark of ours."""
    told = counter.run("--reply", "ask-order-number", "--json")
    assert told.code == 0, told.err
    assert (told.document["new"], told.document["state"]) == (True, "planned")
    (mail,) = counter.work()
    assert mail["From"] == "Aurora Énergia <info@desk.example>"
    assert mail["To"] == "anna@client.example"
    assert mail["Subject"] == "Re: Reclamo bolletta"
    assert mail["In-Reply-To"] == mail["References"] == "<1@client.example>"
    assert mail["Auto-Submitted"] is None
    assert mail["X-Backdesk-Instance"] is None
    text = mail.get_content().replace("\r\n", "\n")
    reference = told.document["case"]
    assert f"registrato come pratica {reference}" in text
    assert "Buongiorno Anna Rossi," in text
    assert text.rstrip().endswith("Aurora Énergia\ntel. 02 5550100")
    (uid,) = counter.imap.store.raws("Drafts")
    assert counter.imap.store.flags("Drafts", uid) == {"\\Draft", "\\Seen"}
    with counter.open() as desk:
        assert desk.told() == [["opened", "drafted"]]
        (event,) = [one for one in desk.cases()[0].events if one.kind == "drafted"]
        assert (event.actor, event.detail["reply"]) == ("Ada", "ask-order-number")


def test_the_same_draft_is_laid_down_once_unless_it_is_asked_for_again(counter: Counter) -> None:
    """Asked twice, before and after it is there: one; with --again two, each with its own id."""
    for _ in range(2):
        assert counter.run("--reply", "passed-on").code == 0
    assert len(counter.work()) == 1
    second = counter.run("--reply", "passed-on", "--json")
    assert (second.code, second.document["new"], second.document["state"]) == (0, False, "done")
    assert "--again" in second.err
    assert len(counter.work()) == 1
    assert counter.run("--reply", "passed-on", "--again").code == 0
    assert counter.run("--reply", "passed-on", "--language", "pl").code == 0
    drafts = counter.work()
    assert len({mail["Message-ID"] for mail in drafts}) == len(drafts) == 3
    assert "Dzień dobry" in drafts[2].get_content()


def test_what_the_clerk_has_sent_counts_as_his_and_its_answer_comes_home(
    counter: Counter,
) -> None:
    """No automatic mail when it is read back; whoever answers it joins the case."""
    counter.run("--reply", "refund-arranged")
    (mail,) = counter.work()
    sent = counter.imap.store.raws("Drafts").popitem()[1]
    answer = written(
        "Re: x", "Bruno <bruno@other.example>", number=2,
        headers=[("In-Reply-To", mail["Message-ID"])],
    )  # fmt: skip
    with counter.open() as desk:
        read = SubjectReaders(desk.house.settings, None).answer(sent)
        assert read.automatic is None
        assert Tokens(keys_of(desk.house.store, TOKENS)).case_of_id(read.message_id) == 1
        desk.receive(answer)
        assert desk.told() == [["opened", "drafted", "joined"]]


def test_drafts_are_never_read(counter: Counter) -> None:
    """Whatever lies there, nothing of it is taken in."""
    counter.run("--reply", "passed-on")
    counter.work()
    counter.imap.store.add("Drafts", written("Reclamo che nessuno ha spedito", number=7))
    with counter.open() as desk:
        desk.work()
        assert desk.number_held() == 1
        assert not [text for text in counter.imap.texts if text == "EXAMINE Drafts"]


def test_check_names_a_wrong_reply(counter: Counter, capsysbinary) -> None:
    """With the key in the configuration, the file and the line."""
    folder = counter.home / "replies"
    folder.mkdir()
    (folder / "passed-on.pl.txt.j2").write_text("Dzień dobry\n{{ reference }\n")
    (folder / "thanks.it.txt.j2").write_text("Grazie")
    path = counter.home / "backdesk.toml"
    path.write_text(path.read_text() + '[replies]\ntemplates = "replies"\n')
    told = ended(capsysbinary, "check", "--json", "--config", str(path))
    found = told.document["problems"]
    assert (told.code, {one["key"] for one in found}) == (2, {"replies.templates"})
    words = sorted(one["message"] for one in found)
    assert [one.split(":")[0].split(" ")[0] for one in words] == [
        "passed-on.pl.txt.j2", "thanks.en.txt.j2", "thanks.pl.txt.j2",
    ]  # fmt: skip
    assert words[0].startswith("passed-on.pl.txt.j2:2: TemplateSyntaxError")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "is not a reply"),
        (("--reply", "pased-on"), "did you mean passed-on?"),
        (("--reply", "passed-on", "--language", "de"), "allowed: it, pl, en"),
        (("--reply", "passed-on", "--account", "nobody"), "is not an account"),
    ],
)
def test_a_wrong_word_is_named(counter: Counter, arguments: tuple[str, ...], words: str) -> None:
    """With what is allowed, and nothing is laid down."""
    told = counter.run(*arguments)
    assert (told.code, counter.work()) == (2, [])
    assert words in told.err


def test_an_account_without_drafts_or_only_observed_gets_none(counter: Counter) -> None:
    """The command says which key it is."""
    config = counter.home / "backdesk.toml"
    text = config.read_text()
    config.write_text(text.replace("go_live = 2020-01-01", 'go_live = 2020-01-01\ndrafts = ""'))
    told = counter.run("--reply", "passed-on")
    assert (told.code, "accounts.info.drafts" in told.err) == (2, True)
    config.write_text(text.replace("go_live = 2020-01-01", "go_live = 2099-01-01"))
    told = counter.run("--reply", "passed-on")
    assert (told.code, "only observed" in told.err) == (2, True)
    config.write_text(text)


def test_a_draft_of_an_account_that_is_observed_again_waits(counter: Counter) -> None:
    """Nothing is written to its server."""
    counter.run("--reply", "passed-on")
    assert counter.work(go_live="2099-01-01") == []
    assert len(counter.work()) == 1


def test_a_full_mailbox_is_named_in_the_list(counter: Counter) -> None:
    """With what the server said; `--list` also has the replies and their languages."""
    counter.run("--reply", "passed-on")
    counter.imap.fault(Fault(kind=Kind.NO, command="APPEND", text="[OVERQUOTA] full"))
    assert counter.work() == []
    told = counter.run("--list", "--json").document
    assert told["replies"]["refund-arranged"] == ["it", "pl", "en"]
    (draft,) = told["drafts"]
    assert draft["state"] == "failed"
    assert "[OVERQUOTA] full" in draft["note"]
    assert "refund-arranged" in counter.run("--list").text


def test_a_reply_of_the_house_has_its_own_subject_and_words(counter: Counter) -> None:
    """What a stranger wrote stays one line, whatever is in it."""
    folder = counter.home / "replies"
    folder.mkdir()
    for one in ("it", "pl", "en"):
        text = "Subject: {{ subject }} / {{ reference }}\n\n{{ address }} {{ owner }} {{ due }}\n"
        (folder / f"thanks.{one}.txt.j2").write_text(text)
    config = counter.home / "backdesk.toml"
    more = f'{HOUSE}[replies]\ntemplates = "replies"\n'
    config.write_text(config.read_text() + '[replies]\ntemplates = "replies"\n')
    told = counter.run("--reply", "thanks", "--language", "en", "--json")
    (mail,) = counter.work(more=more)
    assert mail["Subject"] == f"Reclamo bolletta / {told.document['case']}"
    assert "anna@client.example" in mail.get_content()
