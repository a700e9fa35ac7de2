"""The environment variables that children get: enough to run, and nothing that leads to a real AWS account."""

import os
from collections.abc import Mapping

from config.scenario import HOME_REGION

ACCESS_KEY = "test"
"""ministack takes any key; one of twelve digits would become the account id."""

REGION = HOME_REGION
ACCOUNT_ID = "000000000000"
"""ministack's account."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


def local_environment(base: Mapping[str, str]) -> dict[str, str]:
    """A child's environment. No TILL_ and no AWS_ variable of the caller passes, so none can lead elsewhere."""
    kept = {name: base[name] for name in _KEPT if name in base}
    return kept | {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": base.get("PYTHONDONTWRITEBYTECODE", ""),
    }
