#!/bin/sh
# What the tests of the questions to Prometheus need: Prometheus, as Debian's package has it, which is unpacked into CACHE and not
# installed, since nobody wants it as a service.
# usage: prometheus.sh CACHE
set -eu
cache=$1 tool=$cache/prometheus
[ -x "$tool" ] && exit
if ! command -v apt-get >/dev/null; then
	echo "the tests of the questions to Prometheus need its server: put one as $tool, or run this where there is apt-get" >&2
	exit 1
fi
echo "==> fetching Debian's package prometheus, once"
mkdir -p "$cache"
new=$(mktemp -d "$cache/new-prometheus-XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new" # apt downloads as a user of its own
fetch() { (cd "$new" && LC_ALL=C apt-get download prometheus >log 2>&1); }
# The lists of a fresh machine are empty or old.
if ! fetch && ! { LC_ALL=C apt-get update >"$new/log" 2>&1 && fetch; }; then
	tail -n 5 "$new/log" >&2
	echo "apt-get could not fetch the package prometheus: run apt-get download prometheus by hand to see why" >&2
	exit 1
fi
dpkg-deb -x "$new"/prometheus_*.deb "$new/package"
mv "$new/package/usr/bin/prometheus" "$tool"
