"""IMAP commands that need no selected folder -> answers."""

import re

from tests.servers.imap_faults import Fault
from tests.servers.imap_mail_commands import MAIL_COMMANDS
from tests.servers.imap_state import Answer, Handler, Refusal, State, folder_name, word, words
from tests.servers.imap_store import Folder
from tests.servers.imap_wire import Command, encode_name, flag_list, parse_date_time, quoted

Due = tuple[Fault, ...]
SYSTEM_FLAGS = ("\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen")


def _capability(state: State, _command: Command, _due: Due) -> Answer:
    names = " ".join(state.server.capabilities(encrypted=state.encrypted))
    return Answer(untagged=(f"* CAPABILITY {names}".encode("ascii"),))


def _noop(_state: State, _command: Command, _due: Due) -> Answer:
    return Answer()


def _logout(_state: State, _command: Command, _due: Due) -> Answer:
    return Answer(untagged=(b"* BYE until next time",))


def _login(state: State, command: Command, _due: Due) -> Answer:
    if state.server.login_disabled and not state.encrypted:
        raise Refusal("[PRIVACYREQUIRED] not without TLS")
    user, password = (word(argument).decode("utf-8") for argument in command.arguments[:2])
    if state.server.users.get(user) != password:
        raise Refusal("[AUTHENTICATIONFAILED] wrong user or password")
    state.user = user
    return Answer(status="OK logged in")


def _id(_state: State, _command: Command, _due: Due) -> Answer:
    return Answer(untagged=(b'* ID ("name" "fake")',))


def _enable(state: State, command: Command, _due: Due) -> Answer:
    asked = [word(argument).decode("ascii").upper() for argument in command.arguments]
    enabled = "".join(f" {name}" for name in asked if name == "CONDSTORE" and state.has(name))
    return Answer(untagged=(f"* ENABLED{enabled}".encode("ascii"),))


def _namespace(_state: State, _command: Command, _due: Due) -> Answer:
    return Answer(untagged=(b'* NAMESPACE (("" "/")) NIL NIL',))


def _list(state: State, command: Command, _due: Due) -> Answer:
    reference, pattern = (
        word(argument) for argument in command.arguments if isinstance(argument, bytes)
    )
    if not pattern:
        return Answer(untagged=(b'* LIST (\\Noselect) "/" ""',))
    expression = _expression((reference + pattern).decode("ascii"))
    names = [name for name in state.server.store.names if expression.fullmatch(encode_name(name))]
    return Answer(untagged=tuple(_list_line(state, command.name, name) for name in names))


def _expression(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "%": "[^/]*"}
    return re.compile("".join(wild.get(char, re.escape(char)) for char in pattern), re.IGNORECASE)


def _list_line(state: State, name: str, folder: str) -> bytes:
    children = any(other.startswith(folder + "/") for other in state.server.store.names)
    marks = ["\\HasChildren" if children else "\\HasNoChildren"]
    if folder in state.server.special_use:
        marks.append(state.server.special_use[folder])
    return f'* {name} ({" ".join(marks)}) "/" '.encode("ascii") + quoted(encode_name(folder))


def _create(state: State, command: Command, _due: Due) -> Answer:
    name = folder_name(command.arguments[0]).rstrip("/")
    if state.server.store.has(name):
        raise Refusal("[ALREADYEXISTS] there is such a folder")
    state.server.store.create(name)
    return Answer()


def _delete(state: State, command: Command, _due: Due) -> Answer:
    state.server.store.delete(folder_name(command.arguments[0]))
    return Answer()


def _rename(state: State, command: Command, _due: Due) -> Answer:
    old, new = (folder_name(argument) for argument in command.arguments[:2])
    state.server.store.rename(old, new)
    return Answer()


def _subscribe(state: State, command: Command, _due: Due) -> Answer:
    state.server.store.folder(folder_name(command.arguments[0]))
    return Answer()


def _status(state: State, command: Command, _due: Due) -> Answer:
    folder = state.server.store.folder(folder_name(command.arguments[0]))
    counts = {
        "MESSAGES": len(folder.mails),
        "RECENT": 0,
        "UIDNEXT": folder.uidnext,
        "UIDVALIDITY": folder.uidvalidity,
        "UNSEEN": sum("\\Seen" not in mail.flags for mail in folder.mails.values()),
        "HIGHESTMODSEQ": folder.modseq,
    }
    asked = [item.decode("ascii").upper() for item in words(command.arguments[1])]
    text = " ".join(f"{item} {counts[item]}" for item in asked)
    name = quoted(word(command.arguments[0]).decode("ascii"))
    return Answer(untagged=(b"* STATUS " + name + f" ({text})".encode("ascii"),))


def _select(state: State, command: Command, _due: Due) -> Answer:
    name = folder_name(command.arguments[0])
    state.folder, state.view = None, []  # RFC 3501 6.3.1: a failed SELECT leaves none selected
    with state.server.store.lock:
        folder = state.server.store.folder(name)
        state.view = list(folder.uids())
        lines = _select_lines(state, folder)
    state.folder, state.readonly = name, command.name == "EXAMINE"
    return Answer(untagged=lines, status=f"OK [READ-{'ONLY' if state.readonly else 'WRITE'}] open")


def _select_lines(state: State, folder: Folder) -> tuple[bytes, ...]:
    extra = ("\\*",) if state.server.keeps_keywords else ()
    lines = [
        b"* FLAGS " + flag_list(SYSTEM_FLAGS),
        b"* OK [PERMANENTFLAGS " + flag_list((*SYSTEM_FLAGS, *extra)) + b"] kept",
        b"* %d EXISTS" % len(state.view),
        b"* 0 RECENT",
        b"* OK [UIDVALIDITY %d] valid" % folder.uidvalidity,
        b"* OK [UIDNEXT %d] predicted" % folder.uidnext,
    ]
    if state.has("CONDSTORE"):
        lines.append(b"* OK [HIGHESTMODSEQ %d] highest" % folder.modseq)
    return tuple(lines)


def _append(state: State, command: Command, _due: Due) -> Answer:
    name = folder_name(command.arguments[0])
    store = state.server.store
    if not store.has(name):
        raise Refusal("[TRYCREATE] no such folder")
    *options, raw = command.arguments[1:]
    flags = [
        flag.decode() for option in options if isinstance(option, list) for flag in words(option)
    ]
    moments = [parse_date_time(option) for option in options if isinstance(option, bytes)]
    with store.lock:
        moment = moments[0] if moments else None
        content = word(raw)
        if state.server.normalises:
            content = b"\r\n".join(content.splitlines()) + b"\r\n"
        uid = store.add(name, content, flags=frozenset(flags), internaldate=moment)
        validity = store.folder(name).uidvalidity
    if state.has("UIDPLUS") and state.server.gives_appenduid:
        return Answer(status=f"OK [APPENDUID {validity} {uid}] appended")
    return Answer(status="OK appended")


# name -> handler, the state it needs (any, user, folder), the capability it belongs to
COMMANDS: dict[str, tuple[Handler, str, str]] = {
    "CAPABILITY": (_capability, "any", ""),
    "NOOP": (_noop, "any", ""),
    "LOGOUT": (_logout, "any", ""),
    "ID": (_id, "any", "ID"),
    "LOGIN": (_login, "any", ""),
    "ENABLE": (_enable, "user", "ENABLE"),
    "NAMESPACE": (_namespace, "user", "NAMESPACE"),
    "LIST": (_list, "user", ""),
    "LSUB": (_list, "user", ""),
    "CREATE": (_create, "user", ""),
    "DELETE": (_delete, "user", ""),
    "RENAME": (_rename, "user", ""),
    "SUBSCRIBE": (_subscribe, "user", ""),
    "UNSUBSCRIBE": (_subscribe, "user", ""),
    "STATUS": (_status, "user", ""),
    "SELECT": (_select, "user", ""),
    "EXAMINE": (_select, "user", ""),
    "APPEND": (_append, "user", ""),
    **MAIL_COMMANDS,
}
