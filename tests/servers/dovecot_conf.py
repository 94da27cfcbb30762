"""Ports, owner, passwords and capabilities -> the text of a private Dovecot's configuration."""

import grp
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

# fmt: off
# What Dovecot 2.3.19 advertises after login, in its order.
POST_LOGIN_CAPABILITIES = (
    "IMAP4rev1", "SASL-IR", "LOGIN-REFERRALS", "ID", "ENABLE", "IDLE", "SORT", "SORT=DISPLAY",
    "THREAD=REFERENCES", "THREAD=REFS", "THREAD=ORDEREDSUBJECT", "MULTIAPPEND", "URL-PARTIAL",
    "CATENATE", "UNSELECT", "CHILDREN", "NAMESPACE", "UIDPLUS", "LIST-EXTENDED", "I18NLEVEL=1",
    "CONDSTORE", "QRESYNC", "ESEARCH", "ESORT", "SEARCHRES", "WITHIN", "CONTEXT=SEARCH",
    "LIST-STATUS", "BINARY", "MOVE", "SNIPPET=FUZZY", "PREVIEW=FUZZY", "PREVIEW", "STATUS=SIZE",
    "SAVEDATE", "LITERAL+", "NOTIFY", "SPECIAL-USE",
)
# fmt: on

_TEXT = """\
base_dir = {workdir}/run
state_dir = {workdir}/state
log_path = {workdir}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{workdir}/tls/cert.pem
ssl_key = <{workdir}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_cache_size = 1M
mail_location = maildir:{workdir}/mail/%u/Maildir
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
mail_fsync = never
mail_max_userip_connections = 500
{accounts}
{capabilities}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={workdir}/mail/%u
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""

# Without root Dovecot runs as whoever started it, and cannot change root directories.
_ROOTLESS = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def configuration(
    *,
    workdir: Path,
    ports: tuple[int, int],
    owner: tuple[int, int],
    passwords: str | Mapping[str, str],
    capabilities: tuple[str, ...],
) -> str:
    """Return dovecot.conf, writing a password file beside it when users are named.

    Args:
        workdir: holds everything; see `_TEXT`.
        ports: plain, TLS.
        owner: uid, gid of the mails.
        passwords: one for any user, or user -> password.
        capabilities: advertised after login; empty means Dovecot's own list.
    """
    text = _TEXT.format(
        workdir=workdir,
        port=ports[0],
        tls_port=ports[1],
        uid=owner[0],
        gid=owner[1],
        accounts=_passdb(workdir, passwords),
        capabilities=f"imap_capability = {' '.join(capabilities)}" if capabilities else "",
    )
    return text if os.geteuid() == 0 else text + _rootless(owner)


def _passdb(workdir: Path, passwords: str | Mapping[str, str]) -> str:
    if isinstance(passwords, str):
        return f"passdb {{\n  driver = static\n  args = password={passwords}\n}}"
    path = workdir / "passwd"
    path.write_text("".join(f"{user}:{{PLAIN}}{word}\n" for user, word in passwords.items()))
    return f"passdb {{\n  driver = passwd-file\n  args = scheme=PLAIN username_format=%u {path}\n}}"


def _rootless(owner: tuple[int, int]) -> str:
    user, group = pwd.getpwuid(owner[0]).pw_name, grp.getgrgid(owner[1]).gr_name
    return _ROOTLESS.format(user=user, group=group)
