"""Forwards that are not as simple as they look: nested, nameless, mixed, or none at all."""

from collections.abc import Iterator

from tests.stages.forward_shapes import (
    ANNA,
    ASK,
    BODY,
    HERE,
    OWN,
    WHO,
    Shape,
    gmail,
    lines,
    quoted,
)

BRUNO = "Bruno Bianchi <bruno.bianchi@example.org>"
CARLA = "Carla Neri <carla.neri@carla.example>"
DARIO = "Dario Blu <dario@neighbour.example>"
ENGLISH = ("From:", "Sent:", "To:", "Subject:")
AT = "Monday, November 23, 2026 10:15 AM"
NAME_ONLY = lines(ENGLISH, ("Anna Rossi", AT, "Ada Verdi", "Invoice"))
ATTRIBUTED = f"On Mon, 23 Nov 2026 at 10:15, {WHO} wrote:\n{quoted(BODY['en'])}"


def block(who: str, to: str = HERE, subject: str = "Invoice") -> str:
    """Return Outlook's block."""
    return lines(ENGLISH, (who, AT, to, subject))


def shape(name: str, text: str, customer: str = ANNA, **changes: str) -> Shape:
    """Return a forward in English."""
    plain = {"name": name, "subject": "FW: Invoice", "text": text, "customer": customer}
    return Shape(**{**plain, **changes})


def odd() -> Iterator[Shape]:
    """Yield them all."""
    yield from _chains()
    yield from _names()
    yield from _unusual()
    yield from _conversations()
    yield from _doubts()
    yield from _no_forwards()


def _chains() -> Iterator[Shape]:
    anna = f"{block(WHO)}\n\n{BODY['en']}"
    yield shape("a forward of a forward", f"{block(BRUNO)}\n\nAda, please.\n\n{anna}")
    yield shape(
        "three colleagues",
        f"{block(BRUNO)}\n\nAda.\n\n{block(CARLA, BRUNO)}\n\nBruno.\n\n{anna}",
    )
    yield shape(
        "a forward of a forward by Gmail",
        gmail("it", BRUNO, gmail("it")),
        subject="Fwd: Fwd: Fattura",
    )
    yield shape("a colleague with a mailbox of her own", anna, sender=CARLA)
    yield shape("an address in capitals", f"{block(BRUNO.upper())}\n\n{anna}")
    yield shape("nobody wrote anything between", f"{block(BRUNO)}\n\n{block(CARLA)}\n\n{anna}")
    yield shape("quoted twice", quoted(quoted(anna)))
    yield shape(
        "a colleague without address whom the headers know",
        f"{block('Bruno Bianchi')}\n\nAda?\n\n{anna}",
        to=f"info@example.org, {BRUNO}",
    )
    yield shape(
        "a colleague without address whom nobody knows",
        f"{block('Bruno Bianchi')}\n\nAda?\n\n{anna}",
        ASK,
    )
    yield shape("colleagues only", f"{block(BRUNO)}\n\nWhen are you off?", ASK)
    yield shape("our own answer", f"{block(HERE, WHO)}\n\nWe shall pay it back.", ASK)
    yield shape("marked twice", f"-------- Original Message --------\n\n{anna}")


def _names() -> Iterator[Shape]:
    yield shape("a name without address", f"{NAME_ONLY}\n\n{BODY['en']}", ASK)
    yield shape("an Exchange name", f"{block('/o=Firm/ou=First/cn=Anna Rossi')}\n\nHello", ASK)
    yield shape("the address alone", f"{block(ANNA)}\n\n{BODY['en']}")
    yield shape("the address twice", f"{block(f'{ANNA} <{ANNA}>')}\n\n{BODY['en']}")
    yield shape("in single quotes", f"{block(chr(39) + ANNA + chr(39))}\n\n{BODY['en']}")
    yield shape("in round brackets", f"{block(f'Anna Rossi ({ANNA})')}\n\n{BODY['en']}")
    yield shape("linked within", f"{block(f'Anna <{ANNA}<mailto:{ANNA}>>')}\n\n{BODY['en']}")
    yield shape(
        "an apostrophe",
        f"{block('Sean <sean.o' + chr(39) + 'hara@client.example>')}\n\nHello",
        "sean.o'hara@client.example",
    )


def _unusual() -> Iterator[Shape]:
    folded = block("The Department of Letters and Complaints of Rossi and Daughters").replace(
        "Daughters\n", f"Daughters\n <{ANNA}>\n"
    )
    yield shape("an address on the next line", f"{folded}\n\n{BODY['en']}")
    cells = "".join(
        f"<tr><td><div>{label}</div></td><td><div>{value}</div></td></tr>"
        for label, value in zip(
            ENGLISH, (f"Anna Rossi &lt;{ANNA}&gt;", AT, "Ada", "x"), strict=True
        )
    )
    yield Shape(
        name="cells with lines of their own",
        subject="FW: Invoice",
        text=f"<p>fyi</p><table>{cells}</table><p>{BODY['en']}</p>",
        is_html=True,
    )
    pec = '"Per conto di: anna.rossi@pec.example" <posta-certificata@provider.example>'
    yield shape("certified mail", f"{block(pec)}\n\n{BODY['en']}", "anna.rossi@pec.example")
    yield shape("for somebody", f"{block(f'{DARIO} on behalf of {WHO}')}\n\nHello", ASK)
    mixed = f'"ada.verdi@example.org" <{ANNA}>'
    yield shape("a colleague's address for a name", f"{block(mixed)}\n\nHello", ASK)
    yield shape("nobody reads there", f"{block('Form <noreply@forms.example>')}\n\nHello", ASK)
    notes = "----- Forwarded by Ada Verdi/Sales/Example on 23/11/2026 10:20 -----\n\n"
    old = f"Anna Rossi <{ANNA}>\n23/11/2026 10:15\n\nTo: info@example.org\ncc:\nSubject: Invoice\n"
    yield shape("Notes of long ago", f"{notes}{old}\n{BODY['en']}")
    yield shape("Notes and its names", f"{notes}{old.replace(ANNA, 'Firm@Net')}\nHello", ASK)
    spanish = lines(("De:", "Enviado:", "Para:", "Asunto:"), (WHO, "23/11/2026 10:15", HERE, "x"))
    yield shape("Spanish", f"{spanish}\n\nHola", subject="RV: Factura")


def _conversations() -> Iterator[Shape]:
    ours = "On Mon, 23 Nov 2026 at 09:00, Info <info@example.org> wrote:\n> We have paid."
    anna = f"{block(WHO)}\n\n{BODY['en']}"
    yield shape("the customer quotes us", f"{anna}\n\n{ours}")
    yield shape("the customer quotes us as Outlook does", f"{anna}\n\n{block(HERE, WHO)}\n\nPaid.")
    yield shape("our answer, and hers below", f"{block(HERE, WHO)}\n\nPaid.\n\n{anna}")
    capitals = block(f"Anna Rossi <{ANNA.upper()}>")
    yield shape("she writes in capitals too", f"{anna}\n\n{ours}\n\n{capitals}\n\nHello")
    yield shape("the customer in copy", anna, to=f"info@example.org, {WHO}")
    yield shape("another subject, in the house", anna, subject="Rossi, October")
    ugo = NAME_ONLY.replace("Anna Rossi", "Ugo")
    yield shape("Outlook's name of a colleague below", f"{anna}\n\n{ugo}")


def _doubts() -> Iterator[Shape]:
    anna = f"{block(WHO)}\n\n{BODY['en']}"
    yield shape("two strangers", f"{block(DARIO)}\n\nSee Anna's.\n\n{anna}", ASK)
    pasted = f"I got this:\n\n{block('Bank <bank@fraud.example>')}\n\nPay now."
    yield shape("she pastes another's mail", f"{anna}\n\n{pasted}", ASK)
    yield shape("we asked a supplier", f"{block(HERE, DARIO)}\n\nWhat is this?\n\n{anna}", ASK)
    yield shape("an answer within the house", anna, ASK, subject="RE: Invoice")
    yield shape("only an attribution", f"Please see.\n\n{ATTRIBUTED}", ASK, subject="Re: Invoice")
    yield shape("no headers", BODY["en"], ASK)
    yield shape("a mark and nothing else", "---------- Forwarded message ---------\n\nHello", ASK)
    yield shape("too far below", f"{'word ' * 15_000}\n\n{anna}", ASK)


def _no_forwards() -> Iterator[Shape]:
    anna = f"{block(WHO)}\n\n{BODY['en']}"
    yield shape("his own words", "Is the meeting at ten?", OWN, subject="Meeting")
    yield shape("an answer to her", anna, OWN, subject="RE: Invoice", to=f"{WHO}, info@example.org")
    yield shape("mail to a supplier", anna, OWN, subject="Invoice", to=f"{DARIO}, info@example.org")
    yield shape("a talk in the house", f"{block(BRUNO)}\n\nAt ten?", OWN, subject="RE: Meeting")
    yield shape("names in the house", f"{NAME_ONLY}\n\nAt ten?", OWN, subject="RE: Meeting")
    yield shape("a stranger's", anna, OWN, sender=DARIO)
    yield shape("a stranger's, by Gmail", gmail("it", BRUNO), OWN, sender=WHO)
    yield shape("no sender", anna, OWN, sender="")
