"""Opens a migration for a command, and says what its faults mean: no, bad input, or a world that refuses."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import typer

from config.loading.problems import ConfigurationError
from daemon.cli.bundles import bundled
from daemon.cli.core.store import over_a_sealed_store
from daemon.cli.options import directory_with
from daemon.cli.output import Exit, fail
from payment_core.assembly.migrating import Migration, migration_beside
from payment_core.aws.secrets import SecretsManagerKey
from payment_core.errors import CoreError, DatabaseUnusable, StoreUnwritable
from payment_core.fraud.screening import ScreeningListUnusable
from payment_core.logs import configure_logs
from payment_core.migration.errors import ExportChanged, MigrationError
from payment_core.migration.export.errors import ExportError
from payment_core.migration.export.export import Export
from payment_core.migration.export.opening.keys import FileKey, KeySource
from payment_core.migration.limits import SMALL_BATCH, Limits
from payment_core.options import CoreOptions
from payment_core.store.dynamodb.errors import LayoutMismatch
from payment_core.vault.errors import KeyFileUnusable

T = TypeVar("T")

OPERATOR = "operator"
ExportDir = Annotated[Path, typer.Argument(metavar="EXPORT", help="Directory of the export, with its manifest.json.")]
KeyFile = Annotated[Path | None, typer.Option(help="OpenPGP private key for encrypted files, of mode 600.")]
PassphraseFile = Annotated[Path | None, typer.Option(help="What opens that key, of mode 600.")]
KeySecret = Annotated[str, typer.Option(help="The key as a secret of AWS Secrets Manager: its name or ARN.")]
Config = Annotated[Path | None, directory_with("deployment.yaml and screening.csv")]


@over_a_sealed_store
def options_of(*, options: CoreOptions, config: Config = None) -> CoreOptions:
    """Those of the store, with the directory of the configuration."""
    return options if config is None else options.model_copy(update={"config": config})


class ExportKey(NamedTuple):
    """Where the key of encrypted files is; of three places that are not given there is none."""

    key_file: Path | None
    passphrase_file: Path | None
    key_secret: str


def export_key(
    *, key_file: KeyFile = None, passphrase_file: PassphraseFile = None, key_secret: KeySecret = ""
) -> ExportKey:
    """What opens encrypted files. Ends the command for two keys at once, and for a passphrase without one."""
    if key_secret != "" and key_file is not None:
        fail("--key-secret and --key-file both name the export's key\n  fix: leave one out", Exit.BAD_INPUT)
    if passphrase_file is not None and key_file is None:
        fail("--passphrase-file opens the key of --key-file\n  fix: name that too", Exit.BAD_INPUT)
    return ExportKey(key_file, passphrase_file, key_secret)


over_a_store = bundled(options=options_of)
"""A command about the payments that its ``options`` name."""
over_an_export = bundled(options=options_of, key=export_key)
"""One that reads an export, too."""


def _source_of_key(options: CoreOptions, key: ExportKey) -> KeySource | None:
    if key.key_secret != "":
        url = None if options.endpoint_url is None else str(options.endpoint_url)
        return SecretsManagerKey(secret=key.key_secret, region=options.region, endpoint_url=url)
    return None if key.key_file is None else FileKey(key.key_file, key.passphrase_file)


def limits_for(options: CoreOptions) -> Limits:
    """What suits the store."""
    return Limits(batch_records=SMALL_BATCH) if options.store == "dynamodb" else Limits()


def with_migration(options: CoreOptions, act: Callable[[Migration], Awaitable[T]], actor: str = "") -> T:
    """What the act answers; ends the command with 1 for no, 2 for bad input and 3 for a world that refuses.

    actor: who does it, for the record; an operator when nobody is named.
    """
    configure_logs(logging.WARNING)
    person = actor.strip() if actor.strip() != "" else OPERATOR

    async def run() -> T:
        async with migration_beside(options, person=person) as migration:
            return await act(migration)

    try:
        return asyncio.run(run())
    except KeyFileUnusable as error:
        fail(f"{error}\n  fix: where a KMS has the keys, as under `up`, name it with --kms-key", Exit.BAD_INPUT)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    except (DatabaseUnusable, LayoutMismatch, ExportChanged, ScreeningListUnusable) as error:
        fail(str(error), Exit.BAD_INPUT)
    except ExportError as error:
        fail(str(error), Exit.WORLD_REFUSED if error.retryable else Exit.BAD_INPUT)
    except MigrationError as error:
        fail(str(error), Exit.NO)
    except StoreUnwritable as error:
        place = options.database if options.store == "sqlite" else options.table
        fail(f"{place}: {error}\n  fix: make room, and run the command again; it goes on there", Exit.WORLD_REFUSED)
    except CoreError as error:
        again = " Run the command again; it goes on where it stopped." if error.retryable else ""
        fail(f"{error}{again}", Exit.WORLD_REFUSED)
    except KeyboardInterrupt:
        fail("interrupted; run the command again, it goes on behind the last batch", Exit.NO)


async def export_of(migration: Migration, directory: Path, options: CoreOptions, key: ExportKey) -> Export:
    """The export, of which nothing was looked at but its manifest."""
    return await migration.export(directory, _source_of_key(options, key))
