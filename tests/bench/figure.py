"""A measured figure beside its yardstick, and the table of them."""
import dataclasses


@dataclasses.dataclass
class Figure:
    """`mews` and `beside` are in `unit`. Wanted: a ratio of at least `ratio_wanted`, or a value below `limit`."""
    name: str
    unit: str
    mews: float
    yardstick: str = ""
    beside: float | None = None
    ratio_wanted: float | None = None
    limit: float | None = None

    @property
    def ratio(self):
        return self.mews / self.beside if self.beside else None

    @property
    def wanted(self):
        if self.ratio_wanted is not None:
            return f">= {self.ratio_wanted:.2f} x"
        return f"< {self.limit:g} {self.unit}" if self.limit is not None else ""

    @property
    def ok(self):
        """None: nothing is wanted of it."""
        if self.ratio_wanted is not None:
            return self.ratio is not None and self.ratio >= self.ratio_wanted
        return self.mews < self.limit if self.limit is not None else None

    @property
    def cells(self):
        return (self.name, self._amount(self.mews), self._amount(self.beside), self.yardstick,
                "" if self.ratio is None else f"{self.ratio:.2f}", self.wanted,
                {True: "yes", False: "NO", None: ""}[self.ok])

    def _amount(self, value):
        if value is None:
            return ""
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.2f} {self.unit}"

    def as_json(self):
        return {**dataclasses.asdict(self), "ratio": self.ratio, "ok": self.ok}


HEAD = ("figure", "Mews", "beside", "yardstick", "ratio", "wanted", "ok?")
TO_THE_RIGHT = ("Mews", "beside", "ratio")


def table(figures):
    """Lines of text."""
    rows = [HEAD, *(figure.cells for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join(cell.rjust(width) if title in TO_THE_RIGHT else cell.ljust(width)
                        for cell, width, title in zip(row, widths, HEAD)).rstrip()
