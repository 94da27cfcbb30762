"""Settings -> which model is in use, without starting a reading child."""

from classifiers.errors import ClassifierError
from classifiers.predict import Model
from daemon.config.settings import Settings
from daemon.fitting import SHIPPED_MODEL


def model_state(settings: Settings) -> tuple[str | None, str | None]:
    """Return the version of the model, and why there is none; one of the two is None."""
    try:
        return Model.load(settings.classifier.model or SHIPPED_MODEL).version, None
    except (ClassifierError, OSError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"
