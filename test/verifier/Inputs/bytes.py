"""Writes the bytes that the arguments name in hexadecimal to the file in the first argument."""
import sys

with open(sys.argv[1], "wb") as out:
    out.write(bytes.fromhex("".join(sys.argv[2:])))
