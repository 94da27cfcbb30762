"""The tables `[limits]` and `[intake]`: what one mail may cost, and how servers are asked."""

from datetime import time
from typing import Annotated

from pydantic import Field

from daemon.config.section import Section
from daemon.config.values import Size, TimeOfDay

MB, MIB = 10**6, 2**20

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0.01, le=86_400)]


class Limits(Section):
    """`[limits]`: a mail over one of these is kept, with the limit named."""

    # intake: what is fetched at once
    mail_bytes: Size = 100 * MIB  # over it only the headers are stored
    in_flight_bytes: Size = 64 * MIB  # fetched and not yet stored, over all accounts
    slice_bytes: Size = 8 * MIB  # over it a mail is fetched in slices, to a file
    batch_mails: Count = 200
    batch_bytes: Size = 8 * MIB
    # reading: what a parser gets to see
    depth: Count = 100
    parts: Count = 10_000
    header_bytes: Size = 1 * MB
    headers_bytes: Size = 10 * MB
    header_lines: Count = 10_000
    encoded_words: Count = 1_000
    rfc2231_pieces: Count = 200
    addresses: Count = 2_000
    html_bytes: Size = 1 * MB
    html_depth: Count = 500
    read_bytes: Size = 16 * MB
    text_chars: Count = 200_000
    header_chars: Count = 32_000
    cpu_s: Seconds = 2.0
    wall_s: Seconds = 30.0
    memory_bytes: Size = 512 * MIB
    archive_bytes: Size = 100 * MB
    archive_members: Count = 1_000
    archive_ratio: Count = 100
    archive_depth: Annotated[int, Field(ge=0)] = 1


class Intake(Section):
    """`[intake]`: how mail servers are watched."""

    poll_s: Seconds = 60.0
    idle: bool = True
    idle_renew_s: Annotated[float, Field(ge=1, le=600)] = 540.0
    connect_timeout_s: Seconds = 30.0
    command_timeout_s: Seconds = 120.0
    backoff_first_s: Seconds = 5.0
    backoff_max_s: Seconds = 900.0
    sweep_at: TimeOfDay = time(3, 30)
    reconcile_at: TimeOfDay = time(4, 30)
    free_disk_bytes: Size = 500 * MB
