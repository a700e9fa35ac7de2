"""The network's codes as data: what each means, allows and asks for."""
