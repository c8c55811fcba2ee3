package dev.ninepin.daemon.life;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import dev.ninepin.os.NativeString;
import java.io.IOException;
import java.nio.file.Path;

/** Detaches this process from its terminal, session and working directory. */
final class Detachment {
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final LibC libc = LibC.get();

    /**
     * Detaches this process.
     *
     * <ul>
     *   <li>Starts a new session, so that no terminal sends signals to this process.
     *   <li>Changes to {@code /}, so that this process keeps no file system busy.
     *   <li>Redirects standard input, output and error to {@code /dev/null}.
     * </ul>
     *
     * @throws IOException if a system call fails
     */
    void leaveTerminal() throws IOException {
        // setsid fails if this process already leads its process group. Its starter has set that up on purpose.
        libc.setsid();
        if (libc.chdir(NativeString.of(Path.of("/"))) < 0) {
            throw Descriptor.failure("chdir failed while leaving the terminal");
        }
        redirectToNull(STDIN);
        redirectToNull(STDOUT);
        redirectToNull(STDERR);
    }

    private void redirectToNull(final int descriptor) throws IOException {
        try (Descriptor devNull = Descriptor.open(Path.of("/dev/null"))) {
            devNull.call("dup2", number -> libc.dup2(number, descriptor));
        }
    }
}
