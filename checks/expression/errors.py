"""What is wrong with an expression, and where in its text."""


class ExpressionError(Exception):
    """The expression cannot be used. offset and length: the characters of the text that are meant."""

    def __init__(self, what: str, fix: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix
        self.offset = offset
        self.length = length
