#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: unreached.py COVERAGE LIST
Prints, by function, the lines and branches in gcovr's COVERAGE (JSON) that no test
reaches, with the reasons from LIST. Code that is reached only at certain moments may be
missing there; a function in LIST that does not exist is an error.
"""
import json
import sys


def reasons_in(path):
    reasons = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                function, reason = line.rstrip().split(": ", 1)
                reasons[function] = reason
    return reasons


def missed_in(source):
    """The lines, and the lines of the branches, by function."""
    starts = sorted((f["lineno"], f["name"]) for f in source["functions"])
    missed = {}
    for line in source["lines"]:
        if line["gcovr/noncode"] or line["gcovr/excluded"]:
            continue
        number = line["line_number"]
        names = [name for start, name in starts if start <= number]
        name = f"{source['file']} {names[-1] if names else '-'}"
        lines, branches = missed.setdefault(name, ([], []))
        if not line["count"]:
            lines.append(number)
        elif any(not branch["count"] for branch in line["branches"]):
            branches.append(number)
    return missed


def words(kind, numbers):
    return [f"{kind} {', '.join(map(str, numbers))}"] if numbers else []


def main(coverage, listed):
    reasons = reasons_in(listed)
    with open(coverage, encoding="utf-8") as file:
        sources = json.load(file)["files"]
    for source in sources:
        for name, (lines, branches) in missed_in(source).items():
            reason = reasons.pop(name, "no reason is listed")
            what = "; ".join(words("lines", lines) + words("branches of", branches))
            if what:
                print(f"{name} ({what}): {reason}")
            elif reason != "no reason is listed":
                print(f"{name}: all reached this time; listed: {reason}")
    for name in reasons:
        print(f"{name}: there is no such function")
    return bool(reasons)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
