#!/usr/bin/env bash
# Runs COMMAND with a PostgreSQL server of its own, whose address is in KASSA_TEST_POSTGRES, and
# removes the server afterwards, whatever happens. Its address on loopback takes TLS too, with a
# certificate of the authority in KASSA_TEST_POSTGRES_CA.
#
#   tests/with-postgres.sh cargo test -p kassa --test journal
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }

programs=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)")
[ -x "$programs/initdb" ] || { echo "missing: please install the Debian package postgresql" >&2; exit 1; }

# The server refuses to run as root.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    as_user=(runuser -u "$user" --)
fi

folder=$(mktemp -d)
started=
finish() {
    [ -z "$started" ] || "${as_user[@]}" "$programs/pg_ctl" --pgdata "$folder/data" --mode immediate stop >/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=kassa-tests \
        -keyout "$folder/ca.key" -out "$folder/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
        -keyout "$folder/server.key" -out "$folder/server.csr"
    openssl x509 -req -days 2 -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n') -out "$folder/server.pem"
}
make_certificate 2>"$folder/openssl.log" || { cat "$folder/openssl.log" >&2; exit 1; }

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$folder/password"
chmod 600 "$folder/server.key"
chmod 755 "$folder"
if [ ${#as_user[@]} -ne 0 ]; then
    chown -R "$user" "$folder"
    # The library trusts no file of roots that another user could change.
    chown root "$folder/ca.pem"
fi
"${as_user[@]}" "$programs/initdb" --pgdata "$folder/data" --username kassa --pwfile "$folder/password" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >/dev/null
cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
ssl = on
ssl_cert_file = '$folder/server.pem'
ssl_key_file = '$folder/server.key'
SETTINGS

# The port may be taken between the moment it is found free and the start.
for _ in 1 2 3 4 5; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if "${as_user[@]}" "$programs/pg_ctl" --pgdata "$folder/data" --log "$folder/log" --wait \
        --options "-p $port" start >/dev/null; then
        started=yes
        break
    fi
done
[ -n "$started" ] || { cat "$folder/log" >&2; exit 1; }

# Stops the server as a power cut would and starts it again.
cat >"$folder/restart" <<RESTART
#!/bin/sh
exec ${as_user[*]} $programs/pg_ctl --pgdata $folder/data --log $folder/log --wait --mode immediate \
    --options "-p $port" restart >/dev/null
RESTART
chmod 755 "$folder/restart"

export KASSA_TEST_POSTGRES_RESTART="$folder/restart"
export KASSA_TEST_POSTGRES="postgres://kassa:$password@127.0.0.1:$port/postgres"
export KASSA_TEST_POSTGRES_CA="$folder/ca.pem"
"$@"
