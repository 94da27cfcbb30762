"""The keys of what we sign, on both engines."""

from daemon.store.engine import Store
from daemon.store.keys import LINKS, TOKENS, keys_of, known_keys, renew_keys


def test_a_key_is_made_once(store: Store) -> None:
    """Looking makes none; two that ask get the same; each name has its own."""
    assert known_keys(store, LINKS) == ()
    made = keys_of(store, LINKS)
    assert made == keys_of(store, LINKS) == known_keys(store, LINKS)
    assert len(made) == 1
    assert len(made[0]) == 32
    assert keys_of(store, TOKENS) != made


def test_a_renewed_key_is_the_only_one(store: Store) -> None:
    """What the old one signed is believed no more; other names keep theirs."""
    old, other = keys_of(store, LINKS), keys_of(store, TOKENS)
    renew_keys(store, LINKS)
    new = keys_of(store, LINKS)
    assert len(new) == 1
    assert new != old
    renew_keys(store, LINKS)
    assert len(known_keys(store, LINKS)) == 1
    assert keys_of(store, TOKENS) == other
