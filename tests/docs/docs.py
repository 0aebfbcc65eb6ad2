"""`make docs`: builds the site, looks at every link, runs every block; the last line is one of JSON."""

import json
import shutil
import subprocess
import sys

import built
import links
from blocks import pages_with_blocks, run_pages
from pages import ROOT, files, tracked

SITE = ROOT / "target/site"


def build() -> list[str]:
    """Builds the site anew; gives back what the generator complains about."""
    shutil.rmtree(SITE, ignore_errors=True)
    command = ["-m", "sphinx", "--builder", "html", "--conf-dir", "site", "--doctree-dir", "target/docs/doctrees"]
    strict = ["--quiet", "--nitpicky", "--fresh-env", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, *command, *strict, ".", str(SITE)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = done.stdout.replace(f"{ROOT}/", "").strip().splitlines()
    return said or (["the site was not built"] if done.returncode else [])


def main() -> int:
    complaints = build()
    dead = [*links.dead(tracked(), files()), *built.dead(SITE)]
    result = run_pages(pages_with_blocks(), say=print)
    for why, count in sorted(result.not_run.items()):
        print(f"not run, {count}: {why}")
    for line in [*complaints, *dead, *result.failed]:
        print(f"FAILED {line}")
    ok = not (complaints or dead or result.failed)
    summary = {
        "pages": len([page for page in SITE.rglob("*.html") if (ROOT / page.relative_to(SITE)).with_suffix(".md").is_file()]),
        "blocks": result.blocks,
        "blocks_run": result.run,
        "blocks_not_run": dict(sorted(result.not_run.items())),
        "dead_links": len(dead),
        "ok": ok,
    }
    print(json.dumps(summary, ensure_ascii=False))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
