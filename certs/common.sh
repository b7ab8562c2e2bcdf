# shellcheck shell=sh
# What the scripts of this room share; they read it with "." after setting usage.
set -eu
umask 077

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

command -v openssl > /dev/null || die "openssl is not installed"

# The authority's folder is the last thing a script is told before its own arguments.
need_ca() {
    if [ ! -f "$1/ca.key" ] || [ ! -f "$1/ca.crt" ]; then
        die "there is no authority in $1; make it: certs/dev-ca $1"
    fi
}

# A new private key, unless there is one. Renewing a certificate keeps its key.
need_key() {
    [ -s "$1" ] && return
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.part" 2> /dev/null
    mv "$1.part" "$1"
}

# Still good for a month.
is_current() {
    [ -s "$1" ] && openssl x509 -in "$1" -noout -checkend 2592000 > /dev/null
}

# sign FOLDER REQUEST DAYS EXTENSIONS OUTPUT: the authority keeps a list of all it signed, so that
# it can revoke.
sign() {
    openssl ca -batch -notext -config "$1/ca.cnf" -in "$2" -days "$3" -extfile "$4" -out "$5.part" \
        2> "$1/last.log" || {
        cat "$1/last.log" >&2
        die "the authority did not sign"
    }
    mv "$5.part" "$5"
    chmod 644 "$5"
}

# make_crl FOLDER
make_crl() {
    openssl ca -gencrl -config "$1/ca.cnf" -out "$1/crl.pem.part" 2> "$1/last.log" || {
        cat "$1/last.log" >&2
        die "no revocation list was made"
    }
    mv "$1/crl.pem.part" "$1/crl.pem"
    chmod 644 "$1/crl.pem"
}
