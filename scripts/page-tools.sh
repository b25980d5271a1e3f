#!/bin/sh
# What the tests of the pages need, installed once: a browser, Node.js, and what checks pages. Debian's packages come by apt
# where something is missing; those of npm, at the versions of the lock file, go into a folder of CACHE.
# usage: page-tools.sh CACHE
set -eu
cache=$1 lock=test/pages/tools/package-lock.json
have() { command -v "$1" >/dev/null; }
missing=
have chromium || have chromium-browser || have google-chrome || missing="$missing chromium"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"
if [ -n "$missing" ]; then
	if ! have apt-get || [ "$(id -u)" != 0 ]; then
		echo "the tests of the pages need$missing: install them, or run this as root where there is apt-get" >&2
		exit 1
	fi
	echo "==> installing$missing by apt, once (some minutes)"
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
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || a == 18 && b >= 19 ? 0 : 1)'; then
	echo "the tests of the pages need Node.js 18.19 or newer, and $(command -v node) is $(node --version): put a newer one first in PATH" >&2
	exit 1
fi
tools=$cache/pages-$(sha256sum "$lock" | cut -c -12)
[ -d "$tools" ] && exit
echo "==> installing what checks the pages by npm, once: $(cd "$(dirname "$lock")" && node -p 'Object.entries(require("./package.json").dependencies).map(d => d.join(" ")).join(", ")')"
mkdir -p "$cache"
new=$(mktemp -d "$cache/new-pages-XXXXXX")
trap 'rm -rf "$new" ${log:+"$log"}' EXIT
cp "$(dirname "$lock")/package.json" "$lock" "$new"
if ! (cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
	echo "npm could not install them: it needs a registry (npm config get registry); npm ci in $(dirname "$lock") shows more" >&2
	exit 1
fi
chmod 755 "$new"
mv -T "$new" "$tools" || [ -d "$tools" ] # another may have been faster
