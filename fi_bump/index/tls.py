"""The settings of a TLS connection, made from what the user's configuration says of trust."""

from __future__ import annotations

import os
import ssl
import stat

from fi_bump.errors import PackageIndexError, reason_of
from fi_bump.index.trust import Setting, Trust

_CERTIFICATES = "a file of PEM certificates"
_CLIENT = "a PEM file with the client's certificate and its key, without a password"


def context_of(trust: Trust, *, checked: bool = True) -> ssl.SSLContext:
    """Return the settings of a connection. Raises PackageIndexError for a file that has no certificate."""
    context = _context(trust.authorities)
    if trust.client is not None:
        _give(context, trust.client)
    if not checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def is_untrusted(error: Exception) -> bool:
    """Return whether a connection broke off because of the server's certificate."""
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, *error.args))


def _context(authorities: Setting | None) -> ssl.SSLContext:
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
    return message if isinstance(error, ssl.SSLError) else f"cannot be read: {reason_of(error)}"


def _unusable(setting: Setting, message: str, wanted: str) -> PackageIndexError:
    return PackageIndexError(message, place=setting.path, hint=f"set {setting.name} to {wanted}, or unset it")
