package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A program has a file or a directory open, and on the server's side its name goes, or becomes another's. What the program
 * changes then is what it has open, or ESTALE (ENOENT, of a directory), and nothing else is touched. Each change is tried with
 * each way in which a name goes.
 */
interface NamesTakenByOthers extends OnAMount {
    /** Of files: changes by ways, each on a file that is open to be read and one that is open to be written. */
    int FILE_CASES = 9 * 7 * 2;

    /** Of directories: changes by ways. */
    int DIRECTORY_CASES = 8 * 5;

    @Test
    default void aChangeOfAnOpenFileReachesThatFileOrNone() throws Exception {
        final List<String> lines = mount().script("names_taken.py", "files");
        assertThat(lines).containsExactly(FILE_CASES + " cases, 0 reached another file");
    }

    @Test
    default void aChangeInAnOpenDirectoryReachesThatDirectoryOrNone() throws Exception {
        final List<String> lines = mount().script("names_taken.py", "directories");
        assertThat(lines).containsExactly(DIRECTORY_CASES + " cases, 0 reached another directory");
    }
}
