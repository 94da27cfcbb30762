"""`[web]`: what does not fit together is found, with what is allowed."""

import pytest

from daemon import config
from tests.stages.test_config_problems import FILE, changed, only

LISTEN, URL = '"127.0.0.1:8025"', 'public_url = ""'


def test_the_shipped_values() -> None:
    """Loopback proxies, sixty requests a minute, a month for a link, a year for a calendar."""
    web = config.parse(changed(), FILE).web
    assert web.trusted_proxies == ("127.0.0.1", "::1")
    assert (web.rate_per_minute, web.link_days, web.calendar_days) == (60, 30, 365)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "says"),
    [
        (LISTEN, '"0.0.0.0:8025"', 31, "web.listen", "open to a network without TLS"),
        (LISTEN, '"[::]:8025"', 31, "web.listen", "web.trusted_proxies"),
        (LISTEN, '"192.0.2.7:8025"\ntrusted_proxies = ["127.0.0.0/8"]', 31, "web.listen", "TLS"),
        (f"listen = {LISTEN}\n{URL}", 'public_url = "https://post.example.org"', 31,
         "web.public_url", "web.listen is empty"),
        ("[web]", '[metrics]\nlisten = "127.0.0.1:8025"\n[web]', 33, "web.listen", "another port"),
        (URL, 'trusted_proxies = ["10.0.0.300"]', 32, "web.trusted_proxies[0]", "10.0.0.0/8"),
        (URL, 'trusted_proxies = ["10.0.0.1/8"]', 32, "web.trusted_proxies[0]", "10.0.0.0/8"),
        (URL, 'trusted_proxies = ["proxy.example"]', 32, "web.trusted_proxies[0]", "192.0.2.7"),
        (URL, "rate_per_minute = 0", 32, "web.rate_per_minute", "1 or more"),
        (URL, "link_days = 366", 32, "web.link_days", "365 or less"),
        (URL, "calendar_days = 0", 32, "web.calendar_days", "1 or more"),
        (URL, 'public_url = "http://post.example.org"', 32, "web.public_url", "https://"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem(old: str, new: str, line: int, key: str, says: str) -> None:
    """Found where it stands."""
    found = only(changed((old, new)))
    assert (found[0], found[1]) == (line, key)
    assert says in found[2]


def test_a_proxy_elsewhere_makes_another_address_right() -> None:
    """Only it is served then."""
    text = changed((LISTEN, '"0.0.0.0:8025"\ntrusted_proxies = ["10.0.0.2", "::1"]'))
    assert config.parse(text, FILE).web.listen == "0.0.0.0:8025"
