"""The parts that pages are made of, around what stands between a tag and its end."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.wording import Label

register = template.Library()


@register.simple_block_tag
def listing(
    content: SafeString,
    *titles: Label,
    presses: Label = "",
    wide: str = "",
    look: str = "table-hover table-stack",
) -> str:
    """A table under its columns' titles; between the tags stand its rows.

    `presses` is what only screen readers say of a last column of links and buttons; `wide` are the places,
    from 1, of the columns that a phone leaves out.
    """
    cells = [
        ("d-none d-md-table-cell" if str(place) in wide else "", title)
        for place, title in enumerate(titles, start=1)
    ]
    if presses:
        cells.append(("", format_html('<span class="visually-hidden">{}</span>', presses)))
    heads = format_html_join("", '<th scope="col" class="{}">{}</th>', cells)
    table = '<table class="table {}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    return format_html('<div class="table-box">{}</div>', format_html(table, look, heads, content))


@register.simple_block_tag
def card(
    content: SafeString,
    heading: Label = "",
    *,
    icon: str = "",
    look: str = "",
    link: str = "",
    link_label: Label = "",
) -> str:
    """A section of a page, with a heading or without; beside the heading may stand a link."""
    head = '<header class="card-header"><h2 class="card-heading">{}{}</h2>{}</header>'
    more = format_html('<a href="{}">{}</a>', link, link_label) if link else ""
    return format_html(
        '<section class="card {}">{}<div class="card-body">{}</div></section>',
        look,
        format_html(head, _picture(icon), heading, more) if heading else "",
        content,
    )


@register.simple_block_tag
def fact(content: SafeString, label: Label) -> str:
    """A line of a `<dl class="facts">`; a dash where nothing stands between the tags."""
    html = '<div class="fact"><dt>{}</dt><dd>{}</dd></div>'
    return format_html(html, label, content if content.strip() else "—")


@register.simple_block_tag
def banner(content: SafeString, icon: str, *, tone: str = "", role: str = "status") -> str:
    """What the reader should know before the rest. tone: danger, notice."""
    html = '<div class="banner {}" role="{}">{}<span>{}</span></div>'
    return format_html(html, f"banner-{tone}" if tone else "", role, _picture(icon), content)


def _picture(icon: str) -> str:
    return format_html('<i class="bi bi-{}" aria-hidden="true"></i> ', icon) if icon else ""
