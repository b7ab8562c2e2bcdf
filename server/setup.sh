# shellcheck shell=sh
# What server/start and tests/run share to make a machine ready; they read it with ".".

say() {
    echo "$*" >&2
}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Names of the packages in these lists that are not there.
missing_packages() {
    cat "$@" | while read -r package command; do
        case $package in
        "" | "#"*) continue ;;
        esac
        if [ -n "$command" ] && command -v "$command" > /dev/null; then
            continue
        fi
        status=$(dpkg-query -W -f='${Status}' "$package" 2> /dev/null) || status=
        [ "$status" = "install ok installed" ] || echo "$package"
    done
}

# need_packages LIST...: install what is missing, or say how.
need_packages() {
    if ! command -v dpkg-query > /dev/null; then
        say "This is not Debian: make sure that you have what these files list: $*"
        return
    fi
    # One package for each line, and none has a blank.
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        say "These packages are missing: $missing"
        say "Install them, then run this again:"
        say "  sudo apt-get install --no-install-recommends $missing"
        exit 1
    fi
    say "Installing packages: $missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # the list is words
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends $missing; } > "$log" 2>&1 < /dev/null; then
        tail -n 30 "$log" >&2
        die "the packages were not installed; the whole log is $log"
    fi
    rm -f "$log"
}

# need_npm FOLDER: what its lock file names, fetched again only when the lock file has changed, so
# that a machine without a network can go on working.
need_npm() {
    stamp=$1/node_modules/.installed
    wanted=$(sha256sum < "$1/package-lock.json")
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    say "Fetching the packages of $(basename "$1")"
    log=$(mktemp)
    if ! (cd "$1" && npm ci --prefer-offline --no-audit --no-fund --loglevel=error) > "$log" 2>&1 \
        < /dev/null; then
        tail -n 30 "$log" >&2
        die "npm ci failed in $1; the whole log is $log"
    fi
    rm -f "$log"
    echo "$wanted" > "$stamp"
}

# jobs for a build: one for each core.
cores() {
    nproc 2> /dev/null || echo 2
}
