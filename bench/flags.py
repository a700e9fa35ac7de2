"""What a flag costs, whether customers keep their side, and how fast a change reaches every process."""

import argparse
import json

from bench import flags_evaluation

CUSTOMERS = 1_000_000


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of the split")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    print(json.dumps(flags_evaluation.figures(parser.parse_args().customers)))


if __name__ == "__main__":
    main()
