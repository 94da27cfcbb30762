"""What is sent and the keys of a webhook -> the headers by which its server knows us; pure.

Source: Standard Webhooks 1.0.0 (standardwebhooks.com).
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime


def signed_headers(
    message_id: str, at: datetime, body: bytes, keys: Sequence[bytes]
) -> dict[str, str]:
    """Return the three headers; one signature for each key, while a key is changed.

    Args:
        message_id: the same on every attempt, without a dot.
        at: of this attempt.
        body: as it is sent.
        keys: the newest first.
    """
    seconds = int(at.timestamp())
    content = b".".join((message_id.encode(), str(seconds).encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
