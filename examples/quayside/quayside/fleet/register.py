"""Which boats the harbour has."""

from quayside.errors import UnknownBoat


class Register:
    """The fleet, by name."""

    def __init__(self, boats=()):
        self._boats = {}
        for boat in boats:
            self.add(boat)

    def add(self, boat):
        if boat.name in self._boats:
            raise ValueError(f"there is a boat called {boat.name} already")
        self._boats[boat.name] = boat

    def find(self, name):
        try:
            return self._boats[name]
        except KeyError:
            raise UnknownBoat(f"there is no boat called {name}") from None

    def with_room_for(self, people):
        """Boats with enough seats, the smallest first."""
        fitting = [boat for boat in self._boats.values() if boat.seats >= people]
        return sorted(fitting, key=lambda boat: (boat.seats, boat.name))

    def __len__(self):
        return len(self._boats)
