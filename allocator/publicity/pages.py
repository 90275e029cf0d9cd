"""The door to this room's templates: package data, autoescaped where they make HTML."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("allocator.publicity"),
        autoescape=select_autoescape(("html", "html.j2"), default_for_string=False, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def page_of(template: str, **values: object) -> str:
    """The filled template. A value it asks for and does not get is a bug (``jinja2.UndefinedError``)."""
    return _template(template).render(**values)
