"""Domains in which anybody may have an address: their people have nothing to do with each other."""

MAIL_PROVIDERS = frozenset({
    "abv.bg", "alice.it", "aol.com", "aruba.it", "autograf.pl", "azet.sk", "bluewin.ch",
    "buziaczek.pl", "centrum.cz", "email.it", "fastmail.com", "fastwebnet.it", "free.fr",
    "freenet.de", "gazeta.pl", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
    "gmx.it", "gmx.net", "go2.pl", "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.de",
    "hotmail.es", "hotmail.fr", "hotmail.it", "icloud.com", "interia.com", "interia.eu",
    "interia.pl", "inwind.it", "iol.it", "laposte.net", "libero.it", "live.com", "live.fr",
    "live.it", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "neostrada.pl", "o2.pl",
    "onet.com.pl", "onet.eu", "onet.pl", "op.pl", "orange.fr", "outlook.com", "outlook.de",
    "outlook.es", "outlook.fr", "outlook.it", "pm.me", "poczta.fm", "poczta.onet.pl", "poczta.pl",
    "post.cz", "poste.it", "prokonto.pl", "proton.me", "protonmail.com", "seznam.cz", "sfr.fr",
    "spoko.pl", "supereva.it", "t-online.de", "telefonica.net", "teletu.it", "terra.es", "tim.it",
    "tin.it", "tiscali.it", "tiscalinet.it", "tlen.pl", "tuta.com", "tutanota.com", "ukr.net",
    "virgilio.it", "vodafone.it", "vp.pl", "wanadoo.fr", "web.de", "windtre.it", "wp.eu", "wp.pl",
    "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yahoo.pl",
    "yandex.com", "ymail.com", "zoho.com",
})  # fmt: skip
"""In lower case; a house adds those of its own country by `acknowledgements.providers`."""
