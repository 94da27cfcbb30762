"""The units in systemd/: what the service may do, and that systemd understands all of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import apt

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
UNIT = UNITS / "backdesk.service"
MOST_EXPOSURE = 1.5
# prctl(2): no memory may be writable and executable, what MemoryDenyWriteExecute= stands for.
SET_MDWE, REFUSE_EXEC_GAIN = 65, 1

UNDER_MDWE = f"""
import ctypes, runpy, sys
if ctypes.CDLL(None).prctl({SET_MDWE}, {REFUSE_EXEC_GAIN}, 0, 0, 0) != 0:
    sys.exit("no MDWE in this kernel")
sys.argv[1:] = ["demo", "--once", "--json", "--mails", "6", "--dir", sys.argv[1]]
runpy.run_module("daemon", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def systemd_analyze() -> Path:
    """Give systemd's own checker."""
    try:
        apt.program("kill", "procps")
        return apt.program("systemd-analyze", "systemd")
    except apt.ServerUnavailable as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))


@pytest.fixture
def stubbed(tmp_path: Path) -> Path:
    """Give the unit with a stub in place of the program."""
    stub = tmp_path / "backdesk"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    unit = tmp_path / "backdesk.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/backdesk", str(stub)))
    return unit


def keys() -> dict[str, list[str]]:
    """Return every key of the unit with its values; lines that go on are joined."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().replace("\\\n", " ").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def script(key: str) -> str:
    """Return the shell script of a key, as systemd hands it to sh."""
    (value,) = keys()[key]
    match = re.fullmatch(r"-/bin/sh -c '(.*)'", value)
    assert match is not None
    return match[1].replace("$$", "$")


def run_script(key: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the shell script of a key with `sleep` replaced by what says its argument."""
    tools = directory.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "sleep").write_text('#!/bin/sh\necho "$1"\n')
    (tools / "sleep").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", script(key)],
        env={"PATH": path, "RUNTIME_DIRECTORY": str(directory), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_systemd_understands_every_line_of_the_unit(systemd_analyze: Path, stubbed: Path) -> None:
    """`systemd-analyze verify` has nothing to say."""
    done = subprocess.run(
        [systemd_analyze, "verify", stubbed], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr + done.stdout) == (0, "")


def test_the_service_is_exposed_to_little(systemd_analyze: Path, stubbed: Path) -> None:
    """`systemd-analyze security` gives 1.5 or better."""
    done = subprocess.run(
        [systemd_analyze, "security", "--offline=true", "--no-pager", stubbed],
        capture_output=True,
        text=True,
        check=False,
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure is not None, done.stdout + done.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("OOMPolicy", "continue"),
        ("Restart", "always"),
        ("StartLimitIntervalSec", "0"),
        ("KillMode", "mixed"),
        ("CapabilityBoundingSet", ""),
        ("MemoryDenyWriteExecute", "yes"),
        ("ProtectSystem", "strict"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
    ],
)
def test_the_unit_keeps_what_the_service_relies_on(key: str, value: str) -> None:
    """Each of these is there once, as the service and DESIGN want it."""
    assert keys()[key] == [value]


def test_the_watchdog_is_fed_several_times_in_its_time() -> None:
    """The service beats at least every 10 s, far below WatchdogSec."""
    assert int(keys()["WatchdogSec"][0]) >= 60


@pytest.mark.parametrize(
    ("deaths", "wait"), [(0, ""), (1, "5"), (2, "20"), (5, "125"), (8, "300"), (5000, "300")]
)
def test_each_start_after_a_death_waits_longer(tmp_path: Path, deaths: int, wait: str) -> None:
    """5 s, 20 s, 45 s and so on, up to 300 s; without deaths not at all."""
    directory = tmp_path / "run"
    directory.mkdir()
    if deaths:
        (directory / "deaths").write_text("watchdog\n" * deaths)
    done = run_script("ExecStartPre", directory)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, wait, "")


@pytest.mark.parametrize("result", ["watchdog", "oom-kill", "exit-code", "signal"])
def test_a_death_is_noted_and_a_clean_end_is_not(tmp_path: Path, result: str) -> None:
    """One line for each death; none where the service ended well."""
    directory = tmp_path / "run"
    directory.mkdir()
    for each in ("success", result, result):
        run_script("ExecStopPost", directory, SERVICE_RESULT=each)
    assert (directory / "deaths").read_text() == f"{result}\n{result}\n"


def test_deaths_are_forgotten_after_an_hour(tmp_path: Path) -> None:
    """A service that ran for more than an hour since its last death starts at once again."""
    directory = tmp_path / "run"
    directory.mkdir()
    deaths = directory / "deaths"
    deaths.write_text("signal\n" * 7)
    os.utime(deaths, (deaths.stat().st_atime, deaths.stat().st_mtime - 3700))
    run_script("ExecStopPost", directory, SERVICE_RESULT="signal")
    assert deaths.read_text() == "signal\n"


@pytest.mark.slow
def test_the_service_works_without_writable_and_executable_memory(tmp_path: Path) -> None:
    """Store, readers, model and SMTP do under PR_SET_MDWE (Linux 6.3), children included."""
    done = subprocess.run(
        [sys.executable, "-c", UNDER_MDWE, tmp_path / "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    if "no MDWE" in done.stderr:
        pytest.skip("the kernel is older than 6.3")
    assert done.returncode == 0, done.stderr
    count = json.loads(done.stdout)
    assert (count["mails"], count["quarantined"]) == (6, 0)
    assert count["by_label"].get("unsure", 0) < 6  # the model was there


def test_the_user_of_the_unit_is_made_by_sysusers_and_owns_the_state() -> None:
    """Unit, sysusers and tmpfiles speak of the same user and the same folders."""
    (user,) = keys()["User"]
    made = [line.split() for line in lines_of("backdesk.sysusers")]
    assert [fields[:2] for fields in made] == [["u", user]]
    folders = {fields[1]: fields[2:5] for fields in map(str.split, lines_of("backdesk.tmpfiles"))}
    assert folders["/var/lib/backdesk"] == ["0750", user, user]
    assert folders["/etc/backdesk"] == ["0750", "root", user]
    assert folders["/etc/backdesk/secrets"] == ["0700", "root", "root"]


def lines_of(name: str) -> list[str]:
    """Return the lines of a file in systemd/ that are not comments."""
    lines = (UNITS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]
