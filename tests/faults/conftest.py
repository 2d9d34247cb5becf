"""The fault injection uses what the integration tests have: their harness, their `world`, their proof that nothing is left."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

import importlib.util  # noqa: E402

_spec = importlib.util.spec_from_file_location("integration_conftest",
                                               Path(__file__).resolve().parent.parent / "integration/conftest.py")
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
pytest_configure = _shared.pytest_configure
pytest_runtest_makereport = _shared.pytest_runtest_makereport
world = _shared.world
