"""The words by which mail programs and people mark quotes, signatures and disclaimers.

Six languages (it, pl, en, de, fr, es), all entries folded as `classifiers.folding.fold` does.
"""


def _listed(entries: str) -> tuple[str, ...]:
    """Entries with bars between them; a blank at the end is written as an underscore."""
    return tuple(" ".join(entry.split()).replace("_", " ") for entry in entries.split("|"))


_HEADER_NAMES = {
    "from": """
        from | da | od | von | de | mittente | nadawca | absender | expediteur | remitente
    """,
    "date": """
        sent | date | inviato | data | wyslano | wyslane | gesendet | datum | envoye | enviado |
        fecha | data invio | sent on | enviado el | envoye le | inviato il | gesendet am |
        message du | date d'envoi
    """,
    "to": """
        to | a | do | an | para | pour | destinatario | adresat | odbiorca | empfanger |
        destinataire
    """,
    "cc": """
        cc | dw | kopia | kopie | copia | reply-to | rispondi a | odpowiedz do | antwort an
    """,
    "subject": """
        subject | oggetto | temat | betreff | objet | sujet | asunto
    """,
}
HEADER_KEYS = {key: kind for kind, keys in _HEADER_NAMES.items() for key in _listed(keys)}
"""Keys of the header block that Outlook and others set above a quoted mail."""

ORIGINAL_MARKS = _listed(
    """
    original message | original appointment | messaggio originale | messaggio originario |
    wiadomosc oryginalna | oryginalna wiadomosc | ursprungliche nachricht | originalnachricht |
    message d'origine | message original | courriel original | mensaje original | reply message |
    reply above this line | rispondi sopra questa riga
    """
)
"""Between dashes, above the mail that is answered."""

FORWARD_MARKS = _listed(
    """
    forwarded message | forwarded by | begin forwarded message | messaggio inoltrato | inizio
    messaggio inoltrato | inoltrato da | wiadomosc przekazana | przekazana wiadomosc | przekazana
    dalej wiadomosc | tresc przekazanej wiadomosci | poczatek przekazanej wiadomosci | poczatek
    przekazywanej wiadomosci | poczatek wiadomosci przekazanej | przekazane przez | przeslane przez
    | weitergeleitete nachricht | weitergeleitet von | anfang der weitergeleiteten | beginn der
    weitergeleiteten | message transfere | message transmis | transfere par | debut du message |
    debut du message reexpedie | message reexpedie | e-mail transfere | courriel transfere |
    mensaje reenviado | inicio del mensaje reenviado | forwarded mail | inoltrato il
    """
)
"""Between dashes or alone on a line, above a mail that is passed on."""

PASSING_ON = _listed(
    """
    fyi | for you | for your attention | for your information | see below | please handle | can
    you deal | can you handle | passing this on | passing on | forwarding | yours i think | over
    to you | per competenza | per conoscenza | vedi sotto | vedi mail sotto | ti giro | ve lo giro
    | vi giro | le giro | inoltro | giro a | per te | per voi | pensateci | se ne occupa | do
    zalatwienia | przekazuje | przesylam dalej | do wiadomosci | dla ciebie | dla was | prosze o
    zajecie | zgodnie z wlasciwoscia | zur info | zur kenntnis | zur weiteren bearbeitung | leite
    weiter | siehe unten | pour info | pour suite | voir ci-dessous | je transfere | para tu
    informacion | ver abajo | reenvio
    """
)
"""What colleagues write above a mail they pass on."""

ATTRIBUTION_ENDS = _listed(
    """
    wrote | writes | ha scritto | scrive | scriveva | scrisse | napisal(a) | napisal/a | napisal |
    napisala | pisze | pisal(a) | schrieb | geschrieben | a ecrit | ecrivait | ecrit | escribio |
    ha escrito | escribe | schreef | geschreven | skrev | escreveu | het volgende geschreven |
    kirjoitti | uhr
    """
)
"""Last words before the colon of `On Monday Anna wrote:`."""

ATTRIBUTION_STARTS = _listed(
    """
    on_ | in data | in date | il_ | il giorno | le_ | el_ | am_ | w dniu | dnia | dn._ | den_ |
    op_ | em_ | lun_ | mar_ | mer_ | gio_ | ven_ | sab_ | dom_ | pon | wt | sr | czw | pt | sob |
    niedz | mon | tue | wed | thu | fri | sat | sun | from:_ | van:_ | pe_
    """
)
"""First words of the same line; a date or an address may stand there as well."""

CLOSINGS = _listed(
    """
    best regards | kind regards | warm regards | regards | best wishes | many thanks | thanks and
    regards | yours sincerely | yours faithfully | yours truly | sincerely | sincerely yours |
    cheers | all the best | best | with kind regards | respectfully | cordiali saluti | distinti
    saluti | cordialmente | un cordiale saluto | saluti | un saluto | cari saluti | tanti saluti |
    i migliori saluti | porgo distinti saluti | porgiamo distinti saluti | con osservanza | in
    fede | a presto | grazie e saluti | grazie e cordiali saluti | buona giornata | buon lavoro |
    pozdrawiam | pozdrawiam serdecznie | serdecznie pozdrawiam | z powazaniem | z wyrazami
    szacunku | lacze pozdrowienia | pozdrowienia | z gory dziekuje | z gory dziekuje i pozdrawiam
    | pozdr | z pozdrowieniami | milego dnia | mit freundlichen grussen | mit freundlichem gruss |
    freundliche grusse | viele grusse | beste grusse | hochachtungsvoll | mfg | gruss | liebe
    grusse | cordialement | bien cordialement | bien a vous | sinceres salutations | salutations
    distinguees | meilleures salutations | saludos | un saludo | saludos cordiales | atentamente |
    un cordial saludo
    """
)
"""Lines that end a letter; contact details follow them."""

DEVICE_LINES = _listed(
    """
    sent from my | sent from mail | sent from yahoo | sent from outlook | sent from windows | sent
    from samsung | sent from mobile | sent from a phone | sent from mailbox | sent via mobile |
    sent with airmail | sent from proton | sent with proton | get outlook for | inviato da iphone
    | inviato dal mio | inviato da mobile | inviato da outlook | inviato da tablet | inviato da
    yahoo | inviato da smartphone | scarica outlook per | ottieni outlook per | inviato tramite |
    wyslane z | wyslano z | wyslane przy uzyciu | von meinem | gesendet von | gesendet mit | diese
    nachricht wurde von meinem | holen sie sich outlook | envoye de mon | envoye depuis | envoye a
    partir | telecharger outlook | obtenez outlook | enviado desde | obtener outlook | sendt fra
    min | skickat fran | verzonden vanaf | verzonden met | from my iphone
    """
)
"""Beginnings of the lines that telephones add."""

DISCLAIMERS = _listed(
    """
    this e-mail and any | this email and any | this message and any | this e-mail is intended |
    this email is intended | this message is intended | this e-mail message and any | this email
    message and any | the information contained in this | the contents of this e | if you are not
    the intended | if you have received this | please consider the environment | think before you
    print | confidentiality notice | this e-mail may contain | this email may contain | this
    message may contain | this email is confidential | this e-mail is confidential | caution: this
    email | caution: external | external email | [external] | caution - external | questo
    messaggio e i suoi allegati | questo messaggio e gli eventuali | questo messaggio, compresi |
    questo messaggio di posta | il presente messaggio | la presente e-mail | la presente
    comunicazione e | le informazioni contenute in quest | le informazioni contenute nel | questa
    e-mail | questa email e | ai sensi del d.lgs | ai sensi del d. lgs | ai sensi del regolamento
    | ai sensi e per gli effetti del reg | ai sensi del gdpr | avviso di riservatezza | prima di
    stampare | rispetta l'ambiente | chiunque riceva | qualora il messaggio | nota di riservatezza
    | riservatezza: | ta wiadomosc i | ta wiadomosc oraz | niniejsza wiadomosc | wiadomosc ta |
    tresc tej wiad | tresc niniejszej wiad | ta wiadomosc moze | ta wiadomosc zawiera | ta
    korespondencja | informacje zawarte w | jezeli nie jest | jesli nie jest pan | pomysl o
    srodowisku | zanim wydrukujesz | klauzula poufnosci | administratorem danych osob |
    administratorem pani | administratorem panstwa | niniejszy e-mail | uwaga: ta wiadomosc |
    diese e-mail enthalt | diese nachricht enthalt | diese e-mail und | der inhalt dieser | wenn
    sie nicht der richtige | ce message et | ce courriel | ce message est confid | cet e-mail |
    avis de confidentialite | este mensaje y | este mensaje contiene | este correo | aviso de
    confidencialidad | antes de imprimir
    """
)
"""Beginnings of paragraphs that lawyers add."""

DISCLAIMER_WORDS = _listed(
    """
    confiden | riservat | poufn | intended | destinat | adresat | vertraulich | unbefugt |
    empfanger | print | stamp | drukuj | originated | external | outside | imprim | distrugg |
    usuniec | trattamento dei dati | rodo | danych osobowych | z zewnatrz
    """
)
"""One of them must stand in the paragraph: "ai sensi del GDPR chiedo" is a request."""
