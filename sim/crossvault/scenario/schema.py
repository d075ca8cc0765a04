"""JSON Schemas of scenario, portfolio and preset files, for editors."""

from __future__ import annotations

from typing import Any

from crossvault.scenario.file_part import FilePart


def schema_of(part: type[FilePart], title: str) -> dict[str, Any]:
    """The JSON Schema of a file."""
    schema = part.model_json_schema(by_alias=True)
    for each in (schema, *schema.get("$defs", {}).values()):
        for field in each.get("properties", {}).values():
            if field.get("type") == "string" and not isinstance(field.get("default"), str):
                field.pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"crossvault {title}"}
