"""URLs of indexes: split from their credentials, and printed without them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from fi_bump.errors import PackageIndexError

# The text between `//` and `@` of a URL, in any text. Parsers cut a password off at a slash: the rest of it must not be
# printed either.
_USERINFO = re.compile(r"(?<=//)(?:[^/\s@]*(?:@[^/\s@]*)*@|[^/\s@:\[]+:(?![0-9]*(?:/|\s|\Z))[^\s@]*@)")
# pip's syntax for a variable in a requirement file; it knows no other.
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
# The tokens that some indexes accept in the query.
_SECRET = re.compile(r"(?i)([?&](?:[a-z_-]*(?:token|secret|password|signature|key|sig))=)[^&\s]*")


class Credentials(NamedTuple):
    """A user and a password, decoded."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def redacted(text: str) -> str:
    """Return the text without any credentials in its URLs. Only this form of a URL may be printed or stored."""
    return _SECRET.sub(r"\1****", _USERINFO.sub("", text))


def expanded(address: str) -> str:
    """Expand a URL of a requirement file as pip does: `${NAME}` is the environment variable, if it is set."""
    return _VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], address)


def split(url: str) -> tuple[str, Credentials | None]:
    """Return a URL without its credentials, and the credentials. Raises PackageIndexError if it is not a URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _no_address(url) from None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme != "file" and not parts.hostname):
        raise _no_address(url)
    userinfo, separator, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=host))
    if not separator:
        return bare, None
    user, _, password = userinfo.partition(":")
    return bare, Credentials(unquote(user), unquote(password))


def _no_address(text: str) -> PackageIndexError:
    # A text without `https://` may contain credentials all the same.
    shown = redacted(text) if "//" in text else text.rpartition("@")[2]
    return PackageIndexError("is not a URL", place=shown, hint="write https://HOST/simple or file:///FOLDER")


def absolute(base: str, url: str) -> str:
    """Return a link on the page `base` as a complete URL without credentials. Raises ValueError if it is not a URL."""
    # Pages list thousands of complete URLs; only the other links are worth parsing.
    if not url.startswith(("https://", "http://")):
        url = urljoin(base, url)
    host = url.split("/", 3)[2:3]
    if host and host[0].isascii() and not set(host[0]) & set("@[ "):
        return url
    try:
        return split(url)[0]
    except PackageIndexError as error:
        raise ValueError(error.message) from None


def project_url(index: str, package: str) -> str:
    """Return the URL of a package's page on an index (PEP 503)."""
    return f"{index.rstrip('/')}/{quote(package)}/"


def host_of(url: str) -> str:
    """Return `host` or `host:port` of a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]
