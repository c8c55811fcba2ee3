package dev.ninepin.daemon;

import java.io.IOException;
import jnr.ffi.LibraryLoader;

/** Takes this process away from the terminal, the session and the directory that it was started in. */
final class Detachment {
    private static final int O_RDWR = 2;
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    /** The calls of the C library that Java has not. */
    public interface CLibrary {
        int setsid();

        int chdir(String path);

        int open(String path, int flags);

        int dup2(int from, int to);

        int close(int descriptor);
    }

    private final CLibrary libc = LibraryLoader.create(CLibrary.class).load("c");

    /**
     * A session of its own, so that no terminal's signals come here; {@code /} as working directory, so that this
     * process holds no file system in use; nothing on standard input and error. Standard output stays, for one last
     * word.
     *
     * @throws IOException if the system refuses any of it
     */
    void detach() throws IOException {
        // A process that leads its group already can't have a session of its own; whoever started it so meant it.
        libc.setsid();
        must(libc.chdir("/"), "chdir");
        toNull(STDIN);
        toNull(STDERR);
    }

    /** Nothing on standard output either: whoever reads it sees its end. */
    void closeOutput() throws IOException {
        toNull(STDOUT);
    }

    private void toNull(final int descriptor) throws IOException {
        final int devNull = must(libc.open("/dev/null", O_RDWR), "open");
        must(libc.dup2(devNull, descriptor), "dup2");
        must(libc.close(devNull), "close");
    }

    private static int must(final int result, final String call) throws IOException {
        if (result < 0) {
            throw new IOException(call + " failed while leaving the terminal");
        }
        return result;
    }
}
