"""The table of commands: name, the module that has it, and its line in `backdesk --help`.

A module is imported when one of its commands runs, so that `--help` need not load the house.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One command, before its module is loaded."""

    module: str  # under daemon.cli; its `app` has the command
    summary: str


def _listed(module: str, summary: str) -> Listed:
    return Listed(module=f"daemon.cli.{module}", summary=summary)


COMMANDS = {
    "demo": _listed("service", "Show Backdesk at work on sample mail and embedded servers."),
    "init": _listed("setting_up", "Write a commented configuration and its folders."),
    "check": _listed("setting_up", "Check the whole configuration; say every problem at once."),
    "run": _listed("service", "Run the service."),
    "poll": _listed("rounds", "Run one full round of the accounts in the foreground."),
    "import": _listed("old_mail", "Take in old mail from files; nothing is sent or moved."),
    "classify": _listed("classify", "Label mails from files; nothing is stored."),
    "explain": _listed("explain", "Say everything about one mail."),
    "status": _listed("status", "Say how the house is."),
    "reconcile": _listed("rounds", "Compare the servers with the ledger, folder by folder."),
    "quarantine": _listed("quarantine", "Mails that could not be read."),
    "queue": _listed("queues", "The queues and what waits in them."),
    "case": _listed("case", "The register of complaints and requests."),
    "deadline": _listed("deadline", "Count when an answer is due, day by day."),
    "show": _listed("mails", "Show a mail as text, or its bytes as received."),
    "simulate": _listed("simulate", "Say what another configuration would have done."),
    "outbox": _listed("outbox", "Outgoing mail."),
    "webhook": _listed("webhooks", "What other systems are told, and how they take it."),
    "digest": _listed("digest", "Print the day's digest, or send it."),
    "report": _listed("report", "Complaints and service in figures; the register."),
    "web": _listed("web", "Links to the public pages."),
    "doctor": _listed("doctor", "Examine the environment."),
}
