#!/bin/sh
# What the benchmarks of the load compare with, installed once: wrk and h2load, which are Debian's packages wrk and nghttp2-client.
# usage: bench-tools.sh
set -eu
missing=
command -v wrk >/dev/null || missing="$missing wrk"
command -v h2load >/dev/null || missing="$missing nghttp2-client"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "without$missing, which only root can install, and by apt-get: these peers are left out" >&2
	exit 0
fi
echo "==> installing$missing by apt, once"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get "$@" >"$log" 2>&1; }
# The lists of a fresh machine are empty or old.
# shellcheck disable=SC2086 # each word is a package
if ! apt install -y --no-install-recommends $missing && ! { apt update && apt install -y --no-install-recommends $missing; }; then
	tail -n 5 "$log" >&2
	echo "apt-get could not install$missing: run apt-get install$missing by hand to see why" >&2
	exit 1
fi
