"""What the payment core reads from configuration files: fraud rules, the bank's terms, prices, names, flags."""

import asyncio

import msgspec

from config.ach import Ach
from config.fraud import Fraud
from config.load import DEFAULTS, load_configuration
from config.loading.loader import Loaded
from config.prices import Prices
from payment_core.fraud.screening import Screener, read_names
from payment_core.options import CoreOptions

SCREENING_FILE = "screening.csv"


class CoreSettings(msgspec.Struct, frozen=True):
    """Everything that is tuned in files."""

    fraud: Loaded[Fraud]
    ach: Ach
    prices: Prices
    names: Screener
    flag_document: bytes


async def load_settings(options: CoreOptions) -> CoreSettings:
    """Read the directory, or what is packaged. Raises ConfigurationError and ScreeningListUnusable."""
    return await asyncio.to_thread(_load, options)


def _load(options: CoreOptions) -> CoreSettings:
    # No variable of the environment is meant for these files, so none is read.
    configuration = load_configuration(options.config, {})
    directory = options.config
    own = None if directory is None else directory / SCREENING_FILE
    names = read_names(own if own is not None and own.is_file() else DEFAULTS / SCREENING_FILE)
    return CoreSettings(
        fraud=configuration.fraud,
        ach=configuration.ach,
        prices=configuration.prices,
        names=Screener(names, configuration.fraud.value.screening),
        flag_document=configuration.flag_document.encode(),
    )
