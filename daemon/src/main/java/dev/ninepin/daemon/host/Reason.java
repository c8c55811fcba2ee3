package dev.ninepin.daemon.host;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Converts an I/O error to a reason in words. The messages of some exceptions consist of a file name only. */
public final class Reason {
    public static String of(final IOException e) {
        final String message = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        if (e instanceof AccessDeniedException) {
            return message + ": permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return message + " does not exist";
        }
        if (e instanceof FileAlreadyExistsException) {
            return message + " exists already";
        }
        return message;
    }

    private Reason() {}
}
