"""IMAP commands on the mails of the selected folder -> answers."""

from tests.servers.imap_answers import MACROS, Found, fetch_line, search, sets_seen
from tests.servers.imap_faults import Fault, Kind
from tests.servers.imap_state import Answer, Handler, Refusal, State, folder_name, word, words
from tests.servers.imap_store import NoSuchFolder
from tests.servers.imap_wire import Command, Gone, Token, number_set

Due = tuple[Fault, ...]


def _search(state: State, command: Command, _due: Due) -> Answer:
    found = search(command.arguments, state.found(state.view))
    by_uid = command.name.startswith("UID ")
    hits = "".join(f" {mail.uid if by_uid else mail.number}" for mail in found)
    return Answer(untagged=(f"* SEARCH{hits}".encode("ascii"),))


def _fetch(state: State, command: Command, due: Due) -> Answer:
    items = [item.upper() if b"[" not in item else item for item in words(command.arguments[1])]
    items = MACROS.get(items[0], items)
    if command.name.startswith("UID ") and b"UID" not in items:
        items = [b"UID", *items]
    omitted = _omitted(state, due)
    uids = [uid for uid in state.choose(command) if uid not in omitted]
    found = [mail for mail in state.found(uids) if mail.mail.modseq > _changed_since(command)]
    if found and any(fault.kind is Kind.ACT_AFTER_FIRST for fault in due):
        first, found = found[0], found[1:]
        state.send(_fetched(state, first, items, due) + b"\r\n")
        _act(state, due)
        found = state.found(mail.uid for mail in found)
    return Answer(untagged=tuple(_fetched(state, mail, items, due) for mail in found))


def _omitted(state: State, due: Due) -> set[int]:
    omitting = [fault for fault in due if fault.kind is Kind.OMIT]
    return {uid for fault in omitting for uid in fault.uids or state.view}


def _act(state: State, due: Due) -> None:
    for fault in due:
        if fault.kind is Kind.ACT_AFTER_FIRST:
            fault.act(state.server.store)


def _fetched(state: State, mail: Found, items: list[bytes], due: Due) -> bytes:
    if sets_seen(items) and not state.readonly and state.folder is not None:
        state.server.store.set_flags(state.folder, mail.uid, mail.mail.flags | {"\\Seen"})
    return fetch_line(mail, items, due)


def _changed_since(command: Command) -> int:
    # FETCH ... (CHANGEDSINCE n), RFC 7162 3.1.4.1
    for argument in command.arguments[2:]:
        if isinstance(argument, list) and word(argument[0]).upper() == b"CHANGEDSINCE":
            return int(word(argument[1]))
    return 0


def _store(state: State, command: Command, _due: Due) -> Answer:
    if state.readonly:
        raise Refusal("[READ-ONLY] this folder was examined")
    # A list before the item is a modifier (UNCHANGEDSINCE), which we do not enforce.
    arguments = list(command.arguments[1:])
    if isinstance(arguments[0], list):
        arguments.pop(0)
    how = word(arguments[0]).upper().decode("ascii")
    flags = _flags(state, arguments[1:])
    chosen = state.found(state.choose(command))
    for found in chosen:
        _change(state, found, how, flags)
    if how.endswith(".SILENT"):
        return Answer()
    items = [b"UID", b"FLAGS"] if command.name.startswith("UID ") else [b"FLAGS"]
    after = state.found(found.uid for found in chosen)
    return Answer(untagged=tuple(fetch_line(found, items, ()) for found in after))


def _flags(state: State, tokens: list[Token]) -> frozenset[str]:
    named = {flag.decode("ascii") for token in tokens for flag in words(token)}
    # Without \* in PERMANENTFLAGS a server says OK and keeps no keyword (RFC 3501 7.1).
    return frozenset(flag for flag in named if flag.startswith("\\") or state.server.keeps_keywords)


def _change(state: State, found: Found, how: str, flags: frozenset[str]) -> None:
    name, _ = state.selected()
    old = found.mail.flags
    new = old | flags if how.startswith("+") else old - flags if how.startswith("-") else flags
    state.server.store.set_flags(name, found.uid, new)


def _copy(state: State, command: Command, due: Due) -> Answer:
    source, target, chosen = _transfer(state, command, due)
    copies = {uid: state.server.store.copy(source, uid, target) for uid in chosen}
    _end_if_partly(due)
    code = _copyuid(state, target, copies)
    return Answer(status=f"OK {code} copied" if code else "OK copied")


def _move(state: State, command: Command, due: Due) -> Answer:
    source, target, chosen = _transfer(state, command, due)
    copies = {}
    with state.server.store.lock:
        for uid in chosen:
            copies[uid] = state.server.store.copy(source, uid, target)
            state.server.store.remove(source, uid, command.name)
    _end_if_partly(due)
    code = _copyuid(state, target, copies)
    # RFC 6851 4.3: COPYUID comes untagged, before the EXPUNGEs.
    lines = (f"* OK {code} moved".encode("ascii"),) if code else ()
    return Answer(untagged=(*lines, *state.refresh()), status="OK moved")


def _transfer(state: State, command: Command, due: Due) -> tuple[str, str, list[int]]:
    source, _ = state.selected()
    target = folder_name(command.arguments[1])
    try:
        state.server.store.folder(target)
    except NoSuchFolder:
        raise Refusal("[TRYCREATE] no such folder") from None
    chosen = [found.uid for found in state.found(state.choose(command))]
    sizes = [fault.size for fault in due if fault.kind is Kind.PARTLY]
    return source, target, chosen[: sizes[0]] if sizes else chosen


def _end_if_partly(due: Due) -> None:
    if any(fault.kind is Kind.PARTLY for fault in due):
        raise Gone


def _copyuid(state: State, target: str, copies: dict[int, int]) -> str:
    if not copies or not state.has("UIDPLUS") or not state.server.gives_copyuid:
        return ""
    validity = state.server.store.folder(target).uidvalidity
    sets = (number_set(uids).decode("ascii") for uids in (copies, copies.values()))
    return f"[COPYUID {validity} {' '.join(sets)}]"


def _expunge(state: State, command: Command, _due: Due) -> Answer:
    name, folder = state.selected()
    if state.readonly:
        raise Refusal("[READ-ONLY] this folder was examined")
    uids = state.choose(command) if command.name == "UID EXPUNGE" else folder.uids()
    with state.server.store.lock:
        for uid in uids:
            if uid in folder.mails and "\\Deleted" in folder.mails[uid].flags:
                state.server.store.remove(name, uid, command.name)
    return Answer(untagged=state.refresh(), status="OK expunged")


def _close(state: State, command: Command, _due: Due) -> Answer:
    if command.name == "CLOSE" and not state.readonly:
        _expunge(state, command, ())
    state.folder, state.view = None, []
    return Answer()


def _check(_state: State, _command: Command, _due: Due) -> Answer:
    return Answer()


def _both(name: str, handler: Handler, capability: str = "") -> dict[str, tuple[Handler, str, str]]:
    return {prefix + name: (handler, "folder", capability) for prefix in ("", "UID ")}


MAIL_COMMANDS: dict[str, tuple[Handler, str, str]] = {
    **_both("SEARCH", _search),
    **_both("FETCH", _fetch),
    **_both("STORE", _store),
    **_both("COPY", _copy),
    **_both("MOVE", _move, "MOVE"),
    "EXPUNGE": (_expunge, "folder", ""),
    "UID EXPUNGE": (_expunge, "folder", "UIDPLUS"),
    "CLOSE": (_close, "folder", ""),
    "UNSELECT": (_close, "folder", "UNSELECT"),
    "CHECK": (_check, "folder", ""),
}
