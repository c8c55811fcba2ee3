#!/bin/sh
# PostgreSQL with its data here: made, used by several clients, killed in the middle of that, recovered, checked, and
# compared with what is on the server's side.
#   postgresql SCALE SECONDS
set -eu

scale=$1
seconds=$2
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1)
here=$PWD
beside=$(mktemp -d)
server=

as_postgres() {
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

stop() {
    status=$?
    trap - EXIT
    [ -z "$server" ] || kill -QUIT "$server" || true
    wait
    [ "$status" -eq 0 ] || tail -n 30 "$beside"/*.log
    rm -rf "$beside"
    exit "$status"
}
trap stop EXIT

# The server is a child of this script, and ends if that is killed.
start() {
    setpriv --reuid=postgres --regid=postgres --clear-groups "$bin/postgres" -D "$here/data" >"$beside/server.log" 2>&1 &
    server=$!
    until as_postgres "$bin/pg_isready" -q -h "$beside"; do
        kill -0 "$server"
        sleep 0.1
    done
}

sql() {
    as_postgres "$bin/psql" -h "$beside" -d postgres -XAtq -v ON_ERROR_STOP=1 -c "$1"
}

# Each transaction of pgbench adds one amount in four tables; so all or none is there.
sums_agree() {
    sql "select (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches),
        (select sum(tbalance) from pgbench_tellers), (select coalesce(sum(delta), 0) from pgbench_history)" |
        awk -F '|' '$1 != $2 || $1 != $3 || $1 != $4 { print "the sums differ: " $0; bad = 1 } END { exit bad || NR != 1 }'
}

bench() { # OPTION…
    as_postgres "$bin/pgbench" -h "$beside" -d postgres -n -c 4 -j 2 "$@" >"$beside/pgbench.log" 2>&1
}

chown postgres:postgres "$beside"
mkdir data tables
chmod 700 data tables
chown postgres:postgres data tables
as_postgres "$bin/initdb" -D "$here/data" -A trust -E UTF8 --no-locale --data-checksums >"$beside/initdb.log" 2>&1
cat >>data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$beside'
max_connections = 20
full_page_writes = on
checkpoint_timeout = 30s
END
start
sql "create tablespace beside location '$here/tables'"
as_postgres "$bin/pgbench" -h "$beside" -d postgres -i -q -s "$scale" --tablespace=beside >"$beside/pgbench.log" 2>&1
bench -T "$seconds"
grep -q 'number of failed transactions: 0 ' "$beside/pgbench.log"
sums_agree
sql checkpoint

# The postmaster dies; its children find that out, and end.
before=$(sql 'select count(*) from pgbench_history')
bench -T 60 &
clients=$!
while [ "$(sql 'select count(*) from pgbench_history')" -lt $((before + 50)) ]; do sleep 0.1; done
children=$(pgrep -P "$server")
kill -9 "$server"
if wait "$clients"; then
    echo 'pgbench ended well, though the server was killed'
    exit 1
fi
for child in $children; do
    tail -f /dev/null --pid="$child" -s 0.1
done
start
grep -q 'automatic recovery in progress' "$beside/server.log"
sums_agree
[ "$(sql 'select count(*) from pgbench_history')" -ge $((before + 50)) ]
bench -t 20
sql 'vacuum full pgbench_accounts'
as_postgres "$bin/pg_amcheck" -h "$beside" -d postgres --install-missing --heapallindexed
kill -INT "$server"
wait "$server"
server=
"$bin/pg_checksums" --check -D "$here/data" | grep -q 'Bad checksums:  0'
# The link to the tables is a file there, if the server keeps it so.
diff -r --exclude=pg_tblspc data "$EXPORT/data"
diff -r tables "$EXPORT/tables"
