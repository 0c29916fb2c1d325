"""Whom to trust over TLS: the certificate authorities, the client's own certificate, and hosts without a check."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from fi_bump.errors import PackageIndexError, reason_of

if TYPE_CHECKING:
    # Only a connection needs it, and it is slow to import.
    import ssl

# In the order in which pip and its HTTP library look; the last one is also OpenSSL's and uv's.
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PORTS = {"https": 443, "http": 80}
_CERTIFICATES = "a file of PEM certificates"
_CLIENT = "a PEM file with the client's certificate and its key, without a password"


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

    def context(self, *, checked: bool = True) -> ssl.SSLContext:
        """Return the settings of a connection. Raises PackageIndexError for a file that has no certificate."""
        import ssl

        context = _context(self.authorities)
        if self.client is not None:
            _give(context, self.client)
        if not checked:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

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


def is_untrusted(error: Exception) -> bool:
    """Return whether a connection broke off because of the server's certificate."""
    import ssl

    return any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, *error.args))


def _option(environment: Mapping[str, str], name: str) -> str:
    variable = f"PIP_{name.upper().replace('-', '_')}"
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


def _context(authorities: Setting | None) -> ssl.SSLContext:
    import ssl

    if authorities is None:
        return ssl.create_default_context()
    folder = stat.S_ISDIR(_mode(authorities, _CERTIFICATES))
    try:
        # A folder has one file per authority, which OpenSSL finds by the name of its hash when it needs it.
        path = authorities.path
        return ssl.create_default_context(capath=path) if folder else ssl.create_default_context(cafile=path)
    except OSError as error:
        message = "has no certificate that can be read"
        raise _unusable(authorities, _why(message, error), _CERTIFICATES) from None


def _give(context: ssl.SSLContext, client: Setting) -> None:
    if stat.S_ISDIR(_mode(client, _CLIENT)):
        raise _unusable(client, "is a folder", _CLIENT)
    try:
        # Without the function OpenSSL would ask for the password of a key at the terminal.
        context.load_cert_chain(client.path, password=lambda: "")
    except OSError as error:
        message = "has no certificate with a key that can be read"
        raise _unusable(client, _why(message, error), _CLIENT) from None


def _mode(setting: Setting, wanted: str) -> int:
    """Return the mode of a file or a folder. Raises PackageIndexError for anything else: reading a pipe may not end."""
    try:
        mode = os.stat(setting.path).st_mode
    except OSError as error:
        raise _unusable(setting, f"cannot be read: {reason_of(error)}", wanted) from None
    except ValueError:
        raise _unusable(setting, "cannot be read: no file has a NUL in its name", wanted) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise _unusable(setting, "cannot be read: it is not a file", wanted)
    return mode


def _why(message: str, error: OSError) -> str:
    """Return the system's reason, or `message` for what OpenSSL found in a file that could be read."""
    import ssl

    return message if isinstance(error, ssl.SSLError) else f"cannot be read: {reason_of(error)}"


def _unusable(setting: Setting, message: str, wanted: str) -> PackageIndexError:
    return PackageIndexError(message, place=setting.path, hint=f"set {setting.name} to {wanted}, or unset it")
