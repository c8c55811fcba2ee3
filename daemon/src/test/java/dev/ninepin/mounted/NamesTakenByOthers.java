package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Tests of a file or directory that is open while its name is removed or reused on the server. A change by the program
 * then affects the open file or fails with ESTALE (ENOENT for a directory). No other file is affected. Each change is
 * tested with each way to lose a name.
 */
interface NamesTakenByOthers extends OnAMount {
    /**
     * The number of test cases for files: changes times ways to lose the name, each for a file open for reading and one
     * open for writing.
     */
    int FILE_CASES = 9 * 7 * 2;

    /** The number of test cases for directories: changes times ways to lose the name. */
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
