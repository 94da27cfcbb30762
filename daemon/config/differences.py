"""Two configurations -> the keys that differ between them, for the log of a reload."""

from collections.abc import Iterator

from daemon.config.settings import Settings


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """Return the dotted keys that were added, removed or changed, sorted; never their values.

    A table that came or went is one key. Rules go by name (`rules.complaints.queue`), and
    `rules` alone says that the order of those in both has changed.
    """
    return tuple(sorted({*_differing("", _tree(old), _tree(new)), *_reordered(old, new)}))


def _tree(settings: Settings) -> dict[str, object]:
    tree = settings.model_dump(exclude={"path"})
    return {**tree, "rules": {rule["name"]: rule for rule in tree["rules"]}}


def _differing(key: str, old: object, new: object) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield from () if old == new else (key,)
        return
    for name in old | new:
        inner = f"{key}.{name}" if key else name
        if name in old and name in new:
            yield from _differing(inner, old[name], new[name])
        else:
            yield inner


def _reordered(old: Settings, new: Settings) -> Iterator[str]:
    before, after = ([rule.name for rule in settings.rules] for settings in (old, new))
    common = set(before) & set(after)
    if [name for name in before if name in common] != [name for name in after if name in common]:
        yield "rules"
