"""Who may ask an index: credentials from its URL, from netrc, or from the keyring command, each for one origin.

An origin is a scheme, a host and a port. Credentials for `https://host` are not for `http://host`, where everybody on
the way could read them.
"""

from __future__ import annotations

import json
import netrc
import os
import shutil
import subprocess
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from fi_bump.boundary.programs import run
from fi_bump.boundary.reading import read_regular
from fi_bump.errors import PackageIndexError, reason_of
from fi_bump.index.address import Credentials, origin
from fi_bump.index.consulted import netrc_file

KEYRING_LIMIT = 30.0


class CredentialStore:
    """The credentials of one run, by origin."""

    def __init__(self) -> None:
        self._known: dict[str, Credentials] = {}

    def of(self, url: str, given: Credentials | None) -> Credentials | None:
        """Return the credentials `given` in a URL, those known for its origin, or netrc's for its host; else None.

        Raises PackageIndexError for a netrc that cannot be read and may have them.
        """
        if given is not None:
            self._known.setdefault(origin(url), given)
            return given
        known = self._known.get(origin(url))
        return known if known is not None else _from_netrc(urlsplit(url).hostname or "")

    def ask_keyring(self, url: str) -> bool:
        """Whether the keyring command, if installed, has credentials for a URL; they are stored for its origin."""
        command = shutil.which("keyring")
        if command is None or origin(url) in self._known:
            return False
        try:
            done = run([command, "--mode", "creds", "--output", "json", "get", url], seconds=KEYRING_LIMIT)
            found: Any = json.loads(done.stdout) if done.returncode == 0 else None
            self._known[origin(url)] = Credentials(str(found["username"]), str(found["password"]))
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, RecursionError):
            return False
        return True


def basic(credentials: Credentials) -> str:
    """Return the value of an Authorization header. The text is sent as UTF-8 (RFC 7617)."""
    pair = f"{credentials.user}:{credentials.password}".encode("utf-8", "surrogateescape")
    return f"Basic {b64encode(pair).decode('ascii')}"


def _from_netrc(host: str) -> Credentials | None:
    path = netrc_file()
    if path is None:
        return None
    try:
        # Read first: the parser would wait for the writer of a pipe.
        data = read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, reason_of(error)) from None
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (netrc.NetrcParseError, ValueError) as error:
        # It does no harm to an index that it does not name.
        if host.encode("utf-8", "replace") not in data and b"default" not in data:
            return None
        # The parser's own message quotes a word of the line, which may be a part of a password.
        reason = f"line {error.lineno} has an error" if isinstance(error, netrc.NetrcParseError) else "not UTF-8"
        raise _unreadable(path, reason) from None
    except OSError as error:
        raise _unreadable(path, reason_of(error)) from None
    return Credentials(found[0] or found[1], found[2]) if found else None


def _unreadable(path: str, reason: str) -> PackageIndexError:
    return PackageIndexError(
        f"cannot be read: {reason}", place=path, hint="mend the file, or set NETRC to another file"
    )
