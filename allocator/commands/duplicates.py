"""``allocator data duplicates``: who stands in several cases of the store."""

from __future__ import annotations

import typer

from allocator.commands import shared
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DEFAULT_STORE,
    JsonOption,
    LangOption,
    PolicyOption,
    StoreOption,
)


def duplicates(
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """Cases of the store that share a person, without names or ID numbers / 查重：同一人在多份申请里."""
    from allocator.messages import text_of
    from allocator.office.duplicates import document_of, of_store

    document = document_of(of_store(store, policy), lang.value)
    counts = document["counts"]
    if as_json:
        shared.print_json(document)
    elif document["sets"]:
        for told in document["sets"]:
            shared.say(told["text"])
        shared.say(text_of("duplicates_counted", lang.value, **counts))
    else:
        shared.say(text_of("duplicates_none", lang.value))
    following = "withdraw MONTH RECEIPT_NO --reason TEXT" if document["sets"] else "open MONTH"
    shared.next_command(lang, shared.typed("round", *following.split(), store=store, lang=lang))
    if counts["error"]:
        raise typer.Exit(1)
