"""Opens a migration for a command, and says what its faults mean: no, bad input, or a world that refuses."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from config.loading.problems import ConfigurationError
from daemon.cli.core.store import StoreKind, store_options
from daemon.cli.options import directory_with
from daemon.cli.output import Exit, fail
from payment_core.assembly.migrating import Migration, migration_beside
from payment_core.aws.secrets import SecretsManagerKey
from payment_core.errors import CoreError, DatabaseUnusable
from payment_core.fraud.screening import ScreeningListUnusable
from payment_core.logs import configure_logs
from payment_core.migration.engine.source import ExportSource
from payment_core.migration.errors import ExportChanged, MigrationError
from payment_core.migration.export.errors import ExportError
from payment_core.migration.export.opening.keys import FileKey, KeySource
from payment_core.options import CoreOptions
from payment_core.store.dynamodb.errors import LayoutMismatch
from payment_core.vault.errors import KeyFileUnusable

T = TypeVar("T")

ExportDir = Annotated[Path, typer.Argument(metavar="EXPORT", help="Directory of the export, with its manifest.json.")]
KeyFile = Annotated[Path | None, typer.Option(help="OpenPGP private key for encrypted files, of mode 600.")]
PassphraseFile = Annotated[Path | None, typer.Option(help="What opens that key, of mode 600.")]
KeySecret = Annotated[str, typer.Option(help="The key as a secret of AWS Secrets Manager: its name or ARN.")]
Actor = Annotated[str, typer.Option(help="Who does it; goes on record.")]
Config = Annotated[Path | None, directory_with("deployment.yaml and screening.csv")]
KmsKey = Annotated[str, typer.Option(help="Id or alias of the KMS key, as the core was started with.")]
KmsUrl = Annotated[str, typer.Option("--kms-endpoint-url", help="Address of KMS; AWS itself when left out.")]


class Where:
    """Where the payments are, as the options of a command say."""

    def __init__(
        self,
        data_dir: Path,
        database: Path | None,
        store: StoreKind,
        table: str,
        endpoint_url: str,
        kms_key: str,
        kms_url: str,
        region: str,
        config: Path | None,
        actor: str,
    ) -> None:
        given = {"kms_key": kms_key, "kms_endpoint_url": kms_url, "region": region}
        more = {name: value for name, value in given.items() if value != ""}
        if config is not None:
            more["config"] = str(config)
        self.options = store_options(
            store,
            data_dir=data_dir,
            database=database,
            table=table,
            endpoint_url=endpoint_url,
            more=more,
        )
        self.actor = actor.strip() if actor.strip() != "" else "operator"


def key_source(
    options: CoreOptions, key_file: Path | None, passphrase_file: Path | None, key_secret: str
) -> KeySource | None:
    """Where the export's key is; None when no option names one. Ends the command for two at once."""
    if key_secret != "" and key_file is not None:
        fail("--key-secret and --key-file both name the export's key\n  fix: leave one out", Exit.BAD_INPUT)
    if passphrase_file is not None and key_file is None:
        fail("--passphrase-file opens the key of --key-file\n  fix: name that too", Exit.BAD_INPUT)
    if key_secret != "":
        url = None if options.endpoint_url is None else str(options.endpoint_url)
        return SecretsManagerKey(secret=key_secret, region=options.region, endpoint_url=url)
    return None if key_file is None else FileKey(key_file, passphrase_file)


def with_migration(where: Where, act: Callable[[Migration], Awaitable[T]]) -> T:
    """What the act answers; ends the command with 1 for no, 2 for bad input and 3 for a world that refuses."""
    configure_logs(logging.WARNING)

    async def run() -> T:
        async with migration_beside(where.options, person=where.actor) as migration:
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
    except CoreError as error:
        again = " Run the command again; it goes on where it stopped." if error.retryable else ""
        fail(f"{error}{again}", Exit.WORLD_REFUSED)
    except KeyboardInterrupt:
        fail("interrupted; run the command again, it goes on behind the last batch", Exit.NO)


async def source_of(migration: Migration, directory: Path, keys: KeySource | None) -> ExportSource:
    """The export, ready to be read."""
    return ExportSource(await migration.export(directory, keys))
