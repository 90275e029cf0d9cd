"""The shortest ways from full pools to pools with room, kept between searches.

Layer 0 are the pools with room, layer k the pools from which somebody may move to layer k - 1. The layers
outlive the searches: they are built anew only when a step on them turns out to be gone.
"""

from __future__ import annotations

from allocator.mechanisms.moves import NOWHERE, Moves

Step = tuple[int, int, int]


class Layers:
    """Ways to room over ``moves``. ``closed`` (a mask): full pools from which no way leads to room, ever."""

    def __init__(self, moves: Moves) -> None:
        self.moves = moves
        self.closed = 0
        self._layers: list[int] = []
        self._hopeful = list(range(moves.sink))

    def way_from(self, sources: int) -> list[Step] | None:
        """Steps from one of the full pools ``sources`` (a mask) to a pool with room, the last into the sink.

        ``None`` when there is none; the sources are closed then.
        """
        while sources := sources & ~self.closed:
            depth = next((k for k, layer in enumerate(self._layers) if sources & layer), NOWHERE)
            if depth > 0 and (steps := self._descend(_lowest(sources & self._layers[depth]), depth)):
                return steps
            self._build()
        return None

    def _descend(self, pool: int, depth: int) -> list[Step] | None:
        """Down the layers, person by person; ``None`` when a step is gone."""
        moves = self.moves
        steps: list[Step] = []
        for layer in reversed(self._layers[:depth]):
            member = NOWHERE
            while member == NOWHERE:
                below = moves.row(pool) & layer
                if not below:
                    return None
                member = moves.mover(pool, below)
            target = _lowest(moves.mask(member) & layer)
            steps.append((pool, target, member))
            pool = target
        if moves.room[pool] <= 0:
            return None
        steps.append((pool, moves.sink, NOWHERE))
        return steps

    def _build(self) -> None:
        """All layers from the pools with room upwards; what is left over is closed."""
        room = self.moves.room
        with_room = [pool for pool in self._hopeful if room[pool] > 0]
        rest = [(pool, self.moves.row(pool)) for pool in self._hopeful if room[pool] <= 0]
        layer = sum(1 << pool for pool in with_room)
        self._layers = []
        while layer:
            self._layers.append(layer)
            leading = [pool for pool, row in rest if row & layer]
            rest = [(pool, row) for pool, row in rest if not row & layer]
            layer = sum(1 << pool for pool in leading)
        lost = {pool for pool, _ in rest}
        self._hopeful = [pool for pool in self._hopeful if pool not in lost]
        self.closed |= sum(1 << pool for pool in lost)


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
