"""A child reads what a colleague attached: it is judged by that, and told in its language."""

from daemon.config.loading import parse
from daemon.fitting import reading_options, staff
from daemon.reading.frames import Kind, Outcome, Work, frame, outcomes
from daemon.reading.reader import Reader
from daemon.reading.records import ReadingOptions
from daemon.records import Reading
from tests.stages.forward_shapes import ANNA, BODY, STAFF, WHO
from tests.stages.test_config_problems import FILE, SMALL
from tests.stages.test_mail_forwards_attached import letter, note
from tests.stages.test_reading_reader import SubjectModel

RIGHTS = "Chiedo l'accesso ai miei dati personali ai sensi dell'art. 15 GDPR.\n\nAnna Rossi"
HOUSE = """
[people.ada]
address = "ada@desk.example"
aliases = ["Ada.Verdi@ada.example"]
digest = false
"""


def read(raw: bytes, model: SubjectModel | None = None) -> Reading:
    """Read a mail as a child does."""
    reader = Reader(ReadingOptions(staff=STAFF, timezone="Europe/Rome"))
    reader.model = model  # type: ignore[assignment]  # same methods, no training
    (outcome,) = reader.read([Work(raw=raw)], lambda _place: None)
    assert outcome.answer is not None
    return outcome.answer


def test_the_reading_says_what_is_passed_on_and_survives_the_pipe() -> None:
    """With the customer; mail of others passes nothing on."""
    found = read(note(letter()).as_bytes())
    assert found.forwarded.customer.email == ANNA
    payload = frame(Kind.READ, [Outcome(answer=found)])[5:]
    assert outcomes(Kind.READ, payload, 1)[0].answer == found
    assert read(note(letter(), sender=WHO).as_bytes()).forwarded is None


def test_an_attached_mail_is_what_the_mail_is_about() -> None:
    """Its words are judged, its language is that of the answer, its matters start clocks."""
    model = SubjectModel()
    polish = letter(text=BODY["pl"])
    found = read(note(polish, subject="40", text="Per competenza, grazie. Ada").as_bytes(), model)
    assert found.language == "pl"
    (shown,) = model.shown[0]
    assert "faktura za październik" in shown.body
    assert "Per competenza" in shown.body
    assert "data-subject" in read(note(letter(text=RIGHTS)).as_bytes()).matters


def test_the_house_knows_its_staff() -> None:
    """People with their other addresses, accounts, domains: all that the settings call staff."""
    text = SMALL.replace("[service]", '[service]\ndomains = ["house.example"]') + HOUSE
    settings = parse(text, FILE)
    known = staff(settings)
    for ours in ("Ada@desk.example", "ada.verdi@ADA.example", "x@house.example"):
        assert settings.is_staff(ours)
        assert known.has(ours)
    accounts = [one.own_address for one in settings.accounts.values() if one.own_address]
    assert accounts
    assert all(known.has(one) for one in accounts)
    assert not known.has("anna@ada.example")
    options = reading_options(settings)
    assert (options.staff, options.timezone) == (known, settings.service.timezone)
