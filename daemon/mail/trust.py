"""Authentication-Results of our own server -> is a mail from whom it says (RFC 8601); pure."""

import re
from collections.abc import Collection, Sequence

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"

_LONGEST = 4_000  # characters of one header that are looked at
_DEEPEST = 20  # comments within one another
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_INNERMOST = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9_.-]+)\s*=\s*([^\s;]+)", re.IGNORECASE)


def authenticity(
    headers: Sequence[tuple[str, str]], our_servers: Collection[str], domain: str
) -> str:
    """Return what our own server found out about the sender's domain: pass, fail or unknown.

    Only the topmost of the headers counts that one of our servers signed with its name: whatever
    stands below came with the mail (RFC 8601 5 and 7.1).

    Args:
        headers: (lower-cased name, value), the topmost first.
        our_servers: their authserv-ids, in lower case; none: nothing can be known.
        domain: of the address the mail says it is from, in lower case.
    """
    for name, value in headers:
        if name != "authentication-results":
            continue
        server, _, results = _bare(value[:_LONGEST]).partition(";")
        if (server.split() or [""])[0].lower() in our_servers:
            return _judged(results, domain)
    return UNKNOWN


def _judged(results: str, domain: str) -> str:
    """DMARC speaks for the domain in From; DKIM and SPF only where theirs is that or above it."""
    verdict = UNKNOWN
    for part in results.split(";"):
        found = _RESULT.match(part)
        if found is None:
            continue
        method, result = found[1].lower(), found[2].lower()
        properties = {key.lower(): value.lower() for key, value in _PROPERTY.findall(part)}
        if method == "dmarc" and properties.get("header.from", domain) == domain:
            return {"pass": PASS, "fail": FAIL}.get(result, verdict)
        if result == "pass" and any(_is_above(one, domain) for one in _signers(method, properties)):
            verdict = PASS
    return verdict


def _signers(method: str, properties: dict[str, str]) -> list[str]:
    named = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}.get(method, ())
    return [properties[one].rpartition("@")[2] for one in named if one in properties]


def _is_above(signer: str, domain: str) -> bool:
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _bare(value: str) -> str:
    """Return a header without quoted strings and comments, in which strangers' words may stand.

    An envelope sender such as `"; dmarc=pass "@x.example` is quoted there.
    """
    value = _QUOTED.sub(" ", value)
    if '"' in value:
        return ""
    for _ in range(_DEEPEST):
        value, number = _INNERMOST.subn(" ", value)
        if not number:
            break
    return value
