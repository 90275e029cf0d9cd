"""The frame all pages share: jinja2 with autoescape, everything inlined, nothing loaded from anywhere."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

_TEMPLATES = "templates"
_VEGA_LITE = "6.4"


@cache
def _environment() -> jinja2.Environment:
    """Strict: a name that is missing is a bug, not a blank."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("allocator.reporting", _TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def chart_library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script to be inlined once per page."""
    import vl_convert

    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", _VEGA_LITE)
    return Markup(script.replace("</script", "<\\/script"))  # noqa: S704 (our own pinned package)


def json_for_script(document: Any) -> Markup:
    """JSON that may stand inside a ``<script>`` element."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 (made safe above)


def page(template: str, **values: Any) -> str:
    """The page of that template. Raises jinja2's errors for a template that asks for more than it gets."""
    return _environment().get_template(template).render(**values)
