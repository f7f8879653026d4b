"""What the pytest plugin does once it is asked for: its items, and the databases of its fixture."""
