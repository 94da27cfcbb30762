"""The exceptions of the classifier; each docstring is the message when none is given."""


class ClassifierError(Exception):
    """The classifier cannot do what was asked."""

    def __str__(self) -> str:
        """What was said, else the docstring."""
        return super().__str__() or (type(self).__doc__ or "").strip()


class ArtifactMissing(ClassifierError):
    """There is no model in this folder."""


class ArtifactMismatch(ClassifierError):
    """The model's files do not belong together, to this version, or to this key."""


class CorpusError(ClassifierError):
    """A line of the training corpus cannot be used.

    Attributes:
        file: name of the file, line: number of the line, counted from 1.
    """

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file, self.line = file, line
        super().__init__(f"{file}:{line}: {reason}")
