#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: targets.py BUILD TEST|SUITE...
Prints the targets that ninja has to build for these tests: those they depend on, and all
that are not other tests.
"""
import json
import os
import subprocess
import sys


def introspect(build, what):
    return json.loads(subprocess.check_output(["meson", "introspect", what, build]))


def main(build, *names):
    needed, tests = set(), set()
    for test in introspect(build, "--tests"):
        suites = [suite.split(":")[-1] for suite in test["suite"]]
        if set(names) & {test["name"], *suites}:
            needed.update(test["depends"])
        tests.update(test["cmd"])
    for target in introspect(build, "--targets"):
        is_test = tests.intersection(target["filename"]) and "/tests/" in target["defined_in"]
        if target["build_by_default"] and (target["id"] in needed or not is_test):
            for name in target["filename"]:
                print(os.path.relpath(name, os.path.realpath(build)))


if __name__ == "__main__":
    main(*sys.argv[1:])
