"""URLs of indexes: split from their credentials, and completed. `boundary.addresses` shows them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from fi_bump.errors import PackageIndexError

# pip's syntax for a variable in a requirement file; it knows no other.
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_PORTS = {"http": 80, "https": 443}


class Credentials(NamedTuple):
    """A user and a password, decoded."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def expanded(address: str) -> str:
    """Expand a URL of a requirement file as pip does: `${NAME}` is the environment variable, if it is set."""
    return _VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], address)


def split(url: str) -> tuple[str, Credentials | None]:
    """Return a URL without its credentials, and the credentials. Raises PackageIndexError if it is not a URL."""
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _no_address(url) from None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme != "file" and not is_url):
        raise _no_address(url)
    userinfo, separator, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=host))
    if not separator:
        return bare, None
    user, _, password = userinfo.partition(":")
    # Bytes that are not UTF-8 stay as they are: a password may have any.
    return bare, Credentials(unquote(user, errors="surrogateescape"), unquote(password, errors="surrogateescape"))


def origin(url: str) -> str:
    """Return the scheme, host and port of a URL as one text: credentials belong to all three (RFC 6454)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}"


def is_downgrade(before: str, after: str) -> bool:
    """Whether a page or a redirect leads from an encrypted connection to one that everybody can read."""
    return before.lower().startswith("https:") and after.lower().startswith("http:")


def _no_address(text: str) -> PackageIndexError:
    return PackageIndexError("is not a URL", place=text, hint="write https://HOST/simple or file:///FOLDER")


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
