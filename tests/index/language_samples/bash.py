"""The Bash sample."""

from language_samples import Sample, lines

BASH = Sample(
    "bash",
    {
        "bin/build.sh": """
            #!/usr/bin/env bash
            source "$(dirname "$0")/../lib/log.sh"

            LEVEL=1

            # Builds everything.
            build() {
              local target="$1"
              log "building $target at $LEVEL"
              make "$target" || fail
            }

            function main { build all; }

            main "$@"
            """,
        "lib/log.sh": """
            log() { echo "$1"; }
            fail() { log failed; exit 1; }
            """,
        "tests/build_test.sh": """
            . bin/build.sh

            test_build() {
              build one
            }
            """,
    },
    lines(
        """
        bin/build.sh::LEVEL constant
        bin/build.sh::build function
        bin/build.sh::main function
        lib/log.sh::log function
        lib/log.sh::fail function
        tests/build_test.sh::test_build test
        """
    ),
    lines(
        """
        bin/build.sh IMPORTS lib/log.sh
        tests/build_test.sh IMPORTS bin/build.sh
        bin/build.sh::build CALLS lib/log.sh::log
        bin/build.sh::build CALLS lib/log.sh::fail
        bin/build.sh::build REFERENCES bin/build.sh::LEVEL
        bin/build.sh::main CALLS bin/build.sh::build
        bin/build.sh::bin.build CALLS bin/build.sh::main
        lib/log.sh::fail CALLS lib/log.sh::log
        tests/build_test.sh::test_build CALLS bin/build.sh::build
        tests/build_test.sh::test_build TESTS bin/build.sh::build
        tests/build_test.sh TESTS bin/build.sh (name_only)
        """
    ),
    ("build", "Builds everything."),
    ("lib/log.sh", "kept() { echo 1; }\n\nbroken() { if\n"),
)

SAMPLES = (BASH,)
