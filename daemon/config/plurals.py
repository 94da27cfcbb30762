"""A language and a number -> the form that its words take."""


def plural(language: str, number: int) -> str:
    """Return the plural form of a whole number: one, few or many (CLDR, without fractions)."""
    if number == 1:
        return "one"
    if language != "pl":
        return "many"
    last, is_teen = number % 10, number % 100 in (12, 13, 14)
    return "few" if last in (2, 3, 4) and not is_teen else "many"
