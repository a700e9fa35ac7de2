"""Which store of a payment core a command is about: a SQLite file or a DynamoDB table, by the flags of the core."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

import typer
from pydantic import ValidationError

from daemon.cli.bundles import bundled
from daemon.cli.options import DataDir
from daemon.cli.output import Exit, fail
from payment_core.clock import SystemClock
from payment_core.errors import CoreError, DatabaseUnusable
from payment_core.ledger.file_books import FileBooks, file_books
from payment_core.options import CoreOptions
from payment_core.registry import core_registry
from payment_core.store.dynamodb.errors import LayoutMismatch
from payment_core.store.dynamodb.store import DynamoStore

T = TypeVar("T")

DATABASE_NAME = "payments.db"

StoreKind = Literal["sqlite", "dynamodb"]

Database = Annotated[Path | None, typer.Option(help=f"The file itself, instead of --data-dir/{DATABASE_NAME}.")]
Store = Annotated[StoreKind, typer.Option(help="Where the payments are: in that file, or in a DynamoDB table.")]
Table = Annotated[str, typer.Option(help="The DynamoDB table; till-core when left out.")]
EndpointUrl = Annotated[str, typer.Option(help="Address of DynamoDB; AWS itself when left out.")]
Region = Annotated[str, typer.Option(help="AWS region; us-east-1 when left out.")]

KmsKey = Annotated[str, typer.Option(help="Id or alias of the KMS key, as the core was started with.")]
KmsUrl = Annotated[str, typer.Option("--kms-endpoint-url", help="Address of KMS; AWS itself when left out.")]
Actor = Annotated[str, typer.Option(help="Who does it; goes on record.")]

Books = FileBooks | DynamoStore


def sqlite_file(data_dir: Path, database: Path | None) -> Path:
    """The file; ends the command when there is none."""
    path = data_dir / DATABASE_NAME if database is None else database
    if not path.is_file():
        fail(f"{path}: there is no such file\n  fix: name it with --data-dir or --database", Exit.BAD_INPUT)
    return path


def store_options(
    store: StoreKind,
    *,
    data_dir: Path,
    database: Path | None,
    table: str,
    endpoint_url: str,
    region: str = "",
    more: Mapping[str, str] = MappingProxyType({}),
) -> CoreOptions:
    """The options of the store; ends the command for flags that do not go together, and for a file that is not there.

    Of a table no file is read; what lies beside the file of a core on SQLite lies in data_dir there too.
    more: options that are not about the store.
    """
    of_tables = {"table": table, "endpoint_url": endpoint_url, "region": region}
    given = {name: value for name, value in of_tables.items() if value != ""}
    if store == "sqlite":
        if given:
            flag = _flag(next(iter(given)))
            fail(f"{flag} is about a DynamoDB table\n  fix: add --store dynamodb, or leave it out", Exit.BAD_INPUT)
        return _checked({"database": sqlite_file(data_dir, database), **more})
    if database is not None:
        fail("--database names a SQLite file\n  fix: name the table with --table", Exit.BAD_INPUT)
    return _checked({"store": store, "database": data_dir / DATABASE_NAME, **given, **more})


def sealed_store(
    *,
    data_dir: DataDir = Path("data"),
    database: Database = None,
    store: Store = "sqlite",
    table: Table = "",
    endpoint_url: EndpointUrl = "",
    kms_key: KmsKey = "",
    kms_url: KmsUrl = "",
    region: Region = "",
) -> CoreOptions:
    """Where the payments are, and what protects their numbers; the region is of both. Ends the command as above."""
    given = {"kms_key": kms_key, "kms_endpoint_url": kms_url, "region": region}
    more = {name: value for name, value in given.items() if value != ""}
    return store_options(store, data_dir=data_dir, database=database, table=table, endpoint_url=endpoint_url, more=more)


over_a_sealed_store = bundled(options=sealed_store)
"""A command about the payments, and the sealed numbers, that its ``options`` name."""


def _checked(given: dict[str, object]) -> CoreOptions:
    """The options; ends the command with the flag that cannot be used."""
    try:
        return CoreOptions.model_validate(given)
    except ValidationError as error:
        wrong = error.errors()[0]
        fail(f"{_flag('-'.join(str(part) for part in wrong['loc']))}: {wrong['msg']}", Exit.BAD_INPUT)


def asked(options: CoreOptions, question: Callable[[Books], Awaitable[T]]) -> T:
    """The answer to a question: of a file as it was at one moment, of a table as each thing is when it is read.

    Ends the command with 2 for a store that is none, and with 3 for one that does not answer.
    """

    async def ask_file(books: FileBooks) -> T:
        return await question(books)

    async def ask_table() -> T:
        from payment_core.assembly.existing import existing_table  # noqa: PLC0415 - a client of AWS, which takes long

        async with existing_table(options, SystemClock()) as table:
            return await question(table)

    try:
        if options.store == "dynamodb":
            return asyncio.run(ask_table())
        with file_books(options.database, core_registry()) as books:
            return asyncio.run(ask_file(books))
    except (DatabaseUnusable, LayoutMismatch) as error:
        fail(str(error), Exit.BAD_INPUT)
    except CoreError as error:
        fail(str(error), Exit.WORLD_REFUSED)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
