#!/bin/sh
# Formatting and style: golangci-lint where it can be installed from the Go proxy, go vet and staticcheck otherwise.
# usage: lint.sh CACHE GOLANGCI_VERSION STATICCHECK_VERSION MODULE...
set -eu
cache=$1 golangci=$2 staticcheck=$3
shift 3
echo "==> formatting"
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "not formatted (make fmt mends it):" "$unformatted" >&2
	exit 1
fi
install() { # install NAME VERSION PACKAGE
	tool=$cache/$1-$2
	[ -x "$tool" ] && return
	echo "==> building $1 $2, once"
	mkdir -p "$cache/new"
	GOBIN=$cache/new CGO_ENABLED=0 go install "$3@$2" && mv "$cache/new/$1" "$tool"
}
if install golangci-lint "$golangci" github.com/golangci/golangci-lint/v2/cmd/golangci-lint; then
	config=$PWD/.golangci.yaml
	for module; do
		echo "==> golangci-lint in $module"
		(cd "$module" && "$tool" run --config "$config" ./...)
	done
else
	install staticcheck "$staticcheck" honnef.co/go/tools/cmd/staticcheck
	for module; do
		echo "==> go vet and staticcheck in $module"
		(cd "$module" && go vet ./... && "$tool" ./...)
	done
fi
