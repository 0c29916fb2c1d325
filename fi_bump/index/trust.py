"""Whom to trust over TLS: the certificate authorities, the client's own certificate, and hosts without a check."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

# In the order in which pip and its HTTP library look; the last one is also OpenSSL's and uv's.
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PORTS = {"https": 443, "http": 80}


class Setting(NamedTuple):
    """A path of the user's configuration, and the name of the option or variable that has it."""

    path: str
    name: str


class Trust(NamedTuple):
    """The user's settings for TLS.

    `authorities` is a file or a folder of certificates in PEM format, or None for the system's own. `client` is a file
    with the client's certificate and its key. `hosts` are the servers whose certificate is not checked: `host`,
    `host:port`, `https://host` or `*`.
    """

    authorities: Setting | None = None
    client: Setting | None = None
    hosts: tuple[str, ...] = ()

    def checks(self, url: str) -> bool:
        """Return whether the certificate of this URL's server is checked."""
        try:
            parts = urlsplit(url)
            where = parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return True
        return not any(_names(host, *where) for host in self.hosts)

    def variables(self) -> dict[str, str]:
        """Return the variables that make uv trust the same servers."""
        found = {}
        if self.authorities is not None:
            folder = os.path.isdir(self.authorities.path)
            found["SSL_CERT_DIR" if folder else "SSL_CERT_FILE"] = os.path.abspath(self.authorities.path)
        if self.client is not None:
            found["SSL_CLIENT_CERT"] = os.path.abspath(self.client.path)
        if self.hosts:
            found["UV_INSECURE_HOST"] = " ".join(self.hosts)
        return found

    @property
    def hint(self) -> str:
        """What to do about a certificate that is not trusted."""
        name = self.authorities.name if self.authorities else AUTHORITIES[-1]
        return f"set {name} to the file with the index's certificates"


def trust_of(environment: Mapping[str, str], pip: Mapping[str, str], hosts: Iterable[str] = ()) -> Trust:
    """Return the settings of the variables, of pip's options, and of uv for hosts.

    An option of pip counts more than the variables of other tools, as in pip.
    """
    named = [Setting(os.path.expanduser(pip["cert"]), _option(environment, "cert"))] if pip.get("cert") else []
    named += [Setting(environment[name], name) for name in ("PIP_CERT", *AUTHORITIES) if environment.get(name)]
    client = None
    if pip.get("client-cert"):
        client = Setting(os.path.expanduser(pip["client-cert"]), _option(environment, "client-cert"))
    elif environment.get("SSL_CLIENT_CERT"):
        client = Setting(environment["SSL_CLIENT_CERT"], "SSL_CLIENT_CERT")
    every = [*pip.get("trusted-host", "").split(), *environment.get("UV_INSECURE_HOST", "").split(), *hosts]
    return Trust(named[0] if named else None, client, tuple(dict.fromkeys(every)))


def pip_variable(option: str) -> str:
    """Return the variable that an option of pip has, as pip names it."""
    return f"PIP_{option.upper().replace('-', '_')}"


def _option(environment: Mapping[str, str], name: str) -> str:
    variable = pip_variable(name)
    return variable if environment.get(variable) else f"pip's option {name}"


def _names(host: str, scheme: str, name: str | None, port: int | None) -> bool:
    """Return whether an entry of `hosts` names a server. A port of the entry has to be the server's own."""
    if host == "*":
        return True
    before, _, rest = host.rpartition("://")
    # pip and uv accept an IPv6 address without brackets where there is no port.
    rest = f"[{rest}]" if re.fullmatch(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", rest) else rest
    try:
        entry = urlsplit(f"//{rest}")
        wanted = entry.hostname, entry.port
    except ValueError:
        return False
    return before in ("", scheme) and wanted[0] == name and wanted[1] in (None, port)
