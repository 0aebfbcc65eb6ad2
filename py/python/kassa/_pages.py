"""Going through pages: what the next request is."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional


class Pages:
    """Where a walk through pages stands. The page after this one begins `after` what this one names as `next`, or at an
    `offset` by what was listed so far.
    """

    def __init__(self, request: Optional[Mapping[str, object]], listed: str, cursor: str) -> None:
        self.request: Optional[Mapping[str, object]] = request
        self.more = True
        self._listed, self._cursor = listed, cursor
        self._before: List[Any] = []

    def of(self, page: Mapping[str, Any]) -> List[Any]:
        """What a page lists; moves on behind it."""
        listed: List[Any] = page[self._listed]
        asked: Dict[str, Any] = dict(self.request or {})
        begin: Any = page.get("next")
        if self._cursor == "offset":
            # Who gives the same page again does not know the field.
            listed = listed if listed != self._before else []
            begin = (asked.get("offset") or 0) + len(listed) if listed else None
        self._before, self.more = listed, begin is not None
        self.request = {**asked, self._cursor: begin}
        return listed
