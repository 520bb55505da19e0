"""Everything that can go wrong in `agent`, as one tree. Each error names the thing, the cause, the next step.

AgentError
├── UsageError              exit 2
│   └── ConfigError         exit 2
├── EnvironmentBroken       exit 3
│   ├── SandboxUnavailable  exit 3
│   ├── InterpreterBroken   exit 3
│   └── RunFolderError      exit 3
├── SandboxDied             exit 3
└── Cancelled               exit 130
"""

from __future__ import annotations


class AgentError(Exception):
    """Raised when a run cannot go on. `exit_code` is what the command ends with."""

    exit_code = 3


class UsageError(AgentError):
    """Raised when the caller asked for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """Raised when configuration is unreadable, has an unknown key or a bad value."""


class EnvironmentBroken(AgentError):
    """Raised when the machine or the project lacks what a run needs."""


class SandboxUnavailable(EnvironmentBroken):
    """Raised when no sandbox works here. Nothing is ever run without one."""


class InterpreterBroken(EnvironmentBroken):
    """Raised when the interpreter that should run the tests cannot."""


class RunFolderError(EnvironmentBroken):
    """Raised when a run's folder cannot be read, written or locked."""


class SandboxDied(AgentError):
    """Raised when a sandbox ended while it was needed."""


class Cancelled(AgentError):
    """Raised when the user asked to stop."""

    exit_code = 130
