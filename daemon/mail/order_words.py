"""Words for labels and causes in Italian, Polish and English, as people answer a digest."""

_WORDS = {
    "complaint": (
        "complaint complaints complain reclamo reclami lamentela lamentele skarga skargi skargą "
        "reklamacja reklamacje reklamację zażalenie zazalenie"
    ),
    "request": (
        "request requests question questions enquiry inquiry richiesta richieste domanda domande "
        "prośba prosba prośby zapytanie zapytania pytanie wniosek wnioski"
    ),
    "newsletter": (
        "newsletter newsletters advertising advertisement promotion pubblicità pubblicita "
        "promozione reklama reklamy biuletyn promocja"
    ),
    "other": "other others else altro altra altri altre inne inny inna pozostałe pozostale",
}
LABELS = {word: label for label, words in _WORDS.items() for word in words.split()}
"""A word, in lower case -> the label that it means."""

CAUSES = frozenset(
    ["cause", "causa", "perché", "perche", "motivo", "przyczyna", "powód", "powod", "why"]
)
"""What stands before the cause of a case that was closed."""
