"""What every command needs: child processes, signals, locks, ports and terminal output."""
