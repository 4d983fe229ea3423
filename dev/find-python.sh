#!/bin/sh
# Prints the path of a Python that can carry the project: 3.12 or newer, with venv, ssl and sqlite3.
# Every candidate is started and asked: a name proves nothing (pyenv's shims exist for versions that are not chosen).
# PYTHON=/path/to/python wins. When nothing fits, a sentence says how to get one, and the exit code is 1.

suits() {
    [ -n "$1" ] && "$1" -c '
import sys
if sys.version_info < (3, 12):
    raise SystemExit(1)
import ensurepip, sqlite3, ssl, venv
' >/dev/null 2>&1
}

chosen() {
    # The real program, so that a shim need not be asked again in another folder.
    "$1" -c 'import sys; print(sys.executable)'
    exit 0
}

if [ -n "${PYTHON:-}" ]; then
    suits "$PYTHON" && chosen "$PYTHON"
    echo "PYTHON=$PYTHON is not a Python 3.12 or newer with venv, ssl and sqlite3." >&2
    exit 1
fi

for name in python3.13 python3.14 python3.12 python3 python; do
    suits "$name" && chosen "$name"
done

# pyenv: the versions folder itself, because the shims refuse what no .python-version selects.
for root in "${PYENV_ROOT:-}" "${HOME:-/nonexistent}/.pyenv" /opt/pyenv /usr/local/pyenv; do
    for version in 3.13 3.14 3.12; do
        for candidate in "$root"/versions/"$version"*/bin/python3; do
            [ -n "$root" ] && [ -x "$candidate" ] && suits "$candidate" && chosen "$candidate"
        done
    done
done

if command -v uv >/dev/null 2>&1; then
    for version in 3.13 3.14 3.12; do
        candidate=$(UV_PYTHON_DOWNLOADS=never uv python find --no-project "$version" 2>/dev/null) && suits "$candidate" && chosen "$candidate"
    done
fi

# Pythons that are installed but not on the PATH. The variable is there for the tests.
for folder in ${PYTHON_FOLDERS-/usr/local/bin /opt/homebrew/bin /opt/python/bin /usr/bin}; do
    for candidate in "$folder"/python3.1[2-9]; do
        [ -x "$candidate" ] && suits "$candidate" && chosen "$candidate"
    done
done

cat >&2 <<'HOW'
No Python 3.12 or newer (with venv, ssl and sqlite3) was found. Any one of these brings it:
  Debian, Ubuntu:  sudo apt-get install python3 python3-venv   (Debian 13, Ubuntu 24.04 or newer)
  macOS:           brew install python@3.13
  pyenv:           pyenv install 3.13
  uv:              uv python install 3.13
If you have one elsewhere, name it: make install PYTHON=/path/to/python3.13
HOW
exit 1
