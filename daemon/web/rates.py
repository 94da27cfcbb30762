"""How many requests one client and all together may make; a bounded number of clients is known."""

from collections import OrderedDict

WINDOW_S = 60.0
ALL = 10  # times what one client may do
MOST_CLIENTS = 4_096
_GRAIN_S = 1e-6  # of adding up floats


class Rates:
    """Lets requests in evenly, after a first rush of one minute's worth (GCRA, ITU-T I.371).

    Args:
        per_minute: for one client; all together have ten times that.
        most_clients: of which is known when they came; the one not seen for longest is forgotten,
            and then only the limit of all together holds it.
    """

    def __init__(self, per_minute: int, most_clients: int = MOST_CLIENTS) -> None:
        self._step_s = WINDOW_S / per_minute
        self._most = most_clients
        self._free_at: OrderedDict[str, float] = OrderedDict()  # client -> when its credit is whole
        self._all_free_at = 0.0

    def admit(self, client: str, now_s: float) -> float:
        """Return 0 where a request may go on, else for how many seconds it must wait.

        A request that is refused costs nothing, so that waiting always helps.
        """
        free_at = max(self._free_at.get(client, now_s), now_s)
        all_free_at = max(self._all_free_at, now_s)
        own, everybody = self._step_s, self._step_s / ALL
        wait_s = max(free_at + own, all_free_at + everybody) - now_s - WINDOW_S
        if wait_s > _GRAIN_S:
            return wait_s
        self._free_at[client] = free_at + own
        self._free_at.move_to_end(client)
        self._all_free_at = all_free_at + everybody
        while len(self._free_at) > self._most:
            self._free_at.popitem(last=False)
        return 0.0
