"""A number -> so many realistic raw mails, always the same; and documents to train loops on.

Sizes are those of a mixed office mailbox: median some 5 kB, mean some 25 kB, one in sixteen with
an attachment of 50 to 500 kB. Six in ten are answers that quote, four in ten have an HTML form.
"""

import base64
import binascii
import random
import textwrap
from collections.abc import Iterator
from email.header import Header

COMMON = {
    "en": "the of and to a in that is was for it with as on be at by this had not are but from "
    "have an they which you were all there would their we him been has when who will more no if "
    "out so said what up its about into than them can only other new some could time these two "
    "may then do first any my now such like our over me even most after also did many before",
    "it": "il di e che la a per un in non si da lo con una le del al della ma come mi sono se ho "
    "più nel anche dei dal alla questo ci io ha lei tutto quando essere ancora molto dopo prima "
    "senza fatto stato può cosa sempre casa giorno tempo anno vita modo parte due altro grazie",
    "pl": "w i na się z do nie to że jest o jak po od za co dla czy tak ale przez już być był są "
    "go ich jego jej tylko może bardzo kiedy gdy jednak przed pod nad bez także oraz lub więc "
    "dzień czas rok osoba miejsce praca sprawa strona proszę dziękuję pozdrawiam witam",
}
TOPICS = {
    "accounts": "invoice payment refund fattura pagamento rimborso faktura płatność zwrot balance",
    "faults": "error crash login errore accesso guasto błąd awaria hasło update version server",
    "offers": "quote price order preventivo prezzo ordine oferta cena zamówienie contract trial",
    "parcels": "parcel delivery courier pacco consegna corriere paczka dostawa kurier damaged box",
    "people": "vacancy interview salary colloquio stipendio ferie rozmowa pensja urlop training",
    "trouble": "complaint unacceptable angry reclamo inaccettabile reklamacja skarga never waited",
    "law": "clause notice breach clausola avviso umowa klauzula consent evidence dispute terms",
    "letters": "webinar unsubscribe offer novità iscriviti nowości wypisz subscribe event special",
}
SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi zo ka lin mar tes ver ond"
CHARSETS = {"en": "us-ascii", "it": "iso-8859-1", "pl": "iso-8859-2"}


class Writer:
    """Writes mails; the same seed writes the same ones."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        syllables = SYLLABLES.split()
        self._rare = [
            "".join(self._chance.choices(syllables, k=self._chance.randint(2, 5)))
            for _ in range(20_000)
        ]

    def document(self) -> tuple[str, str]:
        """Return a text and its topic."""
        topic = self._chance.choice(list(TOPICS))
        language = self._chance.choice(list(COMMON))
        return f"{self._subject(topic)}\n{self._text(topic, language)}", topic

    def mail(self, number: int) -> bytes:
        """Return one raw mail with CRLF line ends."""
        chance = self._chance
        topic, language = chance.choice(list(TOPICS)), chance.choice(list(COMMON))
        text = self._text(topic, language)
        if number and chance.random() < 0.6:  # an answer
            quoted = textwrap.indent(self._text(topic, language)[:2000], "> ")
            text += f"\n\nOn Mon, 5 Jan 2026 at 10:00, Ada <ada@nord.example> wrote:\n{quoted}"
        kind = chance.random()
        body = self._plain(text, language)
        if kind < 0.52:
            body = self._multipart("alternative", [body, self._marked(text)])
        if kind > 0.88:
            size = chance.randint(35_000, 370_000) if kind > 0.94 else chance.randint(500, 20_000)
            body = self._multipart("mixed", [body, self._attachment(size)])
        raw = f"{self._head(number, topic)}{body}"
        return raw.encode("ascii").replace(b"\n", b"\r\n")

    def _head(self, number: int, topic: str) -> str:
        chance = self._chance
        name, domain = chance.choice(self._rare).title(), chance.choice(("nord", "sud", "ovest"))
        hops = "".join(
            f"Received: from mx{hop}.{domain}.example (mx{hop}.{domain}.example [192.0.2.{hop}])\n"
            f"\tby mail{hop}.aurora.example (Postfix) with ESMTPS id {number:08X}{hop}\n"
            f"\tfor <info@aurora.example>; Mon, 5 Jan 2026 10:00:0{hop} +0100 (CET)\n"
            for hop in range(chance.randint(1, 5), 0, -1)
        )
        earlier = chance.randrange(max(number, 1))
        answers = f"<{earlier}@{domain}.example>"
        reply = f"In-Reply-To: {answers}\nReferences: {answers}\n" if number % 5 < 3 else ""
        letter = f"List-Unsubscribe: <mailto:off@{domain}.example>\n" if topic == "letters" else ""
        return (
            f"{hops}Return-Path: <{name.lower()}@{domain}.example>\n"
            f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}.example; s=s1;\n"
            f"\th=from:to:subject:date; bh={chance.randbytes(32).hex()};\n"
            f"\tb={chance.randbytes(64).hex()}\n"
            f"From: {name} Prova <{name.lower()}@{domain}.example>\n"
            "To: Info <info@aurora.example>\n"
            f"Subject: {Header(self._subject(topic), 'utf-8', 60).encode()}\n"
            f"Message-ID: <{number}.{chance.getrandbits(40):x}@{domain}.example>\n"
            f"Date: Mon, 5 Jan 2026 10:{number % 60:02}:{number // 60 % 60:02} +0100\n"
            f"{reply}{letter}X-Mailer: Quill 3.1\nMIME-Version: 1.0\n"
        )

    def _subject(self, topic: str) -> str:
        words = [*self._chance.choices(TOPICS[topic].split(), k=2), *self._words("it", 3)]
        return " ".join(words)

    def _text(self, topic: str, language: str) -> str:
        length = int(min(max(self._chance.lognormvariate(6.6, 0.85), 60), 20_000) / 6)
        words = self._words(language, length)
        special = TOPICS[topic].split()
        for place in range(0, length, 9):
            words[place] = self._chance.choice(special)
        paragraphs = [" ".join(words[start : start + 60]) for start in range(0, length, 60)]
        return "\n\n".join(textwrap.fill(one.capitalize() + ".", 72) for one in paragraphs)

    def _words(self, language: str, number: int) -> list[str]:
        common = self._chance.choices(COMMON[language].split(), k=number)
        rare = self._chance.choices(self._rare, k=number)
        return [pair[self._chance.random() > 0.6] for pair in zip(common, rare, strict=True)]

    def _plain(self, text: str, language: str) -> str:
        charset = self._chance.choice(("utf-8", CHARSETS[language]))
        data = text.encode(charset, "replace")
        if self._chance.random() < 0.5:
            encoding, body = "base64", _base64(data)
        else:
            encoding, body = "quoted-printable", _quoted_printable(data)
        return (
            f"Content-Type: text/plain; charset={charset}\n"
            f"Content-Transfer-Encoding: {encoding}\n\n{body}"
        )

    def _marked(self, text: str) -> str:
        paragraphs = "".join(
            f'<tr><td style="font:13px Arial;padding:4px 8px" class="c{number}"><p>{one}'
            f'<a href="https://www.nord.example/{number}">qui</a></p></td></tr>\n'
            for number, one in enumerate(text.split("\n\n"))
        )
        style = "".join(f".c{number} {{ color: #3{number:02}; }}\n" for number in range(40))
        page = f"<html><head><style>{style}</style></head><body><table>{paragraphs}</table></body>"
        body = _quoted_printable(f"{page}</html>\n".encode())
        return (
            "Content-Type: text/html; charset=utf-8\n"
            f"Content-Transfer-Encoding: quoted-printable\n\n{body}"
        )

    def _attachment(self, size: int) -> str:
        name = f"{self._chance.choice(self._rare)}.pdf"
        return (
            f'Content-Type: application/pdf; name="{name}"\n'
            f'Content-Disposition: attachment; filename="{name}"\n'
            f"Content-Transfer-Encoding: base64\n\n{_base64(self._chance.randbytes(size))}"
        )

    def _multipart(self, kind: str, parts: list[str]) -> str:
        boundary = f"=_{self._chance.getrandbits(64):016x}"
        pieces = "".join(f"--{boundary}\n{part}\n" for part in parts)
        return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{pieces}--{boundary}--\n'


def mails(number: int, seed: int = 1) -> Iterator[bytes]:
    """Yield so many raw mails."""
    writer = Writer(seed)
    for index in range(number):
        yield writer.mail(index)


def training_documents(number: int = 3000) -> tuple[list[str], list[str]]:
    """Return texts and their topics, of another seed than the mails."""
    writer = Writer(77)
    made = [writer.document() for _ in range(number)]
    return [text for text, _ in made], [topic for _, topic in made]


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii")


def _quoted_printable(data: bytes) -> str:
    return binascii.b2a_qp(data).decode("ascii")
