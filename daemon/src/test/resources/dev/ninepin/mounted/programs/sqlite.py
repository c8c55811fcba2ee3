#!/usr/bin/env python3
"""SQLite, used by several processes, of which some are killed: money goes from account to account, and none is lost.

sqlite.py JOURNAL PROCESSES KILLS    (JOURNAL: delete, truncate, persist, wal)
"""
import os, random, signal, sqlite3, sys, time

ACCOUNTS, EACH = 200, 1000
journal, processes, kills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def connect(path='bank.db'):
    base = sqlite3.connect(path, timeout=60, isolation_level=None)
    base.execute('pragma mmap_size=%d' % random.choice([0, 1 << 20]))
    base.execute('pragma synchronous=full')
    return base


def check(base):
    total, = base.execute('select sum(money) from account').fetchone()
    assert total == ACCOUNTS * EACH, total
    assert base.execute('pragma integrity_check').fetchall() == [('ok',)]
    # What went out and came in of an account is what it has.
    wrong = base.execute('select id from account where money != ? '
        '- coalesce((select sum(amount) from transfer where source = id), 0) '
        '+ coalesce((select sum(amount) from transfer where target = id), 0)', (EACH,)).fetchall()
    assert not wrong, wrong


def work(number):
    chance = random.Random(number * 1000003 + time.monotonic_ns())
    base = connect()
    while True:
        base.execute('begin immediate')
        for _ in range(chance.randrange(1, 20)):
            source, target = chance.sample(range(ACCOUNTS), 2)
            amount = chance.randrange(100)
            base.execute('update account set money = money - ? where id = ?', (amount, source))
            base.execute('update account set money = money + ? where id = ?', (amount, target))
            base.execute('insert into transfer values (?, ?, ?, ?)',
                (source, target, amount, chance.randbytes(chance.randrange(600)).hex()))
        base.execute(chance.choice(['commit'] * 9 + ['rollback']))
        if chance.random() < 0.1:
            # A reader sees one state.
            base.execute('begin')
            check(base)
            base.execute('commit')


def start(number):
    child = os.fork()
    if child == 0:
        try:
            work(number)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)
    return child


base = connect()
assert base.execute('pragma journal_mode=' + journal).fetchone() == (journal,)
base.execute('create table account (id integer primary key, money integer)')
base.execute('create table transfer (source integer, target integer, amount integer, note text)')
base.execute('create index of_source on transfer (source, amount)')
base.execute('create index of_target on transfer (target, amount)')
base.execute('begin')
base.executemany('insert into account values (?, ?)', ((i, EACH) for i in range(ACCOUNTS)))
base.execute('commit')
base.close()

workers = [start(i) for i in range(processes)]
seen = 0
for kill in range(kills):
    # Somebody has gone on since the last one died, or is about to.
    base = connect()
    while True:
        gone, status = os.waitpid(-1, os.WNOHANG)
        assert gone == 0, 'a process failed, see above'
        now, = base.execute('select count(*) from transfer').fetchone()
        assert now >= seen, (now, seen)
        if now > seen:
            seen = now
            break
        time.sleep(0.005)
    base.close()
    victim = random.randrange(processes)
    os.kill(workers[victim], signal.SIGKILL)
    os.waitpid(workers[victim], 0)
    workers[victim] = start(kill * processes + victim)
for worker in workers:
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
base = connect()
check(base)
done, = base.execute('select count(*) from transfer').fetchone()
assert done >= seen > 0
base.execute('vacuum')
check(base)
base.close()
there = connect(os.environ['EXPORT'] + '/bank.db')
check(there)
assert there.execute('select count(*) from transfer').fetchone() == (done,)
there.close()
print(done, 'transfers,', kills, 'processes killed')
