"""What a letter says -> its subject and text, by the templates of the house or the shipped ones."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.config.settings import Settings
from daemon.config.shipped import shipped
from daemon.config.values import Tongue

LANGUAGES: tuple[Tongue, ...] = ("it", "pl", "en")
_SUBJECT = "Subject: "
_LONGEST = 100_000  # characters of a letter
_FILE = re.compile(r"([a-z0-9][a-z0-9-]{0,63})\.(it|pl|en)\.txt\.j2")


def language_for(language: str | None, settings: Settings) -> Tongue:
    """Return in which language somebody is written to who writes in one, or in none we know."""
    own = next((one for one in LANGUAGES if one == language), None)
    return own or settings.acknowledgements.language or settings.service.language


class LetterError(ValueError):
    """A template that cannot be used: what is wrong, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A letter in words."""

    subject: str
    body: str


class Letters:
    """The templates, in a sandbox: one line `Subject: ...`, an empty line, the text.

    Args:
        own: folder with templates of the house; None: there are none.
        ours: the shipped folder; a template of the house takes the place of one there.
    """

    def __init__(self, own: Path | None = None, ours: str = "templates") -> None:
        folders = [folder for folder in (own, shipped(ours)) if folder is not None]
        self._folders = folders
        self._templates = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folders),
            autoescape=False,  # plain text
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def languages(self) -> dict[str, tuple[str, ...]]:
        """Return the letters that there are, by name, each with its languages."""
        files = (path.name for folder in self._folders for path in _listed(folder))
        known = {found.groups() for file in files if (found := _FILE.fullmatch(file))}
        names = sorted({name for name, _ in known})
        return {name: tuple(one for one in LANGUAGES if (name, one) in known) for name in names}

    def write(
        self, name: str, language: str, values: Mapping[str, Any], subject: str | None = None
    ) -> Text:
        """Return a letter in it, pl or en.

        Args:
            name: of the letter.
            language: of its template.
            values: that it may name.
            subject: where the template has no line `Subject:`; None: it must have one.

        Raises:
            LetterError: the template is missing, wrong, or has no subject.
        """
        file = f"{name}.{language}.txt.j2"
        try:
            pieces = self._templates.get_template(file).generate(values)
            text = "".join(_limited(pieces, file))
        except Exception as error:  # rim: the house's own template may do whatever Jinja can
            line = getattr(error, "lineno", None)
            where = f"{file}:{line}" if line else file
            raise LetterError(f"{where}: {type(error).__name__}: {error}") from error
        first, _, body = text.replace("\r\n", "\n").partition("\n\n")
        if subject is not None and not first.startswith(_SUBJECT) and text.strip():
            return Text(subject=subject, body=text.strip() + "\n")
        if not first.startswith(_SUBJECT) or "\n" in first or not body.strip():
            raise LetterError(f"{file}: must begin with a line 'Subject: ...' and an empty line")
        return Text(subject=first.removeprefix(_SUBJECT).strip(), body=body.strip() + "\n")


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # named by `backdesk check`
        return []


def _limited(pieces: Iterator[str], file: str) -> Iterator[str]:
    left = _LONGEST
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise ValueError(f"{file} makes a letter of more than {_LONGEST} characters")
        yield piece
