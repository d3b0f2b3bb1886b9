"""A real Slurm for the tests: its own munged, one controller and two nodes of two CPUs, all under one
temporary folder.

Every daemon runs under a small keeper (the end of this file) from which no process can escape, however it
forks: a node is what stands below its keeper, so its power goes off by killing that tree, and no daemon
outlives the tests.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NODES = ("n1", "n2")
HOST = socket.gethostname().split(".")[0]
SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
# How long a daemon may take to be there when the machine is busy, and to go when it is told to.
PATIENCE_S = 90.0
FAREWELL_S = 5.0


def _missing(*programs: str) -> str:
    """What keeps these daemons from running here; empty if nothing does."""
    absent = [program for program in programs if not shutil.which(program, path=SEARCH)]
    if absent:
        return f"Slurm cannot be started: {', '.join(absent)} not installed"
    return (
        ""
        if os.geteuid() == 0
        else "Slurm cannot be started: its daemons run jobs for users, so the tests must run as root"
    )


SLURM_MISSING = _missing("slurmctld", "slurmd", "munged", "sbatch")
ACCOUNTING_MISSING = SLURM_MISSING or _missing("slurmdbd", "mariadbd", "mariadb-install-db", "sacct")

# No cgroups and no systemd. A requeued job waits until its credential has expired (cred_expire), a node is
# down 10 to 20 s
# after it was last heard of; a time limit is looked at every 30 s, which no setting changes. A job in `high`
# takes the place
# of one in `low`, which has ten seconds from then on; its own --signal is sent at once, and a batch script
# hears nothing else.
# The words of slurm.conf, which wants each on a line of its own.
SETTINGS = """
ClusterName=test SlurmUser=root
SlurmctldHost={host}(127.0.0.1) SlurmctldPort={controller_port}
AuthType=auth/munge AuthInfo=socket={folder}/munge.sock,cred_expire=5
StateSaveLocation={folder}/state SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/log/controller.log SlurmdLogFile={folder}/log/%n.log
ProctrackType=proctrack/linuxproc TaskPlugin=task/none JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres SelectTypeParameters=CR_Core_Memory SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
PreemptType=preempt/partition_prio PreemptMode=REQUEUE SlurmctldParameters=preempt_send_user_signal
SlurmdTimeout=10 MessageTimeout=5 KillWait=5 MinJobAge=600 JobRequeue=1 ReturnToService=2 DefMemPerCPU=1000
"""

NODES_AND_PARTITIONS = """
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1_port} CPUs=2 CoresPerSocket=2 RealMemory=8000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2_port} CPUs=2 CoresPerSocket=2 RealMemory=8000
PartitionName=main Nodes=ALL Default=YES MaxTime=60 DefaultTime=10 PreemptMode=OFF
PartitionName=short Nodes=ALL MaxTime=1 DefaultTime=1 OverTimeLimit=0 PreemptMode=OFF
PartitionName=low Nodes=ALL MaxTime=60 DefaultTime=10 PriorityTier=1 GraceTime=10
PartitionName=high Nodes=ALL MaxTime=60 DefaultTime=10 PriorityTier=2 PreemptMode=OFF
"""

# One line a job that has ended, as on clusters that keep no accounts.
JOB_LINES = (
    "AccountingStorageType=accounting_storage/none JobCompType=jobcomp/filetxt JobCompLoc={folder}/jobs.txt"
)

ACCOUNTS = """
AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1
AccountingStoragePort={accounts_port} AccountingStoragePass={folder}/munge.sock
"""

SLURMDBD_SETTINGS = """
SlurmUser=root DbdHost={host} DbdAddr=127.0.0.1 DbdPort={accounts_port}
AuthType=auth/munge AuthInfo=socket={folder}/munge.sock
PidFile={folder}/accounts.pid LogFile={folder}/log/accounts.log
StorageType=accounting_storage/mysql StorageHost=localhost StorageUser=root StorageLoc=accounts
"""


class Cluster:
    """The two nodes and their controller; made by `cluster`."""

    def __init__(self, folder: Path, accounting: bool) -> None:
        self.folder = folder
        self.accounting = accounting
        # The tests may themselves run in a job of another Slurm.
        outer = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLURM", "SBATCH", "SACCT"))
        }
        self.environment = outer | {"PATH": SEARCH, "SLURM_CONF": str(folder / "slurm.conf")}
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        ports = zip(("controller_port", "n1_port", "n2_port", "accounts_port"), _free_ports(4), strict=True)
        self._facts = {"folder": folder, "host": HOST} | dict(ports)

    def command(self, *words: str | Path) -> str:
        """What a command such as squeue prints; a failure raises with what it said."""
        if (done := self._run(*words)).returncode:
            raise RuntimeError(
                f"{' '.join(map(str, words))} ended with {done.returncode}: {done.stderr.strip()}"
            )
        return done.stdout

    def jobs(self, name: str = "", ended: bool = False) -> list[tuple[str, str]]:
        """(id, state) of the jobs in the queue, each element of an array by itself; `ended` ones too, for
        ten minutes.
        """
        chosen = [f"--name={name}"] * bool(name) + ["--states=all"] * ended
        lines = self.command("squeue", "--noheader", "--array", "--format=%i %T", *chosen).splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{what} did not happen within {seconds:g} s\n{self._account()}"
            time.sleep(0.2)

    def node_state(self, node: str) -> str:
        """As sinfo has it: idle, mixed, allocated, down*, ..."""
        return self.command(
            "sinfo", "--noheader", f"--nodes={node}", "--partition=main", "--format=%T"
        ).strip()

    def power_off(self, node: str) -> None:
        """The node's daemon and every process of its jobs are killed at one blow, as by a pulled plug."""
        keeper = self._keepers.pop(node)
        keeper.terminate()
        keeper.wait()

    def power_on(self, node: str) -> None:
        """A node that was off too briefly to be missed (10 s) has its lost jobs requeued up to a minute
        later.
        """
        self._start(node, "slurmd", "-D", "-N", node)

    def stop_controller(self) -> None:
        """The controller saves its state and ends; squeue fails and jobs run on until `start_controller`."""
        keeper = self._keepers.pop("controller")
        for process, parent in _parents().items():
            if parent == keeper.pid:
                os.kill(process, signal.SIGTERM)
        # while it talks to a dead node it hears SIGTERM only much later
        with suppress(subprocess.TimeoutExpired):
            keeper.wait(FAREWELL_S)
        keeper.terminate()
        keeper.wait()

    def start_controller(self) -> None:
        self._start("controller", "slurmctld", "-D")
        self._await("controller", lambda: self._run("scontrol", "ping").returncode == 0)

    def start(self) -> None:
        for name in ("log", "state", *NODES):
            (self.folder / name).mkdir()
        settings = (SETTINGS + (ACCOUNTS if self.accounting else JOB_LINES)).split()
        (self.folder / "slurm.conf").write_text(
            ("\n".join(settings) + NODES_AND_PARTITIONS).format(**self._facts)
        )
        version = self.command("slurmctld", "-V").split()[1].split(".")
        if (int(version[0]), int(version[1])) >= (24, 5):  # older ones do not know the word, and need none
            (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self._start_munge()
        if self.accounting:
            self._start_accounts()
        self.start_controller()
        for node in NODES:
            self.power_on(node)
        self.wait_for(
            lambda: all(self.node_state(node) == "idle" for node in NODES), PATIENCE_S, "two idle nodes"
        )

    def stop(self) -> None:
        for keeper in self._keepers.values():
            keeper.terminate()
        for keeper in self._keepers.values():
            keeper.wait()

    def _start_munge(self) -> None:
        key, access = self.folder / "munge.key", self.folder / "munge.sock"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        own = [f"--{word}-file={self.folder}/munge.{word}" for word in ("key", "pid", "seed")]
        self._start("munge", "munged", "--foreground", f"--socket={access}", *own)
        self._await("munge", access.exists)

    def _start_accounts(self) -> None:
        base = self.folder / "base"
        access = base / "sock"
        common = ("--no-defaults", "--user=root", f"--datadir={base}")
        self.command(
            "mariadb-install-db", *common, "--skip-test-db", "--auth-root-authentication-method=normal"
        )
        self._start(
            "base", "mariadbd", *common, "--skip-networking", f"--socket={access}", f"--pid-file={base}/pid"
        )
        self._await("base", access.exists)
        text = self.folder / "slurmdbd.conf"
        text.touch(mode=0o600)  # slurmdbd reads no file that others may read
        text.write_text("\n".join(SLURMDBD_SETTINGS.split()).format(**self._facts) + "\n")
        self._start("accounts", "slurmdbd", "-D", MYSQL_UNIX_PORT=str(access))
        # Without its accounts a controller that starts for the first time gives up.
        self._await("accounts", lambda: _listens(self._facts["accounts_port"]))

    def _start(self, name: str, *words: str, **environment: str) -> None:
        assert name not in self._keepers, f"{name} is already running"
        keep = (sys.executable, "-I", "-S", __file__, str(os.getpid()), *words)
        settings = self.environment | environment
        # a session: Ctrl-C is the tests' business
        with (self.folder / "log" / f"{name}.out").open("ab") as out:
            self._keepers[name] = subprocess.Popen(
                keep,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=settings,
                cwd=self.folder,
                start_new_session=True,
            )

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        """Wait until a daemon does its work, or has ended without."""
        keeper = self._keepers[name]
        self.wait_for(lambda: keeper.poll() is not None or ready(), PATIENCE_S, f"{name}: the start")
        assert keeper.poll() is None, f"{name} cannot be started\n{self._account()}"

    def _run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, env=self.environment)

    def _account(self) -> str:
        """What to read when something did not happen."""
        said = [f"{name} has ended" for name, keeper in self._keepers.items() if keeper.poll() is not None]
        for done in (self._run("squeue", "--states=all"), self._run("sinfo")):
            said.append(f"{done.stdout}{done.stderr}")
        for log in sorted((self.folder / "log").iterdir()):
            said.append(
                "\n".join((f"end of {log.name}:", *log.read_text(errors="replace").splitlines()[-12:]))
            )
        return "\n".join(said)


@contextmanager
def cluster(accounting: bool = False) -> Iterator[Cluster]:
    """A cluster that runs while the block does; with `accounting`, sacct answers as well.

    Where it cannot be started the test is skipped, or fails if $REQUIRE_SLURM is set."""
    if missing := ACCOUNTING_MISSING if accounting else SLURM_MISSING:
        if os.environ.get("REQUIRE_SLURM"):
            raise RuntimeError(missing)
        import pytest  # not where this file keeps a daemon

        pytest.skip(missing)
    # short: the path of a socket has at most 107 characters
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="slurm-"))
    folder.chmod(0o755)  # munged wants its socket within everybody's reach
    made = Cluster(folder, accounting)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on, below those the kernel deals out (else a connection might take the one of a
    node that is off).
    """
    chosen = random.SystemRandom().sample(range(15000, 32000), 100)
    return [port for port in chosen if not _listens(port)][:count]


def _listens(port: object) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _parents() -> dict[int, int]:
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
            found[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    return found


def _kill_below(root: int) -> None:
    """Kill all descendants of a process; they are stopped first, so that none sees another die or begins a
    new one.
    """
    for order in (signal.SIGSTOP, signal.SIGKILL):
        told: set[int] = set()
        while fresh := _below(root) - told:
            for process in fresh:
                with suppress(ProcessLookupError):
                    os.kill(process, order)
            told |= fresh


def _below(root: int) -> set[int]:
    parents, found = _parents(), set[int]()
    while more := {process for process, parent in parents.items() if parent in found | {root}} - found:
        found |= more
    return found


def _reap() -> None:
    """Wait until no child is left."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _keep(owner: int, words: list[str]) -> None:
    """Run a daemon; when told to end, or when the owner has, leave none of its processes alive."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit

    signal.signal(signal.SIGTERM, end)
    system = ctypes.CDLL(None)
    # PR_SET_CHILD_SUBREAPER: what leaves its parent (slurmstepd does) becomes a child of this process
    system.prctl(36, 1)
    system.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: when the thread that started this process is gone
    try:
        if os.getppid() == owner:
            subprocess.Popen(words)
            _reap()
    finally:
        _kill_below(os.getpid())
        _reap()


if __name__ == "__main__":
    _keep(int(sys.argv[1]), sys.argv[2:])
