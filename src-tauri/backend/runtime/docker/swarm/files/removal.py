"""Asks the engine at a socket of this machine to remove a volume. usage: SOCKET VOLUME"""

import http.client
import socket
import sys
import time


class Here(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(sys.argv[1])


# Its last container may be on its way out.
for _ in range(20):
    here = Here("docker")
    here.request("DELETE", "/volumes/" + sys.argv[2])
    answer = here.getresponse()
    if answer.status != 409:
        sys.exit(0 if answer.status in (204, 404) else answer.read().decode(errors="replace"))
    time.sleep(0.5)
sys.exit("it is in use")
