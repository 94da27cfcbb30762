"""Both engines keep the same promises: moves on the server, planned and explained."""

from sqlalchemy import select

from daemon.intake.actions import Action, Outcome
from daemon.store.tables import (
    actions,
    decisions,
)
from tests.builders import raw_mail
from tests.contracts.books import LATER, Books


class TestActions:
    """What we do on the server is a row before it is a command, and ends once."""

    def settled(self, books: Books, *outcomes: tuple[str, str | None, int | None]) -> None:
        target = books.folder("Queues/Reclami", uidvalidity=3)
        found = books.actions.open("info")
        ended = [
            Outcome(action=action, state=state, how=how, target_uid=uid)
            for action, (state, how, uid) in zip(found, outcomes, strict=True)
        ]
        books.actions.finish(books.lease, target.id, ended, LATER)

    def planned(self, books: Books, *raws: bytes) -> list[Action]:
        books.receive(books.folder(), *raws)
        books.record(*raws)
        return books.actions.open("info")

    def test_a_decision_plans_its_move_in_the_same_step(self, books: Books) -> None:
        """The action is there as soon as the decision is, once, with everything it needs."""
        (action,) = self.planned(books, raw_mail(1))
        assert (action.folder, action.uidvalidity, action.uid) == ("INBOX", 1, 1)
        assert (action.state, action.target) == ("planned", "Queues/Reclami")
        assert books.actions.has_open("info")
        assert not books.actions.has_open("vendite")

    def test_an_observed_account_plans_nothing(self, books: Books) -> None:
        """Without a go-live date there is a decision and no action."""
        books.receive(books.folder(account="vendite"), raw_mail(1))
        books.record(raw_mail(1))
        assert len(books.column(select(decisions.c.mail_id))) == 1
        assert books.column(select(actions.c.id)) == []

    def test_an_issued_action_is_committed_as_such(self, books: Books) -> None:
        """After `issue` a restart sees that the command may have been sent."""
        found = self.planned(books, raw_mail(1), raw_mail(2))
        books.actions.issue(books.lease, found[:1], "move", LATER)
        again = books.actions.open("info")
        assert [a.state for a in again] == ["issued", "planned"]
        assert again[0].issued_at == LATER
        assert again[0].how == "move"

    def test_a_move_with_copyuid_knows_its_new_place(self, books: Books) -> None:
        """The source is gone, the target holds a delivery of our own, and no sighting remains."""
        self.planned(books, raw_mail(1), raw_mail(2))
        self.settled(books, ("done", "move", 51), ("done", "move", 52))
        target = books.folder("Queues/Reclami", uidvalidity=3)
        assert books.ledger.uids(target) == {51: True, 52: True}
        assert books.ledger.uids(books.folder()) == {1: False, 2: False}
        books.receive(target, raw_mail(1), raw_mail(2), first_uid=51)
        assert not books.actions.has_open("info")
        bound = books.column(select(actions.c.target_delivery_id))
        assert None not in bound
        assert len(set(bound)) == 2

    def test_a_move_without_copyuid_is_known_by_its_bytes(self, books: Books) -> None:
        """The new place is found by a listing, and explained as our own move."""
        self.planned(books, raw_mail(1))
        self.settled(books, ("done", "move", None))
        books.receive(books.folder("Queues/Reclami", uidvalidity=3), raw_mail(1), first_uid=51)
        counts = books.actions.explain_sightings(books.lease, "info", LATER)
        assert counts == {"own": 1}
        assert books.actions.persons_moves() == []

    def test_mixed_endings_are_kept_apart(self, books: Books) -> None:
        """Done, superseded and failed actions of one command each keep their own ending."""
        self.planned(books, raw_mail(1), raw_mail(2), raw_mail(3))
        self.settled(books, ("done", "move", 51), ("superseded", None, None), ("failed", "copy", 0))
        query = select(actions.c.state).order_by(actions.c.id)
        assert books.column(query) == ["done", "superseded", "failed"]
        assert books.ledger.uids(books.folder()) == {1: False, 2: True, 3: True}
        assert books.actions.open("info") == []

    def test_a_persons_move_is_seen_once(self, books: Books) -> None:
        """Gone from the inbox and present in a queue without an action of ours: a lesson."""
        books.receive(books.folder(), raw_mail(1))
        books.record(raw_mail(1), queue=None)
        target = books.folder("Queues/Reclami", uidvalidity=3)
        books.receive(target, raw_mail(1), first_uid=51)
        books.listed(books.folder(), gone=(1,))
        books.listed(target, 51)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {}
        (move,) = books.actions.persons_moves("info")
        assert (move.from_folder, move.to_folder) == ("INBOX", "Queues/Reclami")

    def test_a_source_explains_one_appearance_only(self, books: Books) -> None:
        """A mail moved on by a person before we saw where we put it can come back there.

        Our move (no COPYUID) is explained as the person's, since its target was listed without
        the mail; when the person then moves it into that very target, this is a second move of
        theirs, not ours, and no row is used twice.
        """
        self.planned(books, raw_mail(1))
        self.settled(books, ("done", "move", None))
        target, other = books.folder("Queues/Reclami", 3), books.folder("Queues/Altro", 4)
        books.listed(target)
        books.receive(other, raw_mail(1), first_uid=7)
        books.listed(other, 7)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        books.receive(target, raw_mail(1), first_uid=9)
        books.listed(other, gone=(7,))
        books.listed(target, 9)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        assert [m.to_folder for m in books.actions.persons_moves()] == [
            "Queues/Altro",
            "Queues/Reclami",
        ]
