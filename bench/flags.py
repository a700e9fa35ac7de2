"""What a flag costs, whether customers keep their side, and how fast a change reaches every process."""

import argparse
import json

from bench import flags_evaluation, flags_propagation

CUSTOMERS = 1_000_000


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of the split")
    parser.add_argument("--processes", type=int, default=flags_propagation.PROCESSES, help="payment cores")
    parser.add_argument("--flips", type=int, default=flags_propagation.FLIPS, help="that are waited for")
    parser.add_argument("--storm", type=int, default=flags_propagation.STORM, help="flips around the broker's death")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    arguments = parser.parse_args()
    evaluation = flags_evaluation.figures(arguments.customers)
    propagation = flags_propagation.figures(arguments.processes, arguments.flips, arguments.storm)
    print(json.dumps({**evaluation, "propagation": propagation}))


if __name__ == "__main__":
    main()
