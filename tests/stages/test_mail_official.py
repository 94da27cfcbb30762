"""The official numbers of a mail are read, whatever form they come in, and nothing hostile is."""

import email
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.automatic import Outline
from daemon.mail.limits import MailLimits
from daemon.mail.official import (
    certified_number,
    delivery_addresses,
    official_numbers,
    protocol_number,
)
from daemon.mail.parse import read_mail
from daemon.mail.pec import daticert_id
from daemon.mail.xml import texts_of
from daemon.reading.draft import reading_of
from tests.stages import mail_builders as build

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
DOCTYPE = '<!DOCTYPE Segnatura SYSTEM "Segnatura.dtd">'
FIELDS = (
    "<CodiceAmministrazione>c_a944</CodiceAmministrazione><CodiceAOO>AOO1</CodiceAOO>"
    "<CodiceRegistro>PG</CodiceRegistro><NumeroRegistrazione>0012345</NumeroRegistrazione>"
    "<DataRegistrazione>2026-11-20</DataRegistrazione>"
)
OTHER = f"<Identificatore>{FIELDS}</Identificatore>".replace("0012345", "0099999")
BODY = (
    f"<Intestazione><Identificatore>{FIELDS}</Identificatore><Oggetto>Città &amp; mare</Oggetto>"
    f"<PrimaRegistrazione>{OTHER}</PrimaRegistrazione></Intestazione>"
    f"<Riferimenti><Messaggio>{OTHER}</Messaggio></Riferimenti><Descrizione/>"
)
ROOT = f'<Segnatura versione="2001-05-07" xml:lang="it">{BODY}</Segnatura>'
OLD = HEAD + DOCTYPE + ROOT
NEW = (
    f'{HEAD}<SegnaturaInformatica xmlns="http://www.agid.gov.it/protocollo/" versione="3.0.0">'
    f"{BODY}</SegnaturaInformatica>"
)
PREFIXED = NEW.replace("xmlns=", "xmlns:p=").replace("</", "</p:").replace("<Se", "<p:Se")
for _name in ("Intestazione", "Identificatore", "Codice", "Numero", "Data", "Oggetto"):
    PREFIXED = PREFIXED.replace(f"<{_name}", f"<p:{_name}")
for _name in ("PrimaRegistrazione", "Riferimenti", "Messaggio", "Descrizione"):
    PREFIXED = PREFIXED.replace(f"<{_name}", f"<p:{_name}")
PROTOCOL = "c_a944/AOO1/0012345/2026-11-20"

CERT = (
    f'{HEAD}<postacert tipo="posta-certificata" errore="nessuno"><intestazione>'
    "<mittente>mario@pec.example</mittente></intestazione><dati>"
    "<gestore-emittente>G</gestore-emittente><data zona='+0200'><giorno>01/07/2026</giorno>"
    "<ora>10:30:05</ora></data>{}<msgid>&lt;in@pec.example&gt;</msgid></dati></postacert>"
)
IDENTIFIED = CERT.format("<identificativo>opec1.2026@gestore.example</identificativo>")
UNIDENTIFIED = CERT.format("")
AE = "AE:PL-12345-67890-ABCDE-12"


def _old(before: str, after: str) -> bytes:
    assert before in OLD
    return OLD.replace(before, after).encode()


@pytest.mark.parametrize(
    "xml",
    [
        OLD.encode(),
        OLD.replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        OLD.replace("UTF-8", "windows-1252").encode("cp1252"),
        OLD.replace("UTF-8", "UTF-16").encode("utf-16"),
        ROOT.encode(),
        _old('SYSTEM "Segnatura.dtd"', "SYSTEM 'segnatura_2001-05-07.DTD'"),
        _old("<CodiceRegistro>PG</CodiceRegistro>", ""),
        _old("><", ">\r\n\t<"),
        _old("0012345", "\n  0012345\n "),
        _old("0012345", "<![CDATA[0012345]]>"),
        _old("2026-11-20", "2026-11-20+01:00"),
        NEW.encode(),
        NEW.replace("www.agid", "www.digitPa").encode(),
        PREFIXED.encode(),
    ],
)
def test_the_protocol_number_is_the_senders_own(xml):
    """The forms of 2001, 2013 and 2020, and not the numbers of other registrations."""
    assert protocol_number(xml) == PROTOCOL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<CodiceAOO>AOO1</CodiceAOO>", ""),
        ("<CodiceAmministrazione>c_a944", "<CodiceAmministrazione>"),
        ("0012345", ""),
        ("0012345", "12/345"),
        ("0012345", "1" * 200),
        ("0012345", "١٢٣٤٥٦٧"),
        ("2026-11-20", "20/11/2026"),
        ("2026-11-20", "2026-11-205"),
        ("c_a944", "c a944"),
        ("c_a944", "c\u202ea944"),
        ("c_a944", "c" * 100_000),
        ("AOO1", "AOO1&#10;AOO2"),
        ("Intestazione>", "Riferimenti>"),
        ("Segnatura versione", "Segnature versione"),
    ],
)
def test_a_number_of_which_a_part_is_missing_or_odd_is_none(before, after):
    """What is half a number would be another one."""
    assert protocol_number(_old(before, after)) == ""


def test_of_a_repeated_field_the_first_one_counts():
    """Two are not written together, and a later one does not take the place of the first."""
    twice = "0012345</NumeroRegistrazione><NumeroRegistrazione>0099999"

    assert protocol_number(_old("0012345", twice)) == PROTOCOL


BOMB = "".join(f'<!ENTITY b{n} "&b{n - 1};&b{n - 1};">' for n in range(1, 60))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE Segnatura [<!ENTITY b0 "b">{BOMB}]>',
        f'<!DOCTYPE Segnatura SYSTEM "Segnatura.dtd" [<!ENTITY b0 "b">{BOMB}]>',
        '<!DOCTYPE Segnatura SYSTEM "Segnatura.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Segnatura SYSTEM "Segnatura.dtd" [<!ENTITY % x SYSTEM "x.dtd"> %x;]>',
        '<!DOCTYPE Segnatura SYSTEM "Segnatura.dtd" []>',
        '<!DOCTYPE Segnatura PUBLIC "-//AIPA//DTD//IT" "Segnatura.dtd">',
        '<!DOCTYPE Segnatura SYSTEM "http://far.example/Segnatura.dtd">',
        '<!DOCTYPE Segnatura SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE Segnatura SYSTEM "../Segnatura.dtd">',
        '<!DOCTYPE Segnatura SYSTEM "">',
        "<!DOCTYPE Segnatura>",
        DOCTYPE * 2,
    ],
)
def test_only_a_plain_document_type_is_accepted(doctype):
    """Nothing is fetched, declared or expanded."""
    assert protocol_number(_old(DOCTYPE, doctype)) == ""
    assert daticert_id((HEAD + doctype + IDENTIFIED.removeprefix(HEAD)).encode()) == ""


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"\0" * 1000,
        OLD.encode()[:-20],
        OLD.encode() + b" " * 1_000_000,
        b"<a>" * 50_000,
        b"<a " + b"b='c' " * 9_000 + b"/>",
        OLD.encode("utf-16"),
        _old("0012345", "001&x;2345"),
        _old("Citt", "&agrave;"),
        _old("UTF-8", "base64"),
        _old("UTF-8", "no-such"),
        _old("UTF-8", "utf-7"),
    ],
)
def test_what_is_broken_or_hostile_has_no_number(xml):
    """Neither errors, nor entities that nobody declared, nor size get through."""
    assert protocol_number(xml) == ""


def test_a_daticert_names_no_document_type():
    """Certified mail has none; only the old protocol signature is allowed one."""
    xml = HEAD + '<!DOCTYPE postacert SYSTEM "p.dtd">' + IDENTIFIED.removeprefix(HEAD)

    assert daticert_id(IDENTIFIED.encode()) == "opec1.2026@gestore.example"
    assert daticert_id(xml.encode()) == ""
    assert texts_of(b"<a b='1'><a b='2'>x</a></a>", {("a", "@b"): "b", ("a", "a"): "t"}) == {
        "b": "1",
        "t": "x",
    }


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        (f"Pismo do {AE}", "", (AE,)),
        ("", f"Adres: {AE}.", (AE,)),
        ("", f"({AE}), *{AE}*, _{AE}_; {AE}-", (AE,)),
        ("", f"{AE}\nAE:PL-00000-00000-ZZZZZ-99", (AE, "AE:PL-00000-00000-ZZZZZ-99")),
        (
            "",
            " ".join(f"AE:PL-12345-67890-ABCDE-1{n}" for n in range(9)),
            tuple(f"AE:PL-12345-67890-ABCDE-1{n}" for n in range(3)),
        ),
        ("x" * 3_999, AE, ()),
        ("", "x " * 1_980 + AE, (AE,)),
        ("", "x " * 1_990 + AE, ()),
        ("", AE.lower(), ()),
        ("", f"{AE}3 X{AE} {AE}-77 AE:PL-1234-67890-ABCDE-12 AE:DE-12345-67890-ABCDE-12", ()),
    ],
)
def test_addresses_for_electronic_delivery_are_found(subject, text, expected):
    """As they are written, each once, at most three, in front."""
    assert delivery_addresses(subject, text) == expected


def _mail(*files: tuple[str, str], text: str = "Buongiorno.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Comune <protocollo@pec.example>"
    message["To"] = "ufficio@pec.azienda.example"
    message["Subject"] = "Richiesta"
    message["Message-ID"] = "<in@pec.example>"
    message.set_content(text)
    for name, data in files:
        message.add_attachment(data.encode(), "application", "xml", filename=name)
    return message


def _around(inner: EmailMessage, *files: tuple[str, str], **headers: str) -> bytes:
    outer = EmailMessage()
    outer["From"] = '"Per conto di: protocollo@pec.example" <posta-certificata@g.example>'
    outer["Subject"] = "POSTA CERTIFICATA: Richiesta"
    for name, value in ({"Message_ID": "<opec9.2026@g.example>"} | headers).items():
        outer[name.replace("_", "-")] = value
    outer.set_content("Messaggio di posta certificata")
    outer.add_attachment(inner, filename="postacert.eml")
    for name, data in files:
        outer.add_attachment(data.encode(), "application", "xml", filename=name)
    return outer.as_bytes()


def _official(raw: bytes) -> tuple[tuple[str, str], ...]:
    return read_mail(raw, MailLimits()).official


@pytest.mark.parametrize(
    "name",
    ["segnatura.xml", "Segnatura.xml", "SEGNATURA.XML", "=?utf-8?B?c2VnbmF0dXJhLnhtbA==?="],
)
def test_a_signature_is_told_by_its_name(name):
    """In upper and lower case; an encoded name is the same one."""
    raw = _mail(("allegato.xml", NEW), ("segnatura.xmlX", OLD)).as_bytes()
    named = raw.replace(b"segnatura.xmlX", name.encode())

    assert _official(raw) == ()
    assert _official(named) == (("protocol", PROTOCOL),)


def test_of_several_signatures_the_first_that_can_be_read_counts():
    """Of many files of the name only three are read."""
    broken = ("segnatura.xml", "broken")

    assert _official(_mail(broken, broken, ("Segnatura.xml", OLD)).as_bytes())
    assert not _official(_mail(*[broken] * 3, ("Segnatura.xml", OLD)).as_bytes())


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("daticert.xml", IDENTIFIED)], "opec1.2026@gestore.example"),
        ([("DatiCert.XML", IDENTIFIED)], "opec1.2026@gestore.example"),
        ([("daticert.xml", IDENTIFIED.replace("opec1", "&lt;o"))], "o.2026@gestore.example"),
        ([("daticert.xml", UNIDENTIFIED)], "opec9.2026@g.example"),
        ([("daticert.xml", IDENTIFIED.replace("opec1", "o" * 100))], "opec9.2026@g.example"),
        ([("daticert.xml", IDENTIFIED.replace("opec1", "o\u202e"))], "opec9.2026@g.example"),
        ([("daticert.xml", "broken")], "opec9.2026@g.example"),
        ([], "opec9.2026@g.example"),
    ],
)
def test_certified_mail_has_the_id_its_envelope_gives(files, expected):
    """From daticert.xml, else from the envelope; the mail inside brings its own numbers."""
    inner = _mail(("Segnatura.xml", OLD), ("daticert.xml", IDENTIFIED.replace("opec1", "forged")))
    raw = _around(inner, *files, X_Trasporto="posta-certificata")

    assert _official(raw) == (("pec", expected), ("protocol", PROTOCOL))


@pytest.mark.parametrize(
    ("message_id", "expected"),
    [
        ("<a@b>", (("pec", "a@b"),)),
        ("  text <a@b> <c@d>", (("pec", "a@b"),)),
        ("a@b", ()),
        ("<a>", ()),
        ("<@b>", ()),
        ("<a@>", ()),
        ("<" + "a" * 98 + "@b>", (("pec", "a" * 98 + "@b"),)),
        ("<" + "a" * 99 + "@b>", ()),
        ("<a\u202e@b>", ()),
        ("", ()),
    ],
)
def test_an_envelope_without_data_is_known_by_its_message_id(message_id, expected):
    """Only one in angle brackets, with an at sign, and short enough to be whole."""
    headers = {"x-trasporto": "posta-certificata", "message-id": message_id}

    assert certified_number(headers, (), {}) == expected


def test_what_is_no_certified_mail_has_no_id():
    """Ordinary mail, also in an anomaly envelope; a receipt has it only from its data."""
    data = ("daticert.xml", IDENTIFIED)
    found = (("pec", "opec1.2026@gestore.example"),)

    assert _official(_mail(data).as_bytes()) == ()
    assert _official(_around(_mail(), X_Trasporto="errore")) == ()
    about = {"X_Riferimento_Message_ID": "<ours@azienda.example>"}
    assert _official(_around(_mail(), X_Ricevuta="accettazione", **about)) == ()
    assert _official(_around(_mail(), data, X_Ricevuta="accettazione", **about)) == found


def test_an_envelope_that_cannot_be_opened_keeps_its_id():
    """The number is the envelope's; no mail inside is needed for it."""
    raw = build.mail(b"X-Trasporto: posta-certificata\r\n")

    assert _official(raw) == (("pec", "m1@cliente.example"),)


def test_the_reading_carries_the_numbers():
    """They leave the child with the rest."""
    mail = read_mail(_mail(("segnatura.xml", NEW), text=AE).as_bytes(), MailLimits())

    assert mail.official == (("protocol", PROTOCOL), ("edoreczenia", AE))
    assert reading_of(mail, mail.text, frozenset(), None).official == mail.official


@pytest.mark.parametrize("encoding", ["base64", "uuencode", "x-\0"])
def test_a_broken_part_costs_its_number_only(encoding):
    """The stdlib raises while it looks at some of them."""
    part = email.message_from_string(
        'Content-Type: application/xml; name="segnatura.xml"; charset="\0"\n'
        f"Content-Transfer-Encoding: {encoding}\n\n\udcff=\u20ac"
    )
    outline = Outline(
        headers={}, sender=None, subject=AE, media_types=frozenset(), text="", report=""
    )

    assert official_numbers(outline, ((1, part),), {}) == (("edoreczenia", AE),)


PIECES = st.sampled_from([HEAD, DOCTYPE, FIELDS, OLD, NEW, IDENTIFIED, "<", "&", "]]>", "</", "\0"])
DOCUMENTS = st.binary(max_size=500) | st.lists(PIECES | st.text(max_size=9), max_size=9).map(
    lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
)


@given(DOCUMENTS)
def test_any_document_is_safe(xml):
    """Nothing is raised, and what comes out is one short printable line."""
    value = protocol_number(xml)

    assert value.isprintable()
    assert len(value) <= 100
    daticert_id(xml)


@given(
    DOCUMENTS,
    st.sampled_from(["segnatura.xml", "daticert.xml"]),
    st.dictionaries(
        st.sampled_from(["x-trasporto", "x-ricevuta", "message-id", "from"]),
        st.text() | st.sampled_from(["posta-certificata", "errore", "<a@b>"]),
    ),
    st.text() | st.text(alphabet="AE:PL-1").map(lambda text: f"{text} {AE}"),
)
def test_any_mail_is_safe(xml, name, headers, text):
    """Nothing is raised, and every value is one short printable line."""
    part = email.message_from_bytes(f'Content-Type: a/xml; name="{name}"\n\n'.encode() + xml)
    outline = Outline(
        headers=headers, sender=None, subject=text, media_types=frozenset(), text=text, report=""
    )
    found = official_numbers(outline, ((1, part),), {})

    for _, value in (*found, *certified_number(headers, ((1, part),), {})):
        assert value.isprintable()
        assert 0 < len(value) <= 100


@pytest.mark.parametrize("bait", ["<", "<a", "<a@", "AE:PL-", "AE:PL-12345-67890-ABCDE-1", "&amp;"])
@pytest.mark.timeout(20)
def test_repeated_bait_costs_little(bait):
    """Nothing takes quadratic time on what nearly matches."""
    text = bait * (2_000_000 // len(bait))
    headers = {"x-trasporto": "posta-certificata", "message-id": text}

    assert certified_number(headers, (), {}) == ()
    assert delivery_addresses(text, text) == ()
    assert protocol_number(f"<Segnatura>{text[:250_000]}</Segnatura>".encode()) == ""
