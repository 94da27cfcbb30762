"""How mail programs write a mail that is passed on: program x language, and who wrote it.

The texts, people and firms are ours. Ada and Bruno work at example.org; Carla does as well, and
writes from a mailbox of her own. Anna is the customer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage

from daemon.mail.staff import Staff

STAFF = Staff(
    addresses=frozenset({"info@example.org", "carla.neri@carla.example"}),
    domains=frozenset({"example.org"}),
)
ANNA = "anna.rossi@client.example"
ASK = "ask"
OWN = "own"
"""Nothing is passed on: the colleague's own words, or an answer of his to somebody."""

BODY = {
    "it": "Buongiorno, la fattura di ottobre è stata addebitata due volte.\n\nAnna Rossi",
    "pl": "Dzień dobry, faktura za październik została pobrana dwa razy.\n\nAnna Rossi",
    "en": "Good morning, the invoice of October was charged twice.\n\nAnna Rossi",
    "de": "Guten Tag, die Rechnung vom Oktober wurde zweimal abgebucht.\n\nAnna Rossi",
    "fr": "Bonjour, la facture d'octobre a été prélevée deux fois.\n\nAnna Rossi",
}
WHO = f"Anna Rossi <{ANNA}>"
HERE = "Ada Verdi <ada.verdi@example.org>"
SUBJECTS = {"it": "Fattura", "pl": "Faktura", "en": "Invoice", "de": "Rechnung", "fr": "Facture"}
OUTLOOK_PREFIX = {"it": "I", "pl": "PD", "en": "FW", "de": "WG", "fr": "TR"}
LONG_DATES = {
    "it": "lunedì 23 novembre 2026 10:15",
    "pl": "poniedziałek, 23 listopada 2026 10:15",
    "en": "Monday, November 23, 2026 10:15 AM",
    "de": "Montag, 23. November 2026 10:15",
    "fr": "lundi 23 novembre 2026 10:15",
}
GMAIL_DATES = {
    "it": "lun 23 nov 2026 alle ore 10:15",
    "pl": "pon., 23 lis 2026 o 10:15",
    "en": "Mon, Nov 23, 2026 at 10:15 AM",
    "de": "Mo., 23. Nov. 2026 um 10:15 Uhr",
    "fr": "lun. 23 nov. 2026 à 10:15",
}
APPLE_DATES = {
    "it": "23 novembre 2026 alle ore 10:15:00 CET",
    "pl": "23 listopada 2026 o 10:15:00 CET",
    "en": "23 November 2026 at 10:15:00 CET",
    "de": "23. November 2026 um 10:15:00 MEZ",
    "fr": "23 novembre 2026 à 10:15:00 UTC+1",
}
RFC_DATE = "Mon, 23 Nov 2026 10:15:00 +0100"

OUTLOOK = {
    "it": ("Da:", "Inviato:", "A:", "Oggetto:"),
    "pl": ("Od:", "Wysłano:", "Do:", "Temat:"),
    "en": ("From:", "Sent:", "To:", "Subject:"),
    "de": ("Von:", "Gesendet:", "An:", "Betreff:"),
    "fr": ("De\u00a0:", "Envoyé\u00a0:", "À\u00a0:", "Objet\u00a0:"),
}
THUNDERBIRD = {
    "it": ("Messaggio Inoltrato", "Oggetto:", "Data:", "Mittente:", "A:"),
    "pl": ("Przekazana wiadomość", "Temat:", "Data:", "Nadawca:", "Adresat:"),
    "en": ("Forwarded Message", "Subject:", "Date:", "From:", "To:"),
    "de": ("Weitergeleitete Nachricht", "Betreff:", "Datum:", "Von:", "An:"),
    "fr": ("Message transféré", "Sujet\u00a0:", "Date\u00a0:", "De\u00a0:", "Pour\u00a0:"),
}
ROUNDCUBE = {
    "it": ("Messaggio originale", "Oggetto:", "Data:", "Mittente:", "Destinatario:"),
    "pl": ("Oryginalna wiadomość", "Temat:", "Data:", "Nadawca:", "Odbiorca:"),
    "en": ("Original Message", "Subject:", "Date:", "From:", "To:"),
    "de": ("Originalnachricht", "Betreff:", "Datum:", "Von:", "An:"),
    "fr": ("Message original", "Objet:", "Date:", "De:", "À:"),
}
APPLE = {
    "it": ("Inizio messaggio inoltrato:", "Da:", "Oggetto:", "Data:", "A:"),
    "pl": ("Początek przekazywanej wiadomości:", "Od:", "Temat:", "Data:", "Do:"),
    "en": ("Begin forwarded message:", "From:", "Subject:", "Date:", "To:"),
    "de": ("Anfang der weitergeleiteten Nachricht:", "Von:", "Betreff:", "Datum:", "An:"),
    "fr": ("Début du message réexpédié\u00a0:", "De:", "Objet:", "Date:", "À:"),
}
NOTES = {
    "it": "----- Inoltrato da Ada Verdi/Vendite/Example il 23/11/2026 10:20 -----",
    "pl": "----- Przekazane przez Ada Verdi/Handel/Example dnia 2026-11-23 10:20 -----",
    "en": "----- Forwarded by Ada Verdi/Sales/Example on 23/11/2026 10:20 -----",
    "de": "----- Weitergeleitet von Ada Verdi/Vertrieb/Example am 23.11.2026 10:20 -----",
    "fr": "----- Transféré par Ada Verdi/Ventes/Example le 23/11/2026 10:20 -----",
}
ZIMBRA = {"it": "Messaggio inoltrato", "pl": "Przekazana wiadomość", "en": "Forwarded Message"}
PHONES = {
    "it": ("Messaggio originale", "Da:", "Data:", "A:", "Oggetto:"),
    "pl": ("Oryginalna wiadomość", "Od:", "Data:", "Do:", "Temat:"),
    "de": ("Ursprüngliche Nachricht", "Von:", "Datum:", "An:", "Betreff:"),
}
K9 = {
    "en": ("Original Message", "From:", "Sent:", "To:", "Subject:"),
    "it": ("Messaggio originale", "Da:", "Inviato:", "A:", "Oggetto:"),
    "fr": ("Courriel original", "De :", "Envoyé :", "À :", "Objet :"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A colleague's mail, and whose it is."""

    name: str
    subject: str
    text: str
    customer: str = ANNA  # address, or ASK, or OWN
    is_html: bool = False
    sender: str = HERE
    to: str = "info@example.org"
    has_date: bool = True  # that can be read


def mail_of(shape: Shape) -> bytes:
    """Return the mail as it is sent."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = shape.sender, shape.to, shape.subject
    mail["Message-ID"], mail["Date"] = "<fwd-1@example.org>", RFC_DATE.replace("10:15", "11:40")
    mail.set_content(shape.text, subtype="html" if shape.is_html else "plain")
    return mail.as_bytes()


def lines(labels: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return header lines."""
    return "\n".join(f"{label} {value}" for label, value in zip(labels, values, strict=True))


def outlook(language: str, who: str = WHO) -> str:
    """Return Outlook's block for a mail, and the mail."""
    values = (who, LONG_DATES[language], HERE, SUBJECTS[language])
    return f"{lines(OUTLOOK[language], values)}\n\n{BODY[language]}\n"


def gmail(language: str, who: str = WHO, body: str = "") -> str:
    """Return Gmail's block for a mail, and the mail."""
    first = OUTLOOK[language][0]
    values = (who, GMAIL_DATES[language], SUBJECTS[language], f"<{'ada.verdi@example.org'}>")
    block = lines((first, "Date:", "Subject:", "To:"), values)
    return f"---------- Forwarded message ---------\n{block}\n\n\n{body or BODY[language]}\n"


def quoted(text: str) -> str:
    """Return a text with a quote mark before each line."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def by_program() -> Iterator[Shape]:
    """Yield a forward of each program in each language."""
    yield from _outlooks()
    yield from _webmails()
    yield from _desktops()
    yield from _phones()


def _outlooks() -> Iterator[Shape]:
    for language, labels in OUTLOOK.items():
        subject = f"{OUTLOOK_PREFIX[language]}: {SUBJECTS[language]}"
        yield Shape(name=f"outlook-{language}", subject=subject, text=outlook(language))
        values = (WHO.replace("<", "[mailto:").replace(">", "]"), LONG_DATES[language], "Ada", "x")
        old = f"-----Original Message-----\n{lines(labels, values)}\n\n{BODY[language]}"
        yield Shape(name=f"outlook-2003-{language}", subject=subject, text=f"Vedi sotto.\n\n{old}")
        bold = "".join(
            f"<b>{label}</b> {value}<br>"
            for label, value in zip(
                labels,
                (
                    f'Anna Rossi &lt;<a href="mailto:{ANNA}">{ANNA}</a>&gt;',
                    LONG_DATES[language], "Ada Verdi &lt;ada.verdi@example.org&gt;", "x",
                ),
                strict=True,
            )
        )  # fmt: skip
        html = (
            "<html><body><p>Per competenza.</p><div style='border-top:solid #E1E1E1 1.0pt'>"
            f"<p class=MsoNormal>{bold}</p></div><p>{BODY[language]}</p></body></html>"
        )
        yield Shape(name=f"outlook-html-{language}", subject=subject, text=html, is_html=True)
        mobile = "\n________________________________\n"
        yield Shape(
            name=f"outlook-mobile-{language}",
            subject=subject,
            text=f"Get Outlook for iOS<https://aka.example/o>{mobile}{outlook(language)}",
        )
        web = outlook(language, f"Anna Rossi<mailto:{ANNA}>")
        yield Shape(name=f"owa-{language}", subject=subject, text=f"fyi{mobile}{web}")


def _webmails() -> Iterator[Shape]:
    for language in OUTLOOK:
        subject = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"gmail-{language}", subject=subject, text=gmail(language))
        cells = "".join(
            f"{label} {value}<br>"
            for label, value in (
                (OUTLOOK[language][0], f"<b>Anna Rossi</b> <span>&lt;{ANNA}&gt;</span>"),
                ("Date:", GMAIL_DATES[language]), ("Subject:", SUBJECTS[language]), ("To:", "x"),
            )
        )  # fmt: skip
        html = f"<div>---------- Forwarded message ---------<br>{cells}<br></div>{BODY[language]}"
        yield Shape(name=f"gmail-html-{language}", subject=subject, text=html, is_html=True)
        mark, *labels = ROUNDCUBE[language]
        values = (SUBJECTS[language], "2026-11-23 10:15", WHO, HERE)
        text = f"-------- {mark} --------\n{lines(tuple(labels), values)}\n\n{BODY[language]}"
        yield Shape(name=f"roundcube-{language}", subject=subject, text=text)
    for language, mark in ZIMBRA.items():
        sender, sent, to, about = OUTLOOK[language]
        values = (WHO, HERE, LONG_DATES[language], SUBJECTS[language])
        text = f"----- {mark} -----\n{lines((sender, to, sent, about), values)}\n\n{BODY[language]}"
        name = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"zimbra-and-yahoo-{language}", subject=name, text=text)
    values = (WHO, "On Monday, November 23rd, 2026 at 10:15 AM", "Invoice", f"{ANNA} <{ANNA}>")
    block = lines(("From:", "Date:", "Subject:", "To:"), values)
    text = f"------- Forwarded Message -------\n{block}\n\n{BODY['en']}"
    yield Shape(name="proton-en", subject="Fw: Invoice", text=text)


def _desktops() -> Iterator[Shape]:
    for language, (mark, *labels) in THUNDERBIRD.items():
        values = (SUBJECTS[language], RFC_DATE, WHO, HERE)
        text = f"-------- {mark} --------\n{lines(tuple(labels), values)}\n\n{BODY[language]}"
        subject = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"thunderbird-{language}", subject=subject, text=text)
        cells = (
            SUBJECTS[language],
            RFC_DATE,
            f"Anna Rossi &lt;{ANNA}&gt;",
            "ada.verdi@example.org",
        )
        rows = "".join(
            f"<tr><th align='RIGHT'>{label} </th><td>{value}</td></tr>"
            for label, value in zip(labels, cells, strict=True)
        )
        html = f"<p>-------- {mark} --------</p><table>{rows}</table><p>{BODY[language]}</p>"
        yield Shape(name=f"thunderbird-html-{language}", subject=subject, text=html, is_html=True)
    for language, (mark, *labels) in APPLE.items():
        values = (WHO, SUBJECTS[language], APPLE_DATES[language], HERE)
        text = f"{mark}\n\n{lines(tuple(labels), values)}\n\n{BODY[language]}"
        subject = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"apple-{language}", subject=subject, text=f"Ecco.\n\n{quoted(text)}")
        bold = "\n".join(f"*{one}* {said}" for one, said in zip(labels, values, strict=True))
        text = f"{mark}\n\n{bold}\n\n{BODY[language]}"
        yield Shape(name=f"apple-bold-{language}", subject=subject, text=text)
    for language, mark in NOTES.items():
        sender, _, to, about = OUTLOOK[language]
        date = ("Date:", "Data:")[language in ("it", "pl")]
        values = (WHO, "info@example.org", "23.11.2026 10:15", SUBJECTS[language])
        text = f"{mark}\n\n{lines((sender, to, date, about), values)}\n\n{BODY[language]}"
        yield Shape(
            name=f"notes-{language}",
            subject=f"Fw: {SUBJECTS[language]}",
            text=text,
        )


def _phones() -> Iterator[Shape]:
    for language, (mark, *labels) in PHONES.items():
        values = (WHO, "23/11/26  10:15  (GMT+01:00)", HERE, SUBJECTS[language])
        text = f"-------- {mark} --------\n{lines(tuple(labels), values)}\n\n{BODY[language]}"
        subject = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"samsung-{language}", subject=subject, text=text)
    for language, (mark, *labels) in K9.items():
        values = (WHO, APPLE_DATES[language], HERE, SUBJECTS[language])
        text = f"-------- {mark} --------\n{lines(tuple(labels), values)}\n\n{BODY[language]}"
        subject = f"Fwd: {SUBJECTS[language]}"
        yield Shape(name=f"k9-{language}", subject=subject, text=text)
