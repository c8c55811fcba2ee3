package dev.ninepin.daemon;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Why something failed, in words: the messages of some exceptions are the name of a file, and nothing else. */
final class Reason {
    static String of(final IOException e) {
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
