"""Instants as aware UTC datetimes with millisecond precision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def of_ms(ms: int) -> datetime | None:
    """The instant `ms` milliseconds after the epoch, if a datetime can say it."""
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return None


def in_utc(instant: object) -> datetime:
    """The same instant in UTC, floored to the millisecond; a naive datetime names no instant."""
    if not isinstance(instant, datetime):
        raise TypeError(f"expires_at takes a datetime, not {type(instant).__name__}")
    if instant.tzinfo is None:
        raise ValueError("expires_at needs a time zone: a naive datetime names no instant")
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
