"""The bytes of the contract worked out again in a few lines of hashlib, sharing no code with the engine.

``python -m tests.publicity.recomputed`` writes ``docs/reference/test-vectors.json`` anew; a changed vector is a
new version of the format.
"""

import hashlib
import json
from pathlib import Path

VECTORS = Path(__file__).parents[2] / "docs" / "reference" / "test-vectors.json"
COMMITMENT = '{"format":"allocator-commitment/1","month":"2026-03"}'
VALUE = "00112233445566778899aabbccddeeff"
ROSTER = [
    {"code": "0A1B2C3D4E5F", "band": 0, "points": 30},
    {"code": "7ZKQX9M2VT4W", "band": 1, "points": 12},
    {"code": "3HJ5NPRS6Y8G", "band": 0, "points": 45},
    {"code": "9DTEW0C1BKFV", "band": 1, "points": 12},
    {"code": "5RMXQ2Z7AHJ4", "band": 0, "points": 30},
    {"code": "1VY8GSPN63KD", "band": 1, "points": 20},
]
LEAF = {
    "code": "0A1B2C3D4E5F",
    "band": 0,
    "points": 30,
    "salt": "f" * 32,
    "preferences": "P1/two_room>P2/studio=P3/studio",
}
RECEIPT = {"receipt_no": "SL2026000001", "class": "roster", "salt": "e" * 32}


def hexed(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def seed(tag, value):
    return hexed(f"{tag}\n{hexed(COMMITMENT)}\n{value}\n")


def ticket(seed_hex, purpose, code):
    return hexed(f"{seed_hex}\n{purpose}\n{code}\n")


def root(leaves):
    """The definition of RFC 9162, 2.1.1, as it is written there: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


def vectors():
    real, rehearsal = seed("allocator-seed/1", VALUE), seed("allocator-rehearsal/1", VALUE)
    order = sorted(ROSTER, key=lambda row: (row["band"], -row["points"], ticket(real, "order", row["code"])))
    leaf = "\t".join(map(str, LEAF.values()))
    receipt = "\t".join(RECEIPT.values())
    sizes = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 1000)
    return {
        "format": "allocator-test-vectors/1",
        "seed": [
            {"commitment": COMMITMENT, "public_value": VALUE, "rehearsal": False, "seed": real},
            {"commitment": COMMITMENT, "public_value": VALUE, "rehearsal": True, "seed": rehearsal},
            {
                "commitment": COMMITMENT,
                "public_value": "",
                "rehearsal": False,
                "seed": seed("allocator-seed/1", ""),
            },
        ],
        "tickets": [
            {
                "seed": real,
                "purpose": purpose,
                "code": row["code"],
                "ticket": ticket(real, purpose, row["code"]),
            }
            for purpose in ("order", "dwelling")
            for row in ROSTER
        ],
        "order": {"seed": real, "roster": ROSTER, "codes_in_order": [row["code"] for row in order]},
        "merkle": [
            {"size": size, "root": root([f"leaf {number}".encode() for number in range(size)]).hex()}
            for size in sizes
        ],
        "roster_leaf": {**LEAF, "leaf_hex": leaf.encode().hex(), "root_alone": root([leaf.encode()]).hex()},
        "receipt_leaf": {
            **RECEIPT,
            "leaf_hex": receipt.encode().hex(),
            "root_alone": root([receipt.encode()]).hex(),
        },
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
