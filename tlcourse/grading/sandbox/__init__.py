"""The walls: back ends, processes, the protocol between inside and outside."""
