"""From bytes to a file and everything that is wrong with it; never an exception, whatever the bytes."""

import msgspec

from payment_core.ach.model import AchFile
from payment_core.ach.problems import Findings, Problem
from payment_core.ach.reading.assembly import Assembly
from payment_core.ach.reading.lines import split_lines
from payment_core.ach.reading.profiles import TOLERATED_BY_PROFILE, Profile
from payment_core.ach.validation.file import check_file


class Reading(msgspec.Struct, frozen=True):
    """file: as much as could be understood. errors: what makes it invalid. warnings: what the profile lets pass."""

    file: AchFile
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Whether there are no errors."""
        return not self.errors


def read(data: bytes, profile: Profile = Profile.STRICT) -> Reading:
    """Read and validate a file. The file of an invalid reading is for showing, never for acting on."""
    findings = Findings(TOLERATED_BY_PROFILE[profile])
    lines = split_lines(data, findings)
    assembled = Assembly(findings).assemble(lines)
    if lines:
        check_file(assembled.file, findings, assembled.line_numbers)
    return Reading(assembled.file, findings.errors, findings.warnings)


def problems_of(file: AchFile, profile: Profile = Profile.STRICT) -> tuple[Problem, ...]:
    """What is wrong with a file that was not read but made; nothing is changed."""
    findings = Findings(TOLERATED_BY_PROFILE[profile])
    check_file(file, findings)
    return findings.errors
