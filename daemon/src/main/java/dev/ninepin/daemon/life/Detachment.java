package dev.ninepin.daemon.life;

import java.io.IOException;
import jnr.ffi.LibraryLoader;

/** Detaches this process from its terminal, session and working directory. */
final class Detachment {
    private static final int O_RDWR = 2;
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    /** The C library functions that Java does not offer. */
    public interface CLibrary {
        int setsid();

        int chdir(String path);

        int open(String path, int flags);

        int dup2(int from, int to);

        int close(int descriptor);
    }

    private final CLibrary libc = LibraryLoader.create(CLibrary.class).load("c");

    /**
     * Detaches everything but standard output, which still has to carry the last message.
     *
     * <ul>
     *   <li>Starts a new session, so that no terminal sends signals to this process.
     *   <li>Changes to {@code /}, so that this process keeps no file system busy.
     *   <li>Redirects standard input and standard error to {@code /dev/null}.
     * </ul>
     *
     * @throws IOException if a system call fails
     */
    void leaveTerminal() throws IOException {
        // setsid fails if this process already leads its process group. Its starter has set that up on purpose.
        libc.setsid();
        requireSuccess(libc.chdir("/"), "chdir");
        redirectToNull(STDIN);
        redirectToNull(STDERR);
    }

    /** Redirects standard output to {@code /dev/null} as well. A reader of the pipe sees end of file. */
    void closeOutput() throws IOException {
        redirectToNull(STDOUT);
    }

    private void redirectToNull(final int descriptor) throws IOException {
        final int devNull = requireSuccess(libc.open("/dev/null", O_RDWR), "open");
        requireSuccess(libc.dup2(devNull, descriptor), "dup2");
        requireSuccess(libc.close(devNull), "close");
    }

    private static int requireSuccess(final int result, final String call) throws IOException {
        if (result < 0) {
            throw new IOException(call + " failed while leaving the terminal");
        }
        return result;
    }
}
