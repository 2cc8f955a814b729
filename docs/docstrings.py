"""For the API pages: what griffe reads from docstrings, made right."""

import re

from griffe import Extension, Object

_ROLE = re.compile(r":\w+:`~?([^`]+)`")


class Docstrings(Extension):
    """Roles become code; in ``a, b : float`` each parameter has a default of its own."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        if obj.docstring is None:
            return
        obj.docstring.value = _ROLE.sub(r"`\1`", obj.docstring.value)
        if not obj.is_function:
            return
        for section in obj.docstring.parsed:
            if section.kind.value == "parameters":
                for described in section.value:
                    name = described.name.lstrip("*")
                    if name in obj.parameters:
                        described.value = obj.parameters[name].default
