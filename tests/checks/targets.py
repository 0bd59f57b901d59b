#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: targets.py BUILD TEST|SUITE...
Prints what ninja is to build for these tests: what they are made of, the programs that
those of tests/preload run, and all that is no test.
"""
import json
import os
import subprocess
import sys


def introspect(build, what):
    return json.loads(subprocess.check_output(["meson", "introspect", what, build]))


def is_wanted(target, needed):
    directory = os.path.dirname(target["defined_in"])
    tests = directory.find("/tests")
    return (
        target["id"] in needed
        or tests < 0
        or (directory.endswith("/tests/preload") and not target["name"].startswith("preload-"))
    )


def main(build, *names):
    needed = set()
    for test in introspect(build, "--tests"):
        suites = [suite.split(":")[-1] for suite in test["suite"]]
        if set(names) & {test["name"], *suites}:
            needed.update(test["depends"])
    for target in introspect(build, "--targets"):
        if target["build_by_default"] and is_wanted(target, needed):
            for name in target["filename"]:
                print(os.path.relpath(name, os.path.realpath(build)))


if __name__ == "__main__":
    main(*sys.argv[1:])
