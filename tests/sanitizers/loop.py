"""Opens a client, sells, errs and closes, as often as the first argument says, for valgrind.

With a second argument, a library, each round also leaks and reads what was freed, which valgrind must report.
"""

import contextlib
import ctypes
import json
import os
import sys

import kassa

rounds = int(sys.argv[1])
config, receipt = json.loads(os.environ["KASSA_LOOP_CONFIG"]), json.loads(os.environ["KASSA_LOOP_RECEIPT"])
faulty = ctypes.CDLL(sys.argv[2]) if len(sys.argv) > 2 else None
for number in range(rounds):
    till = kassa.Modulkassa(config)
    till.register({**receipt, "id": f"python-{rounds}-{number}"})
    for operation, request in (("register", {"id": ""}), ("status", {"id": "unknown"}), ("no_such_operation", {})):
        with contextlib.suppress(kassa.KassaError):
            till.call(operation, request)
            sys.exit(f"{operation} did not fail")
    till.close()
    if faulty:
        faulty.leak()
        faulty.read_freed()
print(f"{rounds} rounds")
