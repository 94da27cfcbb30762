"""What people write who report a data breach or wrongdoing, in it, pl, en.

Folded and bounded as in `daemon.mail.matter_phrases`, which has the words of the other matters.
"""

import re

from daemon.mail.matter_phrases import ANY, FEW, starts, whole

# Personal data in wrong hands: other people's papers, addresses shown to all, theft, finds.

_PAPER_IT = (
    r"\b(?:document[oi]|fattur[ae]|letter[ae]|bollett[ae]|refert[oi]|contratt[oi]|e-?mail|mail"
    r"|cartell[ae]|estratt[oi] conto|bust[ae] paga|cedolin[oi]|ricett[ae]|pratic[ae]|dati|pdf"
    r"|polizz[ae]|certificat[oi]|analisi|raccomandat[ae]|modul[oi]|fascicol[oi]|esami)\b"
)
_OTHER_IT = (
    r"(?:\b(?:di|del|della|degli|delle|d|dell|(?:indirizzat|destinat|intestat|dirett)\w ad?)[ ']"
    r"(?:un |un'|una )?(?:altr[aoie] (?:client|pazient|person|signor|utent|assistit|condomin"
    r"|dipendent|famigli|abbonat|alliev|student|soci|intestatari|correntist|titolar|ospit|iscritt"
    r"|candidat)|(?:perfett\w )?(?:sconosciut|estrane)|qualcun ?'?altr))"
)
WRONG_PAPERS_IT = re.compile(rf"{_PAPER_IT}{FEW}{_OTHER_IT}")
CAME_IT = whole(
    r"ricevut[oaie]|arrivat[oaie]|recapitat[oaie]|ritrovat[oaie]|trovat[oaie]|apert[oaie]",
    r"(?:m'|mi |ci |ce )?(?:avete|avevate|hanno|ha) (?:\w{1,20} ){0,2}(?:mandato|inviato|spedito"
    r"|consegnato|dato|allegato)",
    r"(?:vedo|visualizzo|leggo|si vedono|si leggono|c'era|c'erano|conteneva|contiene|mi compare)",
)
_PAPER_PL = (
    r"\b(?:pism[oa]|list|faktur\w|dokument\w{0,3}|e-?mail\w?|mail\w?|wiadomosc|umow[aey]"
    r"|wynik\w{0,2}|dan(?:e|ych)|akta|zaswiadczeni\w|polis\w|recept\w|skierowani\w|zalacznik\w?"
    r"|decyzj\w|pit|wyciag\w?)\b"
)
_OTHER_PL = (
    r"(?<!od )\b(?:inn(?:ego|ej|ych) (?:klient|pacjent|osob|lokator|najemc|pracowni|mieszkan"
    r"|abonent|uczni|uczen|kontrahent|ubezpiecz|uzytkown)|obc(?:ej|ego|ych) (?:osob|czlowiek|ludz)"
    r"|kompletnie obc|kogos (?:innego|obcego))"
)
WRONG_PAPERS_PL = re.compile(rf"{_PAPER_PL}{FEW}{_OTHER_PL}|\bcudz\w{{1,3}} {_PAPER_PL}")
CAME_PL = starts(
    r"dostal|otrzymal|przyszl|przyszed|przyslal|przyslan|wyslaliscie|wyslano|wyslali|znalazl",
    r"doreczon|doreczyl|widze|widac|wyswietl|trafil|w kopercie|odebral|zobaczyl|pokazuj",
)
_PAPER_EN = (
    r"(?:letter|e-?mail|invoice|bill|statement|document|file|paper|paperwork|result|record|report"
    r"|contract|payslip|prescription|application form|detail|data|x-?ray|scan)s?\b"
)
_PERSON_EN = (
    r"(?:customer|patient|client|tenant|member|employee|pupil|resident|policyholder|applicant"
    r"|person|student|guest|family|user|account holder)"
)
_ANOTHER_EN = (
    rf"(?:(?:another|a different|some other) {_PERSON_EN}|someone else|somebody else"
    r"|a (?:complete |total )?stranger)"
)
WRONG_PAPERS_EN = re.compile(
    rf"\b{_PAPER_EN}{FEW}\b(?:for|of|about|belong(?:s|ing) to|addressed to|meant for|intended for) "
    rf"(?:{_ANOTHER_EN}|other (?:people|customers|patients|clients|tenants|members))\b"
    rf"|\b(?:{_ANOTHER_EN}'?s|other (?:people's|(?:customer|patient|client|member)s')) "
    rf"(?:\w{{1,20}} ){{0,2}}?{_PAPER_EN}"
)
CAME_EN = whole(
    r"(?:i|we)(?:'ve| have)? (?:just |also )?(?:received|got|opened|found)|(?:can|could) see|i see",
    r"received|came|arrived|landed|inside|in (?:it|the envelope)|contained|showing|shows|i saw",
    r"(?:you|office|staff|payroll|clinic)(?:'ve| have)? (?:\w{1,20} )?(?:sent|e?-?mailed|posted)",
    r"you gave|sent (?:me|us|my)|i get|i am getting|i'm getting|has (?:another|somebody|someone)",
)
"""Each language: somebody else's papers, and how they came to the one who writes."""

ALL_ADDRESSES = starts(
    rf"(?:indirizzi|destinatari|mail)\b{ANY}(?:\bin chiaro\b|\bvisibil\w\b)",
    rf"(?:indirizzi|destinatari|tutti|iscritti|genitori)\b{ANY}\bin (?:cc|copia) (?:e non|invece"
    r"|anziche|visibile)",
    r"(?:vedo|si vedono|si leggono|abbiamo visto|ho visto) (?:tutti )?gli indirizzi (?:e-?mail|di)",
    rf"adres\w{{0,3}}{FEW}(?:wszystkich|innych|pozostalych|odbiorcow|klientow|rodzicow){ANY}"
    r"(?:widoczn|jawn|widac|widze|w polu|ujawni|zobaczy)",
    rf"(?:widze|widac|jawne|widoczne (?:sa|byly))\b{ANY}\badresy{FEW}(?:wszystkich|innych)",
    r"zamiast (?:w |do )?(?:udw|bcc|ukryt)",
    rf"(?:everyone|everybody|all|other)\b{FEW}\baddress(?:es)?\b{ANY}\b(?:visible|on show|exposed"
    r"|in (?:the )?(?:cc|to)\b|disclosed|instead of bcc|for all to see)",
    rf"(?:see|showing|exposed|disclosed|shared) (?:everyone|everybody|all|(?:the )?other){FEW}"
    r"e-?mail addresses\b",
    r"(?:in|used|using) (?:the )?(?:cc|to)(?: field| line)? (?:instead of|rather than) bcc\b",
)
ADDRESS_STEMS = ("indirizz", "destinatari", "mail", "adres", "addres", "bcc", "udw", "copia", "cc")
"""A list of addresses that all who got a mail could read."""

STOLEN = starts(
    r"(?:rubat|smarrit|sottratt|trafugat)[oaie]\b|furto\b|pers[oa]\b|skradzion|ukradzion|ukrad[lz]",
    r"skradli|zgubil|zgubion|kradziez|zaginal|zaginel|stolen|lost\b|theft",
    r"left on (?:the|a) (?:train|bus|tram)",
)
STOLEN_STEMS = (
    *("ubat", "smarrit", "sottratt", "trafugat", "furto", " pers", "krad", "zgub", "zagin"),
    *("stolen", "lost", "theft", "left on"),
)
DEVICE = whole(
    r"portatile|notebook|computer|tablet|chiavett\w|pen ?drive|hard disk|faldon[ei]|registro",
    r"(?:telefono|cellulare) (?:aziendale|di servizio)|valigetta|laptop\w{0,2}|komputer\w{0,2}",
    r"pendrive\w{0,2}|dysk\w{0,2}|telefon\w{0,2} sluzbow\w{0,3}|teczk\w|segregator\w{0,2}|torb\w",
    r"tablet\w{0,2}|nosnik\w{0,2}|work phone|usb|memory stick|hard drive|folder|briefcase",
)
OF_PEOPLE = starts(
    rf"(?:dati|schede|file|pratiche|documenti|nominativi|elenco|cartelle|indirizzi)\b{FEW}\b(?:dei"
    r"|del|degli|delle) (?:\w{1,20} )?(?:client|pazient|dipendent|soci|iscritt|alunn|utent"
    r"|assistit|condomin|alliev|famigli|ospiti)",
    rf"(?:dan(?:e|ymi|ych)|kartotek|list[aey]|dokument|akta|umow){FEW}\b(?:klient|pacjent|pracowni"
    r"|uczni|mieszkan|czlonk|uczestnik|rodzic|dzieci|lokator)",
    rf"(?:customer|client|patient|employee|member|tenant|pupil|student|children)s?'?s?\b{FEW}"
    r"\b(?:data|details|records|files|names|addresses|information|documents)\b",
    rf"(?:data|details|records|files|names|documents|addresses)\b{FEW}\b(?:of|on|about)\b{FEW}"
    r"\b(?:customer|client|patient|employee|member|tenant|pupil|student|children)",
)
"""Something taken or lost, and whose data were on it."""

_MINE_IT = (
    r"\b(?:miei|mi[ao]|nostr[aio]) (?:\w{1,20} )?(?:dati|document[oi]|refert[oi]|contratto|cartella"
    r"|cedolino|busta paga|passaporto|carta d'identita|pratica|analisi)\b"
)
_MINE_PL = (
    r"\bmo(?:je|ja|j) (?:\w{1,20} )?(?:dane|umow\w|dokument\w{0,2}|wynik\w?|dowod|faktur\w|akta"
    r"|pesel|pit)\b"
)
_MINE_EN = (
    r"\bmy (?:\w{1,20} ){0,2}?(?:data|details|records|documents?|passport|results|payslip|contract"
    r"|statement|file|information|invoice)\b"
)
LET_OUT = starts(
    rf"trovato\b{ANY}{_MINE_IT}{ANY}\b(?:google|internet|senza password|dark ?web)",
    rf"{_MINE_IT}{FEW}\b(?:visibil|pubblicat|accessibil)\w (?:a tutti|a chiunque|senza|su google)",
    rf"(?:avete|hanno|ha) {FEW}(?:mandato|inviato|spedito|dato|comunicato|consegnato|rivelato)"
    rf"{ANY}{_MINE_IT}{FEW}\bad? (?:un |un'|uno |una )?(?:altr[oa] (?:client|person|pazient|signor)"
    r"|estrane|sconosciut|qualcun altr|terz[oi]\b)",
    rf"znalazl\w{{0,3}}\b{ANY}{_MINE_PL}{ANY}\b(?:google|internecie|bez hasla)",
    rf"{_MINE_PL}{ANY}\b(?:publicznie|widoczn\w{{1,3}} dla|bez hasla|znalazl\w{{0,3}} w google)",
    r"(?:wyslaliscie|wyslali|wyslano|przeslaliscie|przekazaliscie|podaliscie|ujawniliscie"
    rf"|udostepniliscie)\b{ANY}{_MINE_PL}{FEW}\b(?:komus innemu|innej osobie|innemu klient|obc"
    r"|osob\w{1,2} (?:trzeci|postron))",
    rf"found\b{ANY}{_MINE_EN}{ANY}\b(?:google|dark web|without (?:a )?(?:password|login)|publicly)",
    rf"{_MINE_EN} {FEW}\b(?:publicly (?:vis|acc|avail)|visible to (?:any|every|all)|on google for)",
    r"(?:you|they|staff|your \w{1,20}) (?:\w{1,20} ){0,2}?(?:sent|e-?mailed|gave|posted|handed"
    rf"|disclosed)\b{ANY}{_MINE_EN}{FEW}\bto (?:someone else|somebody else|a (?:complete )?stranger"
    rf"|(?:another|a different|the wrong) {_PERSON_EN})",
)
LET_OUT_STEMS = ("mie", "mio", "mia", "nostr", " moj", " my ")
"""The writer's own data, with others or open to all."""

BREACH = starts(
    r"data breach|breach of (?:\w{1,20} )?(?:personal )?data|data leak|fuga di dati",
    r"violazion[ei] (?:dei|di) (?:\w{1,20} )?dati|naruszeni\w{1,2} (?:ochrony|poufnosci) danych",
    r"naruszeni\w{1,2} bezpieczenstwa danych|wyciek\w{0,3} danych",
    r"incydent\w{0,3} (?:bezpieczenstwa|ochrony) (?:danych|informacji)",
)
"""The name of the thing itself, GDPR art. 4(12)."""

NOTIFIES = whole(
    r"we (?:\w{1,20} ){0,4}?(?:notify|inform|report|suffered|discovered|experienced)",
    r"i (?:\w{1,20} ){0,4}?(?:report|reporting|notify)|notifying you|we (?:have )?had",
    r"(?:vi|la|le) (?:informiamo|comunichiamo|notifichiamo|scrivo)|segnal(?:o|iamo)",
    r"comunic(?:o|hiamo)|notific(?:a|o|hiamo)|si e verificat\w|informuj(?:e|emy)|doszlo do",
    r"abbiamo (?:subito|rilevato|riscontrato|scoperto)|zawiadamia(?:m|my)|zglasza(?:m|my)",
    r"zgloszenie|stwierdzi(?:lismy|lam|lem)|wykry(?:lismy|to)|art\w{0,4}\.? ?33",
)
_TALK = (
    r"webinar|training|seminar|course\b|corso\b|formazione|szkoleni|poradnik|conferen|how to",
    r"come (?:difend|preven|gest|evit)|jak (?:sie |zapob|zglo|chron)|in (?:the event|caso) ",
    r"w (?:razie|przypadku)\b|policy\b|procedur|polizza cyber|insurance|guide\b|software\b|oferuj",
    r"se (?:doveste|dovesse|ci)\b|would you|can i\b|piattaform|platform|consulen[tz]|complian",
    r"adempiment|adeguat|obowiazk|obblig|demo\b|wdroz|(?:do|have) (?:you|we) ha|avete (?:un|una)\b",
)
HEARSAY = starts(*_TALK)
"""Teaching, selling and supposing, which report nothing."""

NEWS = starts(
    *_TALK,
    r"any\b|ogni\b|qualsiasi|eventual|ewentualn|have you|czy\b|shall\b|linee guida|guidelines",
    r"wytyczn|garante ha|prezes uodo|kar[aey] (?:za|dla)|questionn?ai?r|ankiet|clause|sentenz",
    r"multa\b",
)
"""The same, and what is written of other people's breaches."""

# Reports of wrongdoing, from within.

WHISTLE = starts(
    r"whistle-?blow|blow(?:ing)? the whistle on|sygnali(?:st|sci)|2019/1937",
    r"d\.? ?lgs\.? ?(?:n\.? ?)?24/2023|decreto (?:legislativo )?(?:n\.? ?)?24/2023",
    r"(?:protected|public interest) disclosure|segnalazione (?:di )?(?:illecit|condott\w illecit)",
    r"zgloszeni\w{0,2} (?:\w{1,20} )?(?:naruszen\w{1,2}|o naruszeni\w) prawa",
)
"""The names of the law and of those who use it."""

REPORTING = starts(
    r"segnal(?:o|iamo)\b|(?:desidero|vorrei|voglio|intendo|devo) (?:segnalar|denunciar)",
    r"denunci(?:o|amo)\b|(?:presento|invio|trasmetto|inoltro) (?:\w{1,20} ){0,2}segnalazione",
    r"(?:fare|effettuare|presentare|inviare) (?:una |la )?segnalazione",
    r"(?:presente|mia) segnalazione|sono (?:un|una) (?:whistleblower|segnalante)",
    r"zglasza(?:m|my)\b|(?:chce|chcemy|chcialbym|chcialabym|pragne) (?:dokonac |zglosic)",
    r"jako sygnalist|(?:skladam|przesylam|dokonuje) (?:\w{1,20} )?zgloszeni|jestem sygnalist",
    r"(?:i|we)(?:'m|'d|'re)? (?:\w{1,20} ){0,4}?(?:report|disclos|blow(?:ing)? the whistle"
    r"|mak(?:e|ing) (?:a|this))|this is (?:a|my) (?:\w{1,20} )?(?:report|disclosure|whistle)",
)
WRONG = starts(
    r"illecit|tangent[ei]|corruzion|mazzett|frod[ei]|falsific|fals[aeio]\b|appalt|irregolarit",
    r"gonfiat|molesti|smaltiment|conflitt\w di interess|sottratt|peculat|reat[oi]\b|in nero\b",
    r"na czarno|naruszeni\w prawa|bezprawn|przestep|lapow|korupc|oszust|oszuk|falszow|falszuj",
    r"falszyw|sfalszow|naduzy|ustawion|ustawia|wyludz|fikcyjn|kradzie|nielegal|nieprawidlow",
    r"konflikt\w{0,3} interes|mobbing|fraud|brib|corrupt|falsif|fake|forg(?:ed|ing)|kickback",
    r"embezzl|wrongdoing|unsafe|dumping|illegal|unlawful|misconduct|malpractice|stealing|fiddl",
    r"cover(?:ed|ing)? up|inflated|tax evasion",
)
REPORTS_WRONG = starts(
    rf"(?:segnal(?:o|iamo|are)|denunci(?:o|are))\b{ANY}\b(?:illecit|tangent|corruzion|mazzett"
    r"|frod[ei]|falsific|fatture false|false fatture|gonfiat|irregolarita (?:grav|contab))",
    rf"(?:zglasza(?:m|my)|zglosic)\b{ANY}\b(?:lapow|korupc|oszust|falszow|naduzyci|wyludz"
    r"|ustawiani\w przetarg|naruszeni\w prawa|nieprawidlowosci (?:finans|w przetarg))",
    rf"(?:to|i|am|i'm) (?:report|disclose|reporting|disclosing)\b{ANY}\b(?:wrongdoing|fraud|brib"
    r"|corruption|falsif|kickback|embezzl|misconduct|malpractice)",
)
PROTECTED = starts(
    r"ritorsion|(?:mia )?identita\b|anonim|riservat|tutel|mio nome|odwet|tozsamosc|poufn|ochron",
    r"moje(?:go)? nazwisk|retaliat|identity\b|anonym|confiden|protect|my name\b",
)
INSIDE = starts(
    r"lavoro (?:da voi|in|nel|presso|per)|dipendent[ei] (?:di|del|dell|vostr)|(?:sono|come|quale"
    r"|qualita di) (?:un |una )?(?:dipendente|collaborat)|(?:mio|mia|nostr[oa]) (?:superior|dirig"
    r"|respons|capo|colleg|dirett|uffici|repart)",
    r"pracuje|pracowal|(?:jestem|jako) (?:\w{1,20} )?pracowni|(?:moj|nasz)\w{0,4} (?:przelozon"
    r"|kierown|szef|dyrekt|dzial|urzed|firm)",
    r"i (?:work|worked|am employed|am an employee)|as an employee|(?:my|our) (?:\w{1,20} )?"
    r"(?:manager|boss|supervisor|director|team leader|employer|department)",
)
"""Reports by people who name no law; where they stand and what they fear are asked for too."""
