"""Programs made of a page's blocks: what they are written as, how they are run, and where on the page one failed."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from languages import HERE, LANGUAGES, TSC, TS_FLAGS, given
from pages import ROOT, Block
from session import Session, Wrong, stands_in

RUN_WITHIN_S = 120
BUILD_WITHIN_S = 1800
RUST = ROOT / "target/docs/rust"
# What is told of a document that fails on purpose, by the vendors that can: a program has to show it.
MESSAGE = "the fiscal storage has expired"
FAILURE = {"route": "submit", "do": "fail", "failure_message": MESSAGE, "times": None}


@dataclass
class Program:
    """Blocks of one language that are one program, in a folder that other programs of the page may share."""

    session: Session
    blocks: list[Block]
    # Blocks that show what it prints.
    shown: list[Block] = field(default_factory=list)

    @property
    def language(self) -> str:
        return self.blocks[0].language

    @property
    def name(self) -> str:
        return re.sub(r"\W", "_", self.blocks[0].place).lower()

    @property
    def file(self) -> Path:
        return self.session.folder / (self.name + LANGUAGES[self.language].ending)

    @property
    def text(self) -> str:
        said = ",".join(self.notes("given"))
        first = given(self.language, {name.strip() for name in said.split(",") if name.strip()}, self.session.vendor)
        return LANGUAGES[self.language].write([replace(block, text=self.session.fill(block.text)) for block in self.blocks], first)

    def notes(self, name: str) -> list[str]:
        return [block.notes[name] for block in self.blocks if name in block.notes]

    def wrong(self, what: str, output: str) -> Wrong:
        """What is wrong with it, at the line that a compiler or a trace names; else where it begins."""
        lines = re.findall(rf'{re.escape(self.file.name)}(?:"?, line |:| on line |: line |\()(\d+)', output)
        for line in map(int, reversed(lines)):
            if any(block.line <= line < block.line + block.text.count("\n") for block in self.blocks):
                return Wrong(f"{self.blocks[0].page.name}:{line}: {what}\n{output.strip()}")
        return Wrong(f"{self.blocks[0].place}: {what}\n{output.strip()}")


def carry_out(program: Program, command: list[str]) -> tuple[int, str]:
    """The number that a command ends with, and what it printed."""
    environment = {**program.session.environment, "KASSA_DOC_BLOCK": program.name}
    try:
        done = subprocess.run(
            command, cwd=program.session.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=RUN_WITHIN_S,
        )
    except subprocess.TimeoutExpired as late:
        return 124, f"{(late.stdout or b'').decode('utf-8', 'replace')}\nit did not end within {RUN_WITHIN_S} s"
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def prepared(program: Program) -> list[str]:
    """Writes and compiles a program; gives back the command that runs it, with a configuration and a receipt."""
    program.session.write(program.file.name, program.text)
    *compilers, command = LANGUAGES[program.language].commands(program.file)
    for compiler in [*compilers, *types(program)]:
        code, output = carry_out(program, compiler)
        if code != 0:
            raise program.wrong(f"`{Path(compiler[0]).name}` ended with {code}", output)
    return [*command, "kassa.json", "receipt.json"]


def types(program: Program) -> list[list[str]]:
    """What holds the types of a page that says `types: strict`."""
    if program.blocks[0].page.notes().get("types") != "strict":
        return []
    file = str(program.file)
    return {
        "python": [[sys.executable, "-m", "mypy", "--strict", "--no-incremental", file]],
        "js": [[TSC, *TS_FLAGS, "--allowJs", "--checkJs", "--noEmit", str(HERE / "node.d.ts"), file]],
    }.get(program.language, [])


def run(program: Program) -> None:
    """Runs a program and what its page says of it; raises what is wrong."""
    command = prepared(program)
    for said in program.notes("emulator"):
        path, _, body = said.partition(" ")
        program.session.emulator.control(path, json.loads(body))
    if port := program.notes("serves"):
        program.session.serve(command, int(port[0]))
        return
    code, output = carry_out(program, command)
    if code != 0:
        raise program.wrong(f"it ended with {code}", output)
    for block in program.shown:
        if not stands_in(block.text, output):
            raise Wrong(f"{block.place}: the program printed something else:\n{output.strip()}")
    if "failure" in program.notes("check"):
        fails(program)


def fails(program: Program) -> None:
    """Where the document fails at the vendor, the program says why and ends with a number that is not 0. The emulator is the
    same, since its address may be compiled into the program; it begins anew before and after."""
    emulator = program.session.emulator
    emulator.reset()
    with Session(program.session.folder / "failure", program.session.vendor, of=program.session) as session:
        kind = "driver" if session.vendor == "atol" else "FN_EXPIRED"
        emulator.fault(vendor=session.vendor, failure_type=kind, **FAILURE)
        again = Program(session, program.blocks)
        code, output = carry_out(again, prepared(again))
    emulator.reset()
    if code == 0 or MESSAGE not in output:
        raise program.wrong(f"the document failed; it ended with {code} and should have said why", output)


def build_rust(programs: list[Program]) -> None:
    """Compiles all of Rust together, a module each; raises what the compiler says."""
    RUST.mkdir(parents=True, exist_ok=True)
    modules, choices = [], []
    for program in programs:
        file = RUST / program.file.name
        file.write_text(program.text, "utf-8")
        modules.append(f"#[deny(warnings)]\n#[path = {json.dumps(str(file))}]\nmod {program.name};\n")
        choices.append(f'        Ok("{program.name}") => std::process::Termination::report({program.name}::main()),\n')
    choice = f'    match std::env::var("KASSA_DOC_BLOCK").as_deref() {{\n{"".join(choices)}        _ => 2.into(),\n    }}'
    main = f"{''.join(modules)}\nfn main() -> std::process::ExitCode {{\n{choice}\n}}\n"
    (RUST / "main.rs").write_text(main, "utf-8")
    built = subprocess.run(
        shlex.split(os.environ.get("KASSA_DOC_RUST", "cargo --locked build --quiet -p doc-blocks")), cwd=ROOT,
        env={**os.environ, "KASSA_DOC_BLOCKS": str(RUST)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=BUILD_WITHIN_S,
    )
    if built.returncode != 0:
        named = [program for program in programs if program.file.name in built.stdout]
        raise named[0].wrong("it does not compile", built.stdout) if named else Wrong(built.stdout)
