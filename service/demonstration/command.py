"""`magnesia fixtures`."""

from pathlib import Path

import click

from service.clock import utc_now
from service.commands.ending import stop
from service.commands.sidebar import plain
from service.demonstration import loading, patients
from service.pages.patients import FOLDER


@click.group(short_help="Put the made-up patients on a FHIR server.")
def fixtures() -> None:
    """The made-up patients of the folder `fixtures`, for demonstrations."""


@fixtures.command(short_help="Write them to a FHIR server.")
@click.argument("url")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=FOLDER,
    show_default="the project's fixtures",
    metavar="FOLDER",
    help="Where the request files are.",
)
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Wait so long for the server to answer.",
)
@click.option(
    "--into-existing", is_flag=True, help="Write also to a server that holds other patients."
)
def load(url: str, folder: Path, seconds: float, into_existing: bool) -> None:
    """Write the patients of the request files to the FHIR R4 server whose base URL is URL.

    Each file becomes a patient named for it, with the results, orders and problems of its prefetch
    and with times moved to the present; all of them are marked as test data. Loading again
    replaces them. A server that holds any other patient is refused: never name a server on which
    patients are treated.
    """
    try:
        found = patients.read(folder, utc_now())
        loading.load(url, found, into_existing=into_existing, wait=seconds)
    except loading.AddressError as error:
        stop(str(error), 2)
    except (patients.NotLoadableError, loading.LoadingError) as error:
        stop(str(error), 1)
    for patient in found:
        click.echo(plain(f"Patient/{patient.id}  {len(patient.resources)}  {patient.title}"))
    total = sum(len(patient.resources) for patient in found)
    click.echo(f"{len(found)} patients, {total} resources, written to {plain(url)}.")
