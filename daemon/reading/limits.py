"""Settings -> the limits under which one mail is read; a breach ends with the limit named."""

from dataclasses import dataclass, field

from daemon.mail.limits import MailLimits

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What one mail may cost; `mail` is kept by the parser, the rest by the parent process.

    The parent looks at a child some twenty times a second, so a breach is seen up to
    `daemon.reading.process.TICK_S` late; nothing is gained by limits below that.
    """

    mail: MailLimits = field(default_factory=MailLimits)
    cpu_s: float = 2.0  # processor seconds of the child, user and system
    wall_s: float = 30.0
    memory_bytes: int = 512 * MIB  # address space above what the warm child already holds
