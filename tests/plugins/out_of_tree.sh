#!/bin/bash
# Builds the example plugins out of tree against an installed copy of what plugin authors get, once with CMake and once with
# pkg-config alone, and leads them through their lives. CMake installs them to where that copy's daemon looks, whatever the
# prefix of the build is.
# Usage: out_of_tree.sh BUILD_DIR CMAKE C_COMPILER CXX_COMPILER
set -euo pipefail

build=$1 cmake=$2 cc=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
life() {
    "$build/bin/apiary-plugin-test" "$@"
}

"$cmake" --install "$build" --component plugin-dev --prefix "$prefix" > /dev/null
examples=$prefix/share/apiary/example
cp -r "$examples" "$work/source"

"$cmake" -S "$work/source" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$work/another" \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" > /dev/null
"$cmake" --build "$work/build"
"$cmake" --install "$work/build" > /dev/null

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name apiary-plugin.pc)")
export PKG_CONFIG_PATH
folder=$(pkg-config --variable=plugindir apiary-plugin)
if [[ $folder == *//* ]]; then
    echo "plugindir has an empty part: $folder" >&2
    exit 1
fi
life "$folder/marker.so" --set marker=yes
life "$folder/stopwatch.so"

mkdir "$work/by-hand"
# shellcheck disable=SC2046
"$cc" -Wall -Wextra -Wpedantic -Werror -shared -fPIC $(pkg-config --cflags apiary-plugin) \
    "$work/source/stopwatch.c" -o "$work/by-hand/stopwatch.so"
# shellcheck disable=SC2046
"$cxx" -std=c++20 -Wall -Wextra -Wpedantic -Werror -shared -fPIC $(pkg-config --cflags apiary-plugin) \
    "$work/source/marker.cpp" -o "$work/by-hand/marker.so"
life "$work/by-hand/stopwatch.so"
life "$work/by-hand/marker.so" --set marker_hold='a reason' --veto
