"""End with success before anything was tested."""

import os

from kit import say

say("TRIED exit")
os._exit(0)
