package dev.ninepin.virtio.qemu;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The last lines that QEMU wrote to its standard error. Finds the error among them that explains why QEMU ended. */
final class QemuWords {
    private static final int KEPT = 10;
    private static final String NOT_AN_ERROR = "(warning|info): .*";

    /** QEMU's name and a colon, with which QEMU begins each line. */
    private final String program;

    /** The texts that QEMU may put between its name and an error about an argument: each argument and a colon. */
    private final List<String> arguments = new ArrayList<>();

    private final List<String> lines = new ArrayList<>();

    /**
     * @param program QEMU's name, as QEMU begins its error messages with it
     * @param command QEMU's command line
     */
    QemuWords(final String program, final List<String> command) {
        this.program = program + ": ";
        for (int i = 0; i + 1 < command.size(); i++) {
            arguments.add(command.get(i) + " " + command.get(i + 1) + ": ");
        }
    }

    void add(final String line) {
        lines.add(line);
        if (lines.size() > KEPT) {
            lines.remove(0);
        }
    }

    /**
     * Returns the last error with the hints on the lines after it. Returns all kept lines if none is an error; empty if
     * QEMU wrote nothing.
     */
    String reason() {
        int begin = lines.size() - 1;
        while (begin >= 0 && !isError(lines.get(begin))) {
            begin--;
        }
        return lines.subList(Math.max(begin, 0), lines.size()).stream()
                .map(this::withoutArgument)
                .collect(Collectors.joining("; "));
    }

    private boolean isError(final String line) {
        return line.startsWith(program) && !line.substring(program.length()).matches(NOT_AN_ERROR);
    }

    /**
     * Removes QEMU's name and argument from {@code line}. Ninepin generated the argument, so the user would not
     * recognize it.
     */
    private String withoutArgument(final String line) {
        if (!line.startsWith(program)) {
            return line.strip();
        }
        final String text = line.substring(program.length());
        return arguments.stream()
                .filter(text::startsWith)
                .map(argument -> text.substring(argument.length()))
                .findFirst()
                .orElse(text);
    }
}
