"""
Say in one sentence what stops `make install`, before anything is written.

This runs on any Python, even one that is too old for the rest, so it uses nothing new.
"""

import os
import sys

LOWEST = (3, 11)  # of the versions in lock.txt
DISK_GB = 10  # 6.5 installed, and the wheels while they are unpacked


def problem():
    """Return the sentence, or None when nothing is missing."""
    if sys.version_info < LOWEST:
        return (
            "Python %d.%d or newer is needed and %s is %d.%d: install one and run "
            % (LOWEST + (sys.executable,) + tuple(sys.version_info[:2]))
            + "`make install PYTHON=/path/to/python3.11`"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "%s cannot make virtual environments with pip: install its `venv` and `pip` "
            % (sys.executable)
            + "(on Debian and Ubuntu the package python3-venv)"
        )
    state = os.statvfs(".")
    free = state.f_bavail * state.f_frsize / 1e9
    if free < DISK_GB and not os.path.exists(".venv/bin/torchrun"):
        return "the packages need %d GB and the disk of %s has %.1f GB free: make room first" % (
            DISK_GB,
            os.getcwd(),
            free,
        )
    return None


if __name__ == "__main__":
    found = problem()
    if found:
        sys.stderr.write("error: %s\n" % found)
        sys.exit(1)
