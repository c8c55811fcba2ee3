package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of everyday programs that use many features of a file system. {@link ProgramsTest} has more programs, and other
 * servers.
 */
interface ProgramsAtWork extends OnAMount {
    @Test
    default void gitKeepsARepository() throws Exception {
        mount().script("repository.sh", "2", "8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "truncate", "wal"})
    default void sqliteKeepsADatabase(final String journal) throws Exception {
        mount().python("""
                import sqlite3
                journal = sys.argv[1]
                def connect():
                    return sqlite3.connect('data.db', timeout=30, isolation_level=None)
                base = connect()
                assert base.execute('pragma journal_mode=' + journal).fetchone()[0] == journal
                base.execute('create table t (i integer primary key, text text)')
                base.execute('create index x on t (text)')
                base.close()
                def task(i):
                    base = connect()
                    if i == 0:
                        for start in range(0, 10000, 500):
                            base.execute('begin immediate')
                            base.executemany('insert into t values (?, ?)',
                                ((n, hashlib.md5(b'%d' % n).hexdigest()) for n in range(start, start + 500)))
                            base.execute('commit')
                        base.execute('delete from t where i % 10 = 0')
                    else:
                        seen = 0
                        while seen < 9000 or seen == 10000:
                            now = base.execute('select count(*) from t').fetchone()[0]
                            assert now >= seen or now == 9000, (now, seen)
                            assert now % 500 == 0
                            seen = now
                            if base.execute('select count(*) from t where i = 9999').fetchone()[0]:
                                break
                    base.close()
                together(2, task)
                for directory in ('.', S):
                    os.chdir(directory)
                    base = connect()
                    assert base.execute('pragma integrity_check').fetchone()[0] == 'ok'
                    assert base.execute('select count(*) from t').fetchone()[0] == 9000
                    base.close()
                """, journal);
        assertThat(mount().sh("sqlite3 data.db 'pragma integrity_check; select count(*) from t'"))
                .containsExactly("ok", "9000");
    }
}
