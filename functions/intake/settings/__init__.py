"""The settings: `table` lists every one of them, `types` parse their text, `config` reads their values once."""
