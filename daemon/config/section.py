"""What every table of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table: unknown keys are refused, and text is never taken for a number."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True
    )


def named(tables: object) -> object:
    """Give each table of tables its own key as `name`, so that it can be passed on alone."""
    if not isinstance(tables, dict):
        return tables
    return {
        key: {**table, "name": key} if isinstance(table, dict) else table
        for key, table in tables.items()
    }


def with_port(table: object, ports: dict[str, int], security: str) -> object:
    """Fill in the usual port of the table's `security`, where no port is written."""
    if not isinstance(table, dict):
        return table
    kind = table.get("security", security)
    port = ports.get(kind) if isinstance(kind, str) else None
    return table if port is None else {"port": port, **table}
