"""What mail programs write: the words by which automatic mail is told, in it, pl, en, de, fr, es.

Each pattern is a plain alternation with bounded gaps, so that no text makes it run away.
"""

import re


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


MAILERS = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|post_?master|mdaemon|mail[-_.]?delivery|maildelivery"
    r"|delivery-?status|mailrouter|mailsub?system|ndr|double-bounce|microsoftexchange[0-9a-f]{20,})",
    re.IGNORECASE,
)
"""Local parts that only mail servers use."""

PERHAPS_MAILERS = re.compile(
    r"(?:bounces?|delivery|mailer|mail|root|uucp|smtpd?|complaints?-mailer|noreply-dsn"
    r"|no-?reply[-.]?mail)",
    re.IGNORECASE,
)
"""Local parts that mail servers use, and people and shops too."""

MAILER_NAMES = _any_of(
    r"mail delivery",
    r"mailer.?daemon",
    r"delivery (?:sub)?system",
    r"postmaster",
    r"system administrator",
    r"mail administrator",
    r"internet mail",
    r"mail router",
)
"""Display names of mail servers."""

JUNK_REPORT = re.compile(r"\s*complaint about message from [0-9a-fx.:]{3,45}\s*", re.IGNORECASE)
"""Subjects of reports about mail that somebody marked as junk."""

FAILED_SUBJECT = _any_of(
    r"undeliver",
    r"non.?deliver",
    r"not deliver",
    r"could not (?:be )?(?:deliver|sent)",
    r"unable to deliver",
    r"delivery (?:status|fail|err|problem|report|notif|delay|incomplete|has failed|unsuccess)",
    r"delivery of .{0,40}failed",
    r"deliver(?:y|ing) (?:your )?(?:mail|message)",
    r"fail(?:ure|ed)[ :].{0,12}(?:notice|deliver|mail|messag|address)",
    r"(?:mail|message|e-?mail) (?:delivery )?(?:fail|error|undeliver|could not|delay|status)",
    r"(?:mail|message|e-?mail) (?:delivery )?system",
    r"(?:mail|message|e-?mail) (?:not sent|returned|bounced?|rejected|problem|transmission)",
    r"returned (?:e?mail|to sender|message)",
    r"returning (?:mail|message)",
    r"bounce[ds]?\b",
    r"(?:user|mailbox|recipient|address) (?:unknown|full|not found|over)",
    r"(?:unknown|no such) (?:user|recipient|address|mailbox)",
    r"message (?:blocked|expired|warning)",
    r"warning: (?:could not|message|e-?mail)",
    r"error sending",
    r"sender notification",
    r"permanent (?:delivery )?(?:error|failure)",
    r"transport error",
    r"over quota",
    r"quota exceed",
    r"mancat[ao] (?:consegna|recapito)",
    r"recapit[oa].{0,20}(?:fallit|non riuscit)",
    r"non recapitabil",
    r"impossibile (?:recapitare|consegnare)",
    r"consegna.{0,20}(?:fallit|non riuscit|ritardat)",
    r"stato (?:della )?(?:consegna|recapito)",
    r"messaggio non (?:consegnat|recapitat)",
    r"niedostarcz",
    r"nie (?:dostarczon|można dostarczyć|udało się dostarczyć)",
    r"zwrot (?:poczty|wiadomo)",
    r"dor[eę]czeni",
    r"status dostarczenia",
    r"unzustellbar",
    r"nicht zugestellt",
    r"zustellung",
    r"échec",
    r"non (?:remis|distribu)",
    r"avis de non",
    r"no se (?:ha podido|pudo|puede) entregar",
    r"no entregad",
    r"devuelto",
    r"estado de (?:la )?entrega",
    r"n[ãa]o (?:foi )?entregue",
)
"""Subjects of bounces; people write about deliveries too, so a second sign is asked for."""

FAILED_TEXT = _any_of(
    r"(?:could|can|was|were|has|have|be|is|are|did|will)(?: not|n't|not)(?: be| been)? "
    r"(?:able to )?(?:deliver|sent|reach|process|accept|find|complete|forward)",
    r"undeliverable",
    r"undelivered",
    r"non-?deliver",
    r"delivery (?:to|of|has|fail|status|attempt|error|problem)",
    r"unable to (?:deliver|relay|find|process|send)",
    r"user unknown",
    r"unknown user",
    r"no such (?:user|account)",
    r"mailbox (?:is )?(?:full|unavailable|not found|disabled)",
    r"does(?: not|n't) (?:exist|have)",
    r"permanent(?:ly)? (?:fatal )?(?:error|fail)",
    r"transcript of session",
    r"failed recipient",
    r"following (?:address|recipient|e-?mail|user|destination)",
    r"(?:550|551|552|553|554)[ -]",
    r"5\.\d\.\d",
    r"bounce",
    r"rejected",
    r"returned",
    r"over (?:quota|its)",
    r"message (?:header|text) follows",
    r"unrouteable",
    r"invalid (?:recipient|address)",
    r"original message",
    r"not listed",
    r"non (?:è stato|può essere) (?:possibile )?(?:consegn|recapit)",
    r"nie (?:dostarczon|można)",
)
"""What bounces say in their text."""

AWAY_SUBJECT = re.compile(
    r"\W{0,3}(?:"
    + "|".join(
        (
            r"auto: ",
            r"auto(?:matic|mated)?[ -]?(?:re(?:ply|sponse|spond)|antwort|matische antwort)",
            r"out[ -]of[ -](?:the )?office",
            r"ooo\b",
            r"away from (?:my |the )?(?:mail|office|desk)",
            r"vacation (?:reply|response|message|notice)",
            r"on (?:vacation|holiday|leave)\b.{0,3}$",
            r"(?:i am|i'm) (?:out of (?:the |my )?office|on (?:vacation|leave|holiday))",
            r"risposta automatica",
            r"(?:messaggio di )?(?:assenza|fuori)[ -](?:dall'?)?(?:ufficio|sede)\b",
            r"assente dall'ufficio",
            r"assenza dall'ufficio",
            r"sono in ferie",
            r"automatyczna odpowied[zź]",
            r"odpowied[zź] automatyczna",
            r"autoodpowied[zź]",
            r"autoresponder",
            r"poza biurem",
            r"(?:jestem )?nieobecn\w{1,4} w (?:biurze|pracy)",
            r"nieobecno[sś][cć]\b.{0,12}$",
            r"automatische? (?:antwort|beantwort)",
            r"abwesenheits?(?:notiz|nachricht|meldung|assistent|info)",
            r"abwesend",
            r"nicht im (?:b[üu]ro|hause)",
            r"r[ée]ponse automatique",
            r"absence du bureau",
            r"(?:je suis )?absent du bureau",
            r"message d'absence",
            r"respuesta autom[áa]tica",
            r"fuera de la oficina",
            r"ausencia de la oficina",
            r"resposta autom[áa]tica",
        )
    )
    + ")",
    re.IGNORECASE,
)
"""Beginnings of the subjects of absence notes."""

IS_AWAY = re.compile(r"\bis out of (?:the )?office\b", re.IGNORECASE)
"""The same, with a name in front."""

REPLY = re.compile(
    r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|r|aw|odp|rif|sv|rép|tr|fwd?|i|wg|pd)\s*:", re.IGNORECASE
)
"""Beginning of the subject of a reply or a passed-on mail."""
