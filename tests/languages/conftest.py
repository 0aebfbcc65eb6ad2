"""One emulator and one scripted vendor for the whole run; each test begins with a clean one."""

import pytest

from harness import LANGUAGES, VENDORS, Emulator, Postgres, Script


@pytest.fixture(scope="session")
def running_emulator():
    emulator = Emulator()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(running_emulator):
    running_emulator.reset()
    running_emulator.switch("ikkm", pace_ms=0)
    running_emulator.operate("ikassa", "open_shift")
    return running_emulator


@pytest.fixture(scope="session")
def script():
    script = Script()
    yield script
    script.stop()


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(params=VENDORS)
def vendor(request):
    return request.param


def ready(emulator, folder, vendor):
    """Ready for `open`, with a SQLite journal of this test and quick deadlines."""
    journal = f"sqlite:{folder / 'journal.sqlite'}"
    return {**emulator.configs[vendor], "journal": journal, "timeout_ms": 3000, **VENDORS[vendor]["config"]}


@pytest.fixture
def config(emulator, tmp_path):
    return ready(emulator, tmp_path, "modulkassa")


@pytest.fixture
def vendor_config(emulator, tmp_path, vendor):
    return ready(emulator, tmp_path, vendor)


@pytest.fixture(params=["sqlite", "postgres"])
def any_config(request, config):
    """Modulkassa with the journal of each engine that many processes can share."""
    return {**config, "journal": Postgres().url} if request.param == "postgres" else config
