"""One emulator and one scripted vendor for the whole run; each test begins with a clean one."""

import pytest

from harness import LANGUAGES, Emulator, Script


@pytest.fixture(scope="session")
def running_emulator():
    emulator = Emulator()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(running_emulator):
    running_emulator.reset()
    return running_emulator


@pytest.fixture(scope="session")
def script():
    script = Script()
    yield script
    script.stop()


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def config(emulator, tmp_path):
    """Ready for `open`, with a SQLite journal of this test and quick deadlines."""
    return {
        **emulator.configs["modulkassa"],
        "journal": f"sqlite:{tmp_path / 'journal.sqlite'}",
        "timeout_ms": 3000,
        "settle_ms": 20,
    }
