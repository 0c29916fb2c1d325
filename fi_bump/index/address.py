"""Addresses of indexes: split from their credentials, and shown without them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from fi_bump.errors import PackageIndexError

# Whatever stands between `//` and `@` of an address, in any text.
# A password with a slash in it is cut off by whatever reads addresses: its rest must not be shown either.
_USERINFO = re.compile(r"(?<=//)(?:[^/\s@]*(?:@[^/\s@]*)*@|[^/\s@:\[]+:(?![0-9]*(?:/|\s|\Z))[^\s@]*@)")
# pip's form of a variable in a requirement file, and no other.
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
# Tokens that some indexes take in the query.
_SECRET = re.compile(r"(?i)([?&](?:[a-z_-]*(?:token|secret|password|signature|key|sig))=)[^&\s]*")


class Credentials(NamedTuple):
    """A user and a password, decoded."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def redacted(text: str) -> str:
    """A text in which no address carries credentials: the only form in which one may be shown or kept."""
    return _SECRET.sub(r"\1****", _USERINFO.sub("", text))


def expanded(address: str) -> str:
    """An address of a requirement file as pip reads it: `${NAME}` is the environment's, where it has one."""
    return _VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], address)


def split(url: str) -> tuple[str, Credentials | None]:
    """An address without its credentials, and these. Raises PackageIndexError for what is no address."""
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
    # What lacks `https://` may hold credentials all the same.
    shown = redacted(text) if "//" in text else text.rpartition("@")[2]
    return PackageIndexError("is no address", place=shown, hint="write https://HOST/simple or file:///FOLDER")


def absolute(base: str, url: str) -> str:
    """An address on a page at `base`, whole and without credentials. Raises ValueError for what is no address."""
    # Pages list thousands of whole addresses: only the others are worth parsing.
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
    """The page of a package below an index (PEP 503)."""
    return f"{index.rstrip('/')}/{quote(package)}/"


def host_of(url: str) -> str:
    """`host` or `host:port` of an address."""
    return urlsplit(url).netloc.rpartition("@")[2]
