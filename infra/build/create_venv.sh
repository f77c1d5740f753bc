#!/usr/bin/env bash
# Create or update one virtual environment. Returns at once if it is up to date.
# usage: infra/build/create_venv.sh DIRECTORY GROUP LABEL [REQUIREMENTS]
#   GROUP         a group of [dependency-groups] in pyproject.toml
#   LABEL         what the progress line calls it
#   REQUIREMENTS  a list with hashes, installed before the group
# One directory can hold several groups: call it once for each.
set -euo pipefail

directory=$1 group=$2 label=$3 requirements=${4:-}
stamp=$directory/installed-$group.txt
log=$directory/install.log
python=$directory/bin/python

# What the environment is made from, as text: the group and the list. Other changes of pyproject.toml change nothing.
inputs() {
  awk -v begins="^$group = \\\\[" '$0 ~ begins { on = 1 } on { print } on && /\]$/ { exit }' pyproject.toml
  if [ -n "$requirements" ]; then cat "$requirements"; fi
}

is_up_to_date() {
  [ -f "$stamp" ] && is_suitable "$python" && inputs | cmp -s - "$stamp"
}

is_suitable() { # a Python 3.13 that can make environments; a pyenv shim without a version behind it fails here
  "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

has_pip() {
  "$1" -m pip --version >/dev/null 2>&1
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    is_suitable "$PYTHON" && echo "$PYTHON" || explain_python
    return
  fi
  local candidate
  for candidate in python3.13 python3 python "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/3.13*/bin/python \
    "${UV_PYTHON_INSTALL_DIR:-${HOME:-/root}/.local/share/uv/python}"/cpython-3.13*/bin/python3.13 \
    /opt/homebrew/bin/python3.13; do
    if is_suitable "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  cat >&2 <<'MESSAGE'
Python 3.13, the Python of the Lambda runtime, was not found. One of these installs it:
  pyenv install 3.13      uv python install 3.13      apt install python3.13-venv      brew install python@3.13
If it is installed elsewhere: make PYTHON=/path/to/python3.13 ...
MESSAGE
  return 1
}

explain_python() { # why the PYTHON that was given is not used
  local version
  version=$("$PYTHON" -c 'import platform; print(platform.python_version())' 2>/dev/null) || version=
  case $version in
  3.13.*) echo "PYTHON=$PYTHON cannot create virtual environments: its venv, ensurepip or ssl module is missing." \
    "On Debian and Ubuntu: apt install python3.13-venv" ;;
  ?*) echo "PYTHON=$PYTHON is Python $version; Python 3.13 is needed, the Python of the Lambda runtime." ;;
  *) echo "PYTHON=$PYTHON does not run as a Python interpreter; the path of a Python 3.13 is needed." ;;
  esac >&2
  return 1
}

run_pip() { # pip's own output is shown only if it fails
  if ! "${pip[@]}" "$@" >>"$log" 2>&1; then
    explain_failure >&2
    exit 1
  fi
}

# After a connection fault, pip also says that no version was found: the fault decides, not pip's last line.
explain_failure() {
  if grep -qE 'Retrying \(Retry\(|Max retries exceeded|connection error|Read timed out' "$log"; then
    cat <<MESSAGE
The package index cannot be reached, so $label could not be installed. Check the network, the proxy
(HTTPS_PROXY) and pip's own settings (pip config list), then run the command again. From $log:
MESSAGE
    grep -E 'Retry\(|Max retries exceeded|connection error|Read timed out' "$log" | tail -n 2
  elif grep -qE '(HTTP error|Client Error|Server Error)' "$log"; then
    echo "The package index answered with an error, so $label could not be installed. From $log:"
    grep -E '(HTTP error|Client Error|Server Error)' "$log" | tail -n 2
  elif grep -q 'No matching distribution found' "$log"; then
    echo "The package index does not have a version that is needed for $label. From $log:"
    grep '^ERROR' "$log"
  else
    echo "pip could not install $label. The end of $log:"
    tail -n 25 "$log"
  fi
}

if is_up_to_date; then
  exit 0
fi

# Two installs at once would write into the same directory. macOS has no flock command: there, do not start two.
if command -v flock >/dev/null; then
  mkdir -p .local
  exec 9>.local/install.lock
  if ! flock --nonblock 9; then
    echo "Another command is installing: waiting for it ..."
    flock 9
  fi
  if is_up_to_date; then
    exit 0
  fi
fi

trap 'printf "\nStopped. The same command goes on from here.\n" >&2; exit 130' INT
began=$SECONDS
# pip and its start cost 10 MB and 2 seconds: the other environments use the one of .venv.
pip=("$python" -m pip)
without_pip=
if [ "$directory" != .venv ] && has_pip .venv/bin/python; then
  pip=(.venv/bin/python -m pip --python "$python")
  without_pip=--without-pip
fi
if ! is_suitable "$python" || ! { [ -n "$without_pip" ] || has_pip "$python"; }; then
  base=$(find_python)
  rm -rf "$directory"
  "$base" -m venv ${without_pip:+"$without_pip"} "$directory"
fi
echo "Installing $label into $directory (once; a minute or less) ..."
: >"$log"
# Without bytecode, which Python writes by itself for the modules that are imported: a third of the disk space.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
if [ -n "$requirements" ]; then
  # In a call of its own: if one package of a call has hashes, all must have them. The list is complete: --no-deps.
  run_pip install --no-compile --require-hashes --no-deps -r "$requirements"
  list=$(basename "$requirements" .txt)
  grep -oE '^[^# ]+==[^ ]+' "$requirements" >"$directory/pins${list#requirements}.txt"
fi
# By tomllib: the pip of Python 3.13.0 does not read dependency groups.
"$python" -c 'import sys, tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"][sys.argv[1]], sep="\n")' "$group" \
  >"$directory/$group.txt"
constraints=()
for pins in "$directory"/pins*.txt; do
  if [ -f "$pins" ]; then constraints+=(-c "$pins"); fi
done
run_pip install --no-compile -r "$directory/$group.txt" ${constraints[@]+"${constraints[@]}"}
# Not after the list, which a test holds complete: a group on top of it may be out of date until it is installed next.
if [ -z "$requirements" ]; then run_pip check; fi
inputs >"$stamp"
echo "  done in $((SECONDS - began)) s"
