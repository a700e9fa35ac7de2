"""Takes over a warning of Apprise's own: it uses a module that Python 3.13 leaves out, and knows what to do then."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import imghdr  # noqa: F401  # so that it is there when Apprise asks for it
