"""A channel and an account -> the relay and the address an answer leaves by, and its way home."""

from dataclasses import dataclass
from email.utils import parseaddr

from daemon.config.settings import Settings
from daemon.config.values import is_address
from daemon.mail.compose import mailbox
from daemon.mail.tokens import Tokens
from daemon.triage.acknowledge import PEC

_LONGEST_ID = 500  # characters of a Message-ID that is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an answer leaves, and how the answer to it comes back."""

    relay: str
    sender: str  # address; "": the configuration names none
    separator: str = ""  # before the tag of a case in an address of ours; "": there is none

    @property
    def domain(self) -> str:
        """The sender's domain in ASCII; raises ValueError where it cannot be written so."""
        return mailbox(self.sender).rpartition("@")[2]

    def home(self, tokens: Tokens, case_id: int) -> tuple[tuple[str, str], ...]:
        """Return the header by which an answer finds its case, where the server knows tags."""
        if not self.separator:
            return ()
        local, _, domain = mailbox(self.sender).rpartition("@")
        return (("Reply-To", f"{local}{self.separator}{tokens.tag(case_id)}@{domain}"),)


def way_of(settings: Settings, channel: str, account: str) -> Way:
    """Return how an answer leaves: to certified mail from the certified mailbox, by its relay.

    Of several certified mailboxes that which was written to answers, else the first.

    Raises:
        LookupError: there is no relay for it.
    """
    if channel == PEC:
        certified = [relay for relay in settings.relays.values() if relay.pec]
        if not certified:
            raise LookupError("there is no relay for certified mail")
        address = settings.accounts[account].own_address.lower()
        of_account = (relay for relay in certified if relay.username.lower() == address)
        relay = next(of_account, certified[0])
        return Way(relay=relay.name, sender=relay.username)
    name = settings.acknowledgements.relay or settings.plain_relay
    if not name:
        raise LookupError("there is no relay")
    own, sent_from = settings.accounts[account], parseaddr(settings.digest.sender)[1]
    if own.own_address:
        return Way(relay=name, sender=own.own_address, separator=own.subaddress)
    username = settings.relays[name].username
    return Way(relay=name, sender=sent_from or (username if is_address(username) else ""))


def way_by_hand(settings: Settings, account: str) -> Way:
    """Return how a mail leaves that a person sends from his mail client: from this mailbox.

    Raises:
        LookupError: the configuration does not say what its address is.
    """
    own = settings.accounts[account]
    if not own.own_address:
        raise LookupError(f"the mailbox has no address to write from: accounts.{account}.address")
    return Way(relay="", sender=own.own_address, separator=own.subaddress)


def answering(*ids: str | None) -> tuple[tuple[str, str], ...]:
    """Return the headers that name the mails answered, the last of them as the one replied to.

    An id that cannot stand in a header as it is, is left out.
    """
    plain = [one for one in ids if one and _is_plain(one)]
    if not plain:
        return ()
    return (("In-Reply-To", plain[-1]), ("References", " ".join(dict.fromkeys(plain))))


def _is_plain(message_id: str) -> bool:
    is_one = message_id.isascii() and message_id.isprintable() and " " not in message_id
    return is_one and len(message_id) <= _LONGEST_ID
