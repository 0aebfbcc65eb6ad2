"""Real php-fpm behind nginx: sales at once, recycled workers, one killed in a call, a deploy; judged by the ledger.

    python3 tests/fpm/run.py [--requests 20000] [--recycle 500] [--library FILE] [--package FOLDER]

The last line is JSON.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "languages"))
from harness import BUILD, Emulator, receipt  # noqa: E402
from servers import Site, stage, until  # noqa: E402

# A client that gives up after so long has lost its sale.
PATIENCE_S = 180
MOST_GROWTH_KB = 200
# Until then the page cache of SQLite and the heap of a worker fill.
SETTLED = 500


class Vendor(Emulator):
    """The emulator, which does not keep every request."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            [*command, "--no-request-log"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        ready = json.loads(self.process.stdout.readline())
        self.url = ready["url"]
        self.configs = {name: vendor["config"] for name, vendor in ready["vendors"].items()}


class Shop:
    """Buys from the site; remembers what it was told, by whom."""

    def __init__(self, site):
        self.url = f"http://127.0.0.1:{site.port}/"
        self.lock = threading.Lock()
        self.told, self.memory, self.releases, self.repeats = {}, {}, set(), []

    def ask(self, sale, query=""):
        """One request; gives back its status and answer."""
        body = json.dumps(sale, ensure_ascii=False).encode() if sale else None
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + query, body), timeout=150) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def buy(self, identity, query=""):
        """Asks again with the same id, whatever was answered, until the sale is on record."""
        end = time.monotonic() + PATIENCE_S
        while True:
            status, said = self.ask(receipt(identity), query)
            if status == 200:
                break
            with self.lock:
                self.repeats.append((status, said))
            assert time.monotonic() < end, f"{identity}: {status} {said}"
            query = ""
            time.sleep(0.1)
        with self.lock:
            self.told[identity] = said["sale"]["fiscal"]["document_number"]
            self.memory.setdefault(said["pid"], []).append(said["memory_kb"])
            self.releases.add(said["release"])

    def recycled(self, recycle):
        """What each worker said that served all its requests."""
        return [samples for samples in self.memory.values() if len(samples) == recycle]


def growth(workers, recycle):
    """What memory of a worker grew in the last two fifths of its requests, in KB: half of them grew less, and the most."""
    if recycle < SETTLED or not workers:
        return None, None
    warm, part = recycle * 3 // 5, recycle // 25
    grown = [statistics.median(s[-2 * part :]) - statistics.median(s[warm - part : warm + part]) for s in workers]
    return round(statistics.median(grown)), round(max(grown))


def kill_in_a_call(site, shop, emulator, identity):
    """Ends the worker that waits for the vendor's answer to this sale, which the vendor has recorded."""
    late = {"route": "submit", "when": "after_record", "do": "delay", "delay_ms": 600_000, "match": identity}
    emulator.fault(vendor="modulkassa", **late)
    client = threading.Thread(target=shop.buy, args=(identity, "?watched"))
    client.start()
    worker = site.folder / "shop" / "worker"
    until(worker.exists, "a worker has the sale")
    until(lambda: emulator.control("faults") in ([], {"faults": []}), "the vendor has the sale")
    os.kill(int(worker.read_text()), signal.SIGKILL)
    return client


def sell(site, shop, emulator, options):
    """All sales, and what happens meanwhile."""
    sales = [f"order-{number}" for number in range(options.requests - 1)]
    sold = lambda part: until(lambda: len(shop.told) >= options.requests * part, "sales go on", 3600)  # noqa: E731
    with ThreadPoolExecutor(options.clients) as clients:
        running = [clients.submit(shop.buy, sale) for sale in sales]
        sold(0.3)
        killed = kill_in_a_call(site, shop, emulator, "order-killed")
        sold(0.5)
        site.deploy()
        for sale in running:
            sale.result()
    killed.join()
    return [*sales, "order-killed"]


def judged(shop, emulator, sales, options):
    """What the ledger, the journal and the shop say; all of it must be the same."""
    ledger = {entry["number"]: entry["fiscal_document_number"] for entry in emulator.ledger()}
    entries = len(emulator.ledger())
    status, journal = shop.ask(None)
    recycled = shop.recycled(options.recycle)
    grown, worst = growth(recycled, options.recycle)
    wrong = [
        words
        for words, right in {
            "the ledger has each sale once": sorted(ledger) == sorted(sales) and entries == len(sales),
            "the shop was told what the ledger says": shop.told == ledger,
            "the journal has all as registered": status == 200 and journal["journal"] == {"registered": len(sales)},
            "workers were recycled": len(recycled) > 0,
            "the killed worker's sale was asked for again": 502 in [status for status, _ in shop.repeats],
            "both releases sold": shop.releases == {"1", "2"},
            f"a worker grew by less than {MOST_GROWTH_KB} KB": (grown or 0) < MOST_GROWTH_KB,
        }.items()
        if not right
    ]
    for words in wrong:
        print(f"not so: {words}", file=sys.stderr)
    return {
        "requests": len(sales),
        "ledger": entries,
        "workers_recycled": len(recycled),
        "killed": 1,
        "deploys": len(shop.releases) - 1,
        "repeats": len(shop.repeats),
        "growth_kb": grown,
        "growth_worst_kb": worst,
        "ok": not wrong,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--recycle", type=int, default=500, help="requests of a worker")
    parser.add_argument("--package", type=Path, default=ROOT / "php")
    parser.add_argument("--library", type=Path, help="put into the package; without it the package has to have one")
    parser.add_argument("--emulator", nargs="+", default=[str(BUILD / "kassa-emulator")], help="its program and arguments")
    options = parser.parse_args()
    started = time.monotonic()
    emulator = Vendor(options.emulator)
    with tempfile.TemporaryDirectory(prefix="kassa-fpm-") as name:
        folder = Path(name)
        stage(options.package, options.library, folder / "package")
        config = emulator.configs["modulkassa"]
        site = Site(folder, folder / "package", config, workers=options.clients, recycle=options.recycle)
        try:
            shop = Shop(site)
            sales = sell(site, shop, emulator, options)
            result = judged(shop, emulator, sales, options)
            if not result["ok"]:
                print(site.logs(), *shop.repeats[:20], sep="\n", file=sys.stderr)
        finally:
            site.stop()
            emulator.stop()
    print(json.dumps({**result, "seconds": round(time.monotonic() - started)}))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
