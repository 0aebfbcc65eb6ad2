"""How the blocks of a language become a program. Every line stands where it stands on the page, so what a compiler or a trace
names is the line of the page. What is before the page's first block is one line, where a page has its title."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pages import ROOT, Block

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("KASSA_BUILD", ROOT / "target/debug"))
TSC = str(ROOT / "node/node_modules/.bin/tsc")
C_FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", f"-I{HERE}", f"-L{BUILD}"]
TS_FLAGS = ["--strict", "--module", "nodenext", "--target", "es2022", "--resolveJsonModule"]
CLIENTS = {"modulkassa": "Modulkassa", "atol": "Atol", "ikassa": "Ikassa", "ikkm": "Ikkm"}


def padded(blocks: list[Block], first: str = "", change: Callable[[str], str] = str) -> str:
    """The blocks, each at its lines of the page, behind a first line."""
    lines = [first]
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines))
        lines += change(block.text).splitlines()
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Language:
    """`given` are the lines for what a page may have given: the package (`kassa`), `config`, `receipt`, `till`."""

    ending: str
    given: dict[str, str]
    write: Callable[[list[Block], str], str]
    # The commands for a program's file, with the page's environment; the last one is the program.
    commands: Callable[[Path], list[list[str]]]


def plain(blocks: list[Block], given: str) -> str:
    return padded(blocks, given)


def php(blocks: list[Block], given: str) -> str:
    return padded(blocks, f"<?php {given}", lambda text: re.sub(r"\A<\?php\b", "", text))


def c(blocks: list[Block], given: str) -> str:
    """Without a `main` of its own it is what is in one."""
    if any(re.search(r"^int main\(", block.text, re.MULTILINE) for block in blocks):
        return padded(blocks)
    return padded(blocks, f'#include "given.h"\nint main(void) {{ {given}\n#line 2') + "return 0; }\n"


def rust(blocks: list[Block], given: str) -> str:
    """A module of the program that has them all."""
    main = re.compile(r"^(async )?fn main\(", re.MULTILINE)
    if any(main.search(block.text) for block in blocks):
        return padded(blocks, change=lambda text: main.sub(lambda found: f"pub {found[0]}", text))
    opening = "#[tokio::main] pub async fn main() -> Result<(), Box<dyn std::error::Error>> {"
    return padded(blocks, f"{opening} {given}") + "Ok(()) }\n"


def compiled(file: Path) -> list[list[str]]:
    return [["cc", *C_FLAGS, str(file), "-o", str(file.with_suffix("")), "-lkassa"], [str(file.with_suffix(""))]]


LANGUAGES = {
    "python": Language(
        ".py",
        {
            "kassa": "import json, kassa; from pathlib import Path;",
            "config": 'config = json.loads(Path("kassa.json").read_text("utf-8"));',
            "receipt": 'receipt = json.loads(Path("receipt.json").read_text("utf-8"));',
            "till": "till = kassa.{client}(config);",
        },
        plain,
        lambda file: [["python", str(file)]],
    ),
    "php": Language(
        ".php",
        {
            "kassa": "require 'vendor/autoload.php';",
            "config": "$config = json_decode(file_get_contents('kassa.json'), true);",
            "receipt": "$receipt = json_decode(file_get_contents('receipt.json'), true);",
            "till": "$till = new Kassa\\{client}($config);",
        },
        php,
        lambda file: [["php", str(file)]],
    ),
    "js": Language(
        ".mjs",
        {
            "kassa": "import * as kassa from 'kassa'; import { readFileSync as read } from 'node:fs';",
            "config": "const config = JSON.parse(read('kassa.json', 'utf8'));",
            "receipt": "const receipt = JSON.parse(read('receipt.json', 'utf8'));",
            "till": "const till = new kassa.{client}(config);",
        },
        plain,
        lambda file: [["node", str(file)]],
    ),
    "ts": Language(
        ".mts",
        {
            "kassa": "import * as kassa from 'kassa';",
            "config": "import givenConfig from './kassa.json' with { type: 'json' }; const config = givenConfig as any;",
            "receipt": "import givenReceipt from './receipt.json' with { type: 'json' }; const receipt = givenReceipt as unknown as kassa.Receipt;",
            "till": "const till = new kassa.{client}(config);",
        },
        plain,
        lambda file: [[TSC, *TS_FLAGS, str(HERE / "node.d.ts"), str(file)], ["node", str(file.with_suffix(".mjs"))]],
    ),
    "c": Language(
        ".c",
        {
            "kassa": "",
            "config": 'char *config = content("kassa.json");',
            "receipt": 'char *receipt = content("receipt.json");',
            "till": "long long till = client_of(kassa_open(config));",
        },
        c,
        compiled,
    ),
    "rust": Language(
        ".rs",
        {
            "kassa": "",
            "config": 'let config = std::fs::read_to_string("kassa.json")?;',
            "receipt": 'let receipt = kassa::read::<kassa::Receipt>(&std::fs::read_to_string("receipt.json")?)?;',
            "till": "let till = kassa::Client::open(&config)?;",
        },
        rust,
        lambda file: [[str(BUILD / "doc-blocks")]],
    ),
    "sh": Language(".sh", {"kassa": ""}, plain, lambda file: [["bash", "-euo", "pipefail", str(file)]]),
}


def given(language: str, names: set[str], vendor: str) -> str:
    """The line that gives a program what its page says is given; nothing where it says nothing."""
    lines = LANGUAGES[language].given
    unknown = names - set(lines)
    if unknown:
        raise ValueError(f"nothing is given by the name of {', '.join(sorted(unknown))}")
    wanted = names | ({"kassa"} if names else set()) | ({"config"} if "till" in names else set())
    return " ".join(line for name, line in lines.items() if name in wanted).replace("{client}", CLIENTS[vendor])
