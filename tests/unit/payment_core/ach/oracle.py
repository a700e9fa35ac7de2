"""A second reading of a file by bare slices, which shares nothing with the codec."""

DEBITS = {"26", "27", "28", "29", "36", "37", "38", "39", "46", "47", "48", "49", "55", "56"}


def figures(data: bytes) -> dict[str, int]:
    """What the file control must say."""
    lines = data.decode("ascii").splitlines()
    last = next(index for index, line in enumerate(lines) if line[0] == "9")
    entries = [line for line in lines[:last] if line[0] == "6"]
    addenda = [line for line in lines[:last] if line[0] == "7"]
    return {
        "batch_count": sum(line[0] == "5" for line in lines[:last]),
        "block_count": len(lines) // 10,
        "entry_addenda_count": len(entries) + len(addenda),
        "entry_hash": sum(int(line[3:11]) for line in entries) % 10**10,
        "debit_cents": sum(int(line[29:39]) for line in entries if line[1:3] in DEBITS),
        "credit_cents": sum(int(line[29:39]) for line in entries if line[1:3] not in DEBITS),
    }
