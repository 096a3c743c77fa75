# Creates the virtual environment from the hashed lock file $LOCK.  Sourced by ./start, ./test and ./lock.
# In: LOCK, and optionally PYTHON (interpreter), APP_VENV (folder), NO_CACHE=1, INSTALLER=pip.  Out: VENV.
VENV="${APP_VENV:-$PWD/.venv}"

pick_python() {
  for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    # Run it to be sure: version managers install stubs that only print an error.
    if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
      "$python" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  echo "Cairn needs Python 3.11 to 3.14; found: $(python3 --version 2>&1 || echo none)." >&2
  echo "On Debian or Ubuntu: apt-get install python3 python3-venv. Elsewhere: PYTHON=/path/to/python3.11 ./start" >&2
  exit 1
}

# The fast way: uv, itself pinned and hashed, in its own folder. It creates the venv without ensurepip.
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
install_with_uv() {
  [ "${INSTALLER:-uv}" = uv ] || return 1
  uv="$VENV.boot/bin/uv"
  [ -x "$uv" ] || "$PY" -m pip install -q --no-warn-script-location \
    ${NO_CACHE:+--no-cache-dir} --target "$VENV.boot" --upgrade --require-hashes --only-binary :all: \
    -r requirements-boot.txt || return 1
  export UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
  [ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
  [ -x "$VENV/bin/python" ] || "$uv" venv -q --clear --python "$PY" "$VENV" || return 1
  "$uv" pip install -q ${NO_CACHE:+--no-cache} --python "$VENV/bin/python" \
    --require-hashes --only-binary :all: -r "$LOCK"
}

install_with_pip() {
  if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$VENV"
    "$PY" -m venv "$VENV" || { echo "This Python has no venv module: apt-get install python3-venv" >&2; return 1; }
  fi
  "$VENV/bin/python" -m pip install -q ${NO_CACHE:+--no-cache-dir} \
    --require-hashes --only-binary :all: -r "$LOCK"
}

# A stamp in the venv has the checksum of its lock file, so a second start installs nothing.
stamp="$VENV/.stamp-$LOCK"
# If ./start and ./test run for the first time at once, the second waits for the first.
if command -v flock >/dev/null && { exec 9>"$VENV.lock"; } 2>/dev/null; then flock 9; fi
wanted="$(cksum < "$LOCK")"
if [ ! -x "$VENV/bin/python" ] || [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  PY="$(pick_python)"
  if ! mkdir -p "$VENV" 2>/dev/null || [ ! -w "$VENV" ]; then
    echo "Cannot write $VENV: make it writable, or choose another folder: APP_VENV=/some/folder $0" >&2
    exit 1
  fi
  echo "Installing $LOCK into $VENV with $PY" >&2
  if ! install_with_uv; then
    echo "uv could not be installed. Using pip, which is slower." >&2
    install_with_pip || {
      echo "Could not install $LOCK; the reason is above. Check the network (or PIP_INDEX_URL) and 500 MB of free disk space," >&2
      echo "then try again." >&2
      exit 1
    }
  fi
  echo "$wanted" > "$stamp"
fi
exec 9>&-
