"""How a project comes to use guard: what it is made of, and the files that it is offered."""
