"""What must hold when quotes, signatures and disclaimers are taken out of a mail's text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import fold, newest

QUOTED = {
    "it": (
        "La caldaia perde ancora.\n"
        "\n"
        "Il giorno mar 3 nov 2026 alle ore 10:12 Info Aurora "
        "<info@aurora.example> ha scritto:\n"
        "\n"
        "> Gentile cliente,\n"
        "> il tecnico e passato.\n"
    ),
    "pl": (
        "Piec nadal cieknie.\n"
        "\n"
        "W dniu 3.11.2026 o 10:12, Biuro Zorza <biuro@zorza.example> pisze:\n"
        "> Szanowny Panie,\n"
        "> serwisant byl wczoraj.\n"
    ),
    "en": (
        "The boiler still leaks.\n"
        "\n"
        "On Tue, 3 Nov 2026 at 10:12, Aurora Heating <info@aurora.example> wrote:\n"
        "> Dear customer,\n"
        "> our man came yesterday.\n"
    ),
    "de": (
        "Der Kessel tropft immer noch.\n"
        "\n"
        "Am 03.11.2026 um 10:12 schrieb Aurora <info@aurora.example>:\n"
        "> Guten Tag,\n"
        "> der Monteur war da.\n"
    ),
    "fr": (
        "La chaudiere fuit toujours.\n"
        "\n"
        "Le mar. 3 nov. 2026 à 10:12, Aurora <info@aurora.example> a écrit :\n"
        "> Bonjour,\n"
        "> le technicien est venu.\n"
    ),
    "es": (
        "La caldera sigue perdiendo.\n"
        "\n"
        "El mar, 3 nov 2026 a las 10:12, Aurora (<info@aurora.example>) escribió:\n"
        "> Hola,\n"
        "> el tecnico vino.\n"
    ),
}
OUTLOOK = {
    "it": (
        "Da: Info Aurora <info@aurora.example>\n"
        "Inviato: martedì 3 novembre 2026 10:12\n"
        "A: Rosa Neri\n"
        "Oggetto: Caldaia\n"
    ),
    "pl": ("Od: Biuro Zorza\nWysłano: wtorek, 3 listopada 2026 10:12\nDo: Ewa Lis\nTemat: Piec\n"),
    "en": (
        "From: Aurora Heating\n"
        "Sent: Tuesday, 3 November 2026 10:12\n"
        "To: Ann Reed\n"
        "Subject: Boiler\n"
    ),
    "de": (
        "Von: Aurora\nGesendet: Dienstag, 3. November 2026 10:12\nAn: Eva Klein\nBetreff: Kessel\n"
    ),
    "fr": (
        "De : Aurora\nEnvoyé : mardi 3 novembre 2026 10:12\nÀ : Anne Roche\nObjet : Chaudière\n"
    ),
    "es": (
        "De: Aurora\n"
        "Enviado: martes, 3 de noviembre de 2026 10:12\n"
        "Para: Ana Rios\n"
        "Asunto: Caldera\n"
    ),
}


@pytest.mark.parametrize("language", QUOTED)
def test_a_reply_loses_the_mail_it_answers(language: str) -> None:
    """The first sentence stays, the attribution and the quoted lines go."""
    assert newest(QUOTED[language]) == QUOTED[language].partition("\n")[0]


@pytest.mark.parametrize("language", OUTLOOK)
def test_an_outlook_reply_loses_everything_below_the_header_block(language: str) -> None:
    """The block has no quote marks; all below it is the answered mail."""
    text = f"Accetto, va bene.\n\n________________________________\n{OUTLOOK[language]}\nOld text."
    assert newest(text) == "Accetto, va bene."


@pytest.mark.parametrize("language", OUTLOOK)
def test_an_outlook_forward_with_a_short_note_keeps_the_mail_inside(language: str) -> None:
    """Passed on by a colleague: the subject's prefix tells it from a reply."""
    text = f"Ecco.\n\n{OUTLOOK[language]}\nMy new lamp arrived broken."
    assert newest(text, "Fwd: lamp") == "Ecco.\n\n\nMy new lamp arrived broken."


@pytest.mark.parametrize(
    "note", ["Per competenza.", "Do załatwienia proszę", "FYI", "for you, thanks", "Zur Kenntnis"]
)
def test_a_note_that_passes_a_mail_on_keeps_the_mail_inside(note: str) -> None:
    """The covering words are enough where the subject says nothing."""
    text = f"{note}\n\n{OUTLOOK['en']}\nMy new lamp arrived broken."
    assert "My new lamp arrived broken." in newest(text)


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "---------- Messaggio inoltrato ----------",
        "Początek przekazanej wiadomości:",
        "-------- Weitergeleitete Nachricht --------",
        "Inizio messaggio inoltrato:",
        "---------- Message transféré ---------",
        "---------- Mensaje reenviado ---------",
    ],
)
def test_a_marked_forward_keeps_the_mail_inside_and_loses_its_headers(mark: str) -> None:
    """Headers of the inner mail are nobody's words."""
    text = f"{mark}\nFrom: Rosa Neri\nDate: 3 Nov 2026\nSubject: lamp\n\nMy lamp is broken."
    assert newest(text) == "My lamp is broken."


def test_a_forward_below_many_own_words_goes_by_the_own_words() -> None:
    """Somebody who writes a page and attaches an old mail speaks for themselves."""
    own = "I would like a quote for thirty new lamps, delivered in March. " * 4
    text = f"{own}\n\n---------- Forwarded message ----------\nFrom: a\nDate: b\n\nOld words."
    assert newest(text) == own.strip()


def test_a_forward_in_quote_marks_is_opened() -> None:
    """Apple Mail sets marks before a forwarded mail."""
    text = "> Begin forwarded message:\n>\n> From: Rosa\n> Date: 3 Nov\n>\n> My lamp is broken.\n"
    assert newest(text) == "My lamp is broken."


def test_answers_between_quoted_lines_stay() -> None:
    """Only the lines with marks go."""
    text = "On 3 Nov Rosa <r@neri.example> wrote:\n> Which size?\nMedium.\n> Colour?\nRed.\n"
    assert newest(text) == "Medium.\nRed."


def test_words_below_a_quote_stay() -> None:
    """Some answer below."""
    assert newest("> Which size?\n\nMedium, please.") == "Medium, please."


def test_a_person_who_cites_a_promise_is_not_cut() -> None:
    """A program's attribution gives an address or a time of day; people do not."""
    text = "On 3 November you wrote:\nyour refund is on its way. It is not."
    assert newest(text) == text


def test_nothing_but_quotes_is_better_than_nothing() -> None:
    """The marks go, the words stay."""
    assert newest("> Where is my lamp?") == "Where is my lamp?"


def test_contact_details_below_the_closing_go_and_a_postscript_stays() -> None:
    """Names and numbers say nothing about the label; a postscript may."""
    contact = "Ann Reed\nTel. +44 20 0000\nann@reed.example"
    text = f"Where is it?\n\nKind regards\n{contact}\n\nPS: I want my money back."
    assert newest(text) == "Where is it?\n\nKind regards\nPS: I want my money back."


def test_what_is_below_the_signature_rule_goes() -> None:
    """RFC 3676 4.3."""
    assert newest("Where is it?\n-- \nAnn Reed\nReed & Sons") == "Where is it?"


@pytest.mark.parametrize(
    "line",
    [
        "Inviato da iPhone",
        "Wysłane z iPhone'a",
        "Sent from my Galaxy",
        "Von meinem iPhone gesendet",
    ],
)
def test_lines_that_telephones_add_go(line: str) -> None:
    """They are no words of the sender."""
    assert newest(f"Where is it?\n\n{line}") == "Where is it?"


@pytest.mark.parametrize(
    "paragraph",
    [
        "This e-mail and any attachments are confidential and\nintended for the addressee only.",
        "Questo messaggio e gli eventuali allegati sono riservati al destinatario.",
        "Niniejsza wiadomość jest przeznaczona wyłącznie dla adresata i ma charakter poufny.",
        "Diese E-Mail enthält vertrauliche Informationen.",
    ],
)
def test_disclaimers_go(paragraph: str) -> None:
    """What lawyers add is on complaints and newsletters alike."""
    assert newest(f"Where is it?\n\n{paragraph}") == "Where is it?"


def test_a_request_that_begins_with_the_statute_is_no_disclaimer() -> None:
    """Data-subject requests cite the same law."""
    text = "Buongiorno,\n\nAi sensi del Regolamento UE 2016/679 chiedo copia dei miei dati."
    assert newest(text) == text


HOSTILE = {
    "newlines": "\n" * 20_000,
    "carriage returns": "\r" * 20_000,
    "on": "On " * 8_000,
    "on, line by line": "On 3 x\n" * 8_000,
    "wrote": "wrote:\n" * 20_000,
    "headers": "From: a\nTo: b\n" * 8_000,
    "forwards": "---- Forwarded message ----\n" * 8_000,
    "quoted forwards": "> ---- Forwarded message ----\n" * 8_000,
    "attributions": "On 3 a wrote:\n> b\n" * 8_000,
    "marks": ">" * 200_000,
    "closings": "Kind regards\n" * 20_000,
    "rules": "-- \n" * 20_000,
    "disclaimers": "this e-mail and any print\n\n" * 8_000,
    "one line": "a" * 500_000,
    "blanks": " " * 500_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_takes_linear_time(kind: str) -> None:
    """Twice the text takes no more than about twice the time, and never seconds."""
    text = HOSTILE[kind]
    start = time.process_time()
    newest(text)
    fold(text)
    assert time.process_time() - start < 2.0


LINES = st.sampled_from(
    [
        *"\n".join([*QUOTED.values(), *OUTLOOK.values()]).split("\n"),
        "",
        "> ",
        "-- ",
        "a wrote:",
        "On 1",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(LINES, st.text(max_size=9))).map("\n".join)))
def test_any_text_gives_text_without_new_words(text: str) -> None:
    """Never raises; what comes out was written there; words in means words out."""
    answer = newest(text)
    squeezed = "".join(text.replace("&gt;", ">").split())
    assert all(line.strip() in text.replace("\r", "\n") for line in answer.split("\n"))
    assert bool(answer.strip("> \n")) <= bool(squeezed)
    if squeezed.strip(">\ufeff&gt;"):
        assert answer


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded text has one form."""
    assert fold(fold(text)) == fold(text)


def test_folding_knows_the_letters_that_have_no_accent_to_lose() -> None:
    """NFKD leaves these as they are."""
    assert fold("Łódź, Straße, Ørsted, PERCHÉ") == "lodz, strasse, orsted, perche"
