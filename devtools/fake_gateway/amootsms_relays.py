"""The addresses that the fake AmootSMS posts to: registered, listed in lower case, switched on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from devtools.fake_gateway.amootsms_answers import Row
from devtools.fake_gateway.provider import Call, CallRefused, local_stamp
from gateways.statuses import DUPLICATE_ADDRESS

NAMES: Final = {"delivery": "RelayMessageDelivery", "received": "RelayRecieveMessage"}


class RelayAddresses:
    """The registered addresses, by kind of news. An address stands once in a list."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in NAMES.values()}

    def methods(self) -> Mapping[str, Callable[[Call], Any]]:
        found: dict[str, Callable[[Call], Any]] = {}
        for name in NAMES.values():
            found[f"{name}Create"] = partial(self._create, name)
            found[f"{name}List"] = partial(self._list, name)
            found[f"{name}SetActive"] = partial(self._set_active, name)
        return found

    def active(self, kind: str) -> list[str]:
        return [row["URLAddress"] for row in self._rows[NAMES[kind]] if row["Active"]]

    def _create(self, name: str, call: Call) -> Row:
        rows, address = self._rows[name], call.get("URLAddress").casefold()
        if not address:
            raise CallRefused("URLAddress_Empty")
        if any(row["URLAddress"] == address for row in rows):
            raise CallRefused(DUPLICATE_ADDRESS)
        relay_id = 99 + len(rows)
        rows.append(
            {
                "ID": relay_id,
                "EncryptedID": "",
                "Active": True,
                "RegDateTime": local_stamp(call.at),
                "URLAddress": address,
            }
        )
        return {"Status": "Success", f"{name}ID": relay_id}

    def _list(self, name: str, _call: Call) -> Row:
        return {"Status": "Success", "Data": self._rows[name]}

    def _set_active(self, name: str, call: Call) -> str:
        wanted = call.integer(f"{name}ID")
        row = next((row for row in self._rows[name] if row["ID"] == wanted), None)
        if row is None:
            return "Failed"
        row["Active"] = call.get("Active").casefold() == "true"
        return "Success"
