"""One module per subcommand of `graft`; each holds its click command as `command`."""
