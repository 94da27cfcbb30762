"""Moves mails on the server as their decisions say: step 6 of the way of a mail.

Each command is a committed row before it is sent. After a crash, and where the server does not
tell new UIDs, the target folder has been listed and its new mails compared by digest before
anything is repeated; so no mail is ever there twice because of us.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from daemon import clock
from daemon.errors import MailboxAway, MailboxError
from daemon.failpoint import failpoint
from daemon.intake.actions import Action, Actions, Outcome
from daemon.intake.imap import Mailbox
from daemon.intake.store import Ledger
from daemon.store.leases import Lease

AT_ONCE = 100  # mails moved by one command
KEYWORD = "$Backdesk"  # followed by the queue's folder, where a server can neither MOVE nor UIDPLUS


class Settler:
    """Settles one account on its open connection."""

    def __init__(self, mailbox: Mailbox, ledger: Ledger, actions: Actions, lease: Lease) -> None:
        self._mailbox = mailbox
        self._ledger = ledger
        self._actions = actions
        self._lease = lease

    def run(self, account: str) -> int:
        """Carry out every open action; return how many mails were moved or marked.

        Raises:
            MailboxError: a folder was refused; the rest has been settled.
            MailboxAway: the server is away; what is open stays so.
        """
        groups: dict[tuple[str, int, str], list[Action]] = defaultdict(list)
        for action in self._actions.open(account):
            groups[action.folder, action.uidvalidity, action.target].append(action)
        settled, refused = 0, None
        for key, group in groups.items():
            try:
                settled += self._group(account, key, group)
            except MailboxAway:
                raise
            except MailboxError as refusal:  # of one folder: the others are settled all the same
                refused = refusal
        if refused is not None:
            raise refused
        return settled

    def _group(self, account: str, key: tuple[str, int, str], group: Sequence[Action]) -> int:
        source, uidvalidity, target = key
        ready = [action for action in group if not _must_wait(action)]
        if len(ready) < len(group) and not self._mailbox.exists(target):
            ready = list(group)  # a folder that is not there holds nothing of ours
        if not ready:
            return 0
        selected = self._mailbox.select(source)
        here = set(self._mailbox.uids()) if selected.uidvalidity == uidvalidity else set()
        present = [action for action in ready if action.uid in here]
        self._finish(None, [_vanished(action) for action in ready if action.uid not in here])
        copied = [action for action in present if action.is_copied]
        self._remove_sources(copied)
        rest = [action for action in present if not action.is_copied]
        done = sum(
            self._settle(account, source, target, rest[i : i + AT_ONCE])
            for i in range(0, len(rest), AT_ONCE)
        )
        return done + len(copied)

    def _settle(self, account: str, source: str, target: str, part: Sequence[Action]) -> int:
        if not (self._mailbox.can_move or self._mailbox.has_uidplus):
            return self._mark(part)
        target_id = self._target(account, target, source)
        uids = [action.uid for action in part]
        if self._mailbox.can_move:
            self._actions.issue(self._lease, part, "move", clock.now())
            known = self._mailbox.move(uids, target)
            failpoint("settle.moved")
            self._finish(target_id, [_done(action, "move", known) for action in part])
        else:
            self._actions.issue(self._lease, part, "copy", clock.now())
            known = self._mailbox.copy(uids, target)
            failpoint("settle.copied")
            self._remove(target_id, part, known)
        return len(part)

    def _target(self, account: str, target: str, source: str) -> int:
        """Make sure the target exists and has a row; the source is open again afterwards."""
        self._mailbox.create(target)
        if done := self._actions.placement.done_beside(account, target):
            self._mailbox.create(done)
        selected = self._mailbox.examine(target)
        folder = self._ledger.open_folder(self._lease, account, target, selected.uidvalidity)
        self._mailbox.select(source)
        return folder.id

    def _remove(self, target_id: int, part: Sequence[Action], known: dict[int, int]) -> None:
        """Remove the sources of a COPY whose new UIDs are known; the others wait for a listing."""
        sure = [action for action in part if action.uid in known]
        if sure:
            self._mailbox.remove([action.uid for action in sure])
            failpoint("settle.removed")
            self._finish(target_id, [_done(action, "copy", known) for action in sure])

    def _remove_sources(self, copied: Sequence[Action]) -> None:
        """Finish copies that a crash left with both ends on the server."""
        if not copied:
            return
        if self._mailbox.has_uidplus:
            self._mailbox.remove([action.uid for action in copied])
            outcomes = [Outcome(action=action, state="done", how="copy") for action in copied]
        else:
            note = "copied, and the source cannot be removed without UIDPLUS"
            outcomes = [
                Outcome(action=action, state="failed", how="copy", note=note) for action in copied
            ]
        self._finish(None, outcomes)

    def _mark(self, part: Sequence[Action]) -> int:
        """Mark mails where the server can neither move nor expunge single mails safely."""
        how = "ledger"
        if self._mailbox.keeps_keywords:
            how = "keyword"
            self._actions.issue(self._lease, part, how, clock.now())
            self._mailbox.add_keyword([action.uid for action in part], keyword(part[0].target))
        self._finish(None, [Outcome(action=action, state="done", how=how) for action in part])
        return len(part)

    def _finish(self, target_id: int | None, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            self._actions.finish(self._lease, target_id, outcomes, clock.now())
            failpoint("settle.committed")


def keyword(folder: str) -> str:
    """Return the flag that stands for a queue's folder: an atom of RFC 3501 9."""
    name = "".join(char if char.isascii() and char.isalnum() else "_" for char in folder)
    return f"{KEYWORD}_{name}"


def _must_wait(action: Action) -> bool:
    """Tell whether the target must be listed before this action may be repeated."""
    if action.state != "issued" or action.is_copied or action.how == "keyword":
        return False
    return not _is_after(action.target_listed_at, action.issued_at)


def _is_after(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and other is not None and moment >= other


def _vanished(action: Action) -> Outcome:
    """Say how an action ended whose mail is no longer in its source folder."""
    if action.is_copied:
        return Outcome(action=action, state="done", how="move")
    return Outcome(action=action, state="superseded", note="the mail was no longer there")


def _done(action: Action, how: str, known: dict[int, int]) -> Outcome:
    if known and action.uid not in known:  # the server told which mails it moved: not this one
        left = _vanished(action)
        return left if left.state == "done" else replace(left, how="none")
    return Outcome(action=action, state="done", how=how, target_uid=known.get(action.uid))
