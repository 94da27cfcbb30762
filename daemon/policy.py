"""What a mail is and where it goes: every decision on one mail, in their order; pure."""

from dataclasses import dataclass, field, replace

from daemon.intake.placement import Placement
from daemon.intake.records import Judged, Unread
from daemon.records import Decision, Reading, Unreadable, Verdict
from daemon.triage.casework import Arrival, CaseRules, wish_of
from daemon.triage.forward import ForwardRules, forwards_for
from daemon.triage.mix import HouseMix
from daemon.triage.outbound import SENT, Colleague, is_outward, nobody, sent_wish, with_answer
from daemon.triage.readership import Readership
from daemon.triage.route import CompiledRules, RouteInput, route_under
from daemon.triage.verdict import Costs, judge

_SAID = Verdict(label=None, confidence=0.0, abstained=False, reason="answers a digest")
_SENT = Verdict(label=None, confidence=0.0, abstained=False, reason=SENT)
_KEPT = Decision(queue=None, rule=None, reason="found among what people send")
_TOLD = Decision(queue=None, rule=None, reason="its words are taken up; `explain` says which")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides: replaced as a whole at a reload."""

    rules: CompiledRules
    costs: Costs
    mix: HouseMix
    placement: Placement
    cases: CaseRules
    readers: Readership = field(default_factory=Readership)
    forwarding: ForwardRules = field(default_factory=ForwardRules)
    colleague: Colleague = nobody


def decide(policy: Policy, mail: Unread, answer: Reading | Unreadable) -> Judged:
    """Decide on one mail: its label, its queue, and whether it may be acted on."""
    is_live = policy.placement.is_live(mail.account, mail.received_at)
    live = is_live and not mail.is_imported
    if isinstance(answer, Unreadable):
        return Judged(mail=mail, answer=answer, verdict=None, decision=None, live=live)
    if live and policy.readers.is_answer(answer):
        return Judged(
            mail=mail, answer=answer, verdict=_SAID, decision=_TOLD, live=live, answers_digest=True
        )
    if policy.placement.is_sent(mail.account, mail.folder):
        wish = sent_wish(answer, mail.received_at, policy.colleague) if live else None
        return Judged(mail=mail, answer=answer, verdict=_SENT, decision=_KEPT, live=live, wish=wish)
    verdict = judge(answer, policy.costs, policy.mix.seen_by(answer.model))
    here = policy.placement.queue_of(mail.account, mail.folder)
    if here and is_outward(answer, policy.colleague):
        wish = sent_wish(answer, mail.received_at, policy.colleague) if live else None
        return Judged(mail=mail, answer=answer, verdict=_SENT, decision=_KEPT, live=live, wish=wish)
    if here:
        decision = Decision(queue=here, rule=None, reason="first seen in the queue's folder")
    else:
        subject = RouteInput(account=mail.account, size=mail.size, reading=answer, verdict=verdict)
        decision = route_under(
            subject, policy.rules, policy.cases.profiles, policy.cases.whistleblowing_queue
        )
    came = Arrival(account=mail.account, received_at=mail.received_at)
    wish = wish_of(answer, verdict, decision, came, policy.cases) if live else None
    wish = with_answer(wish, answer, policy.colleague)
    if wish is not None and policy.placement.is_done(mail.account, mail.folder):
        wish = replace(wish, kind=None, clocks=(), acknowledgement=None)  # somebody has done it
    forwards = forwards_for(answer, decision.orders.forward, policy.forwarding)
    judged = Judged(mail=mail, answer=answer, verdict=verdict, decision=decision, live=live)
    return replace(judged, wish=wish, forwards=forwards)
