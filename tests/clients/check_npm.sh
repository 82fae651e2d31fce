#!/bin/sh
# Installs the clients from npm into a folder, if they are not there yet, and runs them: check_npm.sh FOLDER URL
set -eu
here=$(dirname "$0")
mkdir -p "$1"
if ! cmp --silent "$here/package.json" "$1/package.json"; then
    cp "$here/package.json" "$1/package.json.new"
    mv "$1/package.json.new" "$1/package.json"
    npm install --prefix "$1" --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error || {
        rm "$1/package.json"
        echo "The clients from npm could not be installed." >&2
        exit 1
    }
fi
cp "$here/check.mjs" "$1/check.mjs"
exec node "$1/check.mjs" "$2"
