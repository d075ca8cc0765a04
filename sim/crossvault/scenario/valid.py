"""Validates a file against its shape, and reports every invalid field with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crossvault.scenario.file_part import FilePart
from crossvault.scenario.source import Route, ScenarioError, SourceFile, did_you_mean

_QUOTED = re.compile(r"'([^']*)'")

Shape = TypeVar("Shape", bound=FilePart)


def validated(source: SourceFile, shape: type[Shape]) -> Shape:
    """Returns the data of a file as its shape. Raises ScenarioError with every invalid field."""
    if not isinstance(source.data, dict):
        needed = ", ".join(str(info.alias or name) for name, info in shape.model_fields.items() if info.is_required())
        raise ScenarioError(source.problem((), f"expected a mapping with {needed}"))
    source.note_commas()
    try:
        return shape.model_validate(source.data)
    except ValidationError as wrong:
        for error in wrong.errors():
            route, problem = _problem_of(source, error)
            source.note(route, problem)
        source.require_no_problems()
        raise


def _problem_of(source: SourceFile, error: ErrorDetails) -> tuple[Route, str]:
    route, given, context = source.known(error["loc"]), error["input"], error.get("ctx", {})
    kind = error["type"]
    if kind == "unknown_field":
        return (*route, context["key"]), f"unknown field: {context['hint']}"
    if kind == "missing":
        return (*route, str(error["loc"][-1])), "is missing, and there is no default"
    if kind == "union_tag_invalid":
        tags = _QUOTED.findall(str(context["expected_tags"]))
        return (*route, "do"), f"{context['tag']!r} is not a step: {did_you_mean(str(context['tag']), tags)}"
    if kind == "union_tag_not_found":
        return route, "is missing 'do': expected a step such as 'do: deposit'"
    if kind == "value_error":
        return route, str(context["error"])
    return route, _expected(kind, given, context, error["msg"])


def _expected(kind: str, given: object, context: Mapping[str, Any], message: str) -> str:
    if kind == "literal_error":
        return f"{given!r}: {did_you_mean(str(given), _QUOTED.findall(str(context['expected'])))}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} is not a name: expected letters, digits, '-' and '_', and for an account '/NUMBER'"
    plain = {
        "string_type": "text",
        "list_type": "a list",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
        "int_type": "a whole number",
        "too_short": "at least one",
    }
    return f"expected {plain[kind]}, got {given!r}" if kind in plain else f"{message}, got {given!r}"
