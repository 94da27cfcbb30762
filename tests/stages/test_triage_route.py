"""Rules: the first that matches wins, says why, and never fails on a mail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.rules import Condition, Rule
from daemon.config.settings import COSTS
from daemon.records import Attachment, Automatic, Decision, Verdict
from daemon.triage import conditions
from daemon.triage.route import RouteInput, compile_rules, route, route_under
from daemon.triage.verdict import judge
from tests.stages.triage_builders import address, reading


def mail(*, account: str = "info", size: int = 2_000, **changes: Any) -> RouteInput:
    """Return a mail with its verdict, ready to be routed."""
    read = reading(**changes)
    return RouteInput(account=account, size=size, reading=read, verdict=judge(read, COSTS))


def rule(name: str, queue: str | None = "q", **when: Any) -> Rule:
    """Return a rule as the configuration makes it."""
    condition = Condition.model_validate(when)
    return Rule(name=name, when=condition, queue=queue, stop=queue is None)


def attached(filename: str) -> tuple[Attachment, ...]:
    """Return one attachment of that name."""
    return (Attachment(filename=filename, media_type="a/b", size=1, sha256=bytes(32)),)


UNSURE = {"complaint": 0.30, "request": 0.30, "newsletter": 0.20, "other": 0.20}

CASES: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [
    ({}, {}, "all mail"),
    ({"label": "complaint"}, {}, "label = complaint"),
    ({"label": ["unsure", "complaint"]}, {}, "label = complaint"),
    ({"label": "request"}, {}, None),
    ({"label": "unsure"}, {"scores": UNSURE}, "label = unsure"),
    ({"label": "unsure"}, {"scores": None}, "label = unsure"),
    ({"label": "unsure"}, {}, None),
    ({"label": "complaint"}, {"automatic": Automatic.BOUNCE}, None),
    ({"label": "automatic"}, {"automatic": Automatic.BOUNCE}, "label = automatic"),
    ({"label": "unsure"}, {"automatic": Automatic.BOUNCE}, None),
    ({"automatic": True}, {"automatic": Automatic.DSN}, "automatic = dsn"),
    ({"automatic": True}, {}, None),
    ({"automatic": False}, {}, "not automatic"),
    ({"automatic": False}, {"automatic": Automatic.DSN}, None),
    ({"automatic": ["own", "dsn"]}, {"automatic": Automatic.DSN}, "automatic = dsn"),
    ({"automatic": "own"}, {"automatic": Automatic.DSN}, None),
    ({"min_confidence": 0.7}, {}, "confidence at least 0.7"),
    ({"min_confidence": 0.71}, {}, None),
    ({"max_confidence": 0.7}, {}, "confidence at most 0.7"),
    ({"max_confidence": 0.69}, {}, None),
    ({"language": ["pl", "it"]}, {}, "language = it"),
    ({"language": "it"}, {"language": None}, None),
    ({"account": "info"}, {}, "account = info"),
    ({"account": "desk"}, {}, None),
    ({"sender": "anna.rossi@CLIENT.example"}, {}, "sender = anna.rossi@CLIENT.example"),
    ({"sender": "*@client.example"}, {}, "sender = *@client.example"),
    ({"sender": "a???.*@*"}, {}, "sender = a???.*@*"),
    ({"sender": "@client.example"}, {}, None),
    ({"sender": "*@clientxexample"}, {}, None),
    ({"sender": "*@client.example"}, {"sender": None}, None),
    ({"sender_regex": "^Anna"}, {}, "sender matches '^Anna'"),
    ({"sender_regex": "^anna"}, {}, None),
    ({"recipient": "sales@*"}, {}, "recipient = sales@*"),
    ({"recipient": "info@*"}, {}, "recipient = info@*"),
    ({"recipient": "boss@*"}, {}, None),
    ({"recipient": "*"}, {"to": (), "cc": ()}, None),
    ({"subject": "PERCHE"}, {}, "subject has 'PERCHE'"),
    ({"subject": ["xyz", "rótta"]}, {}, "subject has 'rótta'"),
    ({"subject": "xyz"}, {}, None),
    ({"subject": "\u0301"}, {}, None),
    ({"subject_regex": "lampad[ao]"}, {}, "subject matches 'lampad[ao]'"),
    ({"subject_regex": "LAMPADA"}, {}, None),
    ({"headers": {"X-Shop": "^web"}}, {"headers": (("x-shop", "web 2"),)},
     "header x-shop matches '^web'"),
    ({"headers": {"X-Shop": "^web"}}, {"headers": (("x-shop", "a"), ("x-shop", "web"))},
     "header x-shop matches '^web'"),
    ({"headers": {"X-Shop": "^web"}}, {"headers": (("x-other", "web"),)}, None),
    ({"headers": {"X-A": "1", "X-B": "2"}}, {"headers": (("x-a", "1"),)}, None),
    ({"min_size": 2_000}, {}, "size at least 2000"),
    ({"min_size": "2.1 kB"}, {}, None),
    ({"max_size": "2 kB"}, {}, "size at most 2000"),
    ({"max_size": 1_999}, {}, None),
    ({"attachments": False}, {}, "has no attachments"),
    ({"attachments": True}, {}, None),
    ({"attachments": True}, {"attachments": attached("a.pdf")}, "has attachments"),
    ({"attachment_name": "*.pdf"}, {"attachments": attached("A.PDF")}, "attachment_name = *.pdf"),
    ({"attachment_name": "?.pdf"}, {"attachments": attached("ab.pdf")}, None),
    ({"attachment_name": "a[b].*"}, {"attachments": attached("a[b].x")},
     "attachment_name = a[b].*"),
    ({"label": "complaint", "language": "it"}, {}, "label = complaint, language = it"),
    ({"label": "complaint", "language": "pl"}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("when", "changes", "words"), CASES, ids=range(len(CASES)))
def test_a_condition_holds_or_not_and_says_which(when, changes, words) -> None:
    """Each key by itself, and together; the reason quotes the rule."""
    decision = route(mail(**changes), compile_rules([rule("r", **when)]))
    if words is None:
        assert decision == Decision(queue=None, rule=None, reason="no rule matched")
    else:
        assert decision == Decision(queue="q", rule="r", reason=f"rule r: {words}")


def test_every_key_of_a_condition_has_a_test() -> None:
    """A key that the configuration takes and the rules ignore would be a silent fault."""
    assert set(conditions._TESTS) == set(Condition.model_fields)
    assert {key for when, _, _ in CASES for key in when} == set(Condition.model_fields)


def test_the_first_rule_that_matches_wins() -> None:
    """Order is meaning; later rules are not asked."""
    rules = [rule("a", "qa", language="pl"), rule("b", "qb", label="complaint"), rule("c", "qc")]
    assert route(mail(), compile_rules(rules)).queue == "qb"
    assert route(mail(), compile_rules(rules[::-1])).queue == "qc"


def test_a_rule_can_leave_mail_where_it_is() -> None:
    """`stop` is a decision with a name, unlike no match."""
    rules = compile_rules([rule("stay", None, label="complaint"), rule("all", "q")])
    decision = route(mail(), rules)
    assert decision == Decision(queue=None, rule="stay", reason="rule stay: label = complaint")


def test_without_rules_mail_stays() -> None:
    """Observe-only houses may have none."""
    assert route(mail(), compile_rules([])).reason == "no rule matched"


def test_the_headers_that_rules_ask_for_are_known() -> None:
    """Reading passes on no other headers, so this list must be complete."""
    rules = [rule("a", headers={"X-Shop": "a", "List-Id": "b"}), rule("b", headers={"x-shop": "c"})]
    assert compile_rules(rules).headers == ("list-id", "x-shop")


def test_a_hostile_subject_does_not_slow_a_rule_down() -> None:
    """RE2 is linear where a backtracking engine would not come back (pain: ReDoS)."""
    rules = compile_rules([rule("r", subject_regex=r"(a+)+$", sender="*a*a*a*a*a*a*b@x.example")])
    hostile = "a" * 200_000 + "!"
    assert route(mail(subject=hostile, sender=address(hostile)), rules).rule is None


@pytest.mark.parametrize(
    "when",
    [{"sender": "*"}, {"subject_regex": "."}, {"headers": {"X-A": "."}}, {"attachment_name": "*"}],
    ids=str,
)
def test_text_without_a_form_in_utf_8_is_matched_all_the_same(when) -> None:
    """Lone surrogates come from broken charsets; a rule must neither fail nor skip the mail."""
    odd = "\ud800"
    subject = mail(
        subject=odd, sender=address(odd), headers=(("x-a", odd),), attachments=attached(odd)
    )
    assert route(subject, compile_rules([rule("r", **when)])).rule == "r"


TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["*", "?", "a*b", "(", "\\", "\ud800"]
)
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["complaint", "unsure", "automatic", "own-label"]),
        "automatic": st.sampled_from([True, False, "dsn", ["own"]]),
        "min_confidence": st.floats(0, 1),
        "language": st.sampled_from(["it", "pl"]),
        "sender": st.sampled_from(["*", "*@*", "a?*", "x@y.example", "*[!", "*\\", "*é", "*+("]),
        "recipient": st.sampled_from(["*", "*ł*", "*\U0001f600"]),
        "subject": st.sampled_from(["a", "\u0301", "ß", "ł ł"]),
        "subject_regex": st.sampled_from([".", "^$", "é", r"\p{L}", "(?s)^.*$"]),
        "headers": st.just({"X-A": "."}),
        "attachment_name": st.sampled_from(["*", "*.*", "?"]),
        "attachments": st.booleans(),
        "max_size": st.integers(1, 10),
    },
)


@given(WHEN, TEXT, TEXT, st.sampled_from([None, *Automatic]), st.floats())
def test_any_mail_is_decided(when, text, other, automatic, confidence) -> None:
    """Total: whatever strangers write into names and subjects, a decision comes out."""
    read = reading(
        subject=text, sender=address(other), to=(address(text),), headers=(("x-a", other),),
        attachments=attached(text), automatic=automatic,
    )  # fmt: skip
    verdict = Verdict(label=None, confidence=confidence, abstained=True, reason="no model")
    given_mail = RouteInput(account="a", size=5, reading=read, verdict=verdict)
    decision = route(given_mail, compile_rules([rule("r", **when), rule("rest", "rest")]))
    assert decision.queue in ("q", "rest")
    assert decision == route(given_mail, compile_rules([rule("r", **when), rule("rest", "rest")]))


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*?"), max_size=9)


@given(PLAIN | st.sampled_from(["a.b", "[a]", "(", "a|b", "\\d", "^$", "{1}", "+"]))
def test_a_glob_without_wildcards_fits_itself_only(glob) -> None:
    """What looks like a regular expression in a glob is plain text."""
    pattern = conditions._glob(glob)
    assert conditions._found(pattern, glob)
    assert not conditions._found(pattern, glob + "x")
    assert not conditions._found(pattern, "x" + glob)


def test_a_report_of_wrongdoing_goes_to_those_who_may_know() -> None:
    """Before any rule is asked; where there is no such queue the rules decide."""
    rules = compile_rules((rule("all", "everybody"),))
    report = mail(matters=("data-subject", "whistleblowing"))
    decision = route_under(report, rules, (), "confided")
    assert (decision.queue, decision.reason) == ("confided", "a report of wrongdoing")
    assert route_under(report, rules, ()).queue == "everybody"
    assert route_under(mail(), rules, (), "confided").queue == "everybody"
