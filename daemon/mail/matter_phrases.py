"""What people write when a legal clock starts: the words by which matters are told, in it, pl, en.

All is folded as `classifiers.folding.fold` does, blanks are single, a bar stands where a paragraph
ends. Each pattern is a plain alternation with bounded gaps, so that no text makes it run away; a
gap stays in its sentence.
"""

import re


def starts(*words: str) -> re.Pattern[str]:
    """Return a pattern that finds words by how they start."""
    return re.compile(rf"\b(?:{'|'.join(words)})")


def whole(*words: str) -> re.Pattern[str]:
    """Return a pattern that finds whole words."""
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


ANY = r"[^.;!?|]{0,60}?"
FEW = r"[^.;!?|]{0,25}?"
"""Gaps between two words of a sentence."""

# Rights of the data subject, in the first person or as a demand.

_CHIEDO = (
    r"\b(?:chied(?:o|e|iamo)|richied(?:o|e|iamo)|vorre[im]\w{0,3}|vorei|voglio|vogliamo|desidero"
    r"|prego|preghiamo|pretendo|esigo|pote(?:te|ste|vate)|potrest[ei]|potrebbe|dovete|sollecito"
    r"|gentilmente|cortesemente|esercit(?:o|a|iamo)|richiesta|istanza|domanda|intend(?:o|iamo)"
    r"|per favore|si prega|diffido|invito)\b"
)
_MIEI = (
    r"(?:miei dati|dati miei|dati (?:personali )?(?:che )?(?:mi|lo|la) riguard\w{1,5}"
    r"|dati (?:personali )?(?:\w{1,20} )?(?:a mio nome|su di me|sul mio conto)"
    r"|dati (?:personali )?(?:riferit|relativ)\w a(?:l|lla) sottoscritt\w)"
)
_MIO = (
    rf"(?:{_MIEI}|(?<!dal )(?<!sul )(?<!nel )(?<!dalla )(?<!nella )"
    r"mi[oa] (?:account|profilo|scheda cliente|anagrafica|nominativo))"
)
_CANCELLATE = r"(?<!non )(?<!avete )\b(?:cancel?late|eliminate|rimuovete|distruggete|cancelli)\b"
_MY_NAME_IT = r"(?:mi[oa]|nostr[oa]|quest[oa]) (?:mail|e-?mail|indirizzo|nome|numero)"
_TOGLIETEMI = (
    r"(?:(?<!non )\b(?:toglie|cancella|rimuove|leva|elimina|disiscrive)te(?:mi|ci|me)\b"
    r"|\bmi (?:togliate|cancelliate|rimuoviate)\b|\bper (?:toglier|cancellar|rimuover|levar)mi\b"
    r"|\bm[ei] (?:\w{1,20} )?(?:potete|potreste|puo|potrebbe) (?:toglier|cancellar|rimuover|levar)e"
    r"|\bchied(?:o|iamo) (?:\w{1,20} ){0,3}(?:essere|venire) (?:tolt|cancellat|rimoss)\w\b"
    rf"|\b(?:togli|cancella|rimuove|elimina)te (?:\w{{1,20}} ){{0,3}}{_MY_NAME_IT})"
)
_LISTA = (
    r"(?:newsletter|mailing.?list|list[ae] (?:di distribuzione|offerte|contatti|promo|d'invio)"
    r"|list[ae] de(?:i|lle|gli) (?:\w{1,20} )?(?:contatti|invii|mail|e-?mail|promo|offerte)"
    r"|indirizzario|pubblicit|liste promozion|vostre (?:offerte|promozioni|mail)|database"
    r"|elenco (?:de(?:i|gli) )?(?:contatti|invii|indirizzi|spedizion)|banca dati"
    r"|(?:vostr\w|suo) (?:archivi|elenc|schedari)\w{1,3})"
)
_CONSENSO = r"(?:trattamento|dati|marketing|privacy|promoz|commerc|newsl|pubblic|foto|immagin)"
RIGHTS_IT = starts(
    rf"{_CANCELLATE}{ANY}{_MIO}",
    rf"{_CHIEDO}(?: che {FEW}{_MIO}{ANY}\b(?:cancellat|eliminat|rimoss|distrutt)"
    rf"|{ANY}(?:(?<!non )\b(?:cancel|elimin|rimozion|rimuov|distru)\w{{1,9}}{FEW}{_MIO}"
    rf"|\b(?:rettific\w{{1,6}}|limitazione|portabilita){FEW}{_MIEI}"
    rf"|\b(?:copia|accesso|avere|ricevere){FEW}\b(?:dei|ai|tutti(?: i)?) {_MIEI}"
    rf"|\bcopia {FEW}dati\b{ANY}\b(?:su di me|di me|su mi[ao]|sul mio conto)\b"
    rf"|\b(?:toglier|cancellar|rimuover|levar|eliminar)(?:mi|ci|e (?:\w{{1,20}} ){{0,3}}"
    rf"{_MY_NAME_IT})\b{ANY}\b{_LISTA}))",
    rf"esercit(?:o|iamo|are|a)\b{FEW}diritto (?:di accesso ai (?:{_MIEI}|dati)|alla cancellazione"
    r"|all'oblio|di opposizione al trattamento|alla portabilita|di rettifica)",
    r"(?:(?:manda|invia|forni|spedi|da)te(?:mi|ci|melo)?|(?:manda|invia|forni|spedi|da)r(?:mi|ci))\b"
    rf"{FEW}"
    rf"(?:\btutti (?:i )?(?:{_MIEI}|dati che)|copia (?:completa )?dei {_MIEI})",
    rf"(?<!allego )(?<!invio )(?<!mando )copia di tutti (?:i )?{_MIEI}",
    r"(?:quali|che) (?:dati miei|miei dati)\b(?: \w{1,20}){0,3} (?:avete|tenete|conserv|trattate)",
    r"(?:quali|che) dati (?:personali )?(?:avete|tenete|conservate|trattate|possedete|detenete)"
    r" (?:su di|di|sul) m",
    r"(?:mi oppongo|ci opponiamo|oppormi) al(?:l[ao']?)? ?(?:\w{1,20} )?(?:trattamento|uso de"
    r"|utilizzo de|invio di|profilazione|marketing)",
    rf"(?:revoco|revochiamo|ritiro|(?:voglio|vorrei|intendo) (?:revoca|ritira)re)\b{FEW}"
    rf"\bconsens\w{ANY}\b{_CONSENSO}",
    rf"{_TOGLIETEMI}{ANY}\b{_LISTA}",
    rf"non (?:voglio|desidero|intendo) piu ricevere{ANY}(?:newsletter|pubblicit|promo|offert)",
    rf"smett\w{{2,5}} di (?:mandar|inviar|spedir)mi{ANY}(?:newsletter|pubblicit|promo|offert)",
)
RIGHTS_STEMS_IT = (
    *(" dati", "account", "profilo", "scheda cliente", "anagrafica", "nominativo", "diritto"),
    *("consens", "oppo", "newsletter", "mailing", "list", "offert", "promo", "pubblicit"),
    *("database", "banca dati", "archivi", "elenc", "schedari", "indirizzari"),
)

_PROSZE = (
    r"\b(?:prosz\w{1,3}|prosi(?:my|lbym|labym)|poprosz\w{1,3}|wnosz\w{1,3}|domagam|wzywam"
    r"|(?<!wyslal\wm )(?<!zlozyl\wm )wniosek"
    r"|zada(?:m|my|nie)|chc(?:e|emy|ialbym|ialabym)|zycze sobie|zwracam sie|prosba|skladam"
    r"|poprosil(?:bym|abym))\b"
)
_MOJE_DANE = (
    r"(?:(?<!z )(?<!na )(?<!, )\b(?:mo(?:je|ja|jego|jej|ich)|swoje|swoich) (?:wszystki\w{1,2} "
    r"|osobow\w{1,3} )?dan(?:e|ych)\b(?! (?:kontakt|do (?:fakt|przel|wysyl|kont)|bez |sa |to ))"
    r"|\bdan(?:e|ych) (?:osobow\w{1,3} )?(?:moj|o mnie|na moj temat|dotyczac\w{1,3} m)"
    r"|dotyczac\w{1,3} mnie dan"
    r"|\bdan(?:e|ych),? ktore (?:mnie dotycz|dotycza mnie))"
)
_MOJE = rf"(?:{_MOJE_DANE}|(?<!z )(?<!na )\bmoj(?:e|ego) (?:kont[oa]|profilu?)\b)"
_USUNCIE = r"(?<!nie )\b(?:usuncie|skasujcie|wykasujcie|wymazcie|zniszczcie|usun|skasuj)\b"
_WYPISZCIE = (
    r"(?:(?<!nie )\b(?:wypiszcie|wykreslcie|wypisz|wykresl|usuncie|skreslcie) (?:\w{1,20},? ){0,3}?"
    r"(?:mnie|nas|moj|nasz)"
    r"|\bmozecie mnie (?:prosze )?(?:wypisac|usunac))"
)
_LISTY = (
    r"(?:newsletter|biuletyn|mailing|wysylki|bazy (?:mailing|marketing|kontakt|adres)"
    r"|list[ye]? (?:mailing|wysylk|odbiorc|subskry|reklam|dystrybu|promoc|\w{0,2} ?ofert)"
    r"|(?:tych|waszych|panstwa) (?:\w{1,20} )?(?:mail|mejl|ofert|promocj|reklam|biuletyn))"
)
_ZGODY = r"(?:przetwarz|marketing|danych|newsletter|handlow|wizerun|mail|reklam|zdjec)"
RIGHTS_PL = starts(
    rf"{_USUNCIE}{ANY}{_MOJE}",
    rf"{_PROSZE}{ANY}\b(?:(?:usun|skasowa|wykasowa|wymaza|zniszcz)\w{{1,6}}{FEW}{_MOJE}"
    rf"|(?:sprostowa\w{{1,4}}|ograniczeni\w|przeniesieni\w){FEW}{_MOJE_DANE}"
    rf"(?![^.;!?|]{{0,30}}faktur)|(?:kopi\w|dostep\w?|udostepnieni\w){FEW}{_MOJE_DANE}"
    rf"|(?:wypisa|wykresl|usun|skresl)\w{{1,5}}\b{ANY}\b{_LISTY})",
    rf"jakie (?:moje dane|dane moje|dane osobowe moje|(?:\w{{1,20}} )?dane (?:osobowe )?o mnie)\b"
    rf"{ANY}(?:przetwarza|przechow|mac?ie\b|maja\b|posiada|trzyma|zapisan|zebra|leza|sa w)",
    r"jakie dane (?:osobowe )?(?:wy )?(?:macie|maja panstwo|panstwo maja|posiadacie|przetwarzacie"
    r"|przechowujecie) (?:o mnie|na moj temat)",
    r"(?:wnosze|zglaszam|skladam) (?:niniejszym )?sprzeciw\w?(?: \w{1,20}){0,3} (?:przetwarz"
    r"|wykorzyst|marketing|uzywan|profilowan)",
    r"korzysta(?:m|my|jac) z prawa (?:dostepu do (?:moich )?danych|do bycia zapomn"
    r"|do usuniecia danych)",
    r"nie zgadzam sie na (?:dalsze )?przetwarzanie",
    r"sprzeciwiam sie (?:\w{1,20} ){0,2}(?:przetwarz|wykorzyst|marketing|uzywani|profilowani)",
    rf"(?:cofam|wycofuje|odwoluje|chc\w{{1,8}} (?:cofnac|wycofac))\b{FEW}"
    rf"\bzgod\w{{1,2}}\b{ANY}{_ZGODY}",
    rf"{_WYPISZCIE}{ANY}\b{_LISTY}",
    r"nie (?:zycze sobie|chce juz|chce wiecej) (?:\w{1,20} ){0,3}(?:reklam|newsletter|marketing"
    r"|ofert|mailing|informacji handlow)",
)
RIGHTS_STEMS_PL = (
    *(" dan", " kont", " profil", "newslet", "biulet", "mail", "mejl", "wysylk", " bazy", " list"),
    *("ofert", "promoc", "rekl", "zgod", "sprzeciw", "marketing", "prawa do bycia"),
)

_ASK = (
    r"\b(?:please|pls|plz|kindly|(?:can|could|would|will) (?:you|u|someone|somebody)"
    r"|i (?:(?!may|can|could)\w{1,20} )?(?:want|wish|ask|request|demand|require|need|insist)"
    r"|i(?:'d| would) like|i'm asking|i am asking|you must|request for)\b"
)
_FIRST = (
    r"(?:(?<=[.;!?|:,] )|(?<=and )|(?<=then )|(?<=so )|(?<=also )|(?<=just )|(?<=now ))(?<!not )"
)
_DELETE = r"(?<!not )(?<!n't )\b(?:delete|erase|wipe|destroy|get rid of)\b"
_MY_DATA = (
    r"(?<!from )(?<!on )(?<!in )\bmy (?:\w{1,20} ){0,2}?(?:data|information|details)\b"
    r"(?! (?:are|is) (?:below|attached|correct|unchanged))"
)
_MY = rf"(?:{_MY_DATA}|(?<!from )(?<!on )\bmy (?:\w{{1,20}} )?(?:account|profile|records?)\b)"
_HELD = r"(?:hold|have|keep|store|process|got|kept|held|stored)"
_LIST = (
    r"(?:(?:e-?mail|mailing|marketing|newsletter|distribution|contact|circulation|promotional)"
    r"(?: \w{1,20})? ?(?:lists?|database)|mailing.?lists?|newsletters?|mailshots?|marketing"
    r"|your database|your lists?\b(?! of))"
)
_CONSENT = r"(?:process|data|market|e-?mail|newsletter|photo|picture|image|contact|inform)"
RIGHTS_EN = starts(
    rf"(?:{_ASK}{ANY}|{_FIRST})(?:{_DELETE}{FEW}{_MY}|\bremove {FEW}{_MY}{FEW}\bfrom your"
    rf"|\berasure of {FEW}(?:data|{_MY})"
    rf"|\b(?:rectif(?:y|ication of)|restrict the processing of|portability of){FEW}data"
    rf"|\b(?:take|remove|unsubscribe|strike) (?:me|us|my {FEW}) ?(?:\w{{1,20}} )?(?:off|from) "
    rf"(?:\w{{1,20}} ){{0,3}}{_LIST}"
    rf"|\bstop sending me {FEW}(?:newsletter|market|promo|advert|offers\b))",
    rf"i(?:'d| would)? (?:want|like|wish|need|request){FEW}{_MY}{FEW}(?:delet|eras|destroy)ed",
    rf"cop(?:y|ies) of {FEW}my (?:own )?(?:personal )?data\b",
    rf"cop(?:y|ies) of {FEW}(?:personal )?data (?:that )?(?:you|your \w{{1,20}}) {_HELD}",
    rf"cop(?:y|ies) of {FEW}(?:everything|all)(?: that)? (?:you|u)(?:'ve)? (?:hold|got on me)",
    rf"cop(?:y|ies) of {FEW}(?:data|information) (?:held |you )?(?:\w{{1,20}} )?(?:about|on) me\b",
    r"(?:what|which|all(?: of)?(?: the)?) (?:personal )?(?:data|information) (?:do )?(?:you|u)"
    rf"(?:'ve)? (?:\w{{1,20}} )?{_HELD}(?: \w{{1,20}})? (?:on|about) me\b",
    rf"(?:everything|all)(?: that)? (?:you|u)(?:'ve)? {_HELD}(?: got)? (?:on|about) me\b",
    rf"which of my data\b|what (?:data|information) of mine (?:you|do you) {_HELD}",
    r"exercis\w{1,3} my right (?:of access(?! (?:over|to the|across|along))|(?:to|of) (?:erasure"
    r"|object|rectif|data port|be forgotten|restrict))",
    rf"i (?:\w{{1,20}} )?object to {FEW}(?:\bprocessing\b|direct marketing|profiling)",
    rf"i (?:\w{{1,20}} )?object to {FEW}\bus(?:e|ing)(?: of)? my (?:\w{{1,20}} )?(?:data|address"
    r"|details|photo|name|image|information|number)",
    r"i (?!may|can|could)(?:\w{1,20} ){0,3}(?:withdraw|withdrawing|revoke|revoking) (?:my|any|all) "
    rf"(?:\w{{1,20}} )?consent{ANY}{_CONSENT}",
)
RIGHTS_STEMS_EN = (
    *("data", "information", "details", "account", "profile", "record", "list", "newsletter"),
    *("mailshot", "market", "stop sending", "consent", "right", "object", " on me", " about me"),
    *("you hold", "erasure"),
)
ENTITLED = starts(
    r"poter|consapevol|del (?:mio )?diritto (?:di|a)|come (?:posso|faccio|si|cancel|elimin|chied)",
    r"o prawie|przysluguje mi|ze mam prawo|wiem\b|moge|jak (?:moge|mozna|usun|skasow|wypis)",
    r"i (?:understand|know|am aware|acknowledge|can|may|could)\b|how (?:to|do i|can i)\b",
    r"have the right",
)
"""Knowing of a right, and asking how it is done, which exercise none."""

_LAW = (
    r"(?:\b(?:gdpr|rgpd|rodo)\b|2016/679|data protection (?:act|regulation|law)"
    r"|ochron\w{1,3} danych osobowych|protezione dei dati)"
)
_ARTICLE = r"\bart(?:icle|icolo|icoli|\w{0,3}\.|ykul\w{0,2}|\.)? ?(?:7|15|16|17|18|20|21|22)\b"
LAW_ARTICLE = re.compile(
    rf"{_ARTICLE}[^;!?|]{{0,60}}?{_LAW}|{_LAW}[^;!?|]{{0,25}}?{_ARTICLE}|\bsubject access request\b"
)
"""An article of GDPR that gives a right, named as such."""

LAW_ONLY = re.compile(_LAW)
"""GDPR named without its article."""
LAW_STEMS = ("gdpr", "rgpd", "rodo", "679", "data prot", "danych osob", "dei dati", "subject acc")

DEMAND = starts(
    _CHIEDO,
    r"si (?:chiede|richiede)\b|mandate|inviate|fornite|cancellate|togliete|mi opp",
    _PROSZE,
    r"usuncie\b|skasujcie\b|korzystam z prawa",
    _ASK,
    r"send me\b|give me\b|i exercise|i am exercising|i object|i hereby|delete (?:my|the)\b",
)
ACT = starts(
    r"copi[ae]|accesso|accedere|cancella|rettific|limitazione|portabilit|oppo|elimina|rimuov",
    r"togli|sapere|quali|kopi|dostep|usun|skasow|sprostow|ogranicz|przenies|sprzeciw|wypis",
    r"wykresl|jakie|infor|cop(?:y|ies)|access|delet|eras|rectif|correct|object|restrict|port",
    r"remove|take me",
)
ACT_ON_MINE = starts(
    rf"(?:copia|cancellazione|cancellare|cancellate){FEW}\b(?:dati|di me|mi[oae]i?)\b",
    rf"(?:kopi\w|usun\w{{1,5}}|skasowa\w{{1,4}}){FEW}\b(?:dan(?:e|ych)|o mnie|moj\w{{1,3}})\b",
    rf"(?:copy|copies|delete|erase|erasure)\b{FEW}\b(?:data|you hold|about me|on me|my)\b",
)
NOT_OURS = starts(
    r"puoi\b|puo (?:esercit|oppor|revoc|chied)|possono|potra|(?:hai|ha) (?:il )?diritto",
    r"gli interessati|informativa|webinar|seminari|formazione|consulenza|(?:vostra|sua) richiesta",
    r"masz prawo|ma (?:pan|pani|panstwo|prawo)\b|maja panstwo prawo|przysluguj|mozna cofnac|mozesz",
    r"szkoleni|wyrazam zgode|klauzul|(?:pana|pani|panstwa) wnios|w odpowiedzi na|wbrew",
    r"you (?:have the right|may|can)\b|your (?:rights?|data|(?:\w{1,20} ){0,2}request)\b",
    r"contrary to|data subjects? (?:may|have)|privacy (?:notice|policy)|training|seminar",
)
"""Notices that tell others of their rights, answers, and what is taught and sold about them."""

# Withdrawals declared now, not before, and signs that a consumer may; breaking off for a cause,
# and ending with notice, are other things.

WITHDRAWS_IT = starts(
    r"(?:recedo|recediamo)\b",
    r"(?:dichiar|comunic|notific)(?:o|a|hiamo|iamo)\b(?: \w{1,20}){0,4}? (?:recedere|recesso"
    r"|ripensamento)",
    r"(?:vorre(?:i|mmo)|vogli(?:o|amo)|intend(?:o|iamo)|desider(?:o|iamo)|chied(?:o|iamo) di)"
    r"(?: \w{2,9}mente| pertanto| quindi| dunque| subito| ora)? recedere",
    r"(?:esercit(?:o|iamo|ando)|avvalendo(?:mi|ci)|presente si esercita|mi avvalgo|ci avvaliamo"
    r"|(?:intendo|vorrei|voglio|desidero|volermi|volerci|presente|di|per)"
    r" (?:esercitare|avvalermi|avvalere|avvalerci))\b"
    rf"{FEW}\b(?:recesso|ripensamento|tale (?:facolta|diritto))",
)
CONSUMER_IT = starts(
    r"14 (?:giorni|gg)|quattordici giorni|ripensa|cod(?:ice|\.) ?(?:del )?cons|206/2005|on.?line\b",
    r"a distanza|fuori (?:dai|dei) local|art\w{0,5}\.? ?5[2-4]\b|in rete\b|su internet|il pacco",
    r"(?:sul|dal|nel) (?:vostro )?sito|(?:dall|l)'ordine\b|mio ordine|ordine (?:n|\d)",
    r"acquist(?:o|at)|la merce\b|(?:mia abitazione|casa mia|da casa)",
)
CAUSE_IT = starts(
    r"con (?:decorrenza|effetto)|preavvis|disdett|locazion|affitt|statut|soci[oa]\b|inademp",
    r"giusta causa|gravi motivi|dimission|caparra conf|non conform|ritard|difett",
    r"mai (?:arrivat|consegnat)",
)
WITHDRAWS_PL = starts(
    r"(?<!sie )odstepuj(?:e|emy) od (?!pomysl|zamiar|reklamac|skarg)",
    r"(?:oswiadcza(?:m|my)|skladam|przesylam|zalaczam|wysylam|informuj(?:e|emy)|zawiadamiam"
    r"|w zalaczniku|w zalaczeniu)\b[^.;!?|]{0,40}?\bodstap\w{2,6}\b",
    r"(?:chce|chcemy|chcial[ab]\w{1,3}|pragne|zamierzam)(?: \w{1,20})? odstapic",
    rf"korzysta(?:m|my|jac) z {FEW}\bodstapieni",
    r"(?:przyj(?:ac|ecie|mijcie)|uzna(?:c|nie) (?:to|tego|\w{1,15} maila?) za) (?:moje(?:go)? )?"
    r"odstapieni",
)
CONSUMER_PL = starts(
    r"art\w{0,6}\.? ?(?:27|30)\b|praw\w{0,3} konsument|na odleglosc|poza lokalem|bez podania",
    r"ustawow\w{2,3} termin|(?:14|czternast\w{1,4})(?: |-)?dni(?! na odp)|14-dniow|zamowieni",
    r"kupion|kupil|zakup|towar|przesylk|paczk|przez internet|internetow|dostarczon",
    r"u (?:mnie|siebie) w",
)
CAUSE_PL = starts(
    r"art\w{0,6}\.? ?(?:4[79]\d|5[46]\d|6[34]\d)|k\.? ?c\.|kodeks\w{0,3} cyw|rekojmi|niezgodn",
    r"wad(?:y|a|e)\b|wadliw|z (?:tego|ich|waszego|panstwa) (?:powodu|winy)|zwlok|opozni",
    r"(?:termin )?dodatkow|wypowiedzeni|regulamin|podwyzk|najmu|umowy o prace|niezamawian",
    r"(?:wciaz|nadal|ciagle|dalej) nie\b",
)
_I_OR_WE = (
    r"(?:(?<!can )(?<!may )(?<!could )(?<!if )(?<!do )(?<!should )(?<!must )(?:i|we)(?:'\w{1,2})?)"
)
_SO = r"(?: (?!can|may|might|could|not|never|have|had|already)\w{1,20})"
_GOODS = r"(?:contract|order|purchase|agreement|sale|policy|membership|subscription)"
WITHDRAWS_EN = starts(
    rf"{_I_OR_WE}{_SO}{{0,8}}? (?:withdraw|withdrawing|cancel|cancelling|canceling|rescind) "
    rf"[^.;!?|]{{0,40}}?\b{_GOODS}\b",
    rf"{_I_OR_WE}{_SO}{{0,4}}? (?:exercis|us|invok)(?:e|ing) (?:my|our|the) {FEW}"
    r"(?:right (?:to|of) (?:withdraw|cancel)|withdrawal|cooling.off)",
    r"please (?:cancel|accept|treat|take) [^.;!?|]{0,40}?"
    rf"\b(?:{_GOODS}|withdrawal|cancellation)\b",
)
CONSUMER_EN = starts(
    r"cooling.?off|right (?:of|to) (?:withdraw|cancel)|consumer contracts|off.premises|2011/83",
    r"distance (?:contract|sell|sale)|contract of sale|following goods|consumer rights ",
    r"(?:14|fourteen)(?: |-)day (?:right|period|cancel|cool|window|withdraw|return|limit)",
    r"(?:with)?in(?:side)? (?:the |my |your |our )?(?:\w{1,20} )?(?:14|fourteen)(?: |-)"
    r"(?:calendar )?days?\b(?! (?:of (?:this|the date of this)|from today))",
    r"withdraw(?:ing)? from (?:my|our|the|this|that) (?:\w{1,20} )?(?:order|purchase|sale)\b"
    r"(?! of the (?:flat|house|land|property))",
)
CAUSE_EN = starts(
    r"breach|fail(?:ed|ure|ing)|delay|late\b|fault|defect|broken|never (?:arriv|came)|not arriv",
    r"notice period|days'? notice|tender|auction|bid\b|your (?:mistake|error)|clause",
    r"still (?:not|no|waiting)|been waiting",
)
"""Each language: the declaration, what makes it a consumer's, what makes it another thing."""

SUPPOSING = re.compile(
    r"\b(?:se|if|unless|jezeli|jesli|qualora|whether|czy|finche|dopoki)\b[^.;!?|]{0,80}$"
)
"""The beginning of a sentence whose second half is no declaration yet."""
