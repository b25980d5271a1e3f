#!/bin/sh
# Builds the site of the documentation: static files, for any server of such.
# usage: site.sh CACHE TO
set -eu
cache=$1 to=$2 lock=docs/.vitepress/package-lock.json
if ! command -v npm >/dev/null; then
	echo "the site needs Node.js 20.11 or newer with npm: on Debian, apt-get install nodejs npm" >&2
	exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || a == 20 && b >= 11 ? 0 : 1)'; then
	echo "the site needs Node.js 20.11 or newer, and $(command -v node) is $(node --version): put a newer one first in PATH" >&2
	exit 1
fi
mkdir -p "$cache"
tools=$cache/site-$(sha256sum "$lock" | cut -c -12)
work=$(mktemp -d "$cache/new-site-XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ ! -d "$tools" ]; then
	echo "==> installing what makes the site by npm, once"
	cp docs/.vitepress/package.json "$lock" "$work"
	if ! (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
		echo "npm could not install it: it needs a registry (npm config get registry); npm ci in docs/.vitepress shows more" >&2
		exit 1
	fi
	mkdir "$work/tools"
	mv "$work/node_modules" "$work/tools"
	mv -T "$work/tools" "$tools" || [ -d "$tools" ] # another may have been faster
fi
echo "==> building the site"
# The generator finds its parts from where the pages are.
cp -R docs "$work/docs"
cp README.md "$work/docs/index.md"
ln -s "$tools/node_modules" "$work/node_modules"
"$tools/node_modules/.bin/vitepress" build "$work/docs" --outDir "$work/site"
rm -rf "$to"
mkdir -p "$(dirname "$to")"
cp -R "$work/site" "$to"
echo "The site: $to/index.html"
