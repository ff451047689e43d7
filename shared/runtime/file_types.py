"""What a file is, by its first bytes, against what it is said to be."""

import puremagic

from shared.kernel import RefusalKind, Refused

HEAD_BYTES = 4_096
"""What is looked at; signatures stand further in front."""

_SAME = {"image/heic": "image/heif", "image/jpg": "image/jpeg", "image/x-ms-bmp": "image/bmp"}
_TEXT = ("text/", "application/json", "application/xml")
_TEXT_ENDINGS = ("+json", "+xml")
_NEVER_IN_TEXT = frozenset(range(32)) - frozenset(b"\t\n\r\f")


class FileTypeRefused(Refused):
    """Files of the type {media_type} are not taken."""

    code = "file-type-refused"
    kind = RefusalKind.UNSUPPORTED
    resolve = "Send one of {types}, named in the header content-type; ASBUILT_FILES_TYPES may allow others."


class FileTypeWrong(Refused):
    """The file is said to be {media_type}, and its first bytes say {found}."""

    code = "file-type-wrong"
    kind = RefusalKind.UNSUPPORTED
    resolve = "Name what it is in the header content-type."


def media_type_of(content_type: str | None) -> str:
    """The media type in a header content-type, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def check_type(media_type: str, types: frozenset[str]) -> None:
    """Whether files of this type are taken.

    :raises FileTypeRefused: naming those that are.
    """
    if media_type not in types:
        raise FileTypeRefused(media_type=media_type or "(none)", types=", ".join(sorted(types)))


def check_content(content: bytes, media_type: str) -> None:
    """Whether the first bytes are those of the type. Of a type without signature nothing known may be found.

    :raises FileTypeWrong: naming what was found.
    """
    head = content[:HEAD_BYTES]
    if media_type.startswith(_TEXT) or media_type.endswith(_TEXT_ENDINGS):
        if not _is_text(head):
            raise FileTypeWrong(media_type=media_type, found=_described(_found(head)) or "that it is no text")
        return
    found = _found(head)
    if _plain(media_type) in found or (not found and _plain(media_type) not in _KNOWN):
        return
    raise FileTypeWrong(media_type=media_type, found=_described(found) or "nothing that is known")


def _is_text(head: bytes) -> bool:
    """UTF-8 that may break off inside a character, without control characters."""
    if set(head) & _NEVER_IN_TEXT:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == HEAD_BYTES and error.start > HEAD_BYTES - 4
    return True


def _found(head: bytes) -> frozenset[str]:
    """Every type that the bytes may be, the likeliest or not."""
    try:
        return frozenset(_plain(one.mime_type) for one in puremagic.magic_string(head) if one.mime_type)
    except (puremagic.PureError, ValueError):
        return frozenset()


def _described(found: frozenset[str]) -> str:
    shown = sorted(found)
    return ", ".join(shown[:3]) + (" or others" if len(shown) > 3 else "")  # noqa: PLR2004 - enough to see it


def _plain(media_type: str) -> str:
    """One name for what has several: `application/x-gzip` is `application/gzip`."""
    same = _SAME.get(media_type.lower(), media_type.lower())
    return same.replace("/x-", "/", 1)


_KNOWN = frozenset(_plain(one.mime_type) for one in puremagic.magic_header_array if one.mime_type)
