package dev.ninepin.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A program that provides a vio9p device, for tests of commands. {@code CuseProgram NAME TAG SOCKET} creates {@code
 * /dev/NAME} with the mount tag TAG, in front of the 9P server on the UNIX socket SOCKET. It prints a line when the
 * device exists, and exits at the end of its input.
 */
public final class CuseProgram {
    private CuseProgram() {}

    public static void main(final String[] arguments) throws IOException {
        try (Vio9pBackend backend = Vio9pBackend.connect(Path.of(arguments[2]));
                CuseDevice device = CuseDevice.start(backend.model(), arguments[0], arguments[1].getBytes(UTF_8))) {
            System.out.println(device.path() + " is there");
            while (System.in.read() >= 0) {
                // Reads until the end of the input.
            }
        }
    }
}
