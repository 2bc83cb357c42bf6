"""The filter above a list; `components/filter_bar.html` shows it."""

from __future__ import annotations

from typing import Any

from django import forms


class FilterForm(forms.Form):
    """A filter in the address: a value that makes no sense is passed over. A field `q` is the search."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            look = "form-control"
            if isinstance(field.widget, forms.Select):
                look = "form-select"
                field.widget.attrs["data-submit-on-change"] = ""
            elif isinstance(field.widget, forms.CheckboxInput):
                look = "form-check-input"
            before = field.widget.attrs.get("class", "")
            field.widget.attrs["class"] = f"{before} {look}".strip()

    def chosen(self) -> dict[str, Any]:
        """What is asked for: the fields that hold a value that makes sense."""
        self.is_valid()
        data: dict[str, Any] = getattr(self, "cleaned_data", {})
        return {name: value for name, value in data.items() if value not in (None, "", False)}
