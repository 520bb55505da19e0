"""What runs first inside a sandbox, under the target's interpreter: standard library only, Python 3.8 or later."""
