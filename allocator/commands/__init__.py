"""One file per command group: parse, one office or scenario call, print."""
