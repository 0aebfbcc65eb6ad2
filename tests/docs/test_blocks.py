"""What is wrong with a block is found and told at its line; what is right runs."""

from pathlib import Path

import pytest
from blocks import Result, run_pages
from pages import Page


def result(folder: Path, text: str) -> Result:
    page = folder / "page.md"
    page.write_text(text, "utf-8")
    return run_pages([Page(page, folder)])


SALE = """
try:
    till.register(receipt)
    failure = till.wait({"id": "order-1001"}).get("failure")
except kassa.KassaError as error:
    raise SystemExit(error.message)
"""

RIGHT = {
    "blocks of a language are one program": ("```python\na = 1\n```\n\ntext\n\n```python\nassert a == 1\n```", 2),
    "a fresh one is another": ("```python\na = 1\n```\n\n```python fresh\nassert 'a' not in globals()\n```", 2),
    "the next language finds what one left": ("```sh\necho 1 > a\n```\n\n```python\nassert open('a').read() == '1\\n'\n```", 2),
    "a sale": ("<!-- given: till, receipt -->\n```python\nprint(till.register(receipt)['receipt_id'])\n```\n\n"
               "<!-- output -->\n```text\norder-...\n```", 2),
    "a sale at another vendor": ("<!-- vendor: ikkm -->\n<!-- given: till, receipt -->\n```php\n$till->register($receipt);\n```", 1),
    "settings of a shop": ("```php\n<?php\n$user = 'user_name: \"...\"'; assert($user !== 'user_name: \"...\"');\n```", 1),
    "JSON": ('```json\n{"a": 1}\n{"b": 2}\n```', 1),
    "a receipt": ('<!-- check: receipt -->\n```json\n{"id": "1", "kind": "sell", "customer": {"email": "buyer@shop.example"},'
                  ' "items": [{"name": "Mug", "price": "1", "quantity": "1", "vat": "22"}], "payments": [{"type": "card", "sum": "1"}]}\n```', 1),
    "a program that says why": (f"<!-- given: till, receipt -->\n<!-- check: failure -->\n```python\n{SALE}"
                                'if failure:\n    raise SystemExit(failure["message"])\n```', 1),
    "C without a main": ("<!-- given: till -->\n```c\nputs(kassa_version());\nkassa_close(till);\n```", 1),
    "TypeScript": ("<!-- given: till, receipt -->\n```ts\nconst sale: kassa.Registration = await till.register(receipt)\n"
                   "console.log(sale.receipt_id)\n```\n\n<!-- output -->\n```text\norder-1001\n```", 2),
    "SQL": ("<!-- given: till, receipt -->\n```python\ntill.enqueue({'receipts': [receipt]})\n```\n\n"
            "```sql\nSELECT count(*) FROM documents;\n```", 2),
    "a fault of the emulator": ('<!-- emulator: faults {"vendor": "modulkassa", "route": "submit", "when": "after_record", "do": "drop"} -->\n'
                                "<!-- given: till, receipt -->\n```js\nawait till.register(receipt)\n```", 1),
    "a server": ("<!-- serves: 18437 -->\n```python\nfrom http.server import *\n"
                 "HTTPServer(('127.0.0.1', 18437), BaseHTTPRequestHandler).serve_forever()\n```\n\n"
                 "```js\nconsole.log((await fetch('http://127.0.0.1:18437')).status)\n```\n\n<!-- output -->\n```text\n501\n```", 3),
}
WRONG = {
    "a trace": ("# Page\n\n```python\nprint(1)\nnowhere()\n```", "page.md:5: it ended with 1"),
    "a trace of a later block": ("# Page\n\n```php\n<?php\n```\n\n```php\nnowhere();\n```", "page.md:8: it ended with 255"),
    "a command that fails": ("# Page\n\n```sh\ntrue\nls nowhere | cat\n```", "page.md:4: it ended with"),
    "a syntax that node does not know": ("# Page\n\n```js\nconst a = 1\nconst = 2\n```", "page.md:5: it ended with 1"),
    "a warning of the C compiler": ("# Page\n\n```c\nputs(\"\");\nint unused;\n```", "page.md:5: `cc` ended with 1"),
    "a type of TypeScript": ("# Page\n\n```ts\nlet a = 1\na = ''\n```", "page.md:5: `tsc` ended with"),
    "a type of JavaScript": ("<!-- types: strict -->\n\n```js\nlet a = 1\na = ''\n```", "page.md:5: `tsc` ended with"),
    "SQL of no table": ("```sql\nSELECT * FROM nowhere;\n```", "page.md:2:"),
    "a type": ("<!-- types: strict -->\n\n```python\na: int = 1\na = ''\n```", "page.md:5: `python` ended with 1"),
    "what the program does not print": ("```sh\necho 1\n```\n\n<!-- output -->\n```text\n2\n```", "page.md:7: the program printed"),
    "a receipt that is refused": ('<!-- check: receipt -->\n```json\n{"id": "1", "kind": "sell", "items": [], "payments": []}\n```', "page.md:3:"),
    "a request that the operation does not know": ('<!-- check: totals -->\n```json\n{"since": "2026-11-01", "bye": "day"}\n```', "page.md:3:"),
    "an operation that there is not": ('<!-- check: total -->\n```json\n{}\n```', "page.md:3:"),
    "a configuration with an unknown field": ('<!-- check: config -->\n```json\n{"vendor": "modulkassa", "registr": "1"}\n```', "page.md:3:"),
    "an answer that is another": ('<!-- check: totals -->\n```json\n{"since": "2026-11-01"}\n```\n\n<!-- answer -->\n```json\n{"rows": 1}\n```', "page.md:8:"),
    "JSON that is none": ('```json\n{"a": 1,}\n```', "page.md:2:"),
    "TOML that is none": ("```toml\na = \n```", "page.md:2:"),
    "a language that nothing runs": ("```cobol\nSTOP RUN.\n```", "page.md:2: nothing runs `cobol`"),
    "no language": ("```\nls\n```", "page.md:2: it has no language"),
    "a part of nothing": ("<!-- part of: examples/sale.c -->\n```c\nnowhere();\n```", "page.md:3:"),
    "a vendor that there is not": ("<!-- vendor: atoll -->\n```json\n{}\n```", "page.md:3: there is no vendor"),
    "a sample that knows only success": (f"<!-- given: till, receipt -->\n<!-- check: failure -->\n```python\n{SALE}```", "page.md:4: the document failed"),
    "a server that does not listen": ("<!-- serves: 18438 -->\n```sh\ntrue\n```", "page.md:3: nothing listens on 18438"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_runs(tmp_path: Path, name: str) -> None:
    text, blocks = RIGHT[name]
    told = result(tmp_path, text)
    assert (told.failed, told.run, told.blocks) == ([], blocks, blocks)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_at_its_line(tmp_path: Path, name: str) -> None:
    text, place = WRONG[name]
    [told] = result(tmp_path, text).failed
    assert told.startswith(place)


def test_what_is_not_run_is_counted_with_its_reason(tmp_path: Path) -> None:
    text = "<!-- not run: it needs root -->\n```sh\nfalse\n```\n\n```sh not run: it needs root\nfalse\n```\n\n```text\n1\n```"
    told = result(tmp_path, text)
    assert (told.failed, told.run, told.blocks) == ([], 0, 3)
    assert told.not_run == {"it needs root": 2, "it is text": 1}
