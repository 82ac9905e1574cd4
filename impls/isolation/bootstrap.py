"""Started by path as ``python -I bootstrap.py CHECKOUT CONTROL SETTINGS``: the server, or one worker in a sandbox."""

import json
import socket
import sys


def main() -> None:
    checkout, control, text = sys.argv[1:]
    sys.path.append(checkout)
    from impls.isolation import server, worker
    from impls.isolation.limits import Limits

    sys.path.remove(checkout)
    sys.argv[1:] = []
    settings = json.loads(text)
    if settings["serves"] == "many":
        server.main(socket.socket(fileno=int(control)), settings)
    else:
        server.confine(settings["folder"], int(control), 1, Limits(**settings["limits"]))
        worker.serve()


main()
